"""Scattered rows become complete groups, one at a time, through a temporary file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from databackpack.loaders.record import Source
from databackpack.loaders.scratch import Scratch

__all__ = ["Key", "Packed", "Row", "Spool", "rows", "unpacked"]

Key = tuple[str, ...]
Row = Mapping[str, Any]
Packed = tuple[bytes, str, str, int]
"""A row as the file holds it: key, JSON, and where it stood."""

_SEPARATOR = "\x00"


class Spool(Scratch):
    """Rows by key, on disk: what was added in any order is read back sorted by key.

    ::

        with Spool() as spool:
            spool.add((learner, category), {"date": "2021-09-01"}, Source("file.xml", 12))
            for key, rows in spool:
                for row, source in rows: ...

    Keys sort part by part, by code point; the rows of a key keep the order in which they were
    added. Rows are JSON objects (tuples come back as lists). Memory holds SQLite's page cache
    (a few MB) and the rows of one key. The file is private, has no name in the file system and is
    gone at the end of the ``with``. Add everything before reading; reading may be repeated.
    """

    def __init__(self) -> None:
        super().__init__(
            "PRAGMA temp_store = FILE;"
            "CREATE TABLE line"
            " (place INTEGER PRIMARY KEY, key BLOB, row TEXT, file TEXT, line INTEGER);"
        )

    def add(self, key: Key, row: Row, source: Source) -> None:
        """*row* is under *key*, after the rows that are there already.

        Raises ValueError where a part of *key* holds a NUL character or *key* is empty.
        """
        if not key or any(_SEPARATOR in part for part in key):
            raise ValueError(f"the key {key!r} is empty or holds a NUL character")
        # Bytes of UTF-8 sort by code point, and NUL below everything: part by part.
        self._connection.execute(
            "INSERT INTO line (key, row, file, line) VALUES (?, ?, ?, ?)",
            (
                _SEPARATOR.join(key).encode("utf-8", "surrogatepass"),
                json.dumps(row),
                source.file,
                source.line,
            ),
        )

    def __iter__(self) -> Iterator[tuple[Key, list[tuple[dict[str, Any], Source]]]]:
        return rows(self._lines())

    def packed(self) -> Iterator[list[Packed]]:
        """Yield the rows whose keys have the first part in common, not yet decoded."""
        for _, group in groupby(self._lines(), key=lambda line: line[0].partition(b"\x00")[0]):
            yield list(group)

    def count(self) -> int:
        """Return how many first parts the keys have."""
        [(count,)] = self._connection.execute(
            "SELECT COUNT(DISTINCT substr(key, 1, instr(key || x'00', x'00') - 1)) FROM line"
        )
        return int(count)

    def _lines(self) -> Iterator[Packed]:
        return self._connection.execute("SELECT key, row, file, line FROM line ORDER BY key, place")


def rows(group: Iterable[Packed]) -> Iterator[tuple[Key, list[tuple[dict[str, Any], Source]]]]:
    """Return the rows of a packed group by key, decoded."""
    for key, found in groupby(group, key=lambda line: line[0]):
        yield unpacked(key), [(json.loads(row), Source(file, line)) for _, row, file, line in found]


def unpacked(key: bytes) -> Key:
    """Return the key of a packed row."""
    return tuple(key.decode("utf-8", "surrogatepass").split(_SEPARATOR))
