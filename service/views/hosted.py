"""A view in processes of its own: a host that holds the triples, and workers that run queries.

The service keeps the pipes. Each worker's pipe is a queue: a change that was written to it before
a query is applied before that query, so nobody has to wait until the workers are through.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from threading import Condition
from time import monotonic
from typing import Any

from prometheus_client import Counter
from rdflib import URIRef

from databackpack.service.views.message import pack, to_header
from databackpack.service.views.process import Process, ProcessLost, Template
from databackpack.service.views.view import (
    Answer,
    AnswerTooLarge,
    AnswerTooSlow,
    Form,
    MalformedQuery,
    NotAcceptable,
    QueryKilled,
    QueryOperation,
    Slice,
    ViewBusy,
    ViewChanging,
    ViewClosed,
)

__all__ = ["HostedView"]

_TRIES = 3
_PATIENCE = 1.0
"""Seconds that a query waits for a worker: whoever waits keeps a thread of the server."""

_GRACE = 0.5
"""Seconds that a worker has beyond a query's own to tell that it was too slow."""

_LOST = Counter(
    "backpack_workers_lost",
    "Workers that ended before they were told to: by a limit, killed, by a withdrawal, idle.",
    ["cause"],
)
_FAULTS: dict[str, type[Exception]] = {
    fault.__name__: fault
    for fault in (MalformedQuery, NotAcceptable, AnswerTooLarge, AnswerTooSlow)
}


@dataclass(eq=False, slots=True)
class _Worker:
    """A worker; what changed while it runs a query waits in *backlog* until it is done."""

    process: Process
    is_busy: bool = False
    is_overtaken: bool = False
    backlog: list[bytes] = field(default_factory=list)


class HostedView:
    """A view whose host is a fork of *template*; see ``view.View`` for what it keeps to.

    INVARIANT: what is withdrawn ends the workers that are running a query, before the change is
    acknowledged. What is only added ends none: their answers are true at the epoch they carry.
    """

    def __init__(self, template: Template, epoch: int, workers: int = 2) -> None:
        self._host = template.host()
        self._wanted = workers
        self._workers: list[_Worker] = []
        self._changed = Condition()
        self._withdrawals = 0
        self._size = 0
        self.changes = 0
        self.is_closed = False
        self.epoch = epoch
        self.state: URIRef | None = None

    def __len__(self) -> int:
        return self._size

    def fill(self, n_triples: bytes) -> None:
        """Add *n_triples*; only before the view answers its first query. Raises ProcessLost."""
        self._host.send(pack({"do": "fill"}, n_triples))

    def start(self) -> None:
        """Have the workers ready. Raises ProcessLost."""
        with self._changed:
            self._size = self._host.ask({"do": "count"})[0]["size"]
            self._refill()

    def replace(self, slices: Iterable[Slice], epoch: int, state: URIRef | None) -> None:
        """Make each slice all that the view holds of its learner; take *epoch* and *state*."""
        with self._changed:
            try:
                wanted = [([iri.value for iri in iris], shown) for iris, shown in slices]
                if wanted:
                    self._replace(wanted)
                self.epoch, self.state = epoch, state
            except BaseException:
                self._close()
                raise

    def evaluate(self, operation: QueryOperation) -> Answer:
        """Return the answer to *operation*, complete and within its limits."""
        end = monotonic() + operation.limits.seconds
        request = pack(to_header(operation))
        for _ in range(_TRIES):
            worker, epoch, state, withdrawals = self._take()
            found = self._ask(worker, request, end)
            if found is None:
                continue
            header, bodies = found
            if header.get("fault") in _FAULTS:
                raise _FAULTS[header["fault"]](header["detail"])
            form = Form(header["form"])
            answer = Answer(bodies[0], header["media_type"], form, epoch, state, withdrawals)
            if self.is_current(answer):
                return answer
        raise ViewChanging

    def is_current(self, answer: Answer) -> bool:
        """Tell whether nothing that *answer* may show has been withdrawn since."""
        return answer.withdrawals == self._withdrawals and not self.is_closed

    def dump(self) -> Generator[bytes, None, None]:
        """Return all triples as pieces of sorted N-Triples, of the instant of this call.

        Raises ProcessLost.
        """
        with self._changed:
            process = self._host.fork()
        return _dumped(process)

    def memory(self) -> int:
        """Return the bytes that the view's processes take, what they share counted once."""
        return sum(process.memory() for process in self._processes())

    def pids(self) -> list[int]:
        """Return the numbers of the view's processes, the host's first."""
        return [process.pid for process in self._processes()]

    def busy(self) -> list[int]:
        """Return the numbers of the workers that are running a query."""
        return [worker.process.pid for worker in list(self._workers) if worker.is_busy]

    def close(self) -> None:
        """Let no further answer leave, not even one that is being computed."""
        with self._changed:
            self._close()

    def _processes(self) -> list[Process]:
        return [self._host, *(worker.process for worker in list(self._workers))]

    def _close(self) -> None:
        self.is_closed = True
        for worker in self._workers:
            worker.process.kill() if worker.is_busy else worker.process.close()
        self._workers.clear()
        self._host.close()
        self._changed.notify_all()

    def _replace(self, wanted: list[tuple[list[str], bytes]]) -> None:
        slices, bodies = zip(*wanted, strict=True)
        header, (removed, added) = self._host.ask({"do": "replace", "slices": slices}, *bodies)
        self._size += header["more"]
        if not removed and not added:
            return
        self.changes += removed.count(b"\n") + added.count(b"\n")
        change = pack({"do": "apply"}, removed, added)
        if removed:
            self._withdrawals += 1
        for worker in list(self._workers):
            if worker.is_busy and removed:
                worker.is_overtaken = True
                worker.process.kill()
            elif worker.is_busy:
                worker.backlog.append(change)
            else:
                self._send(worker, change)

    def _send(self, worker: _Worker, message: bytes) -> bool:
        """Tell whether the worker, which runs no query, is there and was told."""
        try:
            worker.process.send(message)
        except ProcessLost:
            self._lose(worker)
            return False
        return True

    def _take(self) -> tuple[_Worker, int, URIRef | None, int]:
        """Return a worker that is now ours, with the epoch, state and withdrawals it is at."""
        with self._changed:
            if not self._changed.wait_for(self._can_take, _PATIENCE):
                raise ViewBusy
            if self.is_closed:
                raise ViewClosed
            worker = next(worker for worker in self._workers if not worker.is_busy)
            worker.is_busy = True
            return worker, self.epoch, self.state, self._withdrawals

    def _can_take(self) -> bool:
        """Tell whether a worker is free, or none will ever be again."""
        for worker in [worker for worker in self._workers if not worker.is_busy]:
            if worker.process.has_something():  # nothing was asked of it: this is its end
                _LOST.labels("idle").inc()
                self._lose(worker)
        self._refill()
        return self.is_closed or any(not worker.is_busy for worker in self._workers)

    def _ask(
        self, worker: _Worker, request: bytes, end: float
    ) -> tuple[dict[str, Any], list[bytes]] | None:
        """Return what *worker* answers, None when a withdrawal ended it.

        Raises AnswerTooSlow or QueryKilled; the worker is then gone, and another one there.
        """
        stays = False
        try:
            worker.process.send(request)
            if not worker.process.has_something(max(0.0, end + _GRACE - monotonic())):
                _LOST.labels("limit").inc()
                raise AnswerTooSlow
            header, bodies = worker.process.receive()
            stays = bool(header["stays"])
            return header, bodies
        except ProcessLost:
            if self.is_closed:
                raise ViewClosed from None
            if worker.is_overtaken:
                _LOST.labels("withdrawal").inc()
                return None
            _LOST.labels("killed").inc()
            raise QueryKilled from None
        finally:
            self._give_back(worker, stays)

    def _give_back(self, worker: _Worker, stays: bool) -> None:
        with self._changed:
            worker.is_busy = False
            if self.is_closed:
                worker.process.close()
                return
            if not stays or worker.is_overtaken:
                self._lose(worker)
            while worker.backlog and self._send(worker, worker.backlog[0]):
                worker.backlog.pop(0)
            self._refill()
            self._changed.notify()

    def _lose(self, worker: _Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
        worker.backlog.clear()
        worker.process.close()

    def _refill(self) -> None:
        """Have as many workers as are wanted.

        A view that lost its host lives on with the workers it has until it must change.
        """
        try:
            while len(self._workers) < self._wanted and not self.is_closed:
                self._workers.append(_Worker(self._host.fork()))
        except ProcessLost:
            if not self._workers:
                self._close()


def _dumped(process: Process) -> Generator[bytes, None, None]:
    try:
        header, bodies = process.ask({"do": "dump"})
        while not header["is_last"]:
            yield bodies[0]
            header, bodies = process.receive()
    finally:
        process.close()
