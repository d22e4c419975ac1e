"""What loaders read becomes checked records: here, or over all cores in processes of their own."""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from multiprocessing import get_context, parent_process
from os import _exit, nice
from signal import SIG_IGN, SIGINT, signal
from threading import Thread
from typing import Any

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.exceptions import ParserError

from databackpack import shapes
from databackpack.loaders.reading import Build, Group
from databackpack.loaders.record import Item, Record
from databackpack.service import memory
from databackpack.service.intake.run import digest, index_entry
from databackpack.service.records.identity import Identities

__all__ = ["Checked", "Part", "WorkerLost", "checked"]

_PART = 25
"""Learners that are checked together."""

_AHEAD = 12
"""Parts for each worker that are under way or done, so that none rests while others are stored."""

_NICENESS = 10
"""Of workers: what they made waits for commits, and commits for nobody."""


class WorkerLost(RuntimeError):
    """A process that checked records died; nothing from the part that it had is stored."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A record with what validation found, its digest and its entry in the index (see `run`)."""

    record: Record
    report: shapes.Report
    digest: str
    entry: bytes

    def __reduce__(self) -> tuple[type["Checked"], tuple[Record, shapes.Report, str, bytes]]:
        # In a third of the time that it takes as a dataclass; there is one for each record.
        return Checked, (self.record, self.report, self.digest, self.entry)


Part = list[Item | Checked]
"""What was read of some learners, each whole: no `Record` among it, each is `Checked`."""

_People = dict[tuple[str, str], URIRef]
_Job = Record | tuple[_People, Any]
"""A record, or who is who in the rows of a learner, and the rows."""


def checked(
    found: Iterable[Item | Group],
    identities: Identities | None,
    workers: int,
    run: URIRef | None = None,
    settle: Callable[[], None] = lambda: None,
) -> Iterator[Part]:
    """Yield what was *found* in its order, records checked, in parts of whole learners.

    The organisations before the first learner are a part of their own: statements name audiences
    that organisations bring. *identities* mint where there are groups; *run* is what the index
    names. With *workers* as many processes are forked, after *settle* let no other thread hold a
    lock; without, all is done in the caller's thread. Raises WorkerLost.
    """
    parts = _parts(found)
    if not workers:
        for part in parts:
            yield _merged(part, _check(_build_of(part), _jobs(part, identities), run))
        return
    for build, alike in groupby(parts, key=_build_of):
        settle()
        with _pool(build, run, workers) as pool:
            yield from _in_order(pool, alike, identities, _AHEAD * workers)


def _parts(found: Iterable[Item | Group]) -> Iterator[list[Item | Group]]:
    """Yield runs over whole learners, all groups of one with one build."""
    part: list[Item | Group] = []
    learners: set[object] = set()
    for one in found:
        learner = one.people[0] if isinstance(one, Group) else getattr(one, "learner", None)
        is_full = learner not in learners and len(learners) >= _PART
        if isinstance(one, Group) and _build_of(part) not in (one.build, None):
            is_full = True
        if learner is not None and part and (is_full or not learners):
            yield part
            part, learners = [], set()
        if learner is not None:
            learners.add(learner)
        part.append(one)
    if part:
        yield part


def _build_of(part: Sequence[Item | Group]) -> Build | None:
    return next((one.build for one in part if isinstance(one, Group)), None)


def _jobs(part: Iterable[Item | Group], identities: Identities | None) -> list[_Job]:
    people = [person for one in part if isinstance(one, Group) for person in one.people]
    if people and identities is None:
        raise ValueError("groups need somebody who mints")
    minted = identities.mint_all(people) if people and identities is not None else {}
    jobs: list[_Job] = []
    for one in part:
        if isinstance(one, Record):
            jobs.append(one)
        elif isinstance(one, Group):
            jobs.append(({person: minted[person] for person in one.people}, one.rows))
    return jobs


def _check(build: Build | None, jobs: Sequence[_Job], run: URIRef | None) -> list[Part]:
    """Return what each of *jobs* becomes."""
    found: list[list[Item]] = []
    for job in jobs:
        if isinstance(job, Record):
            found.append([job])
        elif build is not None:
            people, rows = job
            found.append(list(build(rows, lambda *person, of=people: of[person])))
    # As lines, so that nobody can change what was checked.
    records = [
        Record(one.learner, one.holder, one.category, one.lines, one.source)
        for one in chain.from_iterable(found)
        if isinstance(one, Record)
    ]
    verdicts = map(_checked, records, _validated(records), repeat(run))
    return [[next(verdicts) if isinstance(one, Record) else one for one in of] for of in found]


def _validated(records: Sequence[Record]) -> list[shapes.Report]:
    """Return the report of each of *records*, also where one has a term that is no RDF."""
    try:
        return shapes.validate_batch(records)
    except ParserError:
        blank = shapes.Report()
        faults = [_storable(record, blank) for record in records]
        return [
            fault if fault.results else shapes.validate(record)
            for record, fault in zip(records, faults, strict=True)
        ]


def _checked(record: Record, report: shapes.Report, run: URIRef | None) -> Checked:
    if report.conforms and report is not shapes.CLEAN:
        report = _storable(record, report)
    hashed = digest(record.lines)
    return Checked(record, report, hashed, index_entry(record, hashed, run))


def _storable(record: Record, report: shapes.Report) -> shapes.Report:
    """Return *report*, with what the engine cannot store, which pySHACL lets pass."""
    try:
        for _ in ox.parse(record.lines, format=ox.RdfFormat.N_TRIPLES):
            pass
    except (SyntaxError, ValueError) as error:
        message = f"This cannot be stored: {error}. Correct the identifier or the text."
        return shapes.Report(
            (*report.results, shapes.Result(record.learner, None, None, "Record-term", message))
        )
    return report


def _merged(part: Iterable[Item | Group], results: Iterable[Part]) -> Part:
    """Return *part* with the results in the places of what they are results of."""
    made = iter(results)
    merged: Part = []
    for one in part:
        if isinstance(one, Record | Group):
            merged += next(made)
        else:
            merged.append(one)
    return merged


_Waiting = tuple[list[Item | Group], "Future[list[Part]]"]


def _in_order(
    pool: ProcessPoolExecutor,
    parts: Iterator[list[Item | Group]],
    identities: Identities | None,
    window: int,
) -> Iterator[Part]:
    """Yield the results of *parts* in order; at most *window* of them are under way."""
    waiting: deque[_Waiting] = deque()
    for part in parts:
        waiting.append((part, _submitted(pool, part, identities)))
        if len(waiting) >= window:
            yield _result(waiting.popleft())
    while waiting:
        yield _result(waiting.popleft())


def _submitted(
    pool: ProcessPoolExecutor, part: list[Item | Group], identities: Identities | None
) -> "Future[list[Part]]":
    jobs, done = _jobs(part, identities), Future[list[Part]]()
    try:
        if jobs:
            return pool.submit(_work, jobs)
        done.set_result([])
    except BrokenProcessPool as error:  # to be told with the part that was at work
        done.set_exception(error)
    return done


def _result(waiting: _Waiting) -> Part:
    part, future = waiting
    try:
        return _merged(part, future.result())
    except BrokenProcessPool:
        source = next((one.source for one in part if isinstance(one, Record | Group)), None)
        raise WorkerLost(
            f"a process that checked records died, at the learner of {source} or one of the "
            f"{_PART - 1} after that; what was loaded before is kept. Was memory short? Load again"
        ) from None


_build: Build | None = None
"""What a worker builds items with: what it had in memory when it was forked."""
_run: URIRef | None = None


@contextmanager
def _pool(build: Build | None, run: URIRef | None, workers: int) -> Iterator[ProcessPoolExecutor]:
    gc.collect()
    gc.freeze()  # what was read stays: no collection looks at it again, nor copies its pages
    memory.give_back()  # and what reading needed is in no worker
    pool = ProcessPoolExecutor(workers, get_context("fork"), _begin, (build, run))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        gc.unfreeze()


def _begin(build: Build | None, run: URIRef | None) -> None:
    global _build, _run  # a worker's own
    _build, _run = build, run
    signal(SIGINT, SIG_IGN)  # the parent ends us
    nice(_NICENESS)
    gc.set_threshold(20_000, 20, 20)  # rows and lines have no cycles, and there are many of them
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the parent is gone: nobody else would."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    _exit(1)


def _work(jobs: Sequence[_Job]) -> list[Part]:
    return _check(_build, jobs, _run)
