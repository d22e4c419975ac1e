"""Answers read as what they say they are, by parsers that are not the service's own words."""

import csv
import json
from collections.abc import Callable, Iterator
from io import StringIO

import pyoxigraph as ox
from lxml import etree, html

from tests.web.asking import Response

__all__ = ["literals", "media_type"]

Texts = Iterator[str]
"""The lexical forms of the literals that an answer shows."""


def media_type(answer: Response) -> str:
    """Return the media type of *answer* without its parameters."""
    return answer.headers.get("content-type", "").partition(";")[0]


def literals(answer: Response) -> frozenset[str]:
    """Return what *answer* says in words; raises unless it is well-formed in its own format."""
    if answer.status != 200:
        return frozenset(_problem(answer))
    assert media_type(answer) in _READERS, answer.headers
    return frozenset(_READERS[media_type(answer)](answer.body))


def _problem(answer: Response) -> Texts:
    """A refusal (RFC 9457) says its status, what is wrong and which request it was."""
    assert media_type(answer) == "application/problem+json", (answer.status, answer.headers)
    told = answer.json
    assert told["status"] == answer.status
    assert told["title"]
    assert told["request_id"]
    yield from (value for value in told.values() if isinstance(value, str))


def _json(body: bytes) -> Texts:
    told = json.loads(body)
    assert isinstance(told["head"], dict)
    if "boolean" in told:
        assert isinstance(told["boolean"], bool)
        return
    names = told["head"]["vars"]
    for row in told["results"]["bindings"]:
        assert set(row) <= set(names)
        yield from (term["value"] for term in row.values() if term["type"] == "literal")


def _solutions(form: ox.QueryResultsFormat) -> Callable[[bytes], Texts]:
    def read(body: bytes) -> Texts:
        found = ox.parse_query_results(body, form)
        if isinstance(found, ox.QuerySolutions):
            for row in found:
                yield from (term.value for term in row if isinstance(term, ox.Literal))

    return read


def _csv(body: bytes) -> Texts:
    """SPARQL 1.1 Query Results CSV, section 3: as many cells in each row as the header has."""
    text = body.decode()
    assert "\n" not in text.replace("\r\n", "") or '"' in text, "a line ends without CR LF"
    rows = list(csv.reader(StringIO(text, newline=""), strict=True))
    names = rows[0] if rows else []
    for row in rows[1:]:
        assert len(row) == len(names) or (not row and len(names) < 2), (names, row)
        yield from row


def _triples(form: ox.RdfFormat) -> Callable[[bytes], Texts]:
    def read(body: bytes) -> Texts:
        for quad in ox.parse(body, form):
            if isinstance(quad.object, ox.Literal):
                yield quad.object.value

    return read


def _html(body: bytes) -> Texts:
    page = html.document_fromstring(body.decode())
    for cell in page.iter("td", "pre", "code", "p"):
        yield cell.text_content().strip()


def _xml(body: bytes) -> Texts:
    etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    yield from _solutions(ox.QueryResultsFormat.XML)(body)


_READERS: dict[str, Callable[[bytes], Texts]] = {
    "application/sparql-results+json": _json,
    "application/json": _json,
    "application/sparql-results+xml": _xml,
    "application/xml": _xml,
    "text/csv": _csv,
    "text/tab-separated-values": _solutions(ox.QueryResultsFormat.TSV),
    "text/turtle": _triples(ox.RdfFormat.TURTLE),
    "application/n-triples": _triples(ox.RdfFormat.N_TRIPLES),
    "application/rdf+xml": _triples(ox.RdfFormat.RDF_XML),
    "application/ld+json": _triples(ox.RdfFormat.JSON_LD),
    "text/html": _html,
}
