"""A description of stored triples says what an rdflib graph of the same triples says."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.description import Description
from databackpack.service.records.terms import to_triples

IRIS = [ID[f"item/{name}"] for name in ("a", "b", "c", "d#e")]
PREDICATES = [BP.scoreValue, BP.hasCategory, BP.isRecordOf]
VALUES = st.one_of(
    st.sampled_from(IRIS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(Literal),
    st.sampled_from(
        [
            *(Literal(str(iri)) for iri in IRIS),
            *(Literal(f"<{iri}>") for iri in IRIS),
            Literal('a "b"\n\\ .', lang="en"),
            Literal("12", datatype=XSD.integer),
            Literal("2026-11-24T09:00:00Z", datatype=XSD.dateTime),
            Literal("soon", datatype=XSD.dateTime),
        ]
    ),
)
TRIPLES = st.tuples(st.sampled_from(IRIS), st.sampled_from(PREDICATES), VALUES)


@given(st.lists(TRIPLES, max_size=12))
def test_a_description_answers_like_a_graph(triples: list[tuple[URIRef, URIRef, Node]]) -> None:
    graph = Graph()
    for triple in triples:
        graph.add(triple)
    said = Description(to_triples(graph))
    for subject in [*IRIS, *(Literal(str(iri)) for iri in IRIS)]:
        assert set(said.predicates(subject)) == set(graph.predicates(subject))
        for predicate in PREDICATES:
            found = Counter(said.objects(subject, predicate))
            assert found == Counter(graph.objects(subject, predicate))
    for predicate in PREDICATES:
        assert Counter(said.objects(None, predicate)) == Counter(graph.objects(None, predicate))
        for iri in IRIS:
            assert set(said.subjects(predicate, iri)) == set(graph.subjects(predicate, iri))
