"""A file of text with its lines, and JSON in it: read whole, because a part would mislead.

What a framework no longer has is deprecated when it is loaded; a file that breaks off must not do
that, so it is refused as a whole.
"""

import json
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from typing import Any

from databackpack.loaders.record import Problem, Source
from databackpack.loaders.table import Refused

__all__ = ["FileRefused", "TextFile", "Twice"]

_LARGEST = 256 * 2**20


class FileRefused(Refused):
    """A file of which nothing is taken, from *line* on."""

    def __init__(self, line: int, rule: str, message: str) -> None:
        super().__init__(rule, message)
        self.line = line

    def problem(self, file: str) -> Problem:
        """Return the problem that this is of *file*."""
        return Problem(Source(file, self.line), self.rule, self.message)


class Twice(dict[str, Any]):
    """A JSON object that has the key *twice* more than once."""

    twice = ""


class TextFile:
    """The text of *path*, which is UTF-8 with or without a byte order mark.

    Raises FileRefused.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        if path.is_dir():
            raise FileRefused(1, "readable file", "this is a folder; name the file in it")
        if path.stat().st_size > _LARGEST:
            raise FileRefused(
                1, "too large", f"the file has more than {_LARGEST // 2**20} MB; send it in parts"
            )
        raw = path.read_bytes()
        try:
            self.text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FileRefused(
                raw.count(b"\n", 0, error.start) + 1,
                "readable file",
                f"the file is not in UTF-8 (byte {error.start + 1}); save it as UTF-8",
            ) from None
        if not self.text.strip():
            raise FileRefused(1, "readable file", "the file is empty; send it again")
        self._ends = [at for at, char in enumerate(self.text) if char == "\n"]

    def line(self, words: str) -> int:
        """Return the line on which *words* stand first, 1 where they do not."""
        at = self.text.find(words) if words else 0
        return bisect_left(self._ends, max(at, 0)) + 1

    def json(self) -> Any:
        """Return the value that the text is; raises FileRefused."""
        try:
            return json.loads(self.text, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            broken = error.pos >= len(self.text.rstrip())
            what = "breaks off here; send it whole" if broken else "is no JSON from here on"
            raise FileRefused(
                error.lineno,
                "well-formed JSON",
                f"the file {what} (column {error.colno}: {error.msg})",
            ) from None
        except RecursionError:
            raise FileRefused(
                1, "nesting", "the file is nested deeper than any framework; flatten it"
            ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = Twice(found)
    twice.twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return twice
