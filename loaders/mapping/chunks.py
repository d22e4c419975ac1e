"""A CSV file in pieces, each row with its number in a column of its own."""

import csv
from collections.abc import Iterator
from pathlib import Path

from databackpack.loaders.record import Problem, Source

__all__ = ["ROWS", "ROW_COLUMN", "check", "header", "pieces", "write"]

ROWS = 5_000
ROW_COLUMN = "_row"
_MARKS = (b"\xff\xfe", b"\xfe\xff")

Line = tuple[int, list[str]]
"""A row's number, counted from 1, which is the header, and its cells."""


def check(path: Path) -> Problem | None:
    """Return why nothing of the file can be read, or None. Reads to the end of it."""
    row = 0
    try:
        with path.open("rb") as file:
            if file.read(2) in _MARKS:
                return Problem(Source(path.name, 1), "not-utf-8", "it is UTF-16; save it as UTF-8")
        names: list[str] = []
        for row, cells in _lines(path):  # noqa: B007  (where the error was)
            names = names or cells
    except UnicodeDecodeError:
        return Problem(
            Source(path.name, row + 1),
            "not-utf-8",
            "this row or one soon after it is not UTF-8; save the file as UTF-8",
        )
    except csv.Error as error:
        return Problem(
            Source(path.name, row + 1),
            "malformed csv",
            f"no row of CSV: {error}; nothing of this file was loaded",
        )
    except OSError as error:
        return Problem(Source(path.name, 1), "unreadable-file", f"{error.strerror}; check the path")
    if not names:
        return Problem(Source(path.name, 1), "missing header", "the file is empty; add a header")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return Problem(
            Source(path.name, 1), "column-twice", f"the header has {', '.join(twice)} twice"
        )
    return None


def header(path: Path) -> list[str]:
    """Return the names of the columns. *path* has passed `check`."""
    _, names = next(_lines(path))
    return [name.strip() for name in names]


def pieces(path: Path) -> Iterator[list[Line] | Problem]:
    """Yield runs of at most `ROWS` rows, and rows that do not fit the header as problems."""
    lines = _lines(path)
    _, names = next(lines)
    piece: list[Line] = []
    for row, cells in lines:
        if len(cells) != len(names):
            yield Problem(
                Source(path.name, row),
                "field count",
                f"{len(cells)} fields where the header has {len(names)}; quote cells that hold "
                "commas, and write a comma for each empty cell",
            )
            continue
        if any("\x00" in cell for cell in cells):
            yield Problem(
                Source(path.name, row), "control character", "a cell holds NUL; take it out"
            )
            continue
        piece.append((row, [cell.strip() for cell in cells]))
        if len(piece) == ROWS:
            yield piece
            piece = []
    if piece:
        yield piece


def write(piece: list[Line], columns: dict[int, str], path: Path) -> None:
    """*path* has the cells of the columns at those places, under the names given, and the row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        out.writerow([ROW_COLUMN, *columns.values()])
        out.writerows([row, *(cells[place] for place in columns)] for row, cells in piece)


def _lines(path: Path) -> Iterator[Line]:
    """Yield the rows that are not blank. Raises csv.Error, UnicodeDecodeError and OSError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row, cells in enumerate(csv.reader(file, strict=True), start=1):
            if any(cells):
                yield row, cells
