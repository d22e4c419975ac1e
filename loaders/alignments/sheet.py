"""Tables of any usual delimiter, row by row; one bad row does not keep the others out."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from databackpack.loaders.alignments.relation import bare
from databackpack.loaders.record import Problem, Source
from databackpack.loaders.table import Refused, Row

__all__ = ["Sheet", "Unreadable", "open_sheet"]

_DELIMITERS = ",\t;"
_MOST_PREAMBLE = 1_000_000  # characters


class Unreadable(Refused):
    """A file that is no table at all, because of what stands in *line*."""

    def __init__(self, line: int, rule: str, message: str) -> None:
        super().__init__(rule, message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table in UTF-8: the lines before its header that begin with ``#``, its header, its rows.

    Rows count from 1, which is the first line of the file.
    """

    path: Path
    preamble: tuple[str, ...]
    header: tuple[str, ...]
    delimiter: str

    def find(self, aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Return which column is which of *aliases*; the first name that the table has counts."""
        names = {bare(column): column for column in self.header}
        found: dict[str, str] = {}
        for wanted, others in aliases.items():
            for name in (wanted, *others):
                if (column := names.get(bare(name))) and column not in found.values():
                    found[wanted] = column
                    break
        return found

    def rows(self, columns: Mapping[str, str]) -> Iterator[Row | Problem]:
        """Yield each row, its cells under the names that *columns* gives, or what is wrong."""
        places = {name: self.header.index(column) for name, column in columns.items()}
        with _opened(self.path) as file:
            for _ in self.preamble:
                next(file)
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            next(reader)
            number = len(self.preamble) + 1
            while True:
                number += 1
                source = Source(self.path.name, number)
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Problem(source, "malformed csv", f"no row of a table: {error}")
                    continue
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(self.header):
                    yield Problem(
                        source,
                        "field count",
                        f"{len(cells)} fields where the header has {len(self.header)}; quote cells "
                        "that hold the delimiter, and complete the row",
                    )
                    continue
                yield Row({name: cells[at].strip() for name, at in places.items()}, source)


def open_sheet(path: Path) -> Sheet:
    """Return the table in *path*; raises Unreadable where it is none."""
    _check_encoding(path)
    preamble = []
    size = 0
    with _opened(path) as file:
        line = file.readline(_MOST_PREAMBLE)
        while line.startswith("#"):
            preamble.append(line)
            size += len(line)
            if size > _MOST_PREAMBLE:
                raise Unreadable(1, "long preamble", "lines of # without end; is this a table?")
            line = file.readline(_MOST_PREAMBLE)
    delimiter = max(_DELIMITERS, key=line.count)
    try:
        header = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise Unreadable(len(preamble) + 1, "malformed csv", f"no header: {error}") from None
    names = tuple(name.strip() for name in header)
    if not any(names):
        raise Unreadable(len(preamble) + 1, "no header", "no header; the first row names columns")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise Unreadable(
            len(preamble) + 1, "column-twice", f"the header has {', '.join(twice)[:200]} twice"
        )
    return Sheet(path, tuple(preamble), names, delimiter)


def _opened(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Unreadable(1, "unreadable-file", str(error.strerror)) from None


def _check_encoding(path: Path) -> None:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    raise Unreadable(
                        number, "not-utf-8", "not UTF-8; save the file as UTF-8"
                    ) from None
    except OSError as error:
        raise Unreadable(1, "unreadable-file", str(error.strerror)) from None
