"""The live views: built on first use, and at the truth store's epoch whenever a commit returns."""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count

import pyoxigraph as ox
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
from databackpack.service.records.terms import node, to_graph
from databackpack.service.records.truth import Commit, TruthStore
from databackpack.service.views import dossier, public
from databackpack.service.views.code import Codes
from databackpack.service.views.exposure import Exposures, Parts, parts_of
from databackpack.service.views.projection import project
from databackpack.service.views.selection import select
from databackpack.service.views.view import View

__all__ = ["Views"]

_SHARED = {REGISTRY, AGREEMENTS, JURISDICTIONS}
"""Graphs that may bear on every learner of a view: when one changes, views are made anew."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Live:
    """A view with what keeps it fresh: its codes and when which learner's slice must be redone."""

    audience: Audience
    purpose: URIRef
    codes: Codes
    exposures: Exposures
    view: View
    due: list[tuple[datetime, URIRef]] = field(default_factory=list)
    used: int = 0


class Views:
    """The views of *truth* under *jurisdiction*: the *capacity* last asked for are live.

    INVARIANT: a live view shows exactly what ``select`` and ``project`` give for each learner at
    its epoch; a view that could not follow a commit is dropped, and built anew when next asked.
    """

    def __init__(
        self,
        truth: TruthStore,
        jurisdiction: Jurisdiction,
        vocabulary: Callable[[], Iterable[ox.Triple]] = public.vocabulary,
        capacity: int = 32,
    ) -> None:
        self.truth = truth
        self.jurisdiction = jurisdiction
        self._vocabulary = vocabulary
        self._capacity = capacity
        self._live: dict[tuple[URIRef, URIRef], _Live] = {}
        self._uses = count(1)
        self._states: dict[tuple[URIRef, URIRef], URIRef | None] = {}
        self._dossiers: dict[URIRef, dossier.Dossier] = {}
        truth.subscribe(self._follow)

    def audience(self, name: str) -> Audience:
        """Return the registered audience with *name* as last segment; raises KeyError."""
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

    def learners(self) -> list[URIRef]:
        """Return the learners of whom anything is held, sorted."""
        return sorted({URIRef(iri) for _, iri in self.truth.pairs(INDEX, BP.isRecordOf)})

    def read_dossiers(self) -> None:
        """Read every dossier ahead of time, so that the first question need not wait for them."""
        for learner in self.learners():
            self.dossier(learner)

    def dossier(self, learner: URIRef) -> dossier.Dossier:
        """Return the dossier of *learner* at the present epoch."""
        with self.truth.writing():
            found = self._dossiers.get(learner)
            if found is None:
                found = dossier.read(self.truth, learner)
                if found.records:  # somebody unknown is no reason to remember anything
                    self._dossiers[learner] = found
            return found

    def events(self, learner: URIRef) -> tuple[Event, ...]:
        """Return the events on record of *learner*; raises UnreadablePolicy."""
        held = self.dossier(learner)
        if not held.is_readable:
            raise UnreadablePolicy(f"what is on record of {learner} cannot be read")
        return held.events

    def view(self, audience: Audience, purpose: URIRef) -> View:
        """Return the view for (audience, purpose), up to date with the clock and the epoch.

        Before one is built the audience is read anew: an agreement may have ended meanwhile.
        A live view that needs nothing is there at once; building one waits for the writer.
        """
        key = (audience.iri, purpose)
        live = self._live.get(key)
        if live is not None and live.audience == audience and not self._is_due(live):
            live.used = next(self._uses)
            return live.view
        with self.truth.writing():
            audience = self.audience(local_name(audience.iri))
            live = self._live.get(key)
            if live is None or live.audience != audience:
                self._drop(key)
                live = self._live[key] = self._build(audience, purpose)
            live.used = next(self._uses)
            while len(self._live) > self._capacity:
                self._drop(min(self._live, key=lambda each: self._live[each].used))
            try:
                self._redo_what_is_due(live)
            except Exception:
                self._drop(key)
                raise
            return live.view

    def state(self, audience: Audience, purpose: URIRef) -> URIRef | None:
        """Return the state of the view of (audience, purpose), or its last one; None without."""
        key = (audience.iri, purpose)
        live = self._live.get(key)
        if live is not None:
            return live.view.state
        if key not in self._states:
            self._states[key] = Exposures(self.truth, audience, purpose).state
        return self._states[key]

    def _drop(self, key: tuple[URIRef, URIRef]) -> None:
        """Give up a view for good: an answer that it is computing does not leave either."""
        dropped = self._live.pop(key, None)
        if dropped is not None:
            self._states[key] = dropped.view.state
            dropped.view.close()

    def _build(self, audience: Audience, purpose: URIRef) -> _Live:
        exposures = Exposures(self.truth, audience, purpose)
        live = _Live(
            audience, purpose, Codes(self.truth, audience), exposures, View(self.truth.epoch)
        )
        live.view.fill(self._vocabulary())
        live.view.fill(self.truth.triples(REGISTRY))
        law, moment = self.law(), self.truth.clock()
        shown: dict[URIRef, Parts] = {}
        for learner in self.candidates(audience):
            triples, parts = self._slice(live, learner, law, moment)
            live.view.fill(triples)
            if parts:
                shown[learner] = parts
        live.codes.save()
        exposures.begin(shown)
        live.view.state = exposures.state
        heapify(live.due)
        return live

    def _follow(self, commit: Commit) -> None:
        for learner in commit.learners:
            self._dossiers.pop(learner, None)
        for key, live in list(self._live.items()):
            if _SHARED & commit.graphs:
                self._drop(key)
                continue
            try:
                self._redo(live, commit.learners)
            except Exception:
                _LOG.exception("a view could not follow epoch %d and was dropped", commit.epoch)
                self._drop(key)

    def _redo(self, live: _Live, learners: Iterable[URIRef]) -> None:
        """Recompute the slices of *learners* and put them in the place of what is shown."""
        law, moment = self.law(), self.truth.clock()
        slices, shown = [], {}
        for learner in learners:
            triples, shown[learner] = self._slice(live, learner, law, moment)
            code = live.codes.find(node(learner))
            slices.append(([iri for iri in (node(learner), code) if iri is not None], triples))
        live.codes.save()
        live.exposures.change(shown)
        live.view.replace(slices, self.truth.epoch, live.exposures.state)

    def _redo_what_is_due(self, live: _Live) -> None:
        """Redo the slices that changed because time went by, not because anything was committed.

        INVARIANT: what is due stays on the list until the view shows what it must.
        """
        now = self.truth.clock()
        due = {learner for moment, learner in live.due if moment <= now}
        if due:
            self._redo(live, due)
        while live.due and live.due[0][0] <= now:
            heappop(live.due)

    def _is_due(self, live: _Live) -> bool:
        first = live.due[:1]
        return bool(first) and first[0][0] <= self.truth.clock()

    def _slice(
        self, live: _Live, learner: URIRef, law: Law, moment: datetime
    ) -> tuple[set[ox.Triple], Parts]:
        """Return what *live* shows of a learner, and by which categories, levels and bases."""
        selection = select(self.dossier(learner), live.audience, live.purpose, law, moment)
        if selection.until is not None:
            heappush(live.due, (selection.until, learner))
        triples: set[ox.Triple] = set()
        for record, decision in selection.decisions.items():
            triples |= project(self.truth.triples(record.iri), decision, live.codes.encode)
        decisions = ((record.category, made) for record, made in selection.decisions.items())
        return triples, parts_of(decisions)

    def __repr__(self) -> str:
        names = [local_name(audience) for audience, _ in self._live]
        return f"Views({', '.join(names)})"
