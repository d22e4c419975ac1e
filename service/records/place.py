"""Where a store is on disk: a folder that is its owner's alone, and its redo log beside it."""

from pathlib import Path

import pyoxigraph as ox

from databackpack.service.records.redo import StoreUnusable

__all__ = ["StoreInUse", "beside", "open_store"]


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
        return ox.Store(str(path))
    except OSError as error:
        reason = error.strerror or str(error)
    if "lock" in reason.lower() and "denied" not in reason.lower():
        raise StoreInUse(f"{path} is open in another process; stop it or ask it over HTTP")
    raise StoreUnusable(f"{path} cannot be opened as a store: {reason}")


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
