"""Whatever lies beside a view: the answer to each case of the suite is the same, byte for byte."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databackpack.service.records.transaction import by_graph
from tests.conformance.case import Case
from tests.conformance.comparison import media_type, result
from tests.conformance.endpoint import Endpoint, serve
from tests.web.asking import Response

PARTS = 8
EXAMPLES = 4
MAKE_BLANK_NODES = {"construct/constructlist", "functions/bnode02"}
"""While they are asked: no two of their answers have the same bytes, but they say the same."""

PROBES = (
    "SELECT * { GRAPH <%s> { ?s ?p ?o } }",
    "SELECT * FROM <%s> { ?s ?p ?o }",
    "SELECT * FROM NAMED <%s> { GRAPH ?g { ?s ?p ?o } }",
    "ASK { GRAPH <%s> {} }",
)
ACCEPT = "application/sparql-results+json"
Told = tuple[int, object]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The service, with nothing beside its views yet."""
    with serve(tmp_path_factory.mktemp("keys")) as found:
        yield found


@pytest.fixture(scope="module")
def answers(cases: list[Case], bare: Endpoint) -> dict[Case, Told]:
    """The service's answer to each case before anything lay beside its view."""
    found = {one: told_of(one, bare.ask(one)) for one in cases}
    assert all(status == 200 for one, (status, _) in found.items() if one.is_evaluated)
    return found


def likely(cases: list[Case]) -> st.SearchStrategy[set[ox.Quad]]:
    """Return statements that a pattern of *cases* may match, and others of the same terms."""
    near = sorted({decoy for one in cases for decoy in one.dataset.decoys()}, key=str)
    places = st.integers(0, len(near) - 1)

    @st.composite
    def statement(draw: st.DrawFn) -> ox.Quad:
        first = near[draw(places)]
        if draw(st.booleans()):
            return first
        return ox.Quad(
            first.subject,
            near[draw(places)].predicate,
            near[draw(places)].object,
            near[draw(places)].graph_name,
        )

    return st.sets(statement(), min_size=1, max_size=60)


def told(answer: Response) -> Told:
    """Return what tells one answer from another: of a refusal all but its own number."""
    if answer.status != 200:
        return answer.told
    return answer.status, (answer.headers["content-type"], answer.body)


def told_of(one: Case, answer: Response) -> Told:
    """Return what tells one answer to a case from another."""
    if str(one) in MAKE_BLANK_NODES:
        return answer.status, result(answer.body, media_type(one), is_ordered=one.is_ordered)
    return told(answer)


@contextmanager
def beside(bare: Endpoint, decoys: Iterable[ox.Quad]) -> Iterator[None]:
    """Have *decoys* in the truth store and in the view of somebody else, then no more."""
    held = by_graph(decoys)
    bare.hide(held)
    try:
        with closing(bare.view(decoys)):
            yield
    finally:
        bare.hide({name: [] for name in held})


@pytest.mark.parametrize("part", range(PARTS))
def test_what_lies_beside_a_view_changes_no_byte_of_an_answer(
    part: int, cases: list[Case], bare: Endpoint, answers: dict[Case, Told]
) -> None:
    asked = cases[part::PARTS]

    @settings(max_examples=EXAMPLES)
    @given(likely(asked))
    def stay_the_same(decoys: set[ox.Quad]) -> None:
        with beside(bare, decoys):
            for one in asked:
                assert told_of(one, bare.ask(one)) == answers[one], one

    stay_the_same()


def test_a_graph_that_is_hidden_is_like_one_that_is_not_there(
    cases: list[Case], bare: Endpoint
) -> None:
    dataset = next(one.dataset for one in cases if len(one.dataset.named) > 1)
    decoys = {decoy for one in cases[::4] for decoy in one.dataset.decoys()}
    hidden = by_graph(decoys).keys() - {ox.NamedNode(name) for name, _ in dataset.named}
    assert len(hidden) > 9
    with beside(bare, decoys):
        for probe in PROBES:
            nowhere, *others = (
                told(bare.query(dataset, probe % name, ACCEPT))
                for name in ["urn:nowhere", *(graph.value for graph in hidden)]
            )
            assert nowhere[0] == 200
            assert others == [nowhere] * len(hidden), probe
