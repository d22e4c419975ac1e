"""The code book of a release says what is in it and how it is told, and nothing of one learner."""

import re
from datetime import UTC, datetime
from html import unescape

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, VOID, Graph, Literal, URIRef

from databackpack.ontology.codes import concepts, definition, label
from databackpack.ontology.namespaces import BP, BPG, BPM, DPV, ID, PROV, SDO, SKOS
from databackpack.service.records.terms import node
from databackpack.service.releases.codebook import Book, graph, html
from databackpack.service.releases.contents import Contents
from databackpack.service.releases.ladder import ladders
from databackpack.service.releases.release import Release

K = 10
STANDARD = URIRef("http://corestandards.org/Math/Content/5/NBT/A/1")
LOSSES = {
    BP.hasGradeLevel: {BP.AsIs: 40, BP.ToGradeBand: 15, BP.LeftOut: 5},
    BP.isHeldBy: {BP.AsIs: 30, BP.ToDistrict: 20, BP.ToState: 10, BP.LeftOut: 0},
    SDO.birthDate: {BP.ToYear: 0, BP.ToTwoYears: 48, BP.ToFourYears: 12, BP.LeftOut: 0},
    BP.Enrollment: {BP.AsIs: 50, BP.LeftOut: 10},
    BP.schoolYear: {BP.AsIs: 0, BP.LeftOut: 60},
}
RELEASE = Release(
    agreement=ID["agreement/study"],
    audience=ID["audience/researcher-mobility"],
    purpose=DPV.AcademicResearch,
    number=2,
    moment=datetime(2026, 11, 20, 9, tzinfo=UTC),
    epoch=7,
    k=K,
    who="Custodia Person",
    learners=60,
    suppressed=12,
    left_out=3,
    losses=LOSSES,
)


def learner(number: int) -> list[ox.Triple]:
    """Return what a release holds of one learner: every tenth has a birth year."""
    who, stay, state = (ID[f"code/{kind}-{number}"] for kind in ("learner", "stay", "state"))
    said: list[tuple[URIRef, URIRef, URIRef | Literal]] = [
        (stay, RDF.type, BP.Enrollment),
        (stay, BP.isRecordOf, who),
        (stay, BP.isHeldBy, ID["organization/elm"]),
        (stay, BP.hasGradeLevel, BPG["5"]),
        (state, RDF.type, BP.MasteryState),
        (state, BP.isRecordOf, who),
        (state, BP.isHeldBy, ID["organization/elm"]),
        (state, BP.hasMasteryLevel, BPM.Met),
        (state, BP.isAlignedTo, STANDARD),
    ]
    if number % 10 == 0:
        said.append((who, SDO.birthDate, Literal("2014-2015")))
    return [
        ox.Triple(node(s), node(p), node(o) if isinstance(o, URIRef) else ox.Literal(str(o)))
        for s, p, o in said
    ]


@pytest.fixture(scope="module")
def book() -> Book:
    contents = Contents()
    for number in range(60):
        contents.add(learner(number))
    contents.add([])
    return Book(RELEASE, "Moves <between> schools", "Progress of those who move", contents)


@pytest.fixture(scope="module")
def page(book: Book) -> str:
    return html(book)


@pytest.fixture(scope="module")
def described(book: Book) -> Graph:
    return graph(book)


def test_contents_count_learners_and_not_rows(book: Book) -> None:
    assert book.contents.learners == 60
    assert book.contents.classes == {BP.Enrollment: 60, BP.MasteryState: 60}
    assert book.contents.properties[BP.isHeldBy] == 60
    assert book.contents.properties[SDO.birthDate] == 6


def test_every_property_is_there_with_each_step_of_its_ladder_and_its_learners(
    book: Book, page: str, described: Graph
) -> None:
    shown = {one.iri: one for one in book.properties}
    assert shown.keys() == book.contents.properties.keys() - {BP.isRecordOf}
    for ladder in ladders():
        if ladder.iri not in shown:
            continue
        steps = {step.iri: step.learners for step in shown[ladder.iri].steps}
        assert tuple(steps) == ladder.steps
        for step, learners in steps.items():
            held = LOSSES.get(ladder.iri, {}).get(step, 0)
            assert learners == (held if held >= K or held == 0 else None)
            assert definition(step) in unescape(page)
            (loss,) = (
                iri
                for iri in described.subjects(BP.concernsTerm, ladder.iri)
                if (iri, BP.hasStep, step) in described
            )
            told = described.value(loss, BP.learnersReleased)
            assert told == (None if learners is None else Literal(learners))


def test_what_fewer_than_a_group_have_is_told_without_number(
    book: Book, page: str, described: Graph
) -> None:
    """5 of a grade, 6 with a birth year, 3 left out: each is told as fewer than 10."""
    for predicate in (BP.learnersReleased, BP.learnersSuppressed):
        assert not any(0 < int(str(one)) < K for one in described.objects(None, predicate))
    assert set(described.objects(RELEASE.iri, BP.learnersLeftOut)) == set()
    assert "fewer than 10: others of whom records are held" in page
    before, _ = page.split("<h2>Code lists</h2>")
    cells = re.findall(r'<td class="number">([^<]*)</td>', before)
    assert {"fewer than 10", "15", "40", "60"} <= set(cells)
    assert not any(0 < int(cell) < K for cell in cells if cell.isdigit())


def test_nothing_of_one_learner_is_in_it(page: str, described: Graph) -> None:
    turtle = described.serialize(format="turtle")
    for told in (page, turtle):
        assert "/code/" not in told
        assert "organization/" not in told
        assert "Custodia" not in told
        assert "2014-2015" not in told.replace(definition(BP.ToTwoYears), "")
    assert "Moves &lt;between&gt; schools" in page


def test_code_lists_and_standards_that_are_used_are_explained(
    book: Book, page: str, described: Graph
) -> None:
    assert {BPM.Scheme, BPG.Scheme} == set(book.schemes)
    for scheme in book.schemes:
        for code in concepts(scheme):
            assert f"<td>{label(code)}</td>" in page
            assert (code, SKOS.inScheme, scheme) in described
            assert described.value(code, RDFS.label) is not None
    ((framework, count),) = book.frameworks
    assert "corestandards" in framework
    assert count == 1
    assert framework in page
    contents = Contents()
    item = node(ID["code/x"])
    contents.add([ox.Triple(item, node(BP.isAlignedTo), node(URIRef(framework)))])
    whole = Book(RELEASE, "x", "y", contents)
    assert whole.frameworks == [(framework, 0)]
    assert "told as a whole" in html(whole)


def test_what_is_left_out_is_named_with_its_reason(book: Book, page: str) -> None:
    gone = {one.iri: one for one in book.absent}
    assert gone.keys().isdisjoint(book.contents.properties)
    assert {BP.entryDate, BP.exitDate, BP.asOfDate} <= gone.keys()
    assert gone[BP.entryDate].steps == ()
    assert gone[BP.schoolYear].steps[-1].learners == 60
    assert "Of 60 learners of the release who have it, too few are alike in it." in page
    assert gone[BP.entryDate].reason == "Nothing of it is told in this release."
    identity = URIRef("https://schema.org/givenName")
    contents = Contents()
    who = node(ID["code/x"])
    contents.add([ox.Triple(who, node(RDF.type), node(BP.Learner))])
    (named,) = (x for x in Book(RELEASE, "x", "y", contents).absent if x.iri == identity)
    assert "never leaves the full level" in named.reason
    assert f"<td>{label(BP.entryDate)}</td>" in page


def test_a_property_that_shares_a_ladder_says_whose(book: Book) -> None:
    contents = Contents()
    organization = URIRef("http://www.w3.org/ns/org#organization")
    for number in range(K):
        stay = node(ID[f"code/{number}"])
        contents.add([ox.Triple(stay, node(organization), node(ID["organization/elm"]))])
    shared = Book(RELEASE, "x", "y", contents)
    (one,) = shared.properties
    assert one.sharer == BP.isHeldBy
    assert [step.learners for step in one.steps] == [30, 20, 10, 0]
    assert "each gives the other away" in html(shared)


def test_the_graph_is_a_dataset_with_a_partition_for_each_class_and_property(
    book: Book, described: Graph
) -> None:
    assert (RELEASE.iri, RDF.type, VOID.Dataset) in described
    assert described.value(RELEASE.iri, PROV.generatedAtTime) is not None
    parts = list(described.objects(RELEASE.iri, VOID.classPartition))
    assert {described.value(one, VOID["class"]) for one in parts} == set(book.contents.classes)
    parts = list(described.objects(RELEASE.iri, VOID.propertyPartition))
    properties = {described.value(one, VOID.property) for one in parts}
    assert properties == book.contents.properties.keys() - {BP.isRecordOf}
    assert described.value(RELEASE.iri, BP.minimumGroupSize) == Literal(K)
    assert not [term for triple in described for term in triple if term == Literal("None")]
