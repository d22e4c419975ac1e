"""Negotiation: for each Accept header and form of query, one media type or 406."""

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from databackpack.service.gate.faults import NotAcceptable
from databackpack.service.gate.results import GRAPH_FORMATS, HTML, RESULTS_FORMATS, negotiate
from tests.running import Running

JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
TURTLE, TRIPLES = "text/turtle", "application/n-triples"
RDF_XML, JSON_LD = "application/rdf+xml", "application/ld+json"

QUERIES = {
    "ask": "ASK {}",
    "select": "SELECT ?x { VALUES ?x { 1 } }",
    "construct": "CONSTRUCT { <a:s> <a:p> 1 } {}",
    "describe": "DESCRIBE <a:nothing>",
}

# Accept → what results and what triples are sent as; None stands for 406.
TABLE: list[tuple[str | None, str | None, str | None]] = [
    (None, JSON, TURTLE),
    ("", JSON, TURTLE),
    ("*/*", JSON, TURTLE),
    (JSON, JSON, None),
    (XML, XML, None),
    (CSV, CSV, None),
    (TSV, TSV, None),
    ("application/json", JSON, None),
    ("application/xml", XML, None),
    (TURTLE, None, TURTLE),
    (TRIPLES, None, TRIPLES),
    (RDF_XML, None, RDF_XML),
    (JSON_LD, None, JSON_LD),
    (f"{XML}, {TURTLE}", XML, TURTLE),
    (f"{CSV};q=0.2, {XML}", XML, None),
    (f"{JSON};q=0.9, {CSV};q=0.1", JSON, None),
    (f"{CSV}, */*;q=0.1", CSV, TURTLE),
    (f"{TRIPLES};q=0.9, {TURTLE};q=0.1", None, TRIPLES),
    ("text/*", CSV, TURTLE),
    ("TEXT/CSV", CSV, None),
    (f"{TURTLE}; charset=utf-8", None, TURTLE),
    (f'{JSON};charset="UTF-8";q=0.9, {CSV};q=0.1', JSON, None),
    (f"{CSV};charset=utf-16", None, None),
    (f"{CSV};q=0", None, None),
    ("*/*;q=0", None, None),
    (f"{CSV};q=0, {XML}", XML, None),
    (HTML, HTML, HTML),
    (f"{HTML}, */*;q=0.1", HTML, HTML),
    (f"{HTML},application/xhtml+xml,{XML};q=0.9,*/*;q=0.8", HTML, HTML),
    (f"{HTML};q=0.5, {JSON}", JSON, HTML),
    (f"{HTML};q=0, */*", JSON, TURTLE),
    ("image/png", None, None),
    ("nonsense", None, None),
]


def without_parameters(content_type: str) -> str:
    return content_type.partition(";")[0]


@pytest.mark.parametrize(("accept", "results", "graph"), TABLE, ids=str)
@pytest.mark.parametrize("form", QUERIES)
def test_the_answer_has_the_form_that_the_client_likes_best(
    sample: Running, form: str, accept: str | None, results: str | None, graph: str | None
) -> None:
    headers = sample.headers("researcher")
    headers.pop("Accept")
    if accept is not None:
        headers["Accept"] = accept
    response = sample.app.test_client().get(
        "/sparql", query_string={"query": QUERIES[form]}, headers=headers
    )
    wanted = results if form in ("ask", "select") else graph
    if wanted is None:
        assert response.status_code == 406
        assert response.mimetype == "application/problem+json"
    else:
        assert response.status_code == 200
        assert without_parameters(response.headers["Content-Type"]) == wanted
        assert set(response.vary) >= {"Accept", "Authorization", "Cookie"}


def test_every_offered_type_is_chosen_when_it_alone_is_accepted() -> None:
    for name, results in RESULTS_FORMATS.items():
        assert negotiate(parse_accept_header(name, MIMEAccept)) == (results, None)
    for name, graph in GRAPH_FORMATS.items():
        assert negotiate(parse_accept_header(name, MIMEAccept)) == (None, graph)


def test_a_refusal_says_what_is_offered() -> None:
    with pytest.raises(NotAcceptable, match="application/sparql-results\\+json"):
        negotiate(parse_accept_header("image/png", MIMEAccept))
