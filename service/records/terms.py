"""Terms between rdflib, which builds records, and pyoxigraph, which stores them."""

from functools import lru_cache

import pyoxigraph as ox
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

__all__ = ["Term", "from_ox", "iri", "node", "text", "to_graph", "to_ox", "to_triples"]

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def node(iri: URIRef) -> ox.NamedNode:
    """Return *iri* as Oxigraph's term."""
    return ox.NamedNode(str(iri))


def iri(term: Term) -> URIRef:
    """Return *term* as rdflib's IRI; raises ValueError if it is none."""
    found = from_ox(term)
    if not isinstance(found, URIRef):
        raise ValueError(f"{term} is not an IRI")
    return found


def text(term: Term) -> str:
    """Return the IRI, label or lexical form of *term*."""
    if isinstance(term, ox.Triple):
        raise ValueError("triple terms have no place in a record")
    return term.value


def to_ox(term: Node) -> ox.NamedNode | ox.Literal:
    """Return *term* as Oxigraph's; raises ValueError for a blank node, which records never hold."""
    if isinstance(term, URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, Literal):
        if term.language is not None:
            return ox.Literal(str(term), language=term.language)
        if term.datatype is not None:
            return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)))
        return ox.Literal(str(term))
    raise ValueError(f"{term!r} cannot be stored: only IRIs and literals have a place in a record")


@lru_cache(maxsize=8192)
def from_ox(term: Term) -> Node:
    """Return Oxigraph's *term* as rdflib's.

    The terms of the last calls are remembered: most of a graph's are those of the graph before,
    and making one again costs ten times as much as finding it.
    """
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.Literal):
        if term.language is not None:
            return Literal(term.value, lang=term.language)
        if term.datatype.value == "http://www.w3.org/2001/XMLSchema#string":
            return Literal(term.value)
        return Literal(term.value, datatype=URIRef(term.datatype.value))
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    raise ValueError("triple terms have no place in a record")


def to_triples(graph: Graph) -> set[ox.Triple]:
    """Return the triples of *graph* as Oxigraph's."""
    found = set()
    for subject, predicate, value in graph:
        if not isinstance(subject, URIRef) or not isinstance(predicate, URIRef):
            raise ValueError(f"{subject!r} {predicate!r} cannot be stored: use IRIs")
        found.add(ox.Triple(node(subject), node(predicate), to_ox(value)))
    return found


def to_graph(triples: set[ox.Triple]) -> Graph:
    """Return *triples* as an rdflib graph."""
    graph = Graph()
    for triple in triples:
        graph.add((from_ox(triple.subject), from_ox(triple.predicate), from_ox(triple.object)))
    return graph
