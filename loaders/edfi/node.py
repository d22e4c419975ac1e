"""An Ed-Fi element as plain values: local names, trimmed text, line numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from rdflib import Literal

__all__ = ["Node", "Refused", "school_year", "school_year_of"]

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.+|Z|[+-]\d{2}:\d{2})?")
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?")
_YEAR_BEGINS = 7  # July


class Refused(ValueError):
    """A row breaks *rule* and is not loaded; *message* says what to do."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule
        self.message = message


@dataclass(frozen=True, slots=True)
class Node:
    """One element. Paths are local names joined by ``/``, relative to the element."""

    name: str
    line: int
    text: str = ""
    identifier: str = ""
    """Its XML ``id``, which holds within its file."""
    reference: str = ""
    """Its XML ``ref``: the ``id`` of another element of its file."""
    children: tuple["Node", ...] = ()

    def nodes(self, path: str) -> Iterator["Node"]:
        """Return the elements at *path*, in document order."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                if rest:
                    yield from child.nodes(rest)
                else:
                    yield child

    def node(self, path: str) -> "Node":
        """Return the first element at *path*. Raises Refused where there is none."""
        found = next(self.nodes(path), None)
        if found is None:
            raise Refused("missing element", f"{self.name} has no {path}; add it")
        return found

    def value(self, path: str) -> str:
        """Return the first text at *path*, empty where there is none."""
        return next((node.text for node in self.nodes(path) if node.text), "")

    def need(self, path: str) -> str:
        """Return the first text at *path*. Raises Refused where there is none."""
        text = self.value(path)
        if not text:
            raise Refused("missing element", f"{self.name} has no {path}; add it")
        return text

    def code(self, path: str) -> str:
        """Return the value of the descriptor at *path*: what stands behind the ``#``."""
        return _code(self.value(path))

    def codes(self, path: str) -> list[str]:
        """Return the values of the descriptors at *path*."""
        return [_code(node.text) for node in self.nodes(path) if node.text]

    def day(self, path: str) -> date | None:
        """Return the date at *path*, without a time that may follow it. Raises Refused."""
        text = self.value(path)
        return _day(path, text) if text else None

    def need_day(self, path: str) -> date:
        """Return the date at *path*. Raises Refused where there is none."""
        return _day(path, self.need(path))

    def number(self, path: str) -> Literal | None:
        """Return the decimal at *path*, None where there is none. Raises Refused.

        Compare it with None: the literal of 0 is false.
        """
        text = self.value(path)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise Refused("number", f"{path} is {text[:40]!r}; write a number as 12.5")
        return Literal(Decimal(f"{Decimal(text).normalize():f}"))

    def packed(self) -> list[Any]:
        """Return the element as JSON lists; ``unpacked`` takes them back."""
        return [
            self.name,
            self.line,
            self.text,
            self.identifier,
            self.reference,
            [child.packed() for child in self.children],
        ]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Self:
        """Return the element that ``packed`` gave."""
        name, line, text, identifier, reference, children = packed
        inner = tuple(cls.unpacked(child) for child in children)
        return cls(name, line, text, identifier, reference, inner)


def school_year(text: str) -> str:
    """Return the school year that *text* means, as ``2021-2022``; ``2022`` is its last half.

    Raises Refused.
    """
    if re.fullmatch(r"\d{4}", text):
        text = f"{int(text) - 1}-{text}"
    first, _, last = text.partition("-")
    if not re.fullmatch(r"\d{4}-\d{4}", text) or int(last) != int(first) + 1:
        raise Refused("school year", f"{text[:40]!r} is no school year; write it as 2021-2022")
    return text


def school_year_of(day: date) -> str:
    """Return the school year that *day* is in; a year begins in July."""
    first = day.year if day.month >= _YEAR_BEGINS else day.year - 1
    return f"{first}-{first + 1}"


def _day(path: str, text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise Refused("date", f"{path} is {text[:40]!r}; write a day as 2021-09-01") from None


def _code(text: str) -> str:
    descriptor, hash_sign, value = text.partition("#")
    return value.strip() if hash_sign and descriptor.startswith("uri://") else text
