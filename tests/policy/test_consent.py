"""How a new word takes the place of older ones: events are added, and what holds is read off."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef

from databackpack import ontology, shapes
from databackpack.ontology.namespaces import BP, BPC, DPV, ID, PROV
from databackpack.service.policy import consent, consentrecord, jurisdiction, profile
from databackpack.service.policy.consent import Asked, Cell, Event, Status, Terms
from databackpack.service.policy.decide import concerns, decide, in_force
from databackpack.service.policy.model import Jurisdiction, Level, Statement
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.records.description import Description
from databackpack.service.records.terms import to_triples
from tests.policy import words
from tests.policy.words import ASKED, AUDIENCE, DAY, GUARDIANS, LEARNER, NOON

CONSENT = Jurisdiction(ID["jurisdiction/test"], 18, 10, {})
TERMS = Terms(BP.SignedToken, ID["notice/test"])
CELL = Cell(LEARNER, GUARDIANS[0], BPC.progress, words.ROLE)
MINUTE = timedelta(minutes=1)


def purposes(_: URIRef) -> list[URIRef]:
    """Every audience of these tests asks for one purpose."""
    return [ASKED]


def say(events: list[Event], *said: Statement, deciders: list[URIRef] | None = None) -> list[Event]:
    """Return the events on record after each of *said* in turn."""
    events = list(events)
    for statement in said:
        events += consent.say(events, statement, TERMS, purposes, deciders)
    return events


def level(events: list[Event], after: timedelta) -> Level:
    said = consent.statements(events, purposes)
    return decide(said, CONSENT, AUDIENCE, ASKED, NOON + after)[BPC.progress].level


def test_none_hides_at_once_and_also_what_was_to_begin_later() -> None:
    events = say(
        [],
        words.statement(1, audience=AUDIENCE.iri),
        replace(words.statement(2, audience=AUDIENCE.iri, since=NOON + 5 * DAY), issued=NOON - DAY),
    )
    assert level(events, -DAY / 2) is Level.FULL
    assert level(events, 6 * DAY) is Level.FULL
    none = words.statement(3, audience=AUDIENCE.iri, level=Level.NONE, since=NOON)
    events = say(events, none)
    for after in (timedelta(0), DAY, 5 * DAY, 500 * DAY):
        assert level(events, after) is Level.NONE
    assert level(events, -DAY / 2) is Level.FULL, "what was said before stays on record"


def test_full_after_none_opens_again() -> None:
    events = say([], words.statement(1, level=Level.NONE), words.statement(2, since=NOON))
    assert level(events, timedelta(0)) is Level.FULL


def test_the_word_of_a_guardian_who_lost_the_right_ends_when_whoever_decides_now_speaks() -> None:
    held = say([], words.statement(1, level=Level.NONE, assigner=GUARDIANS[1]))
    full = words.statement(2, since=NOON)
    assert level(say(held, full, deciders=GUARDIANS), DAY) is Level.NONE
    assert level(say(held, full, deciders=[GUARDIANS[0]]), DAY) is Level.FULL
    own = replace(full, assigner=LEARNER)
    events = say(held, own, deciders=[LEARNER])
    assert level(events, DAY) is Level.FULL
    assert [event.status for event in events[-2:]] == [Status.GIVEN, Status.REVOKED]


def test_on_the_day_rights_move_nothing_changes_until_the_learner_speaks() -> None:
    held = say([], words.statement(1))
    assert level(held, DAY) is Level.FULL
    assert [s.iri for s in consent.under_review(held, purposes, [LEARNER], NOON)] == [
        words.statement(1).iri
    ]
    assert consent.under_review(held, purposes, GUARDIANS, NOON) == ()
    own = words.statement(2, assigner=LEARNER, since=NOON, level=Level.NONE)
    after = say(held, own, deciders=[LEARNER])
    assert consent.under_review(after, purposes, [LEARNER], NOON) == ()


def test_a_word_about_a_purpose_that_is_never_asked_for_lifts_no_block() -> None:
    block = words.statement(1, level=Level.NONE)
    for other in (Level.NONE, Level.AGGREGATE, Level.FULL):
        aside = words.statement(2, level=other, since=NOON, purpose=words.OTHER)
        assert level(say([], block, aside), DAY) is Level.NONE
    narrow = words.statement(2, since=NOON, purpose=words.NARROWER)
    assert level(say([], block, narrow), DAY) is Level.NONE
    wide = words.statement(2, since=NOON, purpose=words.WIDER)
    assert level(say([], block, wide), DAY) is Level.FULL


def test_a_word_taken_back_leaves_nothing_in_its_place() -> None:
    held = say([], words.statement(1))
    events = held + consent.withdraw(held, CELL, ID["event/1"], NOON, TERMS, purposes, GUARDIANS)
    assert level(events, -DAY / 2) is Level.FULL
    assert level(events, timedelta(0)) is Level.NONE
    assert events[-1].status is Status.WITHDRAWN
    assert (
        consent.withdraw(events, CELL, ID["event/2"], NOON + DAY, TERMS, purposes, GUARDIANS) == []
    )


def test_a_request_opens_nothing_and_ends_nothing() -> None:
    asked = Event(
        ID["event/9"], CELL, Status.REQUESTED, NOON, ID["organization/x"], TERMS, 1,
        asked=Asked(Level.FULL, ASKED, None),
    )  # fmt: skip
    assert level([asked], DAY) is Level.NONE
    assert consent.status([asked], NOON) is Status.REQUESTED
    given_ = say([], words.statement(1))
    assert level([*given_, replace(asked, sequence=2)], DAY) is Level.FULL


def test_the_states_of_a_record_follow_each_other() -> None:
    events: list[Event] = []

    def state(after: timedelta) -> Status:
        return consent.status(events, NOON + after)

    assert state(timedelta(0)) is Status.UNKNOWN
    until = NOON + 2 * MINUTE
    events = say(events, words.statement(1, since=NOON, until=until))
    assert (state(MINUTE), state(2 * MINUTE)) == (Status.GIVEN, Status.EXPIRED)
    events = say(events, words.statement(2, since=NOON + 3 * MINUTE))
    assert state(3 * MINUTE) is Status.RENEWED
    events = say(events, words.statement(3, since=NOON + 4 * MINUTE, level=Level.NONE))
    assert state(4 * MINUTE) is Status.WITHDRAWN
    events = say(events, words.statement(4, since=NOON + 5 * MINUTE, level=Level.NONE))
    assert state(5 * MINUTE) is Status.REFUSED
    events += consent.withdraw(
        events, CELL, ID["event/5"], NOON + 6 * MINUTE, TERMS, purposes, GUARDIANS
    )
    assert state(6 * MINUTE) is Status.UNKNOWN
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]


STATEMENTS = st.lists(words.near(), max_size=6, unique_by=lambda said: said.iri)


@given(STATEMENTS, words.near())
def test_from_the_moment_it_is_said_a_word_is_its_author_s_only_one(
    held: list[Statement], new: Statement
) -> None:
    now = max([new.since, *(said.since for said in held)])
    new = replace(new, since=now + MINUTE, until=None, purpose=ASKED)
    said = consent.statements(say([], *held, new), purposes)
    assert len(said) == len(held) + 1
    for later in (new.since, new.since + timedelta(hours=1), new.since + 9 * DAY):
        rivals = [
            other.iri
            for other in said
            if (other.assigner, other.category, other.audience)
            == (new.assigner, new.category, new.audience)
            and in_force(other, later)
            and concerns(other, ASKED)
        ]
        assert rivals == [new.iri]


@given(STATEMENTS, words.near())
def test_words_on_other_cells_and_of_others_are_left_alone(
    held: list[Statement], new: Statement
) -> None:
    before = consent.statements(say([], *held), purposes)
    after = {said.iri: said for said in consent.statements(say([], *held, new), purposes)}
    for said in before:
        assert replace(after[said.iri], withdrawn=said.withdrawn) == said
        if Cell.of(said) != Cell.of(new):
            assert after[said.iri] == said


@given(STATEMENTS, words.near())
def test_one_more_event_never_brings_back_what_had_ended(
    held: list[Statement], new: Statement
) -> None:
    events = say([], *held)
    after = {said.iri: said.withdrawn for said in consent.statements(say(events, new), purposes)}
    for said in consent.statements(events, purposes):
        ended = after[said.iri]
        if said.withdrawn is not None:
            assert ended is not None
            assert ended <= said.withdrawn


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


@given(histories(), st.randoms())
def test_words_of_different_moments_may_be_read_in_any_order(
    said: list[Statement], random: Random
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    assert consent.statements(say([], *said), purposes) == consent.statements(
        say([], *shuffled), purposes
    )


@given(histories())
def test_at_each_moment_the_latest_word_of_each_guardian_holds(said: list[Statement]) -> None:
    held = consent.statements(say([], *said), purposes)
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
    held = consent.statements(say([], word, *said), purposes)
    own = [s.iri for s in held if s.assigner == word.assigner and in_force(s, word.since)]
    assert own == [word.iri]


@given(STATEMENTS)
def test_events_are_read_back_as_they_were_written(held: list[Statement]) -> None:
    events = say([], *(replace(said, withdrawn=None) for said in held))
    graph = consentrecord.write(events)
    assert set(consentrecord.read(graph)) == set(events)
    assert set(consentrecord.read(Description(to_triples(graph)))) == set(events)


BROKEN: dict[str, tuple[URIRef, URIRef | Literal]] = {
    "two states": (DPV.hasConsentStatus, DPV.ConsentRefused),
    "two policies": (PROV.generated, words.statement(2).iri),
    "two moments": (DPV.isIndicatedAtTime, Literal(words.NOON)),
    "two records": (BP.isEventOf, ID["consent/another"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_event_that_says_two_things_is_unreadable(name: str) -> None:
    (event,) = say([], words.statement())
    graph = consentrecord.write([event])
    graph.add((event.iri, *BROKEN[name]))
    for said in (graph, Description(to_triples(graph))):
        with pytest.raises(UnreadablePolicy):
            consentrecord.read(said)


NOTICE = jurisdiction.read("us-default").notice


@settings(max_examples=30)
@given(st.lists(words.statements(), min_size=1, max_size=4, unique_by=lambda said: said.iri))
def test_every_written_record_conforms_to_the_shapes(held: list[Statement]) -> None:
    """Intake writes what it reads from files without validating it: this is why it may."""
    events: list[Event] = []
    for said in held:
        terms = Terms(BP.SourceSystem, NOTICE)
        events += consent.say(events, replace(said, withdrawn=None), terms, purposes)
    last = Cell.of(held[-1])
    moment = max(said.signed for said in held)
    iri = ID["event/00000000-0000-4000-8000-000000000001"]
    events += consent.withdraw(events, last, iri, moment, terms, purposes, [last.assigner])
    graph = consentrecord.write(events)
    for event in events:
        graph -= Graph() if event.statement is None else profile.write(event.statement)
        graph += consentrecord.receipt(event)
    report = shapes.validate_consent(graph + ontology.notice(NOTICE))
    assert report.conforms, report.text()


@pytest.mark.parametrize("name", ontology.jurisdictions())
def test_the_notice_of_every_jurisdiction_is_whole(name: str) -> None:
    notice = jurisdiction.read(name).notice
    assert ontology.notice(notice)
    assert shapes.validate_consent(ontology.notice(notice)).text() == "Nothing to correct."


def test_a_policy_s_name_is_the_same_for_the_same_words_and_another_for_others() -> None:
    name = consent.policy_iri(LEARNER, "a", "b")
    assert name == consent.policy_iri(LEARNER, "a", "b")
    assert name != consent.policy_iri(LEARNER, "a", "c")
    assert name != consent.policy_iri(GUARDIANS[0], "a", "b")
