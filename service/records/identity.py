"""The identity table: which random IRI stands for which person of which source.

34 CFR 99.31(b)(2) wants codes that are based on nothing personal, so the UUID is random and only
this table, which is in no view, leads from an identifier to it. A key keeps its IRI for ever; where
people find that two learners are one, or one two, that is said beside it, and can be taken back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.loaders.record import person_iri
from databackpack.ontology.namespaces import BP
from databackpack.service.records.graphs import IDENTITY, IDENTITY_EVENTS
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = ["Bindings", "Identities", "keys_of", "read_bindings", "subjects_with"]


class Identities:
    """The table of *truth*; memory holds only who is not saved yet.

    One thread mints; others may save, at once.
    """

    def __init__(self, truth: TruthStore) -> None:
        self._truth = truth
        self._unsaved: dict[str, URIRef] = {}
        self._first: set[URIRef] = set()

    def mint(self, kind: str, identifier: str) -> URIRef:
        """Return the IRI of the person of *kind* with *identifier*: the same at each call."""
        minted = self.mint_all([(kind, identifier)])
        self.save()
        return minted[kind, identifier]

    def mint_all(self, people: Iterable[tuple[str, str]]) -> dict[tuple[str, str], URIRef]:
        """Return the IRIs of *people*, (kind, identifier), as `mint` does, without saving them.

        INVARIANT: they are saved before anything is committed that names them.
        """
        found = {}
        for kind, identifier in people:
            key = f"{kind} {identifier}"
            iri = self._find(key)
            if iri is None:
                iri = self._unsaved[key] = person_iri(kind, uuid4())
                if kind == "learner":
                    self._first.add(iri)
            found[kind, identifier] = iri
        return found

    def is_first(self, learner: URIRef) -> bool:
        """Tell, the first time that it is asked, whether *learner* was minted here.

        INVARIANT: whoever puts records into the truth store asked before: of such a learner there
        is none.
        """
        is_first = learner in self._first
        self._first.discard(learner)
        return is_first

    def save(self) -> None:
        """Let the table have all who were minted before the call."""
        said, some = node(BP.personKey), self._unsaved.copy()
        if some:
            rows = [ox.Triple(node(iri), said, ox.Literal(key)) for key, iri in some.items()]
            self._truth.append(IDENTITY, rows)
        for key in some:  # only now: whoever mints looks here first, then at the table
            self._unsaved.pop(key, None)  # who mints one by one saves too, maybe the same

    def find(self, kind: str, identifier: str) -> URIRef | None:
        """Return the IRI of a known person, None for anybody else.

        For a learner who was merged into another one, the other one's.
        """
        found = self._find(f"{kind} {identifier}")
        return None if found is None else read_bindings(self._truth).learner(found)

    def _find(self, key: str) -> URIRef | None:
        found = self._unsaved.get(key)
        if found is None:
            of_key = subjects_with(self._truth, BP.personKey, ox.Literal(key), IDENTITY)
            found = next(of_key, None)
        return found


@dataclass(frozen=True, slots=True)
class Bindings:
    """What holds now: who is *merged* into whom, and whose records of which holder were *split*.

    *split* has (learner, holder) → the learner to whom these records belong.
    INVARIANT: nobody is merged into one who is merged, and nobody merged has been split.
    """

    merged: Mapping[URIRef, URIRef] = field(default_factory=dict)
    split: Mapping[tuple[URIRef, URIRef], URIRef] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.merged or self.split)

    def learner(self, own: URIRef, holder: URIRef | None = None) -> URIRef:
        """Return whose are the records, of *holder*, that files bring of the learner *own*."""
        if holder is not None and (own, holder) in self.split:
            return self.split[own, holder]
        return self.merged.get(own, own)

    def learners(self, own: URIRef) -> list[URIRef]:
        """Return for whom the words hold that files bring of the family of *own*."""
        parts = sorted({new for (old, _), new in self.split.items() if old == own})
        return [self.merged.get(own, own), *parts]

    def sources(self, learner: URIRef) -> list[URIRef]:
        """Return whose words hold for *learner*, its own first."""
        others = {old for old, new in self.merged.items() if new == learner}
        others |= {old for (old, _), new in self.split.items() if new == learner}
        return [learner, *sorted(others)]

    def merged_into(self, learner: URIRef) -> list[URIRef]:
        """Return who is one with *learner* by a merge, *learner* first."""
        return [learner, *sorted(old for old, new in self.merged.items() if new == learner)]

    def concerns(self, learner: URIRef) -> bool:
        """Tell whether *learner* is one of those who were merged or split."""
        pairs = [*self.merged.items(), *((old, new) for (old, _), new in self.split.items())]
        return any(learner in pair for pair in pairs)


def read_bindings(truth: TruthStore) -> Bindings:
    """Return what holds now in *truth*."""
    merged = {iri: URIRef(to) for iri, to in truth.pairs(IDENTITY_EVENTS, BP.isMergedInto)}
    split = {
        (URIRef(old), URIRef(text(triple.object))): new
        for new, old in truth.pairs(IDENTITY_EVENTS, BP.isSplitFrom)
        for triple in truth.triples(IDENTITY_EVENTS, new)
        if triple.predicate == node(BP.takesRecordsOf)
    }
    return Bindings(merged, split)


def keys_of(truth: TruthStore, person: URIRef) -> list[str]:
    """Return the keys by which files name *person*, each led by who gave it, sorted."""
    keys = (text(t.object) for t in truth.triples(IDENTITY, person))
    return sorted(key.partition(" ")[2] for key in keys)


def subjects_with(
    truth: TruthStore, predicate: URIRef, value: ox.Literal, graph: URIRef | None = None
) -> Iterator[URIRef]:
    """Yield the subjects that have *value* for *predicate*, in *graph* or (None) in any."""
    name = None if graph is None else node(graph)
    pattern = truth._store.quads_for_pattern(None, node(predicate), value, name)
    return (URIRef(text(quad.subject)) for quad in pattern)
