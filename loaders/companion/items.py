"""Rows of the companion sheets, each an item in a learner's records."""

import json
from collections.abc import Container, Iterator, Mapping
from functools import partial
from pathlib import Path

from rdflib import URIRef

from databackpack.loaders import value
from databackpack.loaders.assembly import Assembly, Term
from databackpack.loaders.companion.sheets import KEYS, SHEETS, Column, Sheet
from databackpack.loaders.ledger import Ledger
from databackpack.loaders.record import Problem
from databackpack.loaders.table import Refused, Row, Table

__all__ = ["Items"]


class Items:
    """The sheets of one companion folder."""

    def __init__(
        self,
        folder: Path,
        learners: Container[str],
        organizations: Mapping[str, URIRef],
        ledger: Ledger,
        assembly: Assembly,
    ) -> None:
        self._folder = folder
        self._learners = learners
        self._organizations = organizations
        self._assembly = assembly
        self._rows = {sheet.name: ledger.entries(_file(sheet), "id") for sheet in SHEETS}

    def read(self) -> Iterator[Problem]:
        """Yield problems; the items go to the assembly."""
        for sheet in SHEETS:
            path = self._folder / f"{sheet.name}.csv"
            if path.exists():
                required = tuple(column.name for column in sheet.columns if column.required)
                optional = tuple(column.name for column in sheet.columns if not column.required)
                table = Table(path, _file(sheet), (*KEYS, *required), optional)
                yield from table.each(partial(self._take, sheet))

    def _take(self, sheet: Sheet, row: Row) -> None:
        identifier, holder = row.require("learner"), row.require("organization")
        learner = f"state:{identifier}"
        if learner not in self._learners:
            raise Refused(
                "unknown reference",
                f"learner {identifier!r} is no state identifier of a student in users.csv",
            )
        if holder not in self._organizations:
            raise Refused(
                "unknown reference",
                f"organization {holder!r} is no identifier of an organisation in orgs.csv, nor in "
                "companion/organizations.csv",
            )
        identifier = row.require("id")
        terms = [term for column in sheet.columns for term in self._terms(row, column)]
        self._rows[sheet.name].add(identifier, row.source, _owner(row))
        key = sheet.key or (sheet.name, identifier)
        self._assembly.add_item(learner, holder, sheet.item_type, key, terms, row.source)

    def _terms(self, row: Row, column: Column) -> list[Term]:
        """Return what the cell of *column* says, one term per value; raises Refused."""
        if column.required:
            row.require(column.name)
        if column.names:
            return self._links(row, column)
        if column.many:
            values = value.read_all(row, column.name, column.reader, ";")
        else:
            found = value.read(row, column.name, column.reader)
            values = [found] if found else []
        return [(column.predicate, each) for each in values]

    def _links(self, row: Row, column: Column) -> list[Term]:
        terms: list[Term] = []
        for _, identifier in value.read_all(row, column.name, value.text, ";"):
            owner = self._rows[column.names].find(identifier, column.name)
            if owner != _owner(row):
                raise Refused(
                    "unknown reference",
                    f"{column.name} {identifier!r} is of another learner or organization",
                )
            terms.append((column.predicate, ("item", json.dumps([column.names, identifier]))))
        return terms


def _owner(row: Row) -> str:
    """Return whose row it is, and who holds it."""
    return json.dumps([row["learner"], row["organization"]])


def _file(sheet: Sheet) -> str:
    return f"companion/{sheet.name}.csv"
