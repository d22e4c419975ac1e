"""Release codes: the random IRIs that stand for persons and items in one audience's view.

34 CFR 99.31(b)(2): a code is based on nothing personal and says nothing of how it was made. An
audience keeps its codes from release to release; two audiences never share one.
"""

from uuid import uuid4

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import CODES
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore

__all__ = ["Codes"]


class Codes:
    """The table of one audience, kept in the truth store, which no view can reach."""

    def __init__(self, truth: TruthStore, audience: Audience) -> None:
        self._truth = truth
        self._graph = URIRef(f"{CODES}/{local_name(audience.iri)}")
        self._known = {
            ox.NamedNode(str(iri)): ox.NamedNode(code)
            for iri, code in truth.pairs(self._graph, BP.hasReleaseCode)
        }
        self._new: list[ox.Triple] = []

    def encode(self, iri: ox.NamedNode) -> ox.NamedNode:
        """Return the code of *iri*: the same at each call."""
        if iri not in self._known:
            code = node(ID[f"code/{uuid4()}"])
            self._new.append(ox.Triple(iri, node(BP.hasReleaseCode), code))
            self._known[iri] = code
        return self._known[iri]

    def find(self, iri: ox.NamedNode) -> ox.NamedNode | None:
        """Return the code of *iri* if it has one."""
        return self._known.get(iri)

    def save(self) -> None:
        """Keep the codes made since the last call; they must be kept before they are shown."""
        if self._new:
            self._truth.append(self._graph, self._new)
            self._new = []
