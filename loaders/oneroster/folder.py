"""The manifest of a OneRoster folder, and the files that it names."""

from collections.abc import Callable, Iterator
from pathlib import Path

from databackpack.loaders.record import Problem
from databackpack.loaders.table import Refused, Row, Table

__all__ = ["Folder"]

_MODES = ("absent", "bulk", "delta")


class Folder:
    """The CSV files of one delivery; after `read_manifest`, `each` reads those that are there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._present: set[str] = set()
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

        if name in self._present and not self._is_refused:
            table = Table(
                self._path / f"{name}.csv",
                f"{name}.csv",
                ("sourcedId", *required),
                ("status", *optional),
            )
            yield from table.each(take_unless_deleted)

    def _take_property(self, row: Row) -> None:
        name, value = row.require("propertyName"), row["value"]
        if name == "oneroster.version" and value != "1.2":
            self._is_refused = True
            raise Refused("unsupported version", f"{value!r} is not 1.2; export OneRoster 1.2")
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
