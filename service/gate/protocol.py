"""From an HTTP request to a query operation: SPARQL 1.1 Protocol, section 2.1. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import pyoxigraph as ox
from rdflib import Literal, URIRef

from databackpack.service.gate.faults import MalformedRequest, UnsupportedMediaType

__all__ = ["Parameters", "QueryRequest", "graph_names", "parameters", "parse"]

Parameters = Mapping[str, Sequence[str]]
"""The values of each parameter, in the order in which they were sent."""

_KNOWN = ("query", "default-graph-uri", "named-graph-uri")
_IGNORED = ("format", "output", "results")
"""SPARQLWrapper sends them beside the Accept header, which alone decides the format here."""

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_MOST_PARAMETERS = 1000


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """The query text and the dataset that the protocol names, each graph once.

    *bindings* are the terms of a catalogue question's parameters; clients cannot send any.
    """

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    bindings: Mapping[str, URIRef | Literal] = field(default_factory=dict)
    least_epoch: int = 0


def parse(
    method: str, query_string: bytes, content_type: str, charset: str, body: bytes
) -> QueryRequest:
    """Return the query that the request asks; *query_string* is that of its URL.

    Raises MalformedRequest for a parameter that is unknown, missing or given twice, and
    UnsupportedMediaType for another body than the two that the protocol has.
    """
    sent = parameters(query_string)
    if method in ("GET", "HEAD"):
        return _from_parameters(sent)
    if content_type not in (_FORM, _QUERY):
        raise UnsupportedMediaType(f"Send {_FORM} or {_QUERY}; there is no update operation.")
    if charset not in ("", "utf-8"):
        raise UnsupportedMediaType("A query is sent in UTF-8.")
    more = parameters(body) if content_type == _FORM else {"query": [_decode(body)]}
    both = sorted(sent.keys() & more.keys())
    if both:
        raise MalformedRequest(f"{both[0][:40]} is in the body and in the URL; send one.")
    return _from_parameters({**sent, **more})


def parameters(encoded: bytes) -> Parameters:
    """Return the parameters of a query string or of a form; raises MalformedRequest."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    try:
        for name, value in parse_qsl(
            _decode(encoded),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        ):
            found[name].append(value)
    except UnicodeDecodeError:
        raise MalformedRequest("The request is not in UTF-8.") from None
    except ValueError:
        raise MalformedRequest(f"Send at most {_MOST_PARAMETERS} parameters.") from None
    return found


def graph_names(iris: Iterable[str]) -> tuple[str, ...]:
    """Return the names of graphs, each once; raises MalformedRequest for one that is no IRI."""
    names = tuple(dict.fromkeys(iris))
    for name in names:
        try:
            ox.NamedNode(name)
        except ValueError:
            raise MalformedRequest(
                f"{name[:60]!r} names no graph: send an absolute IRI, such as http://example.org/g"
            ) from None
    return names


def _from_parameters(sent: Parameters) -> QueryRequest:
    for name in sent:
        if name == "update":
            raise MalformedRequest("There is no update operation.")
        if name not in (*_KNOWN, *_IGNORED):
            raise MalformedRequest(f"Unknown parameter: {name[:40]}. Known: {', '.join(_KNOWN)}.")
    queries = sent.get("query", ())
    if len(queries) != 1 or not queries[0].strip():
        raise MalformedRequest("Send exactly one query.")
    return QueryRequest(
        queries[0],
        graph_names(sent.get("default-graph-uri", ())),
        graph_names(sent.get("named-graph-uri", ())),
    )


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest("The request is not in UTF-8.") from None
