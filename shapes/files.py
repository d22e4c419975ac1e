"""The shapes files as graphs, each parsed once a process."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from rdflib import Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.namespaces import BP

__all__ = [
    "agreement_shapes",
    "categories",
    "consent_shapes",
    "names",
    "organization_shapes",
    "policy_shapes",
    "record_shapes",
]

_AGREEMENT = "agreement"
_CONSENT = "consent-record"
_POLICY = "consent-policy"
_ORGANIZATION = "organization"
_OTHERS = (_AGREEMENT, _CONSENT, _POLICY, _ORGANIZATION)
"""Shapes of what is no item of a record."""


def names() -> list[str]:
    """Return the names of the shapes files without their ending, sorted."""
    return sorted(
        file.name.removesuffix(".ttl")
        for file in files("databackpack.shapes").iterdir()
        if file.name.endswith(".ttl")
    )


@cache
def policy_shapes() -> Graph:
    """Return the shapes of a consent policy; callers only read them."""
    return _parsed(_POLICY)


@cache
def consent_shapes() -> Graph:
    """Return the shapes of consent records and notices; callers only read them."""
    return _parsed(_CONSENT)


@cache
def agreement_shapes() -> Graph:
    """Return the shape of an agreement; callers only read it."""
    return _parsed(_AGREEMENT)


@cache
def organization_shapes() -> Graph:
    """Return the shape of an organisation; callers only read it."""
    return _parsed(_ORGANIZATION)


@cache
def record_shapes(category: URIRef) -> Graph:
    """Return the shapes of the items of *category*; callers only read them.

    pySHACL goes through every shape of a graph at each run, needed or not: 8 ms for all of ours.
    """
    targets = [cls for cls, of in categories().items() if of == category]
    return _closure(_items(), [shape for cls in targets for shape in _targeting(cls)])


@cache
def categories() -> dict[URIRef, URIRef]:
    """Return the category of each class that an item may have."""
    return {
        cls: category
        for cls, category in vocabulary().subject_objects(BP.hasCategory)
        if isinstance(cls, URIRef) and isinstance(category, URIRef) and _targeting(cls)
    }


def _targeting(cls: URIRef) -> list[Node]:
    return list(_items().subjects(SH.targetClass, cls))


@cache
def _items() -> Graph:
    return _parsed(*(name for name in names() if name not in _OTHERS))


def _parsed(*names: str) -> Graph:
    merged = Graph(store="SimpleMemory")
    for name in names:
        file = files("databackpack.shapes").joinpath(f"{name}.ttl")
        merged.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    return merged


def _closure(graph: Graph, roots: Iterable[Node]) -> Graph:
    """Return the triples that can be reached from *roots*, without what only tools need.

    At each visit pySHACL compares every triple of a shape with all parameters that there are.
    """
    reached = Graph(store="SimpleMemory")
    waiting = list(roots)
    while waiting:
        subject = waiting.pop()
        if (subject, None, None) in reached:
            continue
        for triple in graph.triples((subject, None, None)):
            if triple[2] != SH.PropertyShape:
                reached.add(triple)
            waiting.append(triple[2])
    return reached
