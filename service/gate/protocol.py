"""From an HTTP request to a query operation: SPARQL 1.1 Protocol, section 2.1. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rdflib import Literal, URIRef

from databackpack.service.gate.faults import MalformedRequest, UnsupportedMediaType

__all__ = ["QueryRequest", "parse"]

_KNOWN = ("query", "default-graph-uri", "named-graph-uri")
_IGNORED = ("format", "output", "results")
"""SPARQLWrapper sends them beside the Accept header, which alone decides the format here."""

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """The query text and the dataset that the protocol names, as sent.

    *bindings* are the terms of a catalogue question's parameters; clients cannot send any.
    """

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    bindings: Mapping[str, URIRef | Literal] = field(default_factory=dict)
    least_epoch: int = 0


def parse(
    method: str,
    arguments: Mapping[str, Sequence[str]],
    form: Mapping[str, Sequence[str]],
    content_type: str,
    charset: str,
    body: bytes,
) -> QueryRequest:
    """Return the query that the request asks; *arguments* are those of the URL.

    Raises MalformedRequest for a parameter that is unknown, missing or given twice, and
    UnsupportedMediaType for another body than the two that the protocol has.
    """
    if method == "GET":
        return _from_parameters(arguments)
    if content_type == _FORM:
        if arguments:
            raise MalformedRequest("Send all parameters of a form in its body, none in the URL.")
        return _from_parameters(form)
    if content_type == _QUERY:
        if charset not in ("", "utf-8"):
            raise UnsupportedMediaType("A query is sent in UTF-8.")
        if "query" in arguments:
            raise MalformedRequest("The query is in the body and in the URL; send one.")
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedRequest("The query is not in UTF-8.") from None
        return _from_parameters({**arguments, "query": [text]})
    raise UnsupportedMediaType(f"Send {_FORM} or {_QUERY}.")


def _from_parameters(parameters: Mapping[str, Sequence[str]]) -> QueryRequest:
    for name in parameters:
        if name not in (*_KNOWN, *_IGNORED):
            raise MalformedRequest(f"Unknown parameter: {name[:40]}. Known: {', '.join(_KNOWN)}.")
    queries = parameters.get("query", ())
    if len(queries) != 1 or not queries[0].strip():
        raise MalformedRequest("Send exactly one query.")
    return QueryRequest(
        queries[0],
        tuple(parameters.get("default-graph-uri", ())),
        tuple(parameters.get("named-graph-uri", ())),
    )
