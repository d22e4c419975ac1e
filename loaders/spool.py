"""Scattered rows become complete groups, one at a time, through a temporary file."""

import json
import marshal
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from databackpack.loaders.record import Source
from databackpack.loaders.scratch import Scratch

__all__ = ["Key", "Packed", "Row", "Spool", "row_of", "rows", "unpacked"]

Key = tuple[str, ...]
Row = dict[str, Any]
Packed = tuple[bytes, bytes, str, int]
"""A row as the file holds it: key, what `row_of` reads, and where it stood."""

_SEPARATOR = "\x00"
_TOGETHER = 256
"""Rows that SQLite is given at once."""


class Spool(Scratch):
    """Rows by key, on disk: what was added in any order is read back sorted by key.

    ::

        with Spool() as spool:
            spool.add((learner, category), {"date": "2021-09-01"}, Source("file.xml", 12))
            for key, rows in spool:
                for row, source in rows: ...

    Keys sort part by part, by code point; the rows of a key keep the order in which they were
    added. Rows are of dicts, lists, tuples, strings and numbers. Memory holds SQLite's page cache
    (a few MB) and the rows of one key. The file is private, has no name in the file system and is
    gone at the end of the ``with``. Add everything before reading; reading may be repeated.
    """

    def __init__(self) -> None:
        super().__init__(
            "PRAGMA temp_store = FILE;"
            "CREATE TABLE line"
            " (place INTEGER PRIMARY KEY, key BLOB, row BLOB, file TEXT, line INTEGER);"
        )
        self._waiting: list[Packed] = []

    def add(self, key: Key, row: Row, source: Source) -> None:
        """*row* is under *key*, after the rows that are there already.

        Strings of a class of their own, such as a `URIRef`, come back as strings. Raises ValueError
        where a part of *key* holds a NUL character or *key* is empty.
        """
        if not key or any(_SEPARATOR in part for part in key):
            raise ValueError(f"the key {key!r} is empty or holds a NUL character")
        # Bytes of UTF-8 sort by code point, and NUL below everything: part by part.
        packed = _SEPARATOR.join(key).encode("utf-8", "surrogatepass")
        try:
            data = marshal.dumps(row)
        except ValueError:
            data = marshal.dumps(json.loads(json.dumps(row)))
        self._waiting.append((packed, data, source.file, source.line))
        if len(self._waiting) >= _TOGETHER:
            self._write()

    def __iter__(self) -> Iterator[tuple[Key, list[tuple[dict[str, Any], Source]]]]:
        return rows(self._lines())

    def packed(self) -> Iterator[list[Packed]]:
        """Yield the rows whose keys have the first part in common, not yet decoded."""
        for _, group in groupby(self._lines(), key=lambda line: line[0].partition(b"\x00")[0]):
            yield list(group)

    def count(self) -> int:
        """Return how many first parts the keys have."""
        self._write()
        [(count,)] = self._connection.execute(
            "SELECT COUNT(DISTINCT substr(key, 1, instr(key || x'00', x'00') - 1)) FROM line"
        )
        return int(count)

    def _write(self) -> None:
        self._connection.executemany(
            "INSERT INTO line (key, row, file, line) VALUES (?, ?, ?, ?)", self._waiting
        )
        self._waiting.clear()

    def _lines(self) -> Iterator[Packed]:
        self._write()
        return self._connection.execute("SELECT key, row, file, line FROM line ORDER BY key, place")


def rows(group: Iterable[Packed]) -> Iterator[tuple[Key, list[tuple[dict[str, Any], Source]]]]:
    """Return the rows of a packed group by key, decoded."""
    for key, found in groupby(group, key=lambda line: line[0]):
        yield unpacked(key), [(row_of(one), Source(*one[2:])) for one in found]


def row_of(packed: Packed) -> dict[str, Any]:
    """Return a packed row, decoded."""
    row: dict[str, Any] = marshal.loads(packed[1])  # noqa: S302  from our own private file
    return row


def unpacked(key: bytes) -> Key:
    """Return the key of a packed row."""
    return tuple(key.decode("utf-8", "surrogatepass").split(_SEPARATOR))
