"""The store's place on disk, and what the process that has it may do."""

from pathlib import Path

from tests.records.alone import told

_FILES = """
import os
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from sys import argv
from databackpack.service.records.place import few_files
from databackpack.service.records.truth import TruthStore

setrlimit(RLIMIT_NOFILE, (256, 512))
with few_files():
    within = getrlimit(RLIMIT_NOFILE)[0] - max(map(int, os.listdir("/proc/self/fd")))
print(within, getrlimit(RLIMIT_NOFILE)[0])
with few_files():
    truth = TruthStore(Path(argv[1]))
print(*getrlimit(RLIMIT_NOFILE))
"""


def test_the_process_may_open_more_files_than_the_engine_keeps_open(tmp_path: Path) -> None:
    within, after, *opened = map(int, told(_FILES, tmp_path / "store").split())
    assert 96 <= within < 150
    assert after == 256
    assert opened == [512, 512]
