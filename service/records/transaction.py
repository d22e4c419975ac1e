"""One transaction: operations on a store's named graphs, all of them in order or none at all."""

from collections import defaultdict
from collections.abc import Iterable

import pyoxigraph as ox

__all__ = ["apply", "by_graph", "clear", "delete", "insert", "n_triples"]


def apply(store: ox.Store, operations: Iterable[str]) -> None:
    """Do *operations* in *store*: one update is one transaction."""
    store.update(" ;\n".join(operation for operation in operations if operation))


def delete(quads: Iterable[ox.Quad]) -> str:
    """Return the operation that takes *quads* out; nothing for none."""
    return _data("DELETE", quads)


def insert(quads: Iterable[ox.Quad]) -> str:
    """Return the operation that puts *quads* in; nothing for none."""
    return _data("INSERT", quads)


def clear(graph: ox.NamedNode) -> str:
    """Return the operation that empties *graph*."""
    return f"CLEAR SILENT GRAPH {graph}"


def by_graph(quads: Iterable[ox.Quad]) -> dict[ox.NamedNode, list[ox.Triple]]:
    """Return the triples of *quads* under the name of their graph."""
    found: dict[ox.NamedNode, list[ox.Triple]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.graph_name, ox.NamedNode):
            found[quad.graph_name].append(quad.triple)
    return found


def n_triples(triples: Iterable[ox.Triple]) -> str:
    """Return *triples* as N-Triples."""
    return (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode()


def _data(form: str, quads: Iterable[ox.Quad]) -> str:
    """The data blocks are written by Oxigraph's own serializer."""
    blocks = [
        f"GRAPH {name} {{ {n_triples(triples)} }}" for name, triples in by_graph(quads).items()
    ]
    return f"{form} DATA {{ {' '.join(blocks)} }}" if blocks else ""
