"""The store's place on disk, and what the process that has it may do."""

import subprocess
import sys
from pathlib import Path

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
    # In a process of its own, whose limits are set for good.
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _FILES, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    within, after, *opened = map(int, told.split())
    assert 96 <= within < 150
    assert after == 256
    assert opened == [512, 512]
