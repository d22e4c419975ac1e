"""A view: changed as a whole, closed for good, and answering from nothing but itself."""

from collections.abc import Callable, Iterator
from threading import Event, Thread
from time import monotonic, sleep

import pyoxigraph as ox
import pytest

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.terms import node
from databackpack.service.views.view import (
    Answer,
    AnswerTooLarge,
    AnswerTooSlow,
    Form,
    Limits,
    MalformedQuery,
    NotAcceptable,
    QueryOperation,
    View,
    ViewChanging,
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


class Slow(View):
    """A view whose every query calls *within* while it is running."""

    def __init__(self, epoch: int, within: Callable[[], None]) -> None:
        super().__init__(epoch)
        self.runs, self._within = 0, within

    def _query(
        self, operation: QueryOperation
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        result = super()._query(operation)
        self.runs += 1
        self._within()
        return result


def evaluate(view: View, text: str = ALL, limits: Limits | None = None) -> Answer:
    formats = ox.QueryResultsFormat.TSV, ox.RdfFormat.N_TRIPLES
    return view.evaluate(QueryOperation(text, *formats, limits=limits or Limits()))


def test_a_slow_query_delays_no_change_and_gives_up_when_the_view_goes_on_changing() -> None:
    view, began = Slow(1, lambda: sleep(0.4)), Event()
    raised: list[type[Exception]] = []

    def reader() -> None:
        began.set()
        try:
            evaluate(view)
        except Exception as error:
            raised.append(type(error))

    thread = Thread(target=reader)
    thread.start()
    began.wait()
    epoch, slowest = 1, 0.0
    while thread.is_alive():
        epoch += 1
        start = monotonic()
        view.replace([([ANN], item(f"a{epoch}", ANN, "1"))], epoch)
        slowest = max(slowest, monotonic() - start)
        sleep(0.02)
    thread.join()
    assert raised == [ViewChanging]
    assert view.runs > 1
    assert slowest < 0.3, "a change waited for a query"


def test_a_change_that_changes_nothing_here_lets_a_running_query_be_answered() -> None:
    held = item("a1", ANN, "1")
    view = Slow(1, lambda: view.replace([([ANN], held), ([BEN], set())], view.epoch + 1))
    view.fill(held)
    answer = evaluate(view)
    assert (answer.epoch, view.runs, view.epoch) == (1, 1, 2)
    assert evaluate(view).epoch == 2


def test_a_result_that_was_begun_before_a_change_is_not_given_out() -> None:
    changes = iter([item("a2", ANN, "2")])

    def change_once() -> None:
        for wanted in changes:
            view.replace([([BEN], set()), ([ANN], wanted)], 2)

    view = Slow(1, change_once)
    view.fill(item("a1", ANN, "1"))
    answer = evaluate(view)
    assert (answer.epoch, view.runs) == (2, 2)
    assert b'"2"' in answer.body
    assert b'"1"' not in answer.body


def test_a_view_closed_under_a_running_query_answers_nothing() -> None:
    view = Slow(1, lambda: view.close())
    with pytest.raises(ViewClosed):
        evaluate(view)


def crowded() -> View:
    view = View(1)
    for number in range(100):
        view.fill(item(f"a{number}", ANN, str(number)))
    return view


PRODUCT = "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


GROWING = [f"SELECT * {PRODUCT}", f"CONSTRUCT {{ ?a ?e ?i }} {PRODUCT}"]


@pytest.mark.parametrize("text", GROWING)
def test_an_answer_that_grows_too_large_is_given_up(text: str) -> None:
    with pytest.raises(AnswerTooLarge):
        evaluate(crowded(), text, Limits(100_000))


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
    start = monotonic()
    with pytest.raises(AnswerTooSlow):
        evaluate(crowded(), text, Limits(seconds=0.2))
    assert monotonic() - start < 5


def test_the_time_of_an_answer_counts_from_its_first_try() -> None:
    def change() -> None:
        sleep(0.15)
        view.replace([([ANN], item(f"a{view.epoch}", ANN, "1"))], view.epoch + 1)

    view = Slow(1, change)
    with pytest.raises(AnswerTooSlow):
        evaluate(view, limits=Limits(seconds=0.2))


def test_a_function_that_the_engine_does_not_know_is_told() -> None:
    with pytest.raises(MalformedQuery, match="urn:f"):
        ask(View(1), "SELECT (<urn:f>(1) AS ?x) {}")


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
