"""An agency's data dictionary: its elements with their option values, from a table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from databackpack.loaders.alignments.sheet import Sheet, Unreadable, open_sheet
from databackpack.loaders.dictionary.wording import settings
from databackpack.loaders.record import Problem, Source
from databackpack.loaders.table import Row

__all__ = ["Element", "Option", "read"]

_MOST_OPTIONS = 5_000
_LONGEST_NAME = 500
_PAIR = re.compile(r"\s*(?:=|:|\u2013|\s-\s)\s*")


@dataclass(frozen=True, slots=True)
class Option:
    """A value that an element may have: its code, and its label or an empty one."""

    code: str
    label: str = ""


@dataclass(slots=True)
class Element:
    """An element of a data dictionary, in the table that collects it."""

    table: str
    name: str
    label: str
    definition: str
    type: str
    iri: str
    source: Source
    options: list[Option] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.table, self.name


def read(path: Path) -> Iterator[Element | Problem]:
    """Yield the elements of the dictionary in *path*, and what was wrong with its rows.

    An element may have one row with all its options, ``01=First; 02=Second``, or a row for each.
    """
    try:
        sheet = open_sheet(path)
        columns = _columns(sheet)
    except Unreadable as fault:
        yield Problem(Source(path.name, fault.line), fault.rule, fault.message)
        return
    elements: dict[tuple[str, str], Element] = {}
    for row in sheet.rows(columns):
        if isinstance(row, Problem):
            yield row
        elif problem := _fault(row):
            yield problem
        else:
            key = (row["table"], row["element"])
            element = elements.setdefault(key, _element(row))
            known = {option.code for option in element.options}
            new = [option for option in _options(row) if option.code not in known]
            if element.source != row.source and not new:
                yield Problem(
                    row.source,
                    "duplicate element",
                    f"{row['element'][:100]} is already in row {element.source.line}; give each "
                    "element one row, or one row for each option value",
                )
            element.options += new
    yield from elements.values()


def _columns(sheet: Sheet) -> dict[str, str]:
    """Return which column is which; raises Unreadable."""
    declared: dict[str, str] = {}
    beside = sheet.path.with_suffix(".yml")
    if beside.is_file():
        try:
            told = yaml.safe_load(beside.read_text(encoding="utf-8-sig"))
            declared = {
                str(key): value for key, value in told["columns"].items() if isinstance(value, str)
            }
        except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, AttributeError):
            raise Unreadable(
                1, "bad metadata", f"{beside.name}: write `columns:` and below it `element: Name`"
            ) from None
    line = len(sheet.preamble) + 1
    if strange := sorted(set(declared.values()) - set(sheet.header)):
        raise Unreadable(line, "missing column", f"the header lacks {', '.join(strange)}")
    found = sheet.find(settings("columns")) | declared
    if "element" not in found:
        seen = ", ".join(name[:40] for name in sheet.header[:10])
        raise Unreadable(
            line,
            "missing column",
            f"no column that names elements among: {seen}. Call it `element`, or say in "
            f"{beside.name} which it is; separate columns by commas or tabs",
        )
    return found


def _fault(row: Row) -> Problem | None:
    name = row["element"]
    if not name:
        return Problem(row.source, "missing value", "no element name; every row needs one")
    if len(name) > _LONGEST_NAME:
        return Problem(row.source, "too long", f"a name of {len(name):,} characters; correct it")
    if len(_options(row)) > _MOST_OPTIONS:
        return Problem(row.source, "too many options", f"more than {_MOST_OPTIONS:,} options")
    return None


def _element(row: Row) -> Element:
    return Element(
        row["table"],
        row["element"],
        row["label"],
        row["definition"],
        row["type"],
        row["iri"],
        row.source,
    )


def _options(row: Row) -> list[Option]:
    if row["option_code"]:
        return [Option(row["option_code"], row["option_label"])]
    text = row["options"]
    separator = next((one for one in ("|", ";", "\n", ",") if one in text), ",")
    found = []
    for part in text.split(separator):
        if part.strip():
            code, *label = _PAIR.split(part.strip(), 1)
            found.append(Option(code.strip(), label[0].strip() if label else ""))
    return found
