"""The engine's compaction: threads of its own merge the files of a store while others work."""

from contextlib import suppress
from os import PRIO_PROCESS, setpriority
from pathlib import Path

__all__ = ["give_way"]

_THREADS = Path("/proc/self/task")
_NAME = "rocksdb:low"
"""RocksDB compacts in its pool of low priority; flushes have one of their own."""

_NICENESS = 10
"""As of processes that check records. With more so many files wait that writers are slowed."""


def give_way() -> None:
    """From now on compaction in this process gets the processor when hardly anybody wants it.

    More files then wait for each merge, and all are written fewer times. Readers look into more
    files meanwhile, and the engine merges the rest when there is time, or at the latest when it
    stops writers for it. Niceness cannot be taken back without privileges: this is for a process
    that ends with its load. Where the system does not name threads (outside Linux) nothing changes.
    """
    for thread in _THREADS.glob("*"):
        with suppress(OSError):  # it ended
            if (thread / "comm").read_text().startswith(_NAME):
                setpriority(PRIO_PROCESS, int(thread.name), _NICENESS)
