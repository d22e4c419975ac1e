"""One live view with what keeps it fresh: built once, then redone learner by learner."""

from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import islice

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.terms import node
from databackpack.service.views.code import Codes
from databackpack.service.views.directory import Directory
from databackpack.service.views.exposure import Exposures, Parts, parts_of
from databackpack.service.views.projection import project
from databackpack.service.views.selection import select
from databackpack.service.views.view import Slice, View

__all__ = ["Live"]

_BATCH = 50
"""Learners that go to a view in one piece while it is built."""


class Live:
    """The view of (audience, purpose) and whose slices must be redone when.

    INVARIANT: once built, the view shows exactly what ``select`` and ``project`` give for each
    learner at its epoch. Whatever is committed while it is built is redone before it is shown.
    """

    def __init__(
        self,
        directory: Directory,
        audience: Audience,
        purpose: URIRef,
        view: View,
        codes: Codes,
        exposures: Exposures,
    ) -> None:
        self.audience = audience
        self.purpose = purpose
        self.view = view
        self.exposures = exposures
        self.is_outdated = False
        self.used = directory.truth.clock()
        self.memory = 0
        self._directory = directory
        self._codes = codes
        self._until: dict[URIRef, datetime] = {}
        self._due: list[tuple[datetime, URIRef]] = []
        self._shown: dict[URIRef, Parts] = {}
        self._late: set[URIRef] = set()
        self._is_built = False

    @property
    def key(self) -> tuple[URIRef, URIRef]:
        """What the view is known by."""
        return self.audience.iri, self.purpose

    def build(self, learners: list[URIRef], advance: Callable[[int, int], None]) -> None:
        """Fill the view with the slices of *learners*, while others go on committing.

        *advance* is told how many learners are done and how many triples that made.
        """
        self.view.fill(self._directory.truth.triples(REGISTRY))
        law, rest = self._directory.law(), iter(learners)
        done = total = 0
        while (batch := list(islice(rest, _BATCH))) and not self.is_outdated:
            moment = self._directory.truth.clock()
            triples: set[ox.Triple] = set()
            for learner in batch:
                found, parts = self._slice(learner, law, moment)
                triples |= found
                if parts:
                    self._shown[learner] = parts
            self._codes.save()
            self.view.fill(triples)
            done, total = done + len(batch), total + len(triples)
            advance(done, total)

    def finish(self) -> None:
        """Let the view be at the present epoch; the caller keeps writers out.

        INVARIANT: what the view shows is in the exposures before it is shown.
        """
        slices, shown = self._slices(self._late)
        self._shown |= shown
        self.exposures.begin({one: parts for one, parts in self._shown.items() if parts})
        self._shown, self._late, self._is_built = {}, set(), True
        self.view.replace(slices, self._directory.truth.epoch, self.exposures.state)

    def follow(self, learners: Iterable[URIRef]) -> None:
        """Let the view be at the epoch at which something about *learners* was committed."""
        if self._is_built:
            self._redo(learner for learner in learners if self._concerns(learner))
        else:
            self._late.update(learners)

    def redo_what_is_due(self) -> None:
        """Redo the slices that changed because time went by, not because anything was committed.

        INVARIANT: what is due stays on the list until the view shows what it must.
        """
        now = self._directory.truth.clock()
        due = {
            learner
            for moment, learner in self._due
            if moment <= now and self._until.get(learner) == moment
        }
        if due:
            self._redo(due)
        while self._due and self._due[0][0] <= now:
            heappop(self._due)

    def is_due(self) -> bool:
        """Tell whether time changed what the view must show."""
        first = self._due[:1]
        return bool(first) and first[0][0] <= self._directory.truth.clock()

    def _redo(self, learners: Iterable[URIRef]) -> None:
        slices, shown = self._slices(learners)
        if shown:
            self.exposures.change(shown)
        self.view.replace(slices, self._directory.truth.epoch, self.exposures.state)

    def _concerns(self, learner: URIRef) -> bool:
        """Tell whether the view shows, or may now show, anything of *learner*."""
        is_candidate = self._directory.is_candidate(self.audience, learner)
        return is_candidate or self.exposures.shows(learner)

    def _slices(self, learners: Iterable[URIRef]) -> tuple[list[Slice], dict[URIRef, Parts]]:
        concerned = list(learners)
        if not concerned:
            return [], {}
        law, moment = self._directory.law(), self._directory.truth.clock()
        slices: list[Slice] = []
        shown: dict[URIRef, Parts] = {}
        for learner in concerned:
            triples, shown[learner] = self._slice(learner, law, moment)
            code = self._codes.find(node(learner))
            slices.append(([iri for iri in (node(learner), code) if iri is not None], triples))
        self._codes.save()
        return slices, shown

    def _expect(self, learner: URIRef, until: datetime | None) -> None:
        """Remember that the slice of *learner* holds up to but not at *until*."""
        if until is None:
            self._until.pop(learner, None)
        elif self._until.get(learner) != until:
            self._until[learner] = until
            heappush(self._due, (until, learner))
        if len(self._due) > 2 * len(self._until) + 64:  # most of it was overtaken by later words
            self._due = [(moment, one) for one, moment in self._until.items()]
            heapify(self._due)

    def _slice(self, learner: URIRef, law: Law, moment: datetime) -> tuple[set[ox.Triple], Parts]:
        """Return what the view shows of a learner, and by which categories, levels and bases."""
        dossier = self._directory.dossier(learner)
        selection = select(dossier, self.audience, self.purpose, law, moment)
        self._expect(learner, selection.until)
        triples: set[ox.Triple] = set()
        for record, decision in selection.decisions.items():
            held = self._directory.truth.triples(record.iri)
            triples |= project(held, decision, self._codes.encode)
        decisions = ((record.category, made) for record, made in selection.decisions.items())
        return triples, parts_of(decisions)
