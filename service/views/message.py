"""What goes over the pipes between the service and its processes: a header in JSON and a body.

No pickles: a worker runs strangers' queries, so what it sends is only ever read as data.
"""

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from databackpack.service.views.view import Limits, QueryOperation

if TYPE_CHECKING:
    from databackpack.service.records.terms import Term

__all__ = ["Header", "pack", "receive", "send", "to_header", "to_operation", "unpack"]

Header = Mapping[str, Any]
_ANY = ox.NamedNode("urn:any")


def pack(header: Header, *bodies: bytes) -> bytes:
    """Return a message; *bodies* are told apart by their sizes in the header."""
    sizes = [len(body) for body in bodies]
    return b"\n".join([json.dumps({**header, "sizes": sizes}).encode(), b"".join(bodies)])


def unpack(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the bodies of a message."""
    end = message.index(b"\n")
    header = json.loads(message[:end])
    bodies, at = [], end + 1
    for size in header["sizes"]:
        bodies.append(message[at : at + size])
        at += size
    return header, bodies


def send(pipe: "Connection[Any, Any]", header: Header, *bodies: bytes) -> None:
    """Write one message; raises OSError when nobody is at the other end."""
    pipe.send_bytes(pack(header, *bodies))


def receive(pipe: "Connection[Any, Any]") -> tuple[dict[str, Any], list[bytes]]:
    """Read one message; raises EOFError or OSError when nobody is at the other end."""
    return unpack(pipe.recv_bytes())


def to_header(operation: QueryOperation) -> Header:
    """Return *operation* as the header of a message."""
    results, graph, limits = operation.results_format, operation.graph_format, operation.limits
    return {
        "do": "evaluate",
        "text": operation.text,
        "results": None if results is None else results.media_type,
        "graph": None if graph is None else graph.media_type,
        "default_graphs": operation.default_graphs,
        "named_graphs": operation.named_graphs,
        "substitutions": {
            variable.value: _to_text(term) for variable, term in operation.substitutions.items()
        },
        "limits": [limits.most_bytes, limits.seconds, limits.memory],
    }


def to_operation(header: Header) -> QueryOperation:
    """Return the operation that *header* tells."""
    results, graph = header["results"], header["graph"]
    return QueryOperation(
        header["text"],
        None if results is None else ox.QueryResultsFormat.from_media_type(results),
        None if graph is None else ox.RdfFormat.from_media_type(graph),
        tuple(header["default_graphs"]),
        tuple(header["named_graphs"]),
        {ox.Variable(name): _to_term(value) for name, value in header["substitutions"].items()},
        Limits(*header["limits"]),
    )


def _to_text(term: "Term") -> str:
    """Return *term* as the object of a line of N-Triples."""
    line = ox.serialize([ox.Triple(_ANY, _ANY, term)], format=ox.RdfFormat.N_TRIPLES)
    return (line or b"").decode()


def _to_term(line: str) -> "Term":
    term: Term = next(iter(ox.parse(line, format=ox.RdfFormat.N_TRIPLES))).object
    return term
