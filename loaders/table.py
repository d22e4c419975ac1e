"""CSV files row by row; what is wrong with a whole file is found before any row of it is used."""

import csv
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Generic, TypeVar

from databackpack.loaders.record import Problem, Source

__all__ = ["Refused", "Register", "Row", "Table", "duplicate", "unknown"]

T = TypeVar("T")


class Refused(ValueError):
    """A row that cannot be loaded: the rule that it breaks, and what to do."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule
        self.message = message


class _Malformed(Refused):
    """A file that cannot be read as a table, from *line* on."""

    def __init__(self, line: int, rule: str, message: str) -> None:
        super().__init__(rule, message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by column, stripped, and where it stood."""

    cells: Mapping[str, str]
    source: Source

    def __getitem__(self, column: str) -> str:
        """Return the cell of *column*; empty where the file has no such column."""
        return self.cells.get(column, "")

    def require(self, column: str) -> str:
        """Return the cell of *column*; raises Refused where it is empty."""
        if not (text := self[column]):
            raise Refused("missing value", f"{column} is empty; every row needs it")
        return text


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file in UTF-8 with a header; rows count from 1, which is the header.

    Columns may stand in any order, and columns that nobody asked for are passed over. An optional
    column is also found under a name that is a letter or two off, as in ``prefferedGivenName``.
    """

    path: Path
    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def each(self, take: Callable[[Row], None]) -> Generator[Problem, None, bool]:
        """Call *take* with every row and yield what was wrong; return whether rows were read.

        A malformed file is one problem and none of its rows is taken; a row that *take* refuses is
        one problem.
        """
        try:
            self._check()
        except _Malformed as fault:
            yield Problem(Source(self.name, fault.line), fault.rule, fault.message)
            return False
        for row in self._rows():
            try:
                if "\x00" in "".join(row.cells.values()):
                    raise Refused("control character", "a cell holds NUL; take it out")
                take(row)
            except Refused as refused:
                yield Problem(row.source, refused.rule, refused.message)
        return True

    def _check(self) -> None:
        """Read the file once from end to end; raises _Malformed."""
        lines = self._lines()
        _, header = next(lines, (1, []))
        self._positions(header)
        wrong: list[tuple[int, int]] = []
        count = 0
        for line, cells in lines:
            if len(cells) != len(header):
                count += 1
                wrong = wrong or [(line, len(cells))]
        if wrong:
            [(line, fields)] = wrong
            more = f", and {count - 1} more rows are like it" if count > 1 else ""
            raise _Malformed(
                line,
                "field count",
                f"{fields} fields where the header has {len(header)}{more}; quote cells that hold "
                "commas. Nothing of this file was loaded",
            )

    def _rows(self) -> Iterator[Row]:
        lines = self._lines()
        _, header = next(lines)
        positions = self._positions(header)
        for line, cells in lines:
            yield Row(
                {column: cells[place].strip() for column, place in positions.items()},
                Source(self.name, line),
            )

    def _positions(self, header: list[str]) -> dict[str, int]:
        """Return the place of each column that was asked for; raises _Malformed."""
        names = [name.strip() for name in header]
        if twice := sorted({name for name in names if names.count(name) > 1 and name}):
            raise _Malformed(1, "column-twice", f"the header has {', '.join(twice)} twice")
        if missing := [column for column in self.required if column not in names]:
            raise _Malformed(
                1,
                "missing column",
                f"the header lacks {', '.join(missing)}; nothing of this file was loaded",
            )
        spare = [name for name in names if name not in (*self.required, *self.optional)]
        positions = {}
        for column in (*self.required, *self.optional):
            found = [column] if column in names else get_close_matches(column, spare, 1, 0.9)
            if found:
                positions[column] = names.index(found[0])
        return positions

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank with its number; raises _Malformed."""
        line = 0
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                for line, cells in enumerate(csv.reader(file, strict=True), start=1):
                    if cells:
                        yield line, cells
        except FileNotFoundError:
            raise _Malformed(
                1, "missing file", f"there is no file {self.name}; add it, or say it is absent"
            ) from None
        except UnicodeDecodeError:
            raise _Malformed(
                self._undecodable_line(), "not-utf-8", "not UTF-8; save the file as UTF-8"
            ) from None
        except csv.Error as error:
            raise _Malformed(line + 1, "malformed csv", f"no row of CSV: {error}") from None
        except OSError as error:
            raise _Malformed(1, "unreadable-file", str(error.strerror)) from None

    def _undecodable_line(self) -> int:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    return number
        return 1


class Register(Generic[T]):
    """What the rows of one file say, by identifier, for other files to refer to. In memory."""

    def __init__(self, name: str, key: str = "sourcedId") -> None:
        self._name = name
        self._key = key
        self._rows: dict[str, tuple[T, Source]] = {}

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._rows

    def __iter__(self) -> Iterator[T]:
        return (value for value, _ in self._rows.values())

    def add(self, identifier: str, value: T, source: Source) -> None:
        """*identifier* names *value*; raises Refused where an earlier row has it already."""
        if identifier in self._rows:
            _, first = self._rows[identifier]
            raise duplicate(self._key, identifier, first)
        self._rows[identifier] = (value, source)

    def find(self, identifier: str, column: str) -> T:
        """Return what *identifier* names; raises Refused, naming *column*, where nothing does."""
        try:
            return self._rows[identifier][0]
        except KeyError:
            raise unknown(column, identifier, self._key, self._name) from None


def duplicate(key: str, identifier: str, first: Source) -> Refused:
    """Return what refuses a row whose *identifier*, in the column *key*, the row *first* has."""
    return Refused(
        "duplicate identifier",
        f"{key} {identifier!r} is already in row {first.line} ({first}); give each row its own",
    )


def unknown(column: str, identifier: str, key: str, name: str) -> Refused:
    """Return what refuses a row whose *column* refers to what no row of the file *name* is."""
    return Refused(
        "unknown reference",
        f"{column} {identifier!r} is no {key} of a row that was loaded from {name}; "
        "correct it or add the row",
    )
