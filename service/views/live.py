"""One live view with what keeps it fresh: built once, then redone learner by learner."""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from heapq import heapify, heappop, heappush
from itertools import islice

from rdflib import URIRef

from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Audience, Level, Rule
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Commit
from databackpack.service.views import public, published
from databackpack.service.views.code import Codes
from databackpack.service.views.directory import Directory
from databackpack.service.views.engine import to_n_triples
from databackpack.service.views.exposure import Exposures, Parts, parts_of
from databackpack.service.views.projection import is_whole, project
from databackpack.service.views.released import Classes, Released
from databackpack.service.views.selection import Selection, select
from databackpack.service.views.view import Slice, View

__all__ = ["Live"]

_BATCH = 25
"""Learners that go to a view in one piece while it is built."""

_READERS = 2
"""Threads that read for one build: the engine lets others go on while it reads a record."""

_Selected = tuple[URIRef, Selection, Classes]


class Live:
    """The view of (audience, purpose) and whose slices must be redone when.

    INVARIANT: once built, the view shows exactly what ``select`` and ``project`` give for each
    learner at its epoch, or what releases have of that (``released``). Whatever is committed while
    it is built is redone before it is shown.
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
        self.progress = 0, 0, 0  # of its build: learners done, learners in all, triples so far
        self._directory = directory
        self._codes = codes
        least = directory.law().minimum_cell_size()
        self._released = Released(directory.truth, audience, purpose, least)
        self._until: dict[URIRef, datetime] = {}
        self._due: list[tuple[datetime, URIRef]] = []
        self._outlines: dict[URIRef, bytes] = {}
        self._shown: dict[URIRef, Parts] = {}
        self._late: set[URIRef] = set()
        self._late_data_sets: set[URIRef] = set()
        self._is_built = False

    @property
    def key(self) -> tuple[URIRef, URIRef]:
        """What the view is known by."""
        return self.audience.iri, self.purpose

    def build(self, learners: list[URIRef], advance: Callable[[int, int], None]) -> None:
        """Fill the view with the slices of *learners*, while others go on committing.

        *advance* is told how many learners are done and how many triples that made.
        """
        self.view.fill(to_n_triples(self._directory.truth.triples(REGISTRY)))
        self.view.fill(public.loaded(self._directory.truth).n_quads)
        data_sets = published.data_sets(self._directory.truth, self.audience, self.purpose)
        for _, n_triples in self._published(data_sets):
            self.view.fill(n_triples)
        law, rest = self._directory.law(), iter(learners)
        done = total = 0
        with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as readers:
            reading: deque[Future[tuple[list[_Selected], bytes]]] = deque()
            while not self.is_outdated:
                while len(reading) < 2 * _READERS and (batch := list(islice(rest, _BATCH))):
                    reading.append(readers.submit(self._read, batch, law))
                if not reading:
                    break
                selected, n_triples = reading.popleft().result()
                for one in selected:
                    self._take(*one)
                self._codes.save()
                self.view.fill(n_triples)
                done, total = done + len(selected), total + n_triples.count(b"\n")
                self.progress = done, len(learners), total
                advance(done, total)

    def finish(self) -> None:
        """Let the view be at the present epoch; the caller keeps writers out.

        INVARIANT: what the view shows is in the exposures before it is shown.
        """
        slices, shown = self._slices(self._late | self._released.settle(), None)
        slices += self._published(self._late_data_sets)
        self._shown |= shown
        self.exposures.begin({one: parts for one, parts in self._shown.items() if parts})
        self._shown, self._late, self._is_built = {}, set(), True
        self.view.replace(slices, self._directory.truth.epoch, self.exposures.state)

    def follow(self, commit: Commit) -> None:
        """Let the view be at the epoch of *commit*."""
        data_sets = published.among(commit.graphs, self.audience, self.purpose)
        if self._is_built:
            self._redo(filter(self._concerns, commit.learners), data_sets, commit.graphs)
        else:
            self._late |= commit.learners
            self._late_data_sets |= data_sets

    def redo_what_is_due(self) -> None:
        """Redo the slices that changed because time went by, not because anything was committed.

        INVARIANT: what is due stays on the list until the view shows what it must.
        """
        now = self._directory.truth.clock()
        due = {
            about
            for moment, about in self._due
            if moment <= now and self._until.get(about) == moment
        }
        if due:
            data_sets = published.among(due, self.audience, self.purpose)
            self._redo(due - data_sets, data_sets, frozenset())
        while self._due and self._due[0][0] <= now:
            heappop(self._due)

    def is_due(self) -> bool:
        """Tell whether time changed what the view must show."""
        first = self._due[:1]
        return bool(first) and first[0][0] <= self._directory.truth.clock()

    def _redo(
        self, learners: Iterable[URIRef], data_sets: set[URIRef], changed: frozenset[URIRef]
    ) -> None:
        slices, shown = self._slices(list(learners), changed)
        slices += self._published(data_sets)
        if shown:
            self.exposures.change(shown)
        self.view.replace(slices, self._directory.truth.epoch, self.exposures.state)

    def is_released_anew(self, commit: Commit) -> bool:
        """Tell whether *commit* made another release the one that the view shows."""
        return self._released.is_made_anew(commit.graphs)

    def _concerns(self, learner: URIRef) -> bool:
        """Tell whether the view shows, or may now show, anything of *learner*."""
        is_candidate = self._directory.is_candidate(self.audience, learner)
        return is_candidate or self.exposures.shows(learner)

    def _slices(
        self, learners: Collection[URIRef], changed: frozenset[URIRef] | None
    ) -> tuple[list[Slice], dict[URIRef, Parts]]:
        """Return the slices that may be others than before, and what is now shown of whom.

        A slice is the same where the same is selected of records that are not among the *changed*
        graphs (None: any may be), which spares most views the work on most of a family's words.
        """
        if not learners:
            return [], {}
        law, moment = self._directory.law(), self._directory.truth.clock()
        slices: list[Slice] = []
        shown: dict[URIRef, Parts] = {}
        selected = {learner: self._select(learner, law, moment) for learner in learners}
        for learner, (_, classes) in selected.items():
            self._released.count(learner, classes)
        turned = self._released.settle()
        for learner in turned - selected.keys():
            selected[learner] = self._select(learner, law, moment)
        for learner, (selection, classes) in selected.items():
            self._expect(learner, selection.until)
            shown[learner], outline = _parts(selection), _outline(selection, classes)
            is_known = self._outlines.get(learner, _NOTHING) == outline and learner not in turned
            if is_known and changed is not None and changed.isdisjoint(_records(selection)):
                continue
            self._outlines[learner] = outline
            codes = self._codes.find(node(learner)), *self._released.names(learner)
            names = [node(learner), *(code for code in codes if code is not None)]
            slices.append((names, self._project(selection, classes)))
        self._codes.save()
        return slices, shown

    def _published(self, data_sets: Collection[URIRef]) -> list[Slice]:
        """Return the slices of what is published; it does not follow what families say."""
        truth, moment = self._directory.truth, self._directory.truth.clock()
        for data_set in data_sets:
            self._expect(data_set, published.next_change(self.audience, moment))
        return published.slices(truth, self.audience, self.purpose, data_sets, moment)

    def _expect(self, about: URIRef, until: datetime | None) -> None:
        """Remember that the slice of a learner or a data set holds up to but not at *until*."""
        if until is None:
            self._until.pop(about, None)
        elif self._until.get(about) != until:
            self._until[about] = until
            heappush(self._due, (until, about))
        if len(self._due) > 2 * len(self._until) + 64:  # most of it was overtaken by later words
            self._due = [(moment, one) for one, moment in self._until.items()]
            heapify(self._due)

    def _read(self, batch: list[URIRef], law: Law) -> tuple[list[_Selected], bytes]:
        """Return what is selected of each learner, and all of it as N-Triples."""
        moment = self._directory.truth.clock()
        selected = [(learner, *self._select(learner, law, moment)) for learner in batch]
        return selected, b"".join(self._project(one, classes) for _, one, classes in selected)

    def _take(self, learner: URIRef, selection: Selection, classes: Classes) -> None:
        """Remember what the view was filled with."""
        self._expect(learner, selection.until)
        self._released.count(learner, classes)
        if selection.decisions:
            self._shown[learner] = _parts(selection)
            self._outlines[learner] = _outline(selection, classes)

    def _select(self, learner: URIRef, law: Law, moment: datetime) -> tuple[Selection, Classes]:
        dossier = self._directory.dossier(learner)
        selection = select(dossier, self.audience, self.purpose, law, moment)
        return self._released.narrow(learner, selection, moment)

    def _project(self, selection: Selection, classes: Classes) -> bytes:
        """Return what is shown by *selection*, sorted; most records are shown as they are.

        INVARIANT: the order says nothing of what was written to the truth store with it: rows of
        answers come in an order that follows from it.
        """
        truth, pieces = self._directory.truth, []
        for record, decision in selection.decisions.items():
            released = self._released.show(record, decision, classes)
            if released is not None:
                pieces.append(released)
            elif is_whole(decision):
                pieces.append(truth.n_triples(record.iri))
            elif decision.level >= Level.DEIDENTIFIED:
                held = truth.triples(record.iri)
                pieces.append(to_n_triples(project(held, decision, self._codes.encode)))
        return b"".join(sorted(b"".join(pieces).splitlines(keepends=True)))


def _parts(selection: Selection) -> Parts:
    """Return by which categories, levels and bases a learner is shown."""
    return parts_of((record.category, made) for record, made in selection.decisions.items())


def _records(selection: Selection) -> Iterable[URIRef]:
    return (record.iri for record in selection.decisions)


def _outline(selection: Selection, classes: Classes) -> bytes:
    """Return what tells apart selections of which different triples may be shown."""
    seen = sorted(
        (record.iri, made.level.notation, _letting_through(made.rule))
        for record, made in selection.decisions.items()
    )
    return sha256(repr((seen, classes and sorted(classes.items()))).encode()).digest()


def _letting_through(rule: Rule | None) -> tuple[list[URIRef] | None, list[URIRef]]:
    if rule is None:
        return None, []
    return None if rule.only is None else sorted(rule.only), sorted(rule.without)


_NOTHING = _outline(Selection({}, None), None)
