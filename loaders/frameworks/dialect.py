"""Dialects of JSON packages, as data: which key holds what, and what each kind of link means.

A dialect is a YAML file: those of ``dialects/``, or one beside the package with its name,
``state.dialect.yaml`` for ``state.json``. `docs/standards.md` tells how to write one.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from databackpack.loaders.frameworks.textfile import FileRefused

__all__ = ["Dialect", "Links", "Place", "dialect_of", "texts", "values"]

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects are: under key *at*, those that have *where*, what is told of them *within*."""

    at: str
    where: dict[str, list[str]]
    within: str

    def each(self, package: Object) -> Iterator[tuple[str, Any]]:
        """Yield (JSON path, object) of what is there, in order."""
        found = _get(package, [self.at])
        alone = not isinstance(found, list)
        for index, one in enumerate([found] if alone else found):
            if one is None or not self._is_meant(one):
                continue
            yield self.at if alone else f"{self.at}[{index}]", one

    def _is_meant(self, one: Any) -> bool:
        if not self.where or not isinstance(one, dict):
            return not self.where
        return all(
            {_folded(value) for value in values(one, [key])} & {_folded(word) for word in words}
            for key, words in self.where.items()
        )


@dataclass(frozen=True, slots=True)
class Links:
    """Where links are, and what each kind says: (field of a statement, is it said backwards)."""

    place: Place
    kind: list[str]
    start: list[str]
    end: list[str]
    kinds: dict[str, tuple[str, bool]]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which key of a package holds what; *keys* are names of fields with the keys they may have.

    *parts* are where statements are that have no place in the hierarchy.
    """

    title: str
    has: list[str]
    document: Place
    statements: Place
    parts: Place | None
    links: Links
    document_keys: dict[str, list[str]]
    statement_keys: dict[str, list[str]]

    def fits(self, package: Object) -> bool:
        """Tell whether *package* has the keys by which the dialect is known."""
        return {_folded(key) for key in self.has} <= {_folded(key) for key in package}


def dialect_of(package: Object, path: Path) -> Dialect | None:
    """Return the dialect of *package*, which was read from *path*; None where none is known.

    Raises FileRefused for a dialect of the user's that is none.
    """
    own = path.with_name(f"{path.stem}.dialect.yaml")
    if own.is_file():
        try:
            return _dialect(yaml.safe_load(own.read_text(encoding="utf-8-sig")))
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
            what = " ".join(str(error).split())[:200]
            raise FileRefused(1, "dialect", f"{own.name} is no dialect ({what})") from None
    return next((one for one in _shipped() if one.fits(package)), None)


@cache
def _shipped() -> list[Dialect]:
    folder = files("databackpack.loaders.frameworks").joinpath("dialects")
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return [
        _dialect(yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in found
        if file.name.endswith(".yaml")
    ]


def _dialect(said: Object) -> Dialect:
    links = said["links"]
    kinds = {
        _folded(kind): (meaning.removesuffix(" backwards"), meaning.endswith(" backwards"))
        for kind, meaning in links["kinds"].items()
    }
    return Dialect(
        said["title"],
        said["has"],
        _place(said["document"]),
        _place(said["statements"]),
        _place(said["parts"]) if "parts" in said else None,
        Links(
            _place(links),
            links["kind"],
            links["from"],
            links["to"],
            kinds,
            frozenset(map(_folded, links.get("others", []))),
        ),
        said["document"]["keys"],
        said["statements"]["keys"],
    )


def _place(said: Object) -> Place:
    where = {
        key: [words] if isinstance(words, str) else words
        for key, words in said.get("where", {}).items()
    }
    return Place(said["at"], where, said.get("within", ""))


def _get(found: Object, keys: list[str]) -> Any:
    """Return the value of the first of *keys* that says anything, whatever its case."""
    by_name = {_folded(key): value for key, value in found.items()}
    for key in keys:
        value = by_name.get(_folded(key))
        if value not in (None, "", [], {}):
            return value
    return None


def values(found: Object, keys: list[str]) -> list[str]:
    """Return what the first of *keys* that says anything holds, as texts.

    A list, a list in a text (``["9","10"]``), or one value; of an object its address, else its
    identifier or title.
    """
    value = _get(found, keys)
    if isinstance(value, str) and value.startswith('["'):
        with suppress(ValueError):
            value = json.loads(value)
    each = value if isinstance(value, list) else [value]
    return [text for one in each if (text := _text(one))]


def texts(found: Object, keys: list[str]) -> str:
    """Return the first text of *keys*, empty without."""
    return next(iter(values(found, keys)), "")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = _get(value, ["uri", "identifier", "title", "name"])
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _folded(key: str) -> str:
    return key.casefold().replace("_", "").replace("-", "")
