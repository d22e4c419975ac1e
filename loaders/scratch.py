"""A private file for what does not fit into memory; nobody else can open it, and nothing stays."""

import sqlite3
from types import TracebackType
from typing import Self

__all__ = ["Scratch"]


class Scratch:
    """A database in a file without a name, which is gone at the end of the ``with``.

    *script* makes its tables.
    """

    def __init__(self, script: str) -> None:
        # An empty name makes SQLite open a private file that it deletes on close.
        self._connection = sqlite3.connect("")
        self._connection.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {script}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
