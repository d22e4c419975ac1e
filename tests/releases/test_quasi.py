"""What of one learner counts as known, and what a recoding leaves of the learner's triples."""

from collections.abc import Iterable

import pyoxigraph as ox

from databackpack.ontology.namespaces import BP, RDF
from databackpack.service.records.terms import node, text
from databackpack.service.releases.quasi import Generalizer, Recoding, profile, recode
from tests.releases.world import PARENTS, SUPPORTS, Person, Stay, triples

GENERALIZER = Generalizer(PARENTS)
FINEST = (0,) * len(GENERALIZER.ladders)
STAYED = Person((Stay(2025, "elm", 4, 8),), 2015, "female", "so", (SUPPORTS[2],), 3)
MOVED = Person((Stay(2025, "elm", 4, 8), Stay(2025, "birch", 4, 12)), 2015, "female", None, (), 3)


def at(**steps: int) -> Recoding:
    """Return the recoding that is at the given steps of properties or classes, else finest."""
    places = [
        str(ladder.iri).rsplit("#", 1)[-1].rsplit("/", 1)[-1] for ladder in GENERALIZER.ladders
    ]
    return Recoding(tuple(steps.get(name, 0) for name in places))


def kinds(held: Iterable[ox.Triple]) -> list[str]:
    return sorted(
        text(triple.object).rsplit("#", 1)[-1]
        for triple in held
        if triple.predicate == node(RDF.type)
    )


def test_two_who_differ_in_what_nobody_knows_have_one_profile() -> None:
    other = Person(STAYED.stays, 2015, "female", "so", STAYED.supports, absent=9)
    assert profile(triples(STAYED, "a"), GENERALIZER) == profile(triples(other, "b"), GENERALIZER)


def test_who_moved_and_when_is_known() -> None:
    back = Person(tuple(reversed(MOVED.stays)), 2015, "female", None, (), 3)
    there = Person(
        (Stay(2025, "birch", 4, 8), Stay(2025, "elm", 4, 12)), 2015, "female", None, (), 3
    )
    first = profile(triples(MOVED, "a"), GENERALIZER)
    assert first == profile(triples(back, "b"), GENERALIZER)
    assert first != profile(triples(there, "c"), GENERALIZER)


def test_at_the_finest_step_everything_is_released() -> None:
    held = triples(MOVED, "a")
    quasi, rest = recode(held, Recoding(FINEST), GENERALIZER)
    assert quasi | rest == held
    assert quasi.isdisjoint(rest)


def test_items_that_say_the_same_once_the_school_is_a_district_become_one() -> None:
    held = triples(MOVED, "a")
    quasi, rest = recode(held, at(isHeldBy=1, entryDate=2), GENERALIZER)
    assert kinds(held).count("Enrollment") == 2
    assert kinds(quasi | rest).count("Enrollment") == 1
    assert kinds(quasi | rest).count("Demographics") == 1
    assert kinds(quasi | rest).count("AttendanceSummary") == 2
    quasi, rest = recode(held, at(isHeldBy=1, entryDate=2, AttendanceSummary=1), GENERALIZER)
    assert kinds(quasi | rest).count("AttendanceSummary") == 0


def test_an_item_of_which_only_the_frame_would_be_left_is_not_released() -> None:
    last = [len(ladder.steps) - 1 for ladder in GENERALIZER.ladders]
    quasi, rest = recode(triples(STAYED, "a"), Recoding(tuple(last)), GENERALIZER)
    assert quasi == set()
    assert kinds(rest) == ["Learner", "MasteryState"]


def test_rare_values_become_other() -> None:
    support, language = node(BP.hasSupportType), node(BP.homeLanguage)
    gifted = str(node(BP[SUPPORTS[2]]))
    rare = frozenset([(support.value, gifted), (language.value, '"so"')])
    recoding = Recoding(at(hasSupportType=1, homeLanguage=1).steps, rare)
    quasi, _ = recode(triples(STAYED, "a"), recoding, GENERALIZER)
    told = {t.predicate: t.object for t in quasi if t.predicate in (support, language)}
    assert told[support] == node(BP.OtherValue)
    assert text(told[language]) == "other"
    common = Recoding(recoding.steps)
    kept, _ = recode(triples(STAYED, "a"), common, GENERALIZER)
    assert gifted in {str(t.object) for t in kept}
