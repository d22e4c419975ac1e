"""The W3C's tests of the Graph Store Protocol: what reads is run, what writes is refused."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib.compare import isomorphic

from tests.protocol import w3c
from tests.protocol.w3c import Case, Request
from tests.web.asking import Web

JOHN, JANE = "http://www.example/gsp/person/1.ttl", "http://www.example/gsp/person/%31.ttl"

# What each request gets. The graphs that the tests write first are there already.
SAME = "200 with the graph that the W3C says"
THERE = "200 with what was there before the write that is refused"
MISSING = "404 as the W3C says, byte for byte as for a graph of others"
REFUSED = "405: clients do not write graphs"
NO_ADDRESS = "404: a graph's own IRI is not an address of this service"
MALFORMED = "400: it refers to the address of a graph that was not made"

CASES = {
    "manifest-indirect.ttl": {
        "put_get_repeat_indirect": (REFUSED, SAME, REFUSED, THERE),
        "put_get_default": (REFUSED, THERE),
        "put_delete_get_delete_indirect": (REFUSED, REFUSED, MISSING, REFUSED),
        "post_get_post_get_indirect": (REFUSED, THERE, REFUSED, THERE),
        "post_get_new_graph": (REFUSED, MALFORMED),
        "head_existing_indirect": (REFUSED, SAME),
        "head_non_existing_indirect": (MISSING,),
        "put_get_uri_pct_encoded_indirect": (REFUSED, SAME),
        "put_get_uri_pct_encoded_twice": (REFUSED, REFUSED, SAME, SAME),
    },
    "manifest-direct.ttl": {
        "put_get_repeat_direct": (NO_ADDRESS,) * 4,
        "put_delete_get_delete_direct": (NO_ADDRESS,) * 4,
        "post_get_post_get_direct": (NO_ADDRESS,) * 4,
        "head_existing_direct": (NO_ADDRESS,) * 2,
        "head_non_existing_direct": (NO_ADDRESS,),
    },
}
EACH = [(file, name) for file, cases in CASES.items() for name in cases]


@pytest.fixture(scope="module")
def manifests(shared_data: Path) -> dict[str, dict[str, Case]]:
    folder = shared_data / "w3c" / "graph-store-protocol"
    return {file: {case.name: case for case in w3c.cases(folder / file)} for file in CASES}


@pytest.fixture(scope="module")
def web(
    manifests: dict[str, dict[str, Case]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    """A service whose views have two graphs, as one of the tests writes them."""
    john, jane, *_ = manifests["manifest-indirect.ttl"]["put_get_uri_pct_encoded_twice"].requests
    quads = [
        ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(name))
        for name, request in ((JOHN, john), (JANE, jane))
        for q in ox.parse(request.text or "", format=ox.RdfFormat.TURTLE)
    ]
    running = w3c.run_over(tmp_path_factory.mktemp("graphs"), quads)
    with running.listening() as address:
        yield Web(running, address)


def test_every_test_of_the_manifests_is_listed_here(
    manifests: dict[str, dict[str, Case]],
) -> None:
    for file, cases in manifests.items():
        assert cases.keys() == CASES[file].keys()


@pytest.mark.parametrize(("file", "name"), EACH)
def test_graphs_are_read_as_the_w3c_says_and_never_written(
    web: Web, manifests: dict[str, dict[str, Case]], file: str, name: str
) -> None:
    for request, outcome in zip(manifests[file][name].requests, CASES[file][name], strict=True):
        answer = w3c.send(web, request, "/graphs" + request.path.removeprefix("/gsp"))
        assert str(answer.status) == outcome[:3], answer.body
        if outcome is REFUSED:
            assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        if outcome is SAME:
            assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
            assert_same(request, answer.body)


def assert_same(request: Request, body: bytes) -> None:
    """Check that *body* is what the W3C says: nothing where it asked for the head."""
    if request.method == "HEAD":
        assert body == b""
    else:
        found = Graph().parse(data=body, format="turtle")
        assert isomorphic(found, Graph().parse(data=request.answer, format="turtle"))
