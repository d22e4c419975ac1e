"""Stores of many learners, for benchmarks of what is made from them."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from databackpack.loaders import sample
from databackpack.service.intake.load import load
from databackpack.service.records.truth import TruthStore
from tests.bench import delivery

__all__ = ["SAMPLE", "opened", "stock", "told_by"]

SAMPLE = 600
"""Learners of the sample state; of any other number there is a generated district."""


def stock(folder: Path, size: int) -> TruthStore:
    """Return the store in *folder*, which now holds *size* learners."""
    if size == SAMPLE:
        sample.write(folder / "delivery", learners=size, today=date(2026, 11, 23))
    else:
        delivery.write(folder / "delivery", size)
    truth = opened(folder)
    report = load(truth, "oneroster", [folder / "delivery"], workers=os.cpu_count() or 1)
    assert not report.problems, report.problems[:3]
    truth.flush()
    return truth


def opened(folder: Path) -> TruthStore:
    """Return the store in *folder*."""
    return TruthStore(folder / "store", lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))


def told_by(module: str, *arguments: str) -> dict[str, float]:
    """Return what a process of its own that runs *module* tells in its last line, as JSON."""
    command = (sys.executable, "-m", module, *arguments)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told
