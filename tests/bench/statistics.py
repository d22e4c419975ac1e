"""All cubes counted and protected, at a district's and a state's size: how long, and what memory.

python -m tests.bench.statistics [LEARNERS …]     10000; the sample state's 600 always come first

Each store is made by a process of its own and opened by another, which counts every cube that is
shipped in one walk and protects one after the other. Memory is the most that this process had, with
what its store maps.
"""

import json
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from databackpack.queries import cubes
from databackpack.service.policy import jurisdiction
from databackpack.service.statistics.counting import count_all
from databackpack.service.statistics.protection import protect
from databackpack.service.views.registry import Views
from tests.bench.stocked import SAMPLE, opened, stock, told_by

_AUDIENCES = {True: "state-agency-sample", False: "district-d"}
"""Who may count, of the sample and of a delivery."""

_MODULE = "tests.bench.statistics"


def main(*sizes: int) -> None:
    """Print the table."""
    print(
        "| learners | counted, s | learners/s | CPU, ms a learner | protected, s | most memory, MB "
        "| cells | shown |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for size in (SAMPLE, *(sizes or (10_000,))):
        with TemporaryDirectory() as folder:
            told_by(_MODULE, "--load", folder, str(size))
            told = told_by(_MODULE, "--count", folder, str(size))
        print(
            f"| {size:,} | {told['counted']:.1f} | {size / told['counted']:,.0f} "
            f"| {told['cpu'] / size * 1000:.1f} | {told['protected']:.1f} | {told['memory']:,.0f} "
            f"| {told['cells']:,} | {told['shown']:,} |",
            flush=True,
        )


def _count(folder: Path, size: int) -> None:
    """Count and protect, and tell what it took."""
    views = Views(opened(folder), jurisdiction.read("us-default"))
    audience = views.audience(_AUDIENCES[size == SAMPLE])
    (purpose,) = audience.purposes
    every = [cubes.read(name) for name in cubes.names()]
    begun, spent = perf_counter(), process_time()
    tables = count_all(views, every, audience, purpose, views.truth.clock())
    counted, spent = perf_counter(), process_time() - spent
    parents = {f"<{child}>": f"<{above}>" for child, above in views.law().parents.items()}
    shown = [
        len(protect(cube, table, 10, parents=parents).cells)
        for cube, table in zip(every, tables, strict=True)
    ]
    told = {
        "counted": counted - begun,
        "cpu": spent,
        "protected": perf_counter() - counted,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "cells": sum(map(len, tables)),
        "shown": sum(shown),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        stock(Path(sys.argv[2]), int(sys.argv[3]))
        print(json.dumps({}))
    elif sys.argv[1:2] == ["--count"]:
        _count(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
