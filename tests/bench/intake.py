"""Files to committed records at a district's size, beside pySHACL alone, and what that takes.

python -m tests.bench.intake [LEARNERS …]     10000; 10000 100000 compares the memory too

Each size is loaded in a process of its own, into a new store on disk. pySHACL validates a sample
of the same records on one core, just before and just after: a machine that is busy with other
things slows both. It is given them as N-Triples, which it must have parsed as anybody who runs it
must, and once more as graphs in memory. Memory is what parent and workers have together, pages that
they share counted once (PSS).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, process_time
from uuid import uuid4

from rdflib import URIRef

from databackpack import shapes
from databackpack.loaders import oneroster
from databackpack.loaders.record import Record, person_iri
from databackpack.service.intake.load import load
from databackpack.service.records.place import few_files
from databackpack.service.records.truth import TruthStore
from tests.bench import delivery

_SAMPLE = 200
_BATCH = 25
"""Learners that pySHACL is given together; it is slower with fewer and with more."""


def main(*sizes: int) -> None:
    """Print the table."""
    workers = os.cpu_count() or 1
    print(f"{workers} workers; {delivery.TRIPLES} triples of records a learner\n")
    print(
        "| learners | read and committed, s | learners/s | triples/s | CPU, µs a triple "
        "| commits, quads/s | most memory, MB | pySHACL alone, triples/s, of N-Triples | ratio "
        "| of graphs | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for size in sizes or (10_000,):
        with TemporaryDirectory() as folder:
            delivery.write(Path(folder, "delivery"), size)
            before = _alone()
            found, memory = _measured(Path(folder))
            parsing, alone = map(mean, zip(before, _alone(), strict=True))
        triples = size * delivery.TRIPLES
        rate = triples / found["seconds"]
        assert found["learners"] == size and not found["problems"], found
        print(
            f"| {size:,} | {found['seconds']:.1f} | {size / found['seconds']:,.0f} "
            f"| {rate:,.0f} | {found['cpu'] / triples * 1e6:.1f} "
            f"| {found['quads'] / found['committing']:,.0f} | {memory / 2**20:,.0f} "
            f"| {parsing:,.0f} | {rate / parsing:.1f} | {alone:,.0f} | {rate / alone:.1f} |",
            flush=True,
        )


def _measured(folder: Path) -> tuple[dict[str, float], int]:
    """Return what a process of its own tells of its load of ``delivery``, and its memory."""
    command = (sys.executable, "-m", "tests.bench.intake", "--load", str(folder))
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        most, is_over = [0], Event()

        def watch() -> None:
            while not is_over.wait(0.2):
                most[0] = max(most[0], sum(map(_memory, _family(process.pid))))

        Thread(target=watch, daemon=True).start()
        told, _ = process.communicate()
        is_over.set()
    if process.returncode:
        raise SystemExit(f"the load ended with exit code {process.returncode}")
    return json.loads(told.splitlines()[-1]), most[0]


def _family(pid: int) -> Iterable[int]:
    """Yield the process *pid* and those that it began."""
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in file.read_text().split():
                yield from _family(int(child))


def _memory(pid: int) -> int:
    """Return the bytes of a process, its part of what it shares; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _load(folder: Path) -> None:
    """Load *folder*'s delivery into a store there and tell what it took."""
    with few_files():
        truth = TruthStore(folder / "store")
    committing = 0.0
    commit, commit_new = truth.commit, truth.commit_new

    def timed(do: object) -> object:
        def doing(*arguments: object) -> object:
            nonlocal committing
            begin = perf_counter()
            try:
                return do(*arguments)  # type: ignore[operator]
            finally:
                committing += perf_counter() - begin

        return doing

    truth.commit, truth.commit_new = timed(commit), timed(commit_new)  # type: ignore[method-assign, assignment]
    begin = perf_counter()
    report = load(truth, "oneroster", [folder / "delivery"], workers=os.cpu_count() or 1)
    seconds = perf_counter() - begin
    times = os.times()
    told = {
        "seconds": seconds,
        "cpu": process_time() + times.children_user + times.children_system,
        "learners": len(report.learners),
        "problems": len(report.problems),
        "committing": committing,
        "quads": len(truth._store),
    }
    print(json.dumps(told))


def _alone() -> tuple[float, float]:
    """Return how many triples a second pySHACL validates: of N-Triples, and of graphs."""
    known: dict[tuple[str, str], URIRef] = {}

    def mint(kind: str, identifier: str) -> URIRef:
        return known.setdefault((kind, identifier), person_iri(kind, uuid4()))

    with TemporaryDirectory() as small:
        delivery.write(Path(small, "delivery"), _SAMPLE)
        found = oneroster.read(Path(small, "delivery"), mint)
        records = [record for record in found if isinstance(record, Record)]
    by_learner: dict[URIRef, list[Record]] = {}
    for record in records:
        by_learner.setdefault(record.learner, []).append(record)
    first = _validating(by_learner.values())  # each record is lines, of which a graph is made
    again = _validating(by_learner.values())
    triples = sum(len(record.graph) for record in records)
    return triples / first, triples / again


def _validating(learners: Iterable[list[Record]]) -> float:
    """Return how many seconds pySHACL validates the records of *learners*."""
    rest, begin = iter(learners), perf_counter()
    while some := list(islice(rest, _BATCH)):
        reports = shapes.reference([record for one in some for record in one])
        assert not any(report.results for report in reports)
    return perf_counter() - begin


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        _load(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
