"""The shapes files as graphs, each parsed once a process.

Shapes of records are in two layers: structure (counts, datatypes, closedness) in the files beside
this one, and controlled vocabulary (codes and notations) in the files of the same names in
``vocabulary/``, whose shapes have a namespace of their own. Each layer can be used by itself.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP

__all__ = [
    "BPS",
    "LAYERS",
    "STRUCTURE",
    "VOCABULARY",
    "agreement_shapes",
    "categories",
    "consent_shapes",
    "crosswalk_shapes",
    "cube_shapes",
    "framework_shapes",
    "is_record_rule",
    "layer_of",
    "names",
    "organization_shapes",
    "policy_shapes",
    "record_shapes",
]

STRUCTURE, VOCABULARY = LAYERS = ("structure", "vocabulary")
BPS = {
    STRUCTURE: Namespace("https://w3id.org/databackpack/shapes#"),
    VOCABULARY: Namespace("https://w3id.org/databackpack/shapes/vocabulary#"),
}
"""The namespace of the shapes of each layer."""

_AGREEMENT = "agreement"
_CONSENT = "consent-record"
_CUBE = "cube"
_POLICY = "consent-policy"
_ORGANIZATION = "organization"
_FRAMEWORK = "framework"
_ALIGNMENT = "alignment"
_OTHERS = (_ALIGNMENT, _FRAMEWORK, _AGREEMENT, _CONSENT, _CUBE, _POLICY, _ORGANIZATION)
"""Shapes of what is no item of a record."""


def names(layer: str = STRUCTURE) -> list[str]:
    """Return the names of the shapes files of *layer* without their ending, sorted."""
    return sorted(
        file.name.removesuffix(".ttl")
        for file in _folder(layer).iterdir()
        if file.name.endswith(".ttl")
    )


def layer_of(shape: Node | None) -> str:
    """Return the layer that the shape called *shape* is in; one without a name is structure."""
    is_vocabulary = isinstance(shape, URIRef) and shape.startswith(BPS[VOCABULARY])
    return VOCABULARY if is_vocabulary else STRUCTURE


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
def cube_shapes() -> Graph:
    """Return the shapes of the definition of a cube; callers only read them."""
    return _parsed(_CUBE)


@cache
def organization_shapes() -> Graph:
    """Return the shape of an organisation; callers only read it."""
    return _parsed(_ORGANIZATION)


@cache
def crosswalk_shapes() -> Graph:
    """Return the shapes of a crosswalk and its alignments; callers only read them."""
    return _parsed(_ALIGNMENT)


@cache
def framework_shapes() -> Graph:
    """Return the shapes of a framework of standards; callers only read them."""
    return _parsed(_FRAMEWORK)


@cache
def record_shapes(category: URIRef, layer: str | None = None) -> Graph:
    """Return the shapes of the items of *category*, of one layer or both; callers only read them.

    pySHACL goes through every shape of a graph at each run, needed or not: 8 ms for all of ours.
    """
    targets = [cls for cls, of in categories().items() if of == category]
    shapes = [shape for cls in targets for shape in _targeting(cls)]
    return _closure(_items(), [shape for shape in shapes if layer in (None, layer_of(shape))])


@cache
def categories() -> dict[URIRef, URIRef]:
    """Return the category of each class that an item may have."""
    return {
        cls: category
        for cls, category in vocabulary().subject_objects(BP.hasCategory)
        if isinstance(cls, URIRef) and isinstance(category, URIRef) and _targeting(cls)
    }


def is_record_rule(rule: str) -> bool:
    """Tell whether *rule*, as reports name it, is one of records: of a shape or of ownership."""
    return rule.startswith("Record-") or rule in _record_rules()


@cache
def _record_rules() -> frozenset[str]:
    named = {*_items().subjects(SH.path), *_items().subjects(SH.targetClass)}
    return frozenset(local_name(shape) for shape in named if isinstance(shape, URIRef))


def _targeting(cls: URIRef) -> list[Node]:
    return list(_items().subjects(SH.targetClass, cls))


@cache
def _items() -> Graph:
    merged = Graph(store="SimpleMemory")
    for layer in LAYERS:
        for name in names(layer):
            if name not in _OTHERS:
                merged += _parsed(name, layer)
    return merged


def _parsed(name: str, layer: str = STRUCTURE) -> Graph:
    text = _folder(layer).joinpath(f"{name}.ttl").read_text(encoding="utf-8")
    return Graph(store="SimpleMemory").parse(data=text, format="turtle")


def _folder(layer: str) -> Traversable:
    here = files("databackpack.shapes")
    return here if layer == STRUCTURE else here.joinpath(layer)


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
