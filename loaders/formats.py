"""Every format of learners' data and of standards by its name, and what reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from databackpack.loaders import alignments, ceds, credentials, edfi, frameworks, mapping, oneroster
from databackpack.loaders.reading import Group
from databackpack.loaders.record import Framework, Item, Mint, Problem, Source

__all__ = ["FORMATS", "OF_FOLDERS", "Reader", "by_mapping"]

Reader = Callable[[Path, Mint], Iterator[Item | Group]]
"""What yields items, or groups of rows that become items (``loaders.reading``)."""

by_mapping = mapping.gather
"""What reads files of the format ``csv`` together, by a mapping."""

TOGETHER: dict[str, Callable[..., Iterator[Item | Group]]] = {
    "ceds": ceds.gather,
    "clr": credentials.gather,
}
"""What reads all paths of a load together, with choices of the caller: one holder's records of a
learner may be in several files."""


def _unmapped(path: Path, _: Mint) -> Iterator[Item]:
    yield Problem(Source(path.name, 1), "no mapping", "a CSV file is read by a mapping; name one")


def _of_standards(read: Callable[[Path], Iterator[Item]]) -> Reader:
    return lambda path, _: read(path)


def _case(path: Path, mint: Mint) -> Iterator[Item]:
    """Yield the framework in a package, and the crosswalk that its associations are."""
    is_read = False
    for item in frameworks.FORMATS["case"](path):
        is_read = is_read or isinstance(item, Framework)
        yield item
    for item in alignments.read(path, mint) if is_read else ():
        if not (isinstance(item, Problem) and item.rule == "no crosswalk"):
            yield item


FORMATS: dict[str, Reader] = {
    **{name: _of_standards(read) for name, read in frameworks.FORMATS.items()},
    "case": _case,
    "ceds": lambda path, _: ceds.gather(path),
    "clr": lambda path, _: credentials.gather(path),
    "crosswalk": alignments.read,
    "csv": _unmapped,  # with a mapping, `by_mapping`
    "edfi": lambda path, _: edfi.gather(path),
    "oneroster": lambda path, _: oneroster.gather(path),
    "sssom": alignments.read_set,
}

OF_FOLDERS = frozenset({"edfi", "oneroster"})
"""Formats in which files belong together: a folder is read as one."""
