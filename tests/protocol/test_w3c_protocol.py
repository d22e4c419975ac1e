"""The W3C's tests of the SPARQL 1.1 Protocol, every one, over a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.protocol import w3c
from tests.protocol.w3c import Case, Request
from tests.web.asking import Response, Web

DATA = "http://kasei.us/2009/09/sparql/data"
FORMATS = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {
        *("application/sparql-results+json", "application/sparql-results+xml"),
        *("text/csv", "text/tab-separated-values"),
    },
    "RDF": {"application/rdf+xml", "text/turtle", "application/n-triples"},
}

# There is no update operation. What the tests of it get: 415 for a body that is an update,
# 400 for a parameter that is one, whether the update is as it should be or not.
UPDATES = {
    "update_base_uri": 415,
    "update_dataset_default_graph": 415,
    "update_dataset_default_graphs": 415,
    "update_dataset_full": 415,
    "update_dataset_named_graphs": 415,
    "update_post_direct": 415,
    "update_post_form": 400,
    "bad_multiple_updates": 400,
    "bad_update_dataset_conflict": 415,
    "bad_update_get": 400,
    "bad_update_missing_form_type": 415,
    "bad_update_non_utf8": 415,
    "bad_update_syntax": 400,
    "bad_update_wrong_media_type": 415,
}
QUERIES = {
    "query_post_form": (200,),
    "query_dataset_default_graphs_get": (200,),
    "query_dataset_default_graphs_post": (200,),
    "query_dataset_named_graphs_post": (200,),
    "query_dataset_named_graphs_get": (200,),
    "query_dataset_full": (200,),
    "query_multiple_dataset": (200,),
    "query_get": (200,),
    "query_content_type_select": (200,),
    "query_content_type_ask": (200,),
    "query_content_type_describe": (200,),
    "query_content_type_construct": (200,),
    "query_post_direct": (200,),
    "bad_query_method": (405,),
    "bad_multiple_queries": (400,),
    "bad_query_wrong_media_type": (415,),
    "bad_query_missing_form_type": (415,),
    "bad_query_missing_direct_type": (415,),
    "bad_query_non_utf8": (415,),
    "bad_query_syntax": (400,),
}


@pytest.fixture(scope="module")
def manifest(shared_data: Path) -> dict[str, Case]:
    found = w3c.cases(shared_data / "w3c" / "protocol" / "manifest.ttl")
    return {case.name: case for case in found}


@pytest.fixture(scope="module")
def web(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A service whose views have the three graphs of the tests, and they only."""
    folder = shared_data / "w3c" / "protocol"
    quads = [
        ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(f"{DATA}/data{number}.rdf"))
        for number in (1, 2, 3)
        for q in ox.parse(path=str(folder / f"data{number}.nt"))
    ]
    running = w3c.run_over(tmp_path_factory.mktemp("protocol"), quads)
    with running.listening() as address:
        yield Web(running, address)


def ask(web: Web, request: Request) -> Response:
    return w3c.send(web, request, request.path.replace("/sparql/", "/sparql"))


def test_every_test_of_the_manifest_is_listed_here(manifest: dict[str, Case]) -> None:
    assert manifest.keys() == QUERIES.keys() | UPDATES.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_answered_as_the_w3c_says(
    web: Web, manifest: dict[str, Case], name: str
) -> None:
    for request, status in zip(manifest[name].requests, QUERIES[name], strict=True):
        answer = ask(web, request)
        assert answer.status == status, answer.body
        assert f"StatusCode{status // 100}xx" in request.statuses
        if request.form is not None:
            assert answer.headers["content-type"].partition(";")[0] in FORMATS[request.form]
        if request.boolean is not None:
            assert answer.json["boolean"] is request.boolean


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_refused_and_changes_nothing(
    web: Web, manifest: dict[str, Case], name: str
) -> None:
    before = web.dump(w3c.PERSONA)
    refused, *after = manifest[name].requests
    answer = ask(web, refused)
    assert answer.status == UPDATES[name], answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    for request in after:
        asked = ask(web, request)
        assert asked.status == 200
        assert asked.json["boolean"] is False
    assert web.dump(w3c.PERSONA) == before
