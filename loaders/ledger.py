"""Identifiers of rows, of which there are as many as learners or more: on disk."""

import sqlite3

from databackpack.loaders.record import Source
from databackpack.loaders.scratch import Scratch
from databackpack.loaders.table import duplicate, unknown

__all__ = ["Entries", "Ledger"]


class Ledger(Scratch):
    """Which identifiers the rows of several files have, and a word on each.

    As a ``loaders.table.Register``, but memory holds a page cache of 32 MB at most. The file is
    private, has no name and is gone at the end of the ``with``.
    """

    def __init__(self) -> None:
        super().__init__(
            "PRAGMA cache_size = -32768;"
            "CREATE TABLE entry (name TEXT, identifier TEXT, word TEXT, file TEXT, line INTEGER,"
            " PRIMARY KEY (name, identifier)) WITHOUT ROWID;"
        )

    def entries(self, name: str, key: str = "sourcedId") -> "Entries":
        """Return the identifiers of the file *name*, which stand in its column *key*."""
        return Entries(self._connection, name, key)


class Entries:
    """The identifiers of the rows of one file."""

    def __init__(self, connection: sqlite3.Connection, name: str, key: str) -> None:
        self._connection = connection
        self._name = name
        self._key = key

    def add(self, identifier: str, source: Source, word: str = "") -> None:
        """*identifier* is that of the row at *source*; raises Refused where an earlier one's."""
        row = (self._name, identifier, word, source.file, source.line)
        try:
            self._connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            _, file, line = self._row(identifier) or ("", "", 0)
            raise duplicate(self._key, identifier, Source(file, line)) from None

    def find(self, identifier: str, column: str) -> str:
        """Return the word on *identifier*; raises Refused, naming *column*, where no row has it."""
        if row := self._row(identifier):
            return row[0]
        raise unknown(column, identifier, self._key, self._name)

    def _row(self, identifier: str) -> tuple[str, str, int] | None:
        found: tuple[str, str, int] | None = self._connection.execute(
            "SELECT word, file, line FROM entry WHERE name = ? AND identifier = ?",
            (self._name, identifier),
        ).fetchone()
        return found
