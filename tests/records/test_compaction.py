"""Compaction gives way to whoever loads, and nobody else does."""

import subprocess
import sys
from pathlib import Path

_NICENESS = """
from os import PRIO_PROCESS, getpriority
from pathlib import Path
from sys import argv
from databackpack.service.records import compaction
from databackpack.service.records.truth import TruthStore

truth = TruthStore(Path(argv[1]))
compaction.give_way()
for thread in Path("/proc/self/task").iterdir():
    print((thread / "comm").read_text().strip(), getpriority(PRIO_PROCESS, int(thread.name)))
"""


def test_only_threads_that_compact_give_way(tmp_path: Path) -> None:
    # In a process of its own: niceness stays.
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _NICENESS, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    threads = [line.rsplit(" ", 1) for line in told.splitlines()]
    compacting = {int(nice) for name, nice in threads if name.startswith("rocksdb:low")}
    others = {int(nice) for name, nice in threads if not name.startswith("rocksdb:low")}
    assert compacting == {10}
    assert max(others) < 10
