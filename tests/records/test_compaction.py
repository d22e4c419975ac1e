"""Compaction gives way to whoever loads, and nobody else does."""

from pathlib import Path

from tests.records.alone import told

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
    threads = [line.rsplit(" ", 1) for line in told(_NICENESS, tmp_path / "store").splitlines()]
    compacting = {int(nice) for name, nice in threads if name.startswith("rocksdb:low")}
    others = {int(nice) for name, nice in threads if not name.startswith("rocksdb:low")}
    assert compacting == {10}
    assert max(others) < 10
