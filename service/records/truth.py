"""The truth store: one Oxigraph store, one writer, every change one transaction and one epoch."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import IO

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.service.records import bulk, journal, place, transaction
from databackpack.service.records.bulk import NotLoaded
from databackpack.service.records.graphs import HOLDS
from databackpack.service.records.place import StoreInUse
from databackpack.service.records.recovery import recover
from databackpack.service.records.redo import (
    Entry,
    NotKept,
    RedoLog,
    StoreUnusable,
    entry,
    is_logged,
    rows,
)
from databackpack.service.records.terms import node, text

__all__ = [
    "Change",
    "Clock",
    "Commit",
    "NotKept",
    "NotLoaded",
    "StoreInUse",
    "StoreUnusable",
    "TruthStore",
    "now",
]

_TOGETHER = 50
"""Learners whose halves are taken out by one commit."""

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """What *graph* shall hold: *triples* instead of all it holds now.

    With *subject*, instead of what it holds about that subject. *learner* is whose views change.
    Where *replaces* is false it is known that nothing is held instead, and nobody looks.
    """

    graph: URIRef
    triples: Collection[ox.Triple]
    subject: URIRef | None = None
    learner: URIRef | None = None
    replaces: bool = True


@dataclass(frozen=True, slots=True)
class Commit:
    """A change that is in the store: its epoch, its graphs, and the learners they are about."""

    epoch: int
    graphs: frozenset[URIRef]
    learners: frozenset[URIRef]


class TruthStore:
    """The store at *path*, or in memory without one; without *create* it must be there.

    Its redo log is the file *redo*, by default ``<path>.redo`` beside it; in memory there is none.
    INVARIANT: listeners have all returned before ``commit`` does, so that whoever was told an
    epoch finds every live view at it; and the redo log has what was decided at it, on disk.
    """

    def __init__(
        self,
        path: Path | None = None,
        clock: Clock = now,
        *,
        create: bool = True,
        redo: Path | None = None,
    ) -> None:
        self._redo: RedoLog | None = None
        if path is None:
            self._store = ox.Store()
        else:
            log = redo or place.beside(path)
            self._store = place.open_store(path, log, create)
            self._redo = recover(self._store, path, log, clock)
        self._lock = RLock()
        self._listeners: list[Callable[[Commit], None]] = []
        self._clock = clock
        self._latest = journal.last_moment(self._store)
        self.epoch = journal.last_epoch(self._store)

    def clock(self) -> datetime:
        """Return the present moment, which is never before that of the last commit.

        INVARIANT: a machine's clock that is put back makes no word of a family take effect later.
        """
        return max(self._clock(), self._latest)

    def set_clock(self, clock: Clock) -> None:
        """Take the present moment from *clock* from now on."""
        self._clock = clock

    def subscribe(self, listener: Callable[[Commit], None]) -> None:
        """Call *listener* inside each commit, after the transaction and before the answer."""
        self._listeners.append(listener)

    def writing(self) -> RLock:
        """Return the writer's lock, to read and commit in one go."""
        return self._lock

    def triples(self, graph: URIRef, subject: URIRef | None = None) -> set[ox.Triple]:
        """Return what *graph* holds, or what it holds about *subject*."""
        return {quad.triple for quad in self._quads(graph, subject)}

    def n_triples(self, graph: URIRef) -> bytes:
        """Return what *graph* holds as N-Triples, which is read while other threads go on."""
        return self._store.dump(None, format=ox.RdfFormat.N_TRIPLES, from_graph=node(graph)) or b""

    def subjects(self, graph: URIRef | None, predicate: URIRef, value: URIRef) -> Iterator[URIRef]:
        """Yield the subjects that have *value* for *predicate*, in *graph* or (None) in any."""
        name = None if graph is None else node(graph)
        pattern = self._store.quads_for_pattern(None, node(predicate), node(value), name)
        return (URIRef(text(quad.subject)) for quad in pattern)

    def objects(self, subject: URIRef, predicate: URIRef) -> Iterator[str]:
        """Yield the values of *predicate* for *subject* in any graph, each as its text."""
        pattern = self._store.quads_for_pattern(node(subject), node(predicate), None, None)
        return (text(quad.object) for quad in pattern)

    def count(self, graph: URIRef, predicate: URIRef, value: URIRef) -> int:
        """Return how many subjects have *value* for *predicate* in *graph*; no term is read."""
        where = f"GRAPH {node(graph)} {{ ?subject {node(predicate)} {node(value)} }}"
        counted = self._store.query(f"SELECT (COUNT(*) AS ?count) WHERE {{ {where} }}")
        [[count]] = counted  # type: ignore[misc]
        return int(text(count))

    def has(self, subject: URIRef, predicate: URIRef, value: URIRef) -> bool:
        """Tell whether any graph says that *subject* has *value* for *predicate*."""
        pattern = self._store.quads_for_pattern(node(subject), node(predicate), node(value), None)
        return next(pattern, None) is not None

    def pairs(self, graph: URIRef, predicate: URIRef) -> Iterator[tuple[URIRef, str]]:
        """Yield (subject, value) of *predicate* in *graph*, the value as its text."""
        pattern = self._store.quads_for_pattern(None, node(predicate), None, node(graph))
        return ((URIRef(text(q.subject)), text(q.object)) for q in pattern)

    def commit(self, changes: Sequence[Change]) -> int:
        """Return the epoch at which all *changes* are in the store and in every live view.

        They are applied together or not at all; where nothing differs from what is held, no new
        epoch begins. Raises NotKept when the redo log cannot be written: then nothing was changed,
        or, where the disk itself failed, what is in the views may be lost with this process.
        """
        with self._lock:
            return self._apply(changes, *self._difference(changes))

    def is_new(self, learner: URIRef) -> bool:
        """Tell whether `commit_new` may bring *learner*, of whom nothing is held."""
        return bulk.is_new(self._store, learner)

    def commit_new(
        self,
        learners: Set[URIRef],
        first: Set[URIRef],
        records: IO[bytes],
        graphs: Collection[URIRef],
        changes: Sequence[Change],
    ) -> int:
        """Return the epoch at which *records* of new *learners* are in the store with *changes*.

        *first* are those of them who got their names in this load: nobody looks for what is held.
        *records* is a file of TriG: all graphs of records, whose names are *graphs*, and their
        entries in the index; more is written to it. *changes* is all else that came with these
        learners, such as their families' words; a learner on whom it puts a hold stays held. Two
        epochs begin: at the first one nobody sees these learners, at the second all is there.
        Several times as fast as `commit` from some hundred learners on.
        INVARIANT: whoever kills this, and when, leaves no learner seen without these words.
        Raises NotKept as `commit` does, NotLoaded, and ValueError for learners who are not new.
        """
        with self._lock:
            if not all(map(self.is_new, learners - first)):
                raise ValueError("a learner of whom something is held goes by commit")
            holds = {one: bulk.hold(one) for one in learners}
            begun = [Change(HOLDS, [hold.triple], one, one) for one, hold in holds.items()]
            self._apply(begun, set(), {*holds.values()})
            bulk.insert(self._store, records, journal.changes(self.epoch, graphs))
            settled = {change.subject for change in changes if change.graph == HOLDS}
            ended = [Change(HOLDS, [], one, one) for one in learners if one not in settled]
            remove, add = self._difference(changes)
            remove |= {holds[one] for one in learners if one not in settled}
            return self._apply([*changes, *ended], remove, add, others=len(graphs))

    def drop_halves(self) -> None:
        """Take out all that a load that was killed left of learners who were new, and their holds.

        Some learners at a time, each whole: at no epoch anything is seen of them.
        """
        with self._lock:
            found = bulk.halves(self._store)
            for start in range(0, len(found), _TOGETHER):
                some = found[start : start + _TOGETHER]
                quads = {quad for one in some for quad in bulk.leftovers(self._store, one)}
                changes = [Change(HOLDS, [], one, one) for one in some]
                self._apply(changes, quads, set())

    def _apply(
        self, changes: Sequence[Change], remove: set[ox.Quad], add: set[ox.Quad], others: int = 0
    ) -> int:
        """Do one commit; *others* is how many graphs were changed for it that no backup has."""
        if self._redo is not None:
            self._redo.check()
        if not remove and not add:
            return self.epoch
        touched = {quad.graph_name for quad in remove | add}
        made = [change for change in changes if node(change.graph) in touched]
        commit = Commit(
            self.epoch + 1,
            frozenset(change.graph for change in made),
            frozenset(change.learner for change in made if change.learner is not None),
        )
        moment = self.clock()
        unwritten, written = journal.entry(commit.epoch, moment, commit.graphs)
        operations = transaction.delete(remove | unwritten), transaction.insert(add | written)
        try:
            with self._logged(lambda: entry(commit.epoch, moment, remove, add, others)):
                transaction.apply(self._store, operations)
                self.epoch, self._latest = commit.epoch, moment
        finally:
            if self.epoch == commit.epoch:  # whatever became of the log, views show the store
                for listener in self._listeners:
                    listener(commit)
        return self.epoch

    def append(self, graph: URIRef, triples: Iterable[ox.Triple]) -> None:
        """Add *triples* to *graph* without an epoch: for tables and logs that no view shows.

        Raises NotKept, with nothing added, when the redo log should have them and has no room.
        """
        name, added = node(graph), list(triples)
        with self._lock, self._logged(lambda: rows(graph, added), is_logged(graph)):
            self._store.extend(ox.Quad(t.subject, t.predicate, t.object, name) for t in added)

    def stage(self, n_quads: bytes) -> None:
        """Add *n_quads* in bulk to graphs that nobody is shown before a commit says so.

        Without an epoch, and unlogged; whoever kills this leaves a part. Raises NotLoaded.
        """
        with self._lock:
            bulk.insert_n_quads(self._store, n_quads)

    def discard(self, graphs: Iterable[URIRef]) -> None:
        """Take out *graphs*, which nobody is shown any more: without an epoch, and unlogged."""
        with self._lock:
            for graph in graphs:
                self._store.remove_graph(node(graph))

    def flush(self) -> None:
        """Write everything into its place on disk, so that the next start has nothing to redo.

        Commits are safe without it: after a crash the engine replays its write-ahead log.
        """
        self._store.flush()
        if self._redo is not None:
            self._redo.sync()

    def copy(self, folder: Path) -> None:
        """Let *folder*, on the same disk, hold all that the store holds; its log is not copied."""
        self._store.backup(str(folder))

    def check(self) -> None:
        """Raise NotKept when a change could not be kept now; tried, unless a writer is at work."""
        if self._redo is not None and self._lock.acquire(blocking=False):
            try:
                self._redo.try_out()
            finally:
                self._lock.release()

    def _logged(
        self, make: Callable[[], Entry], is_wanted: bool = True
    ) -> AbstractContextManager[None]:
        """Return what lets the redo log, if there is one, have an entry of what is done inside."""
        if self._redo is None or not is_wanted:
            return nullcontext()
        return self._redo.around(make())

    def _difference(self, changes: Sequence[Change]) -> tuple[set[ox.Quad], set[ox.Quad]]:
        remove: set[ox.Quad] = set()
        add: set[ox.Quad] = set()
        for change in changes:
            held = set(self._quads(change.graph, change.subject)) if change.replaces else set()
            name = node(change.graph)
            wanted = {ox.Quad(t.subject, t.predicate, t.object, name) for t in change.triples}
            remove |= held - wanted
            add |= wanted - held
        return remove, add

    def _quads(self, graph: URIRef, subject: URIRef | None = None) -> Iterator[ox.Quad]:
        about = None if subject is None else node(subject)
        return self._store.quads_for_pattern(about, None, None, node(graph))
