"""Triples as canonical lines: N-Triples, sorted, each line once; quick to write and to compare."""

from collections.abc import Iterable

from rdflib import BNode, Graph, Literal
from rdflib.term import Node

__all__ = ["join", "parse", "term", "write"]

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
_FORBIDDEN = {ord(one): f"\\u{ord(one):04X}" for one in '<>"{}|^`\\'}
_FORBIDDEN |= {code: f"\\u{code:04X}" for code in range(0x21)}
"""What may not stand in an IRI; written so, no IRI ends its line."""


def term(node: Node) -> str:
    """Return *node* as N-Triples writes it."""
    if isinstance(node, BNode):
        return f"_:{node}"
    if not isinstance(node, Literal):
        return f"<{str(node).translate(_FORBIDDEN)}>"
    quoted = f'"{str(node).translate(_ESCAPES)}"'
    if node.language is not None:
        return f"{quoted}@{node.language}"
    if node.datatype is not None:
        return f"{quoted}^^{term(node.datatype)}"
    return quoted


def join(lines: Iterable[str]) -> bytes:
    """Return *lines*, each without its end, in canonical order."""
    text = "".join(f"{line}\n" for line in sorted(set(lines)))
    # A lone surrogate has no place in UTF-8; escaped it is refused by whoever would store it.
    return text.encode("utf-8", "backslashreplace")


def write(graph: Graph) -> bytes:
    """Return what *graph* holds as canonical lines."""
    return join(f"{term(s)} {term(p)} {term(o)} ." for s, p, o in graph)


def parse(lines: bytes) -> Graph:
    """Return what *lines* say, as a graph."""
    graph = Graph(store="SimpleMemory", bind_namespaces="none")
    return graph.parse(data=lines, format="ntriples")
