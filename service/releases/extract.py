"""What one agreement lets its audience see of a learner, de-identified, before it is told less."""

from collections.abc import Iterator
from uuid import uuid4

import pyoxigraph as ox

from databackpack.ontology.namespaces import ID
from databackpack.service.policy.model import Agreement, Decision, Level
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore
from databackpack.service.releases import text
from databackpack.service.views.code import Codes
from databackpack.service.views.projection import is_personal, let_through, project
from databackpack.service.views.snapshot import Shown

__all__ = ["Extract"]

_OURS, _LEARNER = str(ID), str(ID["learner/"])
_KNOWN = tuple(str(ID[kind]) for kind in ("code/", "organization/", "standard/"))
"""What an IRI of ours may stand for in a release."""


class Extract:
    """Learners as the audience of *agreement* may see them, under the agreement's own codes.

    A learner has the same code in all releases of the agreement; an item has another in each.
    """

    def __init__(self, truth: TruthStore, agreement: Agreement) -> None:
        self._agreement = agreement.iri
        self._codes = Codes(truth, agreement)
        self._texts = text.released(truth, agreement.iri)

    def see(self, shown: Shown) -> list[ox.Quad]:
        """Return what is seen of a learner; the graph is the record that it is from.

        INVARIANT: no IRI in it stands for a person, an item, a record, a load or a file.
        """
        names = _Names(self._codes)
        return [
            ox.Quad(t.subject, t.predicate, t.object, node(record.iri))
            for record, made, held in shown.records
            if made.level is Level.DEIDENTIFIED and made.reasons[-1] == self._agreement
            for t in {*project(held, made, names), *self._free(held, made, names)}
            if _is_known(t.subject) and _is_known(t.object)
        ]

    def save(self) -> None:
        """Keep the codes; they must be kept before they are shown."""
        self._codes.save()

    def _free(
        self, held: frozenset[ox.Triple], made: Decision, names: "_Names"
    ) -> Iterator[ox.Triple]:
        """Yield the texts in *held* that a custodian released."""
        for triple in let_through(held & self._texts, made.rule):
            if isinstance(triple.subject, ox.NamedNode) and is_personal(triple.subject):
                yield ox.Triple(names(triple.subject), triple.predicate, triple.object)


class _Names:
    """The codes of one learner's IRIs in one release."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._items: dict[ox.NamedNode, ox.NamedNode] = {}

    def __call__(self, iri: ox.NamedNode) -> ox.NamedNode:
        if iri.value.startswith(_LEARNER):
            return self._codes.encode(iri)
        if iri not in self._items:
            self._items[iri] = ox.NamedNode(f"{ID}code/{uuid4()}")
        return self._items[iri]


def _is_known(term: object) -> bool:
    return not isinstance(term, ox.NamedNode) or (
        term.value.startswith(_KNOWN) or not term.value.startswith(_OURS)
    )
