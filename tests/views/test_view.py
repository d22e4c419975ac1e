"""A view: changed as a whole, closed for good, and answering from nothing but itself."""

from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from databackpack.ontology.namespaces import BP
from databackpack.service.records.terms import node
from databackpack.service.views import engine
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.view import (
    AnswerTooLarge,
    AnswerTooSlow,
    Form,
    Limits,
    MalformedQuery,
    NotAcceptable,
    QueryOperation,
    ViewClosed,
)
from tests.views.hosting import ALL, ANN, BEN, ask, evaluate, hosted, item, replace


def test_an_item_is_told_by_the_term_of_our_vocabulary() -> None:
    assert node(BP.isRecordOf) == engine.IS_RECORD_OF


def test_replacing_one_learners_slice_touches_no_other_and_not_what_is_public() -> None:
    public = ox.Triple(node(BP.a), node(BP.b), node(BP.c))
    view = hosted([public, *item("a1", ANN, "1"), *item("b1", BEN, "2")])
    replace(view, [([ANN], item("a2", ANN, "3"))], 2)
    assert ask(view) == ask(hosted([public, *item("a2", ANN, "3"), *item("b1", BEN, "2")]))
    assert view.epoch == 2


def test_an_empty_slice_leaves_nothing_of_the_learner() -> None:
    about = ox.Triple(ANN, node(BP.learnerIdentifier), ox.Literal("S1"))
    view = hosted([about, *item("a1", ANN, "1")])
    assert len(view) == 3
    replace(view, [([ANN], set())], 2)
    assert ask(view) == set()
    assert len(view) == 0


def test_a_learner_known_by_a_code_as_well_is_replaced_under_both() -> None:
    code = ox.NamedNode("urn:code")
    view = hosted([*item("a1", ANN, "1"), *item("c1", code, "2")])
    replace(view, [([ANN, code], item("c2", code, "3"))], 2)
    assert {line.split("\t")[2] for line in ask(view)} == {str(code), '"3"'}


def test_every_worker_has_every_change() -> None:
    view = hosted(item("a1", ANN, "1"))
    for number in range(2, 6):
        replace(view, [([ANN], item(f"a{number}", ANN, str(number)))], number)
        for _ in range(4):  # more often than there are workers
            assert {line.split("\t")[2] for line in ask(view)} == {str(ANN), f'"{number}"'}


def test_only_the_difference_is_written() -> None:
    held = item("a1", ANN, "1")
    view = hosted(held)
    replace(view, [([ANN], held), ([BEN], set())], 2)
    assert (view.changes, view.epoch) == (0, 2)
    replace(view, [([ANN], held | item("a2", ANN, "2"))], 3)
    assert view.changes == 2


def test_a_closed_view_answers_nothing() -> None:
    view = hosted()
    view.close()
    with pytest.raises(ViewClosed):
        ask(view)


def test_a_view_that_could_not_be_changed_as_a_whole_answers_nothing_more() -> None:
    view = hosted(item("a1", ANN, "1"))

    def slices() -> Iterator[tuple[list[ox.NamedNode], set[ox.Triple]]]:
        yield [ANN], set()
        raise OSError("the truth store cannot be read")

    with pytest.raises(OSError, match="cannot be read"):
        replace(view, slices(), 2)
    with pytest.raises(ViewClosed):
        ask(view)


def test_a_dump_is_all_triples_in_order_at_the_instant_of_the_call() -> None:
    held = [*item("a1", ANN, "1"), *item("b1", BEN, "2")]
    view = hosted(held)
    dump = view.dump()
    replace(view, [([ANN], set())], 2)
    expected = sorted(engine.to_n_triples(held).splitlines(keepends=True))
    assert b"".join(dump) == b"".join(expected)
    assert b"".join(view.dump()).count(b"\n") == 2


def crowded() -> HostedView:
    return hosted(
        triple for number in range(100) for triple in item(f"a{number}", ANN, str(number))
    )


PRODUCT = "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
GROWING = [f"SELECT * {PRODUCT}", f"CONSTRUCT {{ ?a ?e ?i }} {PRODUCT}"]


@pytest.mark.parametrize("text", GROWING)
def test_an_answer_that_grows_too_large_is_given_up(text: str) -> None:
    view = crowded()
    pids = view.pids()
    with pytest.raises(AnswerTooLarge):
        evaluate(view, text, Limits(100_000))
    assert view.pids() == pids, "nobody had to be killed"


@pytest.mark.parametrize(
    "text", [ALL, "SELECT ?s { ?s ?p ?o } LIMIT 1", "ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }"]
)
def test_an_answer_has_exactly_as_many_bytes_as_are_allowed(text: str) -> None:
    view = crowded()
    size = len(evaluate(view, text).body)
    assert len(evaluate(view, text, Limits(size)).body) == size
    with pytest.raises(AnswerTooLarge):
        evaluate(view, text, Limits(size - 1))


@pytest.mark.parametrize("text", GROWING)
def test_an_answer_that_takes_too_long_is_given_up(text: str) -> None:
    view = crowded()
    pids = view.pids()
    with pytest.raises(AnswerTooSlow):
        evaluate(view, text, Limits(seconds=0.2))
    assert view.pids() == pids, "nobody had to be killed"


def test_a_function_that_the_engine_does_not_know_is_told() -> None:
    with pytest.raises(MalformedQuery, match="urn:f"):
        ask(hosted(), "SELECT (<urn:f>(1) AS ?x) {}")


@pytest.mark.parametrize(
    "text", ["SELECT", "INSERT DATA { <urn:a> <urn:b> 1 }", "", "ASK {} ASK {}"]
)
def test_what_is_no_query_is_malformed(text: str) -> None:
    with pytest.raises(MalformedQuery):
        ask(hosted(), text)


def test_a_form_without_an_accepted_format_is_told_apart_from_an_error() -> None:
    only_triples = QueryOperation("ASK {}", None, ox.RdfFormat.TURTLE)
    with pytest.raises(NotAcceptable):
        hosted().evaluate(only_triples)
    only_results = QueryOperation("DESCRIBE <urn:a>", ox.QueryResultsFormat.JSON, None)
    with pytest.raises(NotAcceptable):
        hosted().evaluate(only_results)


def test_an_answer_carries_its_form_media_type_and_epoch() -> None:
    operation = QueryOperation("ASK {}", ox.QueryResultsFormat.JSON, ox.RdfFormat.TURTLE)
    answer = hosted(epoch=7).evaluate(operation)
    assert (answer.form, answer.media_type, answer.epoch) == (
        Form.RESULTS,
        "application/sparql-results+json",
        7,
    )


TERMS = [
    ox.NamedNode("urn:a:é"),
    ox.Literal('"\\\n\t\U0001f392 é'),
    ox.Literal("x", language="en-GB"),
    ox.Literal("1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
]


@pytest.mark.parametrize("term", TERMS, ids=str)
def test_a_bound_term_reaches_the_query_as_it_is(term: ox.NamedNode | ox.Literal) -> None:
    operation = QueryOperation(
        "SELECT ?s ?x { ?s ?p ?x }",
        ox.QueryResultsFormat.JSON,
        None,
        substitutions={ox.Variable("x"): term},
    )
    view = hosted([ox.Triple(ANN, node(BP.a), term), ox.Triple(BEN, node(BP.a), ox.Literal("z"))])
    found = ox.parse_query_results(view.evaluate(operation).body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)
    assert [solution["s"] for solution in found] == [ANN]


@pytest.mark.parametrize(
    "graph", ["urn:nowhere", "https://w3id.org/databackpack/id/graph/registry"]
)
def test_a_dataset_that_is_named_is_empty_whatever_its_name(graph: str) -> None:
    view = hosted(item("a1", ANN, "1"))
    text = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    formats = ox.QueryResultsFormat.TSV, ox.RdfFormat.TURTLE
    for operation in (
        QueryOperation(text, *formats, default_graphs=(graph,)),
        QueryOperation(text, *formats, named_graphs=(graph,)),
    ):
        assert len(view.evaluate(operation).body.decode().splitlines()) == 1
