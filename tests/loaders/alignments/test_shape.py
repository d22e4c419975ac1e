"""What the shapes of a crosswalk refuse, one fault at a time."""

from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from databackpack.ontology.namespaces import BP, DCTERMS, ID, RDF, SKOS, XSD
from databackpack.shapes import validate_crosswalk
from tests.loaders.alignments.reading import read

LEARNER = ID["learner/00000000-0000-4000-8000-000000000001"]


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    path = tmp_path / "t.csv"
    path.write_text("from,to,relation\nurn:ohio:1,3.OA.A.1,exact\n")
    found = Graph()
    found += read(path).graph
    assert validate_crosswalk(found).conforms
    return found


def rules(graph: Graph) -> set[str]:
    return {result.rule for result in validate_crosswalk(graph).results}


def test_a_learner_is_no_standard(graph: Graph) -> None:
    (alignment,) = graph.subjects(RDF.type, BP.Alignment)
    graph.set((alignment, BP.alignsFrom, LEARNER))
    assert rules(graph) == {"Alignment-bp_alignsFrom"}


def test_nothing_is_said_of_a_learner(graph: Graph) -> None:
    graph.add((LEARNER, SKOS.relatedMatch, URIRef("urn:ohio:1")))
    assert rules(graph) == {"AlignedStandardShape"}


def test_an_alignment_has_one_strength_and_one_date(graph: Graph) -> None:
    (alignment,) = graph.subjects(RDF.type, BP.Alignment)
    graph.add((alignment, BP.hasStrength, BP.RelatedStrength))
    for day in ("2026-01-01", "2026-01-02"):
        graph.add((alignment, DCTERMS.date, Literal(day, datatype=XSD.date)))
    assert rules(graph) == {"Alignment-bp_hasStrength", "Alignment-dcterms_date"}


def test_an_alignment_leads_elsewhere(graph: Graph) -> None:
    (alignment,) = graph.subjects(RDF.type, BP.Alignment)
    (origin,) = graph.objects(alignment, BP.alignsFrom)
    graph.set((alignment, BP.alignsTo, origin))
    assert "Alignment-bp_alignsFrom" in rules(graph)


def test_a_crosswalk_says_no_more_of_a_standard_than_its_name_and_partners(graph: Graph) -> None:
    graph.add((URIRef("urn:ohio:1"), SKOS.definition, Literal("x")))
    assert rules(graph) == {"AlignedStandardShape"}
