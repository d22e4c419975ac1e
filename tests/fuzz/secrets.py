"""What the truth store holds and an asker may not see: what must be in none of the answers."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyoxigraph as ox

from tests.fuzz.grammar import Words
from tests.serving import Served

__all__ = ["Secrets", "whole"]

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_TELLING = 6
"""Characters from which a text is one that a query does not make by accident."""


@dataclass(frozen=True)
class Secrets:
    """The names of persons, records and graphs, and the texts, that are hidden from one asker."""

    names: frozenset[bytes]
    texts: frozenset[str]
    words: Words

    @classmethod
    def of(cls, served: Served, persona: str, everything: list[ox.Quad]) -> "Secrets":
        """Return what *persona* does not see of *everything*."""
        whole = "CONSTRUCT WHERE { ?s ?p ?o }"
        answer = served.query(persona, whole, "application/n-triples")
        assert answer.status == 200, answer.body
        shown = list(ox.parse(answer.body, ox.RdfFormat.N_TRIPLES))
        names = frozenset(_names(everything)) - frozenset(_UUID.findall(answer.body))
        texts = frozenset(_texts(everything)) - frozenset(_texts(shown))
        own = {quad.subject.value for quad in shown if isinstance(quad.subject, ox.NamedNode)}
        classes = {quad.object.value for quad in shown if quad.predicate == _TYPE}
        people = sorted(iri for iri in own if _UUID.search(iri.encode()))
        hidden = sorted(_hidden(everything, names))
        predicates = sorted({quad.predicate.value for quad in shown})
        return cls(names, texts, Words(sorted(classes), predicates, people, hidden))

    def found(self, query: bytes, body: bytes, literals: frozenset[str]) -> list[object]:
        """Return what *body* tells, beyond what *query* itself says."""
        asked = query + unquote(query).encode(errors="replace")
        names = [name for name in set(_UUID.findall(body)) & self.names if name not in asked]
        said = asked.decode(errors="replace")
        return [*names, *(text for text in literals & self.texts if text not in said)]


def whole(store: Path) -> list[ox.Quad]:
    """Return all that is in the truth store in the folder *store*, which nobody has open."""
    return list(ox.Store.read_only(str(store)))


def _names(quads: list[ox.Quad]) -> set[bytes]:
    return set(_UUID.findall("\n".join(map(str, quads)).encode()))


def _texts(quads: list[ox.Quad]) -> set[str]:
    found = (quad.object for quad in quads)
    return {
        term.value
        for term in found
        if isinstance(term, ox.Literal)
        and len(term.value) >= _TELLING
        and any(character.isalpha() for character in term.value)
        and term.datatype.value.endswith(("#string", "#langString"))
    }


def _hidden(quads: list[ox.Quad], names: frozenset[bytes]) -> set[str]:
    terms = {term for quad in quads for term in (quad.subject, quad.graph_name)}
    return {
        term.value
        for term in terms
        if isinstance(term, ox.NamedNode) and set(_UUID.findall(term.value.encode())) & names
    }
