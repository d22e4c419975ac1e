"""How a new word takes the place of older ones."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from databackpack.ontology.namespaces import BPC, ID
from databackpack.service.policy import consent
from databackpack.service.policy.decide import decide, in_force
from databackpack.service.policy.model import Jurisdiction, Level, Statement
from tests.policy import words
from tests.policy.words import ASKED, AUDIENCE, DAY, GUARDIANS, LEARNER, NOON

CONSENT = Jurisdiction(ID["jurisdiction/test"], 18, 10, {})


def level(said: tuple[Statement, ...], after: timedelta) -> Level:
    return decide(said, CONSENT, AUDIENCE, ASKED, NOON + after)[BPC.progress].level


def test_none_hides_at_once_and_also_what_was_to_begin_later() -> None:
    held = (
        words.statement(1, audience=AUDIENCE.iri),
        words.statement(2, audience=AUDIENCE.iri, since=NOON + 5 * DAY),
    )
    assert level(held, -DAY / 2) is Level.FULL
    none = words.statement(3, audience=AUDIENCE.iri, level=Level.NONE, since=NOON)
    said = consent.say(held, none)
    for after in (timedelta(0), DAY, 5 * DAY, 500 * DAY):
        assert level(said, after) is Level.NONE
    assert level(said, -DAY / 2) is Level.FULL, "what was said before stays on record"


def test_full_after_none_opens_again() -> None:
    none = words.statement(1, level=Level.NONE)
    said = consent.say((none,), words.statement(2, since=NOON))
    assert level(said, timedelta(0)) is Level.FULL


def test_the_word_of_another_guardian_is_ended_by_a_learner_of_age_alone() -> None:
    held = (words.statement(1, level=Level.NONE, assigner=GUARDIANS[1]),)
    full = words.statement(2, since=NOON)
    assert level(consent.say(held, full), DAY) is Level.NONE
    own = replace(full, assigner=LEARNER)
    assert level(consent.say(held, own, over_everybody=True), DAY) is Level.FULL


@given(st.lists(words.near(), max_size=6, unique_by=lambda said: said.iri), words.near())
def test_from_the_moment_it_is_said_a_word_is_its_author_s_only_one(
    held: list[Statement], new: Statement
) -> None:
    said = consent.say(held, new)
    assert len(said) == len(held) + 1
    assert said[-1] == new
    for later in (new.since, new.since + timedelta(hours=1), new.since + 9 * DAY):
        rivals = [
            other.iri
            for other in said
            if (other.assigner, other.category, other.audience)
            == (new.assigner, new.category, new.audience)
            and in_force(other, later)
        ]
        assert set(rivals) <= {new.iri}


@given(st.lists(words.near(), max_size=6, unique_by=lambda said: said.iri), words.near())
def test_words_on_other_cells_and_of_others_are_left_alone(
    held: list[Statement], new: Statement
) -> None:
    said = consent.say(held, new)
    for before, after in zip(held, said, strict=False):
        assert replace(after, withdrawn=before.withdrawn) == before
        if (before.assigner, before.category, before.audience) != (
            new.assigner,
            new.category,
            new.audience,
        ):
            assert after == before


@st.composite
def histories(draw: st.DrawFn) -> list[Statement]:
    """Give words on one cell by two guardians, each at a moment of its own."""
    hours = draw(st.lists(st.integers(-9, 9), min_size=1, max_size=5, unique=True))
    return [
        words.statement(
            index + 1,
            level=draw(words.LEVELS),
            assigner=draw(st.sampled_from(GUARDIANS)),
            since=NOON + timedelta(hours=hour),
        )
        for index, hour in enumerate(hours)
    ]


def recalled(said: list[Statement]) -> tuple[Statement, ...]:
    held: tuple[Statement, ...] = ()
    for statement in said:
        held = consent.recall(held, statement)
    return held


@given(histories(), st.randoms())
def test_words_of_different_moments_may_be_read_in_any_order(
    said: list[Statement], random: Random
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    assert set(recalled(said)) == set(recalled(shuffled))


@given(histories())
def test_reading_again_changes_nothing(said: list[Statement]) -> None:
    held = recalled(said)
    for statement in said:
        assert consent.recall(held, statement) == held


@given(histories())
def test_at_each_moment_the_latest_word_of_each_guardian_holds(said: list[Statement]) -> None:
    held = recalled(said)
    for hour in range(-10, 11):
        moment = NOON + timedelta(hours=hour)
        for guardian in GUARDIANS:
            own = [s for s in said if s.assigner == guardian and s.since <= moment]
            latest = [max(own, key=lambda s: s.since).iri] if own else []
            found = [s.iri for s in held if s.assigner == guardian and in_force(s, moment)]
            assert found == latest


@given(histories(), words.LEVELS)
def test_an_older_file_never_ends_a_newer_word(said: list[Statement], now: Level) -> None:
    word = words.statement(99, level=now, since=NOON + timedelta(hours=10))
    held = consent.say((), word)
    for statement in said:
        held = consent.recall(held, statement)
    assert word in held
    own = [s.iri for s in held if s.assigner == word.assigner and in_force(s, word.since)]
    assert own == [word.iri]


def test_a_policy_s_name_is_the_same_for_the_same_words_and_another_for_others() -> None:
    name = consent.policy_iri(LEARNER, "a", "b")
    assert name == consent.policy_iri(LEARNER, "a", "b")
    assert name != consent.policy_iri(LEARNER, "a", "c")
    assert name != consent.policy_iri(GUARDIANS[0], "a", "b")
