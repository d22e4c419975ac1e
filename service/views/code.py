"""Release codes: the random IRIs that stand for persons and items in a de-identified view.

34 CFR 99.31(b)(2): a code is based on nothing personal and says nothing of how it was made. An
audience without releases has codes of its own; with releases each agreement has, from release to
release. No two of them ever share one.
"""

from uuid import uuid4

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Agreement, Audience
from databackpack.service.records.graphs import CODES
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore

__all__ = ["Codes"]

_HAS_CODE = node(BP.hasReleaseCode)


class Codes:
    """The table of one audience or agreement, kept in the truth store, which no view can reach.

    INVARIANT: one IRI never gets two codes, however many threads build views of it.
    """

    def __init__(self, truth: TruthStore, owner: Audience | Agreement) -> None:
        self._truth = truth
        kind = "agreement/" if isinstance(owner, Agreement) else ""
        self._graph = URIRef(f"{CODES}/{kind}{local_name(owner.iri)}")
        self._known = {
            ox.NamedNode(str(iri)): ox.NamedNode(code)
            for iri, code in truth.pairs(self._graph, BP.hasReleaseCode)
        }
        self._new: list[ox.Triple] = []

    def encode(self, iri: ox.NamedNode) -> ox.NamedNode:
        """Return the code of *iri*: the same at each call."""
        code = self._known.get(iri)
        return self._make(iri) if code is None else code

    def find(self, iri: ox.NamedNode) -> ox.NamedNode | None:
        """Return the code of *iri* if it has one."""
        return self._known.get(iri)

    def save(self) -> None:
        """Keep the codes made since the last call; they must be kept before they are shown.

        When it returns, every code that ``encode`` gave before is in the store, whoever made it.
        """
        with self._truth.writing():
            if self._new:
                self._truth.append(self._graph, self._new)
                self._new = []

    def _make(self, iri: ox.NamedNode) -> ox.NamedNode:
        """The writer's own lock: a second one would be taken in the other order inside a commit."""
        with self._truth.writing():
            code = self._known.get(iri)
            if code is None:
                code = ox.NamedNode(f"{ID}code/{uuid4()}")
                self._new.append(ox.Triple(iri, _HAS_CODE, code))
                self._known[iri] = code
            return code
