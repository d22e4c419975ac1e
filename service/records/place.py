"""Where a store is on disk: a folder that is its owner's alone, and its redo log beside it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit

import pyoxigraph as ox

from databackpack.service.records.redo import StoreUnusable

__all__ = ["StoreInUse", "beside", "few_files", "open_store"]

_MOST_FILES = 65_536

_LEFT = 48
"""Descriptors that the engine leaves to others, of those that are allowed when it opens a store."""

_FEW_FILES = 96
"""Each open file of 64 MB has its index in memory, of half a megabyte."""


class StoreInUse(RuntimeError):
    """Another process has the store open for writing."""


def beside(path: Path) -> Path:
    """Return where the redo log of the store at *path* is by default; raises StoreUnusable."""
    path = path if path.name not in ("", "..") else path.resolve()
    if not path.name:
        raise StoreUnusable("the store cannot be the root of all folders; name one below it")
    return path.with_name(f"{path.name}.redo")


def open_store(path: Path, log: Path, create: bool) -> ox.Store:
    """Return the store at *path*, made if need be; raises StoreInUse or StoreUnusable."""
    try:
        if not (path / "CURRENT").is_file():
            _make_folder(path, log, create)
        store = ox.Store(str(path))
        _allow_files()
        return store
    except OSError as error:
        reason = error.strerror or str(error)
    if "lock" in reason.lower() and "denied" not in reason.lower():
        raise StoreInUse(f"{path} is open in another process; stop it or ask it over HTTP")
    raise StoreUnusable(f"{path} cannot be opened as a store: {reason}")


@contextmanager
def few_files() -> Iterator[None]:
    """Of a store that is opened inside, the engine keeps few files open, however large it grows.

    For who writes much and reads little, as a load does: its memory grows less with the store.
    """
    soft, hard = getrlimit(RLIMIT_NOFILE)
    used = 0
    with suppress(OSError):
        used = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    wanted = used + _LEFT + _FEW_FILES
    if soft == RLIM_INFINITY or wanted < soft:
        setrlimit(RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        if getrlimit(RLIMIT_NOFILE)[0] == wanted:  # no store was opened
            setrlimit(RLIMIT_NOFILE, (soft, hard))


def _allow_files() -> None:
    """Let this process open more files than the engine keeps open.

    It keeps nearly as many as were allowed when it began (1,024 by default, which a state's store
    has), and needs others for a moment.
    """
    soft, hard = getrlimit(RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != RLIM_INFINITY and soft < wanted:
        setrlimit(RLIMIT_NOFILE, (wanted, hard))


def _make_folder(path: Path, log: Path, create: bool) -> None:
    """Make the folder of a new store, its owner's alone: it will hold children's records."""
    if log.exists():
        raise StoreUnusable(
            f"there is no store at {path}, but its redo log is at {log}; put the last backup of "
            "the store back, or move the log away to begin a new store"
        )
    if not create:
        raise StoreUnusable(f"there is no store at {path}; make one with: backpack load")
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise StoreUnusable(f"{path} holds other files; name a folder that is empty or not there")
    path.chmod(0o700)
