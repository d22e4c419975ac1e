"""Formats: what a client accepts, chosen by Werkzeug's negotiation, and the tag of an answer."""

import hmac
import json
import re
from collections.abc import Iterable
from secrets import token_bytes

import pyoxigraph as ox
from werkzeug.datastructures import MIMEAccept

from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import NotAcceptable
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.views.view import Answer, Form

__all__ = ["GRAPH_FORMATS", "HTML", "RESULTS_FORMATS", "entity_tag", "is_for_people", "negotiate"]

RESULTS_FORMATS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
HTML = "text/html"

# What a page for people is made of comes last: who accepts everything gets data.
_RESULTS = {**RESULTS_FORMATS, HTML: ox.QueryResultsFormat.JSON}
_GRAPHS = {**GRAPH_FORMATS, HTML: ox.RdfFormat.N_TRIPLES}
_UTF_8 = re.compile(r'\s*;\s*charset="?utf-8"?(?=\s*(;|$))', re.IGNORECASE)
_KEY = token_bytes(32)


def negotiate(
    accept: MIMEAccept,
) -> tuple[ox.QueryResultsFormat | None, ox.RdfFormat | None]:
    """Return the format for results and the one for triples that *accept* likes best.

    None stands for a form that the client accepts in no format. Without an Accept header it is
    JSON and Turtle; a page is made of JSON or N-Triples. Raises NotAcceptable when both are None.
    """
    if not accept:
        return ox.QueryResultsFormat.JSON, ox.RdfFormat.TURTLE
    results = _best(accept, _RESULTS)
    graph = _best(accept, _GRAPHS)
    if results is None and graph is None:
        offered = ", ".join([*RESULTS_FORMATS, *GRAPH_FORMATS, HTML])
        raise NotAcceptable(f"Offered: {offered}.")
    return (
        None if results is None else _RESULTS[results],
        None if graph is None else _GRAPHS[graph],
    )


def is_for_people(accept: MIMEAccept, form: Form) -> bool:
    """Tell whether an answer of *form* is best shown as a page."""
    offered = _RESULTS if form is Form.RESULTS else _GRAPHS
    return bool(accept) and _best(accept, offered) == HTML


def _best(accept: MIMEAccept, offered: Iterable[str]) -> str | None:
    """All is sent in UTF-8, so a client may say so."""
    wanted = MIMEAccept((_UTF_8.sub("", value), quality) for value, quality in accept)
    return wanted.best_match(offered)


def entity_tag(
    credential: Credential, request: QueryRequest, answered: Answer, media_type: str
) -> str:
    """Return the tag of an answer (RFC 9110, 8.8.3), which tells nothing beside itself.

    It changes with each epoch, and two audiences that get the same bytes get two tags. It is made
    with a key of this process, so nobody can compute what tag an answer would have.
    """
    made_of = [
        str(credential.audience.iri),
        str(credential.purpose),
        answered.epoch,
        request.default_graphs,
        request.named_graphs,
        [(name, term.n3()) for name, term in sorted(request.bindings.items())],
        request.query,
        media_type,
    ]
    text = json.dumps(made_of).encode() + b"\0" + answered.body
    return hmac.new(_KEY, text, "sha256").hexdigest()
