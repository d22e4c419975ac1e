"""The ladders of the ontology: each ends in nothing, and what each step makes of a value."""

import pyoxigraph as ox
import pytest
from rdflib import XSD, Graph, Literal, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, BPG, ID, ORG, SDO, SKOS
from databackpack.service.records.terms import from_ox, node, to_ox
from databackpack.service.releases.generalizer import Generalizer
from databackpack.service.releases.ladder import indices, ladders, read
from tests.releases.world import PARENTS

GENERALIZER = Generalizer(PARENTS)
MATH = "http://corestandards.org/Math"
STANDARD = URIRef(f"{MATH}/Content/4/OA/A/1")
ELM, NORTH, STATE, TUTOR = (
    ID[f"organization/{name}"] for name in ("elm", "north", "state", "lantern")
)


def steps(predicate: URIRef, value: URIRef | Literal) -> list[URIRef | str | None]:
    """Return what is shown of *value* at each step, literals by their text."""
    shown = GENERALIZER.rungs(str(predicate), to_ox(value)).shown
    return [None if one is None else _short(one) for one in shown]


def _short(term: ox.NamedNode | ox.Literal) -> URIRef | str:
    found = from_ox(term)
    return found if isinstance(found, URIRef) else str(found)


def _month(text: str) -> Literal:
    return Literal(text, datatype=XSD.gYearMonth)


@pytest.mark.parametrize(
    ("predicate", "value", "expected"),
    [
        (BP.entryDate, _month("2025-08"), ["2025-08", "2025-2026", None]),
        (BP.entryDate, _month("2026-06"), ["2026-06", "2025-2026", None]),
        (SDO.birthDate, Literal("2015", datatype=XSD.gYear), ["2015", "2014-2015", "2012-2015"]),
        (BP.isHeldBy, ELM, [ELM, NORTH, STATE, None]),
        (ORG.organization, ELM, [ELM, NORTH, STATE, None]),
        (BP.isHeldBy, NORTH, [NORTH, NORTH, STATE, None]),
        (BP.isHeldBy, STATE, [STATE, STATE, STATE, None]),
        (BP.isHeldBy, TUTOR, [TUTOR, TUTOR, TUTOR, None]),
        (BP.hasGradeLevel, BPG["4"], [BPG["4"], BPG["band-3-5"], None]),
        (BP.hasGradeLevel, BPG["UG"], [BPG["UG"], None, None]),
        (BP.daysEnrolled, Literal("176", datatype=XSD.decimal), ["176", "180", None]),
        (BP.isAlignedTo, STANDARD, [STANDARD, URIRef(MATH), None]),
        (BP.isAlignedTo, ID["standard/own"], [ID["standard/own"], None, None]),
        (BP.gender, Literal("female"), ["female", None]),
        (BP.schoolYear, Literal("2025-2026"), ["2025-2026", None]),
    ],
)
def test_each_step_tells_less(
    predicate: URIRef, value: URIRef | Literal, expected: list[URIRef | str | None]
) -> None:
    assert steps(predicate, value)[: len(expected)] == expected
    assert steps(predicate, value)[-1] is None


def test_a_standard_is_known_by_its_grade_and_an_unknown_one_by_itself() -> None:
    known = GENERALIZER.rungs(str(BP.isAlignedTo), node(STANDARD)).known
    assert known[0] == str(node(BPG["4"]))
    own = node(ID["standard/own"])
    assert GENERALIZER.rungs(str(BP.isAlignedTo), own).known[0] == str(own)


def test_the_frameworks_that_were_loaded_tell_grades_too() -> None:
    own = node(ID["standard/own"])
    said = [
        ox.Triple(own, node(URIRef("https://purl.org/ctdlasn/terms/educationLevelType")), grade)
        for grade in (node(BPG["5"]), node(BPG["4"]))
    ]
    rungs = Generalizer(PARENTS, said).rungs(str(BP.isAlignedTo), own)
    assert rungs.known[0] == f"{node(BPG['4'])} {node(BPG['5'])}"


def test_every_step_is_done_by_something() -> None:
    """A new step in the ontology without code would be as if it did nothing."""
    first = {BP.AsIs, BP.ToMonth, BP.ToYear}
    known = {BP.LeftOut, BP.ToOther, BP.ToSchoolYear, BP.ToTwoYears, BP.ToFourYears, BP.ToTens}
    known |= {BP.ToGradeBand, BP.ToDistrict, BP.ToState, BP.ToFramework}
    assert {step for ladder in ladders() for step in ladder.steps} == first | known
    for ladder in ladders():
        assert ladder.steps[0] in first
        assert first.isdisjoint(ladder.steps[1:])


def test_every_quasi_identifier_has_a_ladder_and_every_step_one_way_on() -> None:
    graph = ontology.graph()
    for predicate in graph.subjects(BP.hasIdentifiability, BP.QuasiIdentifier):
        assert str(predicate) in indices(), predicate
    for step in graph.subjects(SKOS.inScheme, BP.GeneralizationScheme):
        assert len(list(graph.objects(step, SKOS.broader))) <= 1, step
    for ladder in ladders():
        assert ladder.steps[-1] == BP.LeftOut


def test_every_grade_is_in_one_band_at_most() -> None:
    graph = ontology.graph()
    for grade in graph.subjects(SKOS.inScheme, BPG.Scheme):
        assert len(list(graph.subjects(SKOS.narrower, grade))) <= 1, grade


def test_a_ladder_that_does_not_end_is_refused() -> None:
    graph = Graph()
    graph.add((BP.gender, BP.isRecodedBy, BP.ToOther))
    with pytest.raises(ValueError, match="gender does not end with bp:LeftOut"):
        read(graph)
    graph.add((BP.ToOther, SKOS.broader, BP.ToOther))
    with pytest.raises(ValueError, match="does not end"):
        read(graph)


def test_ladders_of_one_precedence_are_climbed_a_step_each_in_turn() -> None:
    climbed = [
        (ladders()[place].iri, ladders()[place].steps[step])
        for place, step in GENERALIZER.climb()
        if ladders()[place].precedence == 30
    ]
    assert climbed == [
        (BP.isHeldBy, BP.ToState),
        (BP.hasGradeLevel, BP.ToGradeBand),
        (BP.isAlignedTo, BP.ToFramework),
        (BP.isHeldBy, BP.ToDistrict),
        (BP.hasGradeLevel, BP.AsIs),
        (BP.isAlignedTo, BP.AsIs),
        (BP.isHeldBy, BP.AsIs),
    ]
