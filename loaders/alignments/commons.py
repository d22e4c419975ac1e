"""Edges of a Learning Commons graph (nodes and edges as JSON) that are no hierarchy."""

from collections.abc import Iterator, Mapping
from typing import Any

from databackpack.loaders.alignments.crosswalk import Alignments, Said
from databackpack.loaders.alignments.identifier import Standard, identify
from databackpack.loaders.alignments.relation import relation
from databackpack.loaders.record import Item, Problem, Source
from databackpack.loaders.table import Refused

__all__ = ["alignments"]

_HIERARCHY = "hasChild"


def alignments(graph: Mapping[str, Any], file: str) -> Iterator[Item]:
    """Yield the crosswalk in a graph of nodes and edges, and what was wrong with its edges.

    Sources count edges from 1. A node is known by its CASE UUID, else by its own.
    """
    nodes = {
        str(node["id"]): node["properties"]
        for node in graph.get("nodes", [])
        if isinstance(node, dict) and "id" in node and isinstance(node.get("properties"), dict)
    }
    names = [
        (str(one["name"]), str(one.get("jurisdiction", "")))
        for one in nodes.values()
        if "name" in one
    ]
    title = names[0][0] if names else file
    crosswalk = Alignments(
        f"learning commons {title}",
        f"Progressions and components of {title}",
        file,
        Said("Learning Commons"),
        "https://creativecommons.org/licenses/by/4.0/",
    )
    for number, edge in enumerate(graph.get("edges", []), start=1):
        if not isinstance(edge, dict) or edge.get("label") == _HIERARCHY:
            continue
        try:
            origin, target = (_end(edge, side, nodes) for side in ("source", "target"))
            found = relation(str(edge.get("label", "")))
            crosswalk.add(origin, target, found, Said(), number)
        except Refused as refused:
            message = f"edges[{number - 1}]: {refused.message}"
            yield Problem(Source(file, number), refused.rule, message)
    yield from crosswalk.items()


def _end(edge: Mapping[str, Any], side: str, nodes: Mapping[str, Mapping[str, Any]]) -> Standard:
    key = str(edge.get(side, ""))
    if (node := nodes.get(key)) is None:
        raise Refused("unknown reference", f"{side} {key[:100]!r} is no node of this file")
    label = str(node.get("statementCode") or node.get("description") or "")
    return identify(str(node.get("caseIdentifierUUID") or node.get("identifier") or key), label)
