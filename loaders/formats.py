"""Every format of learners' data by its name, and what reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from databackpack.loaders import credentials, edfi, oneroster
from databackpack.loaders.reading import Group
from databackpack.loaders.record import Item, Mint

__all__ = ["FORMATS", "Reader"]

Reader = Callable[[Path, Mint], Iterator[Item | Group]]
"""What yields items, or groups of rows that become items (``loaders.reading``)."""

FORMATS: dict[str, Reader] = {
    "clr": lambda path, _: credentials.gather(path),
    "edfi": lambda path, _: edfi.gather(path),
    "oneroster": lambda path, _: oneroster.gather(path),
}
