"""The identity table: which random IRI stands for which person of which source.

34 CFR 99.31(b)(2) wants codes that are based on nothing personal, so the UUID is random and only
this table, which is in no view, leads from an identifier to it.
"""

from uuid import uuid4

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.loaders.record import person_iri
from databackpack.ontology.namespaces import BP
from databackpack.service.records.graphs import IDENTITY
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore

__all__ = ["Identities"]


class Identities:
    """The table of *truth*, held in memory while a load runs."""

    def __init__(self, truth: TruthStore) -> None:
        self._truth = truth
        self._known = {key: iri for iri, key in truth.pairs(IDENTITY, BP.personKey)}

    def mint(self, kind: str, identifier: str) -> URIRef:
        """Return the IRI of the person of *kind* with *identifier*: the same at each call."""
        key = f"{kind} {identifier}"
        with self._truth.writing():
            if key not in self._known:
                iri = person_iri(kind, uuid4())
                row = ox.Triple(node(iri), node(BP.personKey), ox.Literal(key))
                self._truth.append(IDENTITY, [row])
                self._known[key] = iri
            return self._known[key]

    def find(self, kind: str, identifier: str) -> URIRef | None:
        """Return the IRI of a known person, None for anybody else."""
        return self._known.get(f"{kind} {identifier}")
