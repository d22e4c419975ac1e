"""What every view holds beside the registry of organisations: the vocabulary, the standards.

All of it is in the default graph. The ontology, each scheme of codes and each framework of
standards is also a named graph, under its own IRI: the only graphs that a view has names for.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain

import pyoxigraph as ox

from databackpack import ontology
from databackpack.ontology import standards
from databackpack.ontology.namespaces import CEASN, OWL, RDF, SKOS
from databackpack.service.records.terms import node, text

__all__ = ["ONTOLOGY", "graphs", "statements", "vocabulary"]

ONTOLOGY = ox.NamedNode("https://w3id.org/databackpack/ns")

_TYPE = node(RDF.type)
_COLLECTIONS = {node(SKOS.ConceptScheme), node(CEASN.CompetencyFramework)}
_TERMS = {node(kind) for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)}


def statements() -> list[ox.Triple | ox.Quad]:
    """Return all that is public, of the default graph and of the named ones."""
    named = (
        ox.Quad(t.subject, t.predicate, t.object, name)
        for name, held in graphs().items()
        for t in held
    )
    return [*vocabulary(), *named]


@cache
def vocabulary() -> frozenset[ox.Triple]:
    """Return the triples of the vocabulary and the standards, without blank nodes."""
    return frozenset(chain.from_iterable(graphs().values()))


@cache
def graphs() -> Mapping[ox.NamedNode, frozenset[ox.Triple]]:
    """Return the named graphs: no two of them share a triple, so that two together are a merge."""
    found: dict[ox.NamedNode, set[ox.Triple]] = {}
    for file in [*ontology.files_of_vocabulary(), *standards.files()]:
        held = {q.triple for q in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)}
        found.setdefault(_name(held), set()).update(held)
    return {name: frozenset(held) for name, held in found.items()}


def _name(file: Iterable[ox.Triple]) -> ox.NamedNode:
    """Return the IRI of the one scheme or framework that is all of *file*, else the ontology's."""
    kinds = [(text(t.subject), t.object) for t in file if t.predicate == _TYPE]
    collections = {iri for iri, kind in kinds if kind in _COLLECTIONS}
    if len(collections) != 1 or any(kind in _TERMS for _, kind in kinds):
        return ONTOLOGY
    return ox.NamedNode(collections.pop())
