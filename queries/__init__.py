"""The catalogue: one ``.rq`` file per competency question, its header read into a Question.

A header is the comment lines at the top of the file, ``# name: value``:

``title``      one line for a list
``asks``       the question in words
``number``     its number in the project's list of competency questions; may be absent
``roles``      the audience roles that may ask, separated by commas
``parameter``  name, kind and an example, separated by spaces; may be repeated

The kinds of parameters are ``date``, ``grade``, ``school-year``, ``standard`` and ``text``.

``examples/<name>/<role>.srj`` (``.nt`` for triples) is what the generated sample answers to one
role that may ask, asked with the examples of the header; a long answer is cut after some lines.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlencode

from rdflib import XSD, Literal, URIRef

from databackpack.ontology.codes import concept
from databackpack.ontology.namespaces import BPG
from databackpack.ontology.standards import resolve

__all__ = ["Example", "InvalidParameter", "Parameter", "Question", "example", "names", "read"]


class InvalidParameter(ValueError):
    """A question was asked with a parameter that is missing, unknown or of another kind."""


def _date(value: str) -> Literal:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value[:40]!r} is no date; write it as 2026-11-23") from None
    return Literal(day.isoformat(), datatype=XSD.date)


def _grade(value: str) -> URIRef:
    return concept(BPG.Scheme, value[:40])


def _school_year(value: str) -> Literal:
    years = re.fullmatch(r"(\d{4})-(\d{4})", value, re.ASCII)
    if years is None or int(years[2]) != int(years[1]) + 1:
        raise ValueError(f"{value[:40]!r} is no school year; write it as 2026-2027")
    return Literal(value)


class _Kind(NamedTuple):
    meaning: str
    bind: Callable[[str], URIRef | Literal]


_KINDS: Mapping[str, _Kind] = {
    "date": _Kind("a day, written as 2026-11-23", _date),
    "grade": _Kind("a grade level by its notation: PK, K, 1 to 12", _grade),
    "school-year": _Kind("a school year, written as 2026-2027", _school_year),
    "standard": _Kind("a standard: its code in any spelling, its address or identifier", resolve),
    "text": _Kind("a text, exactly as it is on record", Literal),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A variable of the query that the asker gives, of one of the kinds that the module names."""

    name: str
    kind: str
    example: str

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"{self.name} is of the unknown kind {self.kind!r}")

    @property
    def meaning(self) -> str:
        """What a value is and how it is written."""
        return _KINDS[self.kind].meaning

    def bind(self, value: str) -> URIRef | Literal:
        """Return *value* as a term; raises InvalidParameter."""
        try:
            return _KINDS[self.kind].bind(value)
        except ValueError as error:
            raise InvalidParameter(
                f"{self.name}: {error}; for example {self.name}={self.example}"
            ) from None


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the catalogue: its words, who may ask, and the query text."""

    name: str
    title: str
    asks: str
    number: str
    roles: frozenset[str]
    parameters: tuple[Parameter, ...]
    text: str

    @property
    def request(self) -> str:
        """The path that asks the question with the examples of its parameters."""
        values = urlencode({parameter.name: parameter.example for parameter in self.parameters})
        return f"/questions/{self.name}" + (f"?{values}" if values else "")

    def bind(self, values: Mapping[str, str]) -> dict[str, URIRef | Literal]:
        """Return the term of each parameter; raises InvalidParameter."""
        known = [parameter.name for parameter in self.parameters]
        unknown = sorted(set(values) - set(known))
        if unknown:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise InvalidParameter(
                f"unknown parameter: {unknown[0][:40]}; {takes}, for example {self.request}"
            )
        missing = [parameter for parameter in self.parameters if parameter.name not in values]
        if missing:
            first = missing[0]
            like = f"{first.kind}, for example {first.name}={first.example}"
            raise InvalidParameter(f"missing parameter: {first.name}, a {like}")
        return {p.name: p.bind(values[p.name]) for p in self.parameters}


class Example(NamedTuple):
    """What the sample answers to *role*: SPARQL results in JSON, or N-Triples."""

    role: str
    media_type: str
    text: str


_MEDIA_TYPES = {".srj": "application/sparql-results+json", ".nt": "application/n-triples"}


@cache
def example(name: str) -> Example:
    """Return the example answer of the question called *name*; raises KeyError."""
    if name not in names():
        raise KeyError(f"no question {name!r}")
    (file,) = files(__name__).joinpath("examples", name).iterdir()
    role, dot, suffix = file.name.rpartition(".")
    return Example(role, _MEDIA_TYPES[dot + suffix], file.read_text(encoding="utf-8"))


def names() -> list[str]:
    """Return the names of all questions, sorted."""
    return sorted(
        file.name.removesuffix(".rq")
        for file in files(__name__).iterdir()
        if file.name.endswith(".rq")
    )


@cache
def read(name: str) -> Question:
    """Return the question called *name*; raises KeyError, or ValueError for a wrong header."""
    if name not in names():
        raise KeyError(f"no question {name!r}")
    text = files(__name__).joinpath(f"{name}.rq").read_text(encoding="utf-8")
    header = _header(text)
    lacking = [line for line in ("title", "asks", "roles") if line not in header]
    if lacking:
        raise ValueError(f"{name}.rq: the header has no line '# {lacking[0]}: …'")
    return Question(
        name=name,
        title=header["title"][0],
        asks=header["asks"][0],
        number=header.get("number", [""])[0],
        roles=frozenset(role.strip() for role in header["roles"][0].split(",")),
        parameters=tuple(Parameter(*line.split(" ", 2)) for line in header.get("parameter", [])),
        text=text,
    )


def _header(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        name, _, value = line.lstrip("# ").partition(": ")
        found.setdefault(name, []).append(value.strip())
    return found
