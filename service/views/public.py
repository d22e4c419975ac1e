"""What every view holds beside the registry of organisations: the vocabulary, the standards.

All of it is in the default graph. The ontology, each scheme of codes and each framework of
standards is also a named graph, under its own IRI: the only graphs that a view has names for.
What is shipped is in every view from the start; frameworks that were loaded are read from the
truth store, and what documents say of a framework that is shipped is added to its graph.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from weakref import WeakKeyDictionary

import pyoxigraph as ox

from databackpack import ontology
from databackpack.ontology import standards
from databackpack.ontology.namespaces import BP, CEASN, OWL, RDF, SKOS
from databackpack.service.records.graphs import FRAMEWORKS
from databackpack.service.records.terms import iri, node, text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.engine import to_n_quads

__all__ = ["ONTOLOGY", "Loaded", "graphs", "known", "loaded", "statements", "vocabulary"]

ONTOLOGY = ox.NamedNode("https://w3id.org/databackpack/ns")

_TYPE = node(RDF.type)
_IS_GRAPH_OF = node(BP.isGraphOf)
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


@dataclass(frozen=True)
class Loaded:
    """What the truth store holds of frameworks when its index of them says *state*.

    *graphs* is by the named graph that it is in or is added to: no two share a triple with each
    other or with what is shipped. *n_quads* has it for the default graph and for the named ones.
    """

    state: frozenset[ox.Triple]
    graphs: Mapping[ox.NamedNode, frozenset[ox.Triple]]
    n_quads: bytes

    @cached_property
    def names(self) -> standards.Names:
        """Which loaded standard answers to which identifier, for `standards.knowing`."""
        return self.new_names()

    def new_names(self) -> standards.Names:
        """Return the names as something of one's own, which may learn more."""
        return standards.Names(chain.from_iterable(self.graphs.values()))


_LOADED: WeakKeyDictionary[TruthStore, Loaded] = WeakKeyDictionary()


def loaded(truth: TruthStore) -> Loaded:
    """Return what was loaded into *truth*, read again when its index says that it changed."""
    with truth.writing():  # index and graphs are of one epoch
        state = frozenset(truth.triples(FRAMEWORKS))
        kept = _LOADED.get(truth)
        if kept is not None and kept.state == state:
            return kept
        documents = [
            (ox.NamedNode(text(t.object)), truth.triples(iri(t.subject)))
            for t in sorted(state, key=str)
            if t.predicate == _IS_GRAPH_OF
        ]
    seen = set(vocabulary())
    found: dict[ox.NamedNode, set[ox.Triple]] = {}
    for name, triples in documents:
        found.setdefault(name, set()).update(triples - seen)
        seen |= triples
    quads = [
        ox.Quad(t.subject, t.predicate, t.object, graph)
        for name, triples in found.items()
        for t in triples
        for graph in (ox.DefaultGraph(), name)
    ]
    merged = {name: frozenset(triples) for name, triples in found.items()}
    _LOADED[truth] = Loaded(state, merged, to_n_quads(quads))
    return _LOADED[truth]


def known(truth: TruthStore) -> Iterator[ox.Triple]:
    """Yield what is public of codes and standards: what is shipped, and what was loaded."""
    yield from vocabulary()
    yield from chain.from_iterable(loaded(truth).graphs.values())


def _name(file: Iterable[ox.Triple]) -> ox.NamedNode:
    """Return the IRI of the one scheme or framework that is all of *file*, else the ontology's."""
    kinds = [(text(t.subject), t.object) for t in file if t.predicate == _TYPE]
    collections = {iri for iri, kind in kinds if kind in _COLLECTIONS}
    if len(collections) != 1 or any(kind in _TERMS for _, kind in kinds):
        return ONTOLOGY
    return ox.NamedNode(collections.pop())
