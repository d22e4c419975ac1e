"""Every format of learners' data by its name, and what reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from databackpack.loaders import edfi, oneroster
from databackpack.loaders.record import Item, Mint

__all__ = ["FORMATS", "Reader"]

Reader = Callable[[Path, Mint], Iterator[Item]]

FORMATS: dict[str, Reader] = {
    "edfi": edfi.read,
    "oneroster": oneroster.read,
}
