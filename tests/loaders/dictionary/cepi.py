"""The right answers of Michigan's agency: a sample table and its record as JSON-LD say the same.

A column means the property under which the record has the column's value. The contexts' IRIs are
no oracle: many differ from those of CEDS for the same name, so that names are compared.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from databackpack.loaders.dictionary.element import Element, Option
from databackpack.loaders.dictionary.wording import bare
from databackpack.loaders.record import Source

TABLES = ("k12school", "organization")
"""Those whose record uses the names of its context."""


def columns(folder: Path, table: str) -> Iterator[Element]:
    """Yield the columns of a sample as elements; values such as ``GradeLevel_KG`` are options."""
    with (folder / table / f"{table}_sample.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for column in rows[0]:
        values = sorted({value for row in rows for value in _values(row[column])})
        coded = values if values and all("_" in value for value in values) else []
        source = Source(f"{table}_sample.csv", 1)
        yield Element(table, column, "", "", "", "", source, [Option(one) for one in coded])


def right(folder: Path) -> dict[tuple[str, str], set[str]]:
    """Return the names, bare, of what each column is, where table and record tell."""
    found = {}
    for table in TABLES:
        record = json.loads((folder / table / f"{table}_example.json").read_text("utf-8"))
        facts: defaultdict[str, set[str]] = defaultdict(set)
        for name, value in _facts(record, ""):
            facts[value].add(bare(name))
        with (folder / table / f"{table}_sample.csv").open(encoding="utf-8-sig") as file:
            first = next(csv.DictReader(file))
        for column, cell in first.items():
            names = set().union(*(facts[value] for value in _values(cell)))
            if names:
                found[table, column] = names
    return found


def _values(cell: str | None) -> list[str]:
    return [value for value in re.split(r"[|;,]", cell or "") if value]


def _facts(node: object, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if "@value" in node:
            yield name, str(node["@value"])
        for key, value in node.items():
            if not key.startswith("@"):
                yield from _facts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _facts(value, name)
    elif node is not None:
        yield name, str(node)
