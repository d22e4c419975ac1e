"""What stored triples say, for readers that ask subject by subject: an index, and no graph."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.term import Node

from databackpack.service.records.terms import from_ox

__all__ = ["Description"]


class Description:
    """*triples* by subject and predicate, in rdflib's terms and under the names of its Graph.

    Terms are kept as N-Triples writes them and become rdflib's when they are asked for: most never
    are. What is no IRI has nothing to say as a subject; records hold no blank nodes.
    """

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._about: dict[str, dict[str, list[str]]] = {}
        for triple in triples:
            subject, predicate, value = str(triple).split(" ", 2)
            self._about.setdefault(subject, {}).setdefault(predicate, []).append(value)

    def subjects(self, predicate: URIRef, value: URIRef, /) -> Iterator[Node]:
        """Yield the subjects that have *value* for *predicate*."""
        for subject, about in self._about.items():
            if f"<{value}>" in about.get(f"<{predicate}>", ()):
                yield _term(subject)

    def predicates(self, subject: Node, /) -> Iterator[Node]:
        """Yield the predicates of *subject*, each once."""
        return map(_term, self._of(subject))

    def objects(self, subject: Node | None, predicate: URIRef, /) -> Iterator[Node]:
        """Yield the values of *predicate* for *subject*, or (None) for every subject."""
        name = f"<{predicate}>"
        if subject is not None:
            return map(_term, self._of(subject).get(name, ()))
        return (_term(value) for about in self._about.values() for value in about.get(name, ()))

    def _of(self, subject: Node) -> dict[str, list[str]]:
        """INVARIANT: a literal that spells an IRI is not that IRI."""
        return self._about.get(f"<{subject}>", {}) if isinstance(subject, URIRef) else {}


@lru_cache(maxsize=8192)
def _term(text: str) -> Node:
    """Return the term that Oxigraph writes as *text*; those of the last calls are remembered."""
    if text.startswith("<"):
        return URIRef(text[1:-1])
    (quad,) = ox.parse(f"<urn:s> <urn:p> {text} .", format=ox.RdfFormat.N_TRIPLES)
    return from_ox(quad.object)
