"""The catalogue: one ``.rq`` file per competency question, its header read into a Question.

A header is the comment lines at the top of the file, ``# name: value``:

``title``      one line for a list
``asks``       the question in words
``number``     its number in the project's list of competency questions; may be absent
``roles``      the audience roles that may ask, separated by commas
``parameter``  name, kind and an example, separated by spaces; may be repeated
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from rdflib import XSD, Literal, URIRef

from databackpack.ontology.standards import resolve

__all__ = ["InvalidParameter", "Parameter", "Question", "names", "read"]


class InvalidParameter(ValueError):
    """A question was asked with a parameter that is missing, unknown or of another kind."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A variable of the query that the asker gives: a standard, a date or a text."""

    name: str
    kind: str
    example: str

    def bind(self, value: str) -> URIRef | Literal:
        """Return *value* as a term; raises InvalidParameter."""
        try:
            match self.kind:
                case "standard":
                    return resolve(value)
                case "date":
                    return Literal(date.fromisoformat(value).isoformat(), datatype=XSD.date)
                case "text":
                    return Literal(value)
        except ValueError as error:
            raise InvalidParameter(f"{self.name}: {error}") from None
        raise InvalidParameter(f"{self.name} is of the unknown kind {self.kind!r}")


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

    def bind(self, values: Mapping[str, str]) -> dict[str, URIRef | Literal]:
        """Return the term of each parameter; raises InvalidParameter."""
        unknown = sorted(set(values) - {parameter.name for parameter in self.parameters})
        if unknown:
            raise InvalidParameter(f"unknown parameter: {unknown[0][:40]}")
        missing = [p.name for p in self.parameters if p.name not in values]
        if missing:
            raise InvalidParameter(f"missing parameter: {missing[0]}")
        return {p.name: p.bind(values[p.name]) for p in self.parameters}


def names() -> list[str]:
    """Return the names of all questions, sorted."""
    return sorted(
        file.name.removesuffix(".rq")
        for file in files(__name__).iterdir()
        if file.name.endswith(".rq")
    )


@cache
def read(name: str) -> Question:
    """Return the question called *name*; raises KeyError."""
    if name not in names():
        raise KeyError(f"no question {name!r}")
    text = files(__name__).joinpath(f"{name}.rq").read_text(encoding="utf-8")
    header = _header(text)
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
