"""A view: changed as a whole, closed for good, and answering from nothing but itself."""

from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.terms import node
from databackpack.service.views.view import (
    Form,
    MalformedQuery,
    NotAcceptable,
    QueryOperation,
    View,
    ViewClosed,
)

ALL = "SELECT ?s ?p ?o { ?s ?p ?o }"
ANN, BEN = node(ID["learner/ann"]), node(ID["learner/ben"])


def item(name: str, learner: ox.NamedNode, value: str) -> set[ox.Triple]:
    subject = node(ID[f"item/{name}"])
    return {
        ox.Triple(subject, node(BP.isRecordOf), learner),
        ox.Triple(subject, node(BP.scoreValue), ox.Literal(value)),
    }


def ask(view: View, text: str = ALL) -> set[str]:
    operation = QueryOperation(text, ox.QueryResultsFormat.TSV, ox.RdfFormat.N_TRIPLES)
    return set(view.evaluate(operation).body.decode().splitlines()[1:])


def test_replacing_one_learners_slice_touches_no_other_and_not_what_is_public() -> None:
    view = View(1)
    public = ox.Triple(node(BP.a), node(BP.b), node(BP.c))
    view.fill([public, *item("a1", ANN, "1"), *item("b1", BEN, "2")])
    view.replace([([ANN], item("a2", ANN, "3"))], 2)
    expected = View(2)
    expected.fill([public, *item("a2", ANN, "3"), *item("b1", BEN, "2")])
    assert ask(view) == ask(expected)
    assert view.epoch == 2


def test_an_empty_slice_leaves_nothing_of_the_learner() -> None:
    view = View(1)
    about = ox.Triple(ANN, node(BP.learnerIdentifier), ox.Literal("S1"))
    view.fill([about, *item("a1", ANN, "1")])
    view.replace([([ANN], set())], 2)
    assert ask(view) == set()
    assert len(view) == 0


def test_a_learner_known_by_a_code_as_well_is_replaced_under_both() -> None:
    view, code = View(1), node(ID["code/1"])
    view.fill([*item("a1", ANN, "1"), *item("c1", code, "2")])
    view.replace([([ANN, code], item("c2", code, "3"))], 2)
    assert {line.split("\t")[2] for line in ask(view)} == {str(code), '"3"'}


def test_a_closed_view_answers_nothing() -> None:
    view = View(1)
    view.close()
    with pytest.raises(ViewClosed):
        ask(view)


def test_a_view_that_could_not_be_changed_as_a_whole_answers_nothing_more() -> None:
    view = View(1)
    view.fill(item("a1", ANN, "1"))

    def slices() -> Iterator[tuple[list[ox.NamedNode], set[ox.Triple]]]:
        yield [ANN], set()
        raise OSError("the truth store cannot be read")

    with pytest.raises(OSError, match="cannot be read"):
        view.replace(slices(), 2)
    with pytest.raises(ViewClosed):
        ask(view)


@pytest.mark.parametrize(
    "text", ["SELECT", "INSERT DATA { <urn:a> <urn:b> 1 }", "", "ASK {} ASK {}"]
)
def test_what_is_no_query_is_malformed(text: str) -> None:
    with pytest.raises(MalformedQuery):
        ask(View(1), text)


def test_a_form_without_an_accepted_format_is_told_apart_from_an_error() -> None:
    only_triples = QueryOperation("ASK {}", None, ox.RdfFormat.TURTLE)
    with pytest.raises(NotAcceptable):
        View(1).evaluate(only_triples)
    only_results = QueryOperation("DESCRIBE <urn:a>", ox.QueryResultsFormat.JSON, None)
    with pytest.raises(NotAcceptable):
        View(1).evaluate(only_results)


def test_an_answer_carries_its_form_media_type_and_epoch() -> None:
    operation = QueryOperation("ASK {}", ox.QueryResultsFormat.JSON, ox.RdfFormat.TURTLE)
    answer = View(7).evaluate(operation)
    assert (answer.form, answer.media_type, answer.epoch) == (
        Form.RESULTS,
        "application/sparql-results+json",
        7,
    )


@pytest.mark.parametrize(
    "graph", ["urn:nowhere", "https://w3id.org/databackpack/id/graph/registry"]
)
def test_a_dataset_that_is_named_is_empty_whatever_its_name(graph: str) -> None:
    view = View(1)
    view.fill(item("a1", ANN, "1"))
    text = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    formats = ox.QueryResultsFormat.TSV, ox.RdfFormat.TURTLE
    for operation in (
        QueryOperation(text, *formats, default_graphs=(graph,)),
        QueryOperation(text, *formats, named_graphs=(graph,)),
    ):
        assert len(view.evaluate(operation).body.decode().splitlines()) == 1
