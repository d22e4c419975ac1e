"""The manifest of a OneRoster folder, and the files that it names."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypedDict

import yaml

from databackpack.loaders.record import Problem
from databackpack.loaders.table import Refused, Row, Table

__all__ = ["Folder"]

_MODES = ("absent", "bulk", "delta")


class _Elsewhere(TypedDict):
    """Where a version has what 1.2 has in a file of its own: see ``versions.yaml``."""

    file: str
    each: str
    columns: dict[str, str]


@cache
def _versions() -> dict[str, dict[str, _Elsewhere]]:
    """Return, for each version that can be read, the files of 1.2 that it lacks."""
    text = files(__package__).joinpath("versions.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, _Elsewhere]] = yaml.safe_load(text)
    return found


class Folder:
    """The CSV files of one delivery; after `read_manifest`, `each` reads those that are there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._present: set[str] = set()
        self._elsewhere: dict[str, _Elsewhere] = {}
        self._is_refused = False

    @property
    def is_empty(self) -> bool:
        """Whether the manifest leaves no file to be read."""
        return self._is_refused or not self._present

    def read_manifest(self) -> Iterator[Problem]:
        """Yield what is wrong with ``manifest.csv``; without it, no file is read."""
        table = Table(self._path / "manifest.csv", "manifest.csv", ("propertyName", "value"))
        yield from table.each(self._take_property)

    def each(
        self,
        name: str,
        required: tuple[str, ...],
        optional: tuple[str, ...],
        take: Callable[[Row], None],
    ) -> Iterator[Problem]:
        """Call *take* with each row of the file *name* that is not marked as deleted."""

        def take_unless_deleted(row: Row) -> None:
            status = row["status"].casefold()
            if status == "tobedeleted":
                return
            if status not in ("", "active"):
                raise Refused(
                    "unknown code", f"status: {row['status']!r} is none of active, tobedeleted"
                )
            take(row)

        if self._is_refused:
            return
        if name in self._present:
            table = self._table(name, ("sourcedId", *required), ("status", *optional))
            yield from table.each(take_unless_deleted)
        elif (other := self._elsewhere.get(name)) and other["file"] in self._present:
            table = self._table(other["file"], tuple({*other["columns"].values()}), ("status",))
            yield from table.each(lambda row: _each(row, other, take_unless_deleted))

    def _table(self, name: str, required: tuple[str, ...], optional: tuple[str, ...]) -> Table:
        return Table(self._path / f"{name}.csv", f"{name}.csv", required, optional)

    def _take_property(self, row: Row) -> None:
        name, value = row.require("propertyName"), row["value"]
        if name == "oneroster.version":
            if value not in _versions():
                self._is_refused = True
                known = " or ".join(_versions())
                raise Refused(
                    "unsupported version", f"{value!r} is not {known}; export OneRoster 1.2"
                )
            self._elsewhere = _versions()[value]
        if not name.startswith("file."):
            return
        if value not in _MODES:
            raise Refused("unknown code", f"{name}: {value!r} is none of {', '.join(_MODES)}")
        if value == "delta":
            raise Refused(
                "delta-not-supported",
                f"{name}: changes alone do not make complete records; export in bulk",
            )
        if value == "bulk":
            self._present.add(name.removeprefix("file."))


def _each(row: Row, other: _Elsewhere, take: Callable[[Row], None]) -> None:
    """Call *take* with the rows of 1.2 that *row*, of another file, stands for."""
    cells = {column: row[name] for column, name in other["columns"].items()}
    cells["status"] = row["status"]
    for entry in filter(None, (entry.strip() for entry in cells[other["each"]].split(","))):
        one = {**cells, other["each"]: entry, "sourcedId": f"{cells['sourcedId']} {entry}"}
        take(Row(one, row.source))
