"""What a cell says: from text to a typed value, or a refusal that says how to write it."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from databackpack.loaders.table import Refused, Row
from databackpack.ontology.codes import UnknownCode, concept
from databackpack.ontology.standards import UnknownStandard, resolve

__all__ = [
    "Reader",
    "Value",
    "boolean",
    "choice",
    "code",
    "decimal",
    "integer",
    "language",
    "moment",
    "node",
    "read",
    "read_all",
    "require",
    "school_year",
    "standard",
    "text",
    "whole_date",
]

Value = tuple[str, str]
"""(kind, lexical form): what a spool can keep of an RDF term; `node` makes the term."""

Reader = Callable[[str], Value]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DECIMAL = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?")
_YEAR = re.compile(r"(\d{4})-(\d{4})")


def read(row: Row, column: str, reader: Reader) -> Value | None:
    """Return the value in *column*, None where it is empty; raises Refused, naming the column."""
    return _named(column, reader, row[column]) if row[column] else None


def require(row: Row, column: str, reader: Reader) -> Value:
    """Return the value in *column*; raises Refused, naming the column, also where it is empty."""
    return _named(column, reader, row.require(column))


def read_all(row: Row, column: str, reader: Reader, separator: str = ",") -> list[Value]:
    """Return the values in a cell that lists them; raises Refused, naming the column."""
    cells = (cell.strip() for cell in row[column].split(separator))
    return [_named(column, reader, cell) for cell in cells if cell]


@lru_cache(maxsize=16384)
def node(value: Value) -> URIRef | Literal:
    """Return the RDF term of *value*."""
    kind, lexical = value
    if kind == "iri":
        return URIRef(lexical)
    if kind == "text":
        return Literal(lexical)
    if kind == "decimal":
        return Literal(Decimal(lexical))
    if kind == "integer":
        return Literal(int(lexical))
    if kind == "boolean":
        return Literal(lexical == "true")
    return Literal(lexical, datatype=XSD[kind])


def text(cell: str) -> Value:
    """Return *cell* as it is."""
    return "text", cell


def whole_date(cell: str) -> Value:
    """Return a date written YYYY-MM-DD."""
    try:
        if not _DATE.fullmatch(cell):
            raise ValueError
        return "date", date.fromisoformat(cell).isoformat()
    except ValueError:
        raise Refused("bad date", f"{cell[:100]!r} is no date; write it as 2026-09-01") from None


def moment(cell: str) -> datetime:
    """Return a moment with its zone, written 2026-09-01T00:00:00Z."""
    try:
        found = datetime.fromisoformat(cell)
        if found.tzinfo is None:
            raise ValueError
        return found
    except ValueError:
        raise Refused(
            "bad moment",
            f"{cell[:100]!r} is no moment with its zone; write it as 2026-09-01T00:00:00Z",
        ) from None


def decimal(cell: str) -> Value:
    """Return a number with or without a decimal point."""
    if not _DECIMAL.fullmatch(cell):
        raise Refused("bad number", f"{cell[:100]!r} is no number; write it as 12 or 12.5")
    return "decimal", cell


def integer(cell: str) -> Value:
    """Return a whole number."""
    if not re.fullmatch(r"-?\d{1,18}", cell):
        raise Refused("bad number", f"{cell[:100]!r} is no whole number; write it as 12")
    return "integer", cell


def boolean(cell: str) -> Value:
    """Return true or false, in any case."""
    if cell.casefold() not in ("true", "false"):
        raise Refused("bad boolean", f"{cell[:100]!r} is neither true nor false")
    return "boolean", cell.casefold()


def school_year(cell: str) -> Value:
    """Return a school year written 2025-2026."""
    found = _YEAR.fullmatch(cell)
    if not found or int(found[2]) != int(found[1]) + 1:
        raise Refused("bad school year", f"{cell[:100]!r} is no school year such as 2025-2026")
    return "text", cell


def language(cell: str) -> Value:
    """Return an ISO 639 code of two or three letters."""
    if not re.fullmatch(r"[a-z]{2,3}", cell):
        raise Refused("unknown code", f"{cell[:100]!r} is no language code such as en or spa")
    return "text", cell


def choice(*words: str) -> Reader:
    """Return a reader of one of *words*."""

    def one_of(cell: str) -> Value:
        if cell not in words:
            raise Refused("unknown code", f"{cell[:100]!r} is none of {', '.join(words)}")
        return "text", cell

    return one_of


def code(scheme: URIRef) -> Reader:
    """Return a reader of a concept of *scheme*, by notation, label or last segment."""

    def concept_of_scheme(cell: str) -> Value:
        try:
            return "iri", str(concept(scheme, cell))
        except UnknownCode as error:
            raise Refused("unknown code", str(error)) from None

    return concept_of_scheme


def standard(cell: str) -> Value:
    """Return the standard that an identifier of any spelling names."""
    try:
        return "iri", str(resolve(cell))
    except UnknownStandard as error:
        raise Refused("unknown standard", str(error)) from None


def _named(column: str, reader: Reader, cell: str) -> Value:
    try:
        return reader(cell)
    except Refused as refused:
        raise Refused(refused.rule, f"{column}: {refused.message}") from None
