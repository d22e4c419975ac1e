"""Who may ask and about whom: audiences, law, learners and their dossiers, at the present epoch."""

import re

from rdflib import RDF, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, ORG
from databackpack.service.policy import agreement as agreements
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import jurisdiction as jurisdictions
from databackpack.service.policy.consent import Event
from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Audience, Jurisdiction
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.records.graphs import (
    AGREEMENTS,
    AUDIENCES,
    INDEX,
    JURISDICTIONS,
    REGISTRY,
)
from databackpack.service.records.terms import to_graph
from databackpack.service.records.truth import Commit, TruthStore
from databackpack.service.views import dossier
from databackpack.service.views.dossier import Dossier

__all__ = ["Directory"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Directory:
    """What *truth* says, under *jurisdiction*, about audiences and about learners."""

    def __init__(self, truth: TruthStore, jurisdiction: Jurisdiction) -> None:
        self.truth = truth
        self.jurisdiction = jurisdiction
        self._dossiers: dict[URIRef, Dossier] = {}
        self._audiences: dict[str, Audience] = {}
        self._commits = 0
        truth.subscribe(self._forget)

    def audience(self, name: str) -> Audience:
        """Return the registered audience with *name* as last segment; raises KeyError.

        INVARIANT: what is kept is as it was after the last commit.
        """
        kept = self._audiences.get(name)
        if kept is not None:
            return kept
        commits, found = self._commits, self._read_audience(name)
        lock = self.truth.writing()
        if lock.acquire(blocking=False):  # nobody waits for a writer to be known
            try:
                if self._commits == commits:
                    self._audiences[name] = found
            finally:
                lock.release()
        return found

    def _read_audience(self, name: str) -> Audience:
        if not _NAME.fullmatch(name):
            raise KeyError(name)
        iri = ID[f"audience/{name}"]
        found = audiences.read(to_graph(self.truth.triples(AUDIENCES, iri)), iri)
        bound = [
            triples
            for agreement in self.truth.subjects(AGREEMENTS, BP.isAgreementOf, iri)
            for triples in self.truth.triples(AGREEMENTS, agreement)
        ]
        return agreements.bind(found, to_graph(set(bound))) if bound else found

    def audiences(self) -> list[Audience]:
        """Return all registered audiences, sorted by IRI."""
        graph = to_graph(self.truth.triples(AUDIENCES))
        bound = to_graph(self.truth.triples(AGREEMENTS))
        iris = sorted(URIRef(str(iri)) for iri in graph.subjects(RDF.type, BP.Audience))
        return [agreements.bind(audiences.read(graph, iri), bound) for iri in iris]

    def role(self, target: URIRef) -> URIRef:
        """Return the role of the audience *target*, or *target* if it is one; raises KeyError."""
        return target if target in audiences.roles() else self.audience(local_name(target)).role

    def law(self) -> Law:
        """Return which jurisdiction binds which organisation, at the present epoch."""
        chosen = self.truth.pairs(JURISDICTIONS, BP.isUnderJurisdiction)
        parents = self.truth.pairs(REGISTRY, ORG.subOrganizationOf)
        return Law(
            self.jurisdiction,
            {iri: jurisdictions.named(URIRef(name)) for iri, name in chosen},
            {child: URIRef(parent) for child, parent in parents},
        )

    def candidates(self, audience: Audience) -> list[URIRef]:
        """Return the learners whom *audience* may be about: all but those it can never be about."""
        match audience.population:
            case BP.PersonalSelf:
                return [audience.party]
            case BP.PersonalWards:
                ties = self.truth.subjects(None, BP.hasGuardian, audience.party)
                found = {
                    iri for tie in ties for iri in self.truth.objects(tie, BP.isGuardianshipOf)
                }
                return sorted(URIRef(iri) for iri in found)
            case _:
                return self.learners()

    def is_candidate(self, audience: Audience, learner: URIRef) -> bool:
        """Tell whether *learner* is one of the candidates."""
        match audience.population:
            case BP.PersonalSelf:
                return learner == audience.party
            case BP.PersonalWards:
                ties = self.dossier(learner).family.guardianships
                return any(tie.guardian == audience.party for tie in ties)
            case _:
                return True

    def learners(self) -> list[URIRef]:
        """Return the learners of whom anything is held, sorted."""
        return sorted({URIRef(iri) for _, iri in self.truth.pairs(INDEX, BP.isRecordOf)})

    def is_empty(self) -> bool:
        """Tell whether nothing is held of any learner."""
        return next(self.truth.pairs(INDEX, BP.isRecordOf), None) is None

    def dossier(self, learner: URIRef) -> Dossier:
        """Return the dossier of *learner* at the present epoch.

        It is read while others go on; only where something was committed meanwhile it is read
        again with the writer kept out. INVARIANT: what is kept is as it was after the last commit.
        """
        found = self._dossiers.get(learner)
        if found is not None:
            return found
        commits, found = self._commits, self._read(learner)
        with self.truth.writing():
            if found is None or self._commits != commits:
                found = dossier.read(self.truth, learner)
            if found.records:  # somebody unknown is no reason to remember anything
                self._dossiers[learner] = found
            return found

    def _read(self, learner: URIRef) -> Dossier | None:
        """Return a dossier, None when it was cut through by a commit."""
        try:
            return dossier.read(self.truth, learner)
        except (KeyError, ValueError):
            return None

    def events(self, learner: URIRef) -> tuple[Event, ...]:
        """Return the events on record of *learner*; raises UnreadablePolicy."""
        held = self.dossier(learner)
        if not held.is_readable:
            raise UnreadablePolicy(f"what is on record of {learner} cannot be read")
        return held.events

    def _forget(self, commit: Commit) -> None:
        self._commits += 1
        if not commit.graphs.isdisjoint((AUDIENCES, AGREEMENTS)):
            self._audiences.clear()
        for learner in commit.learners:
            self._dossiers.pop(learner, None)
