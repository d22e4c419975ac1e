"""The Common Education Data Standards (CEDS): what its terms are called, and its option sets."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from rdflib import URIRef

from databackpack.ontology.namespaces import CEDS

__all__ = ["Term", "local_name_of", "terms"]

_NAMESPACES = (str(CEDS), "http://ceds.ed.gov/terms#")
"""Of version 14 and later, and of version 13; the local names are the same."""


@dataclass(slots=True)
class Term:
    """A property or class of CEDS: its local name, technical name, and label where it is known.

    *domains* are the local names of the classes that a property belongs to; *options* are the codes
    of its option set, each with its label or an empty one, by local name.
    """

    identifier: str
    name: str
    label: str = ""
    domains: tuple[str, ...] = ()
    options: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def iri(self) -> URIRef:
        """The IRI in the namespace of version 14."""
        return CEDS[self.identifier]


def local_name_of(iri: str) -> str | None:
    """Return the local name of a term of CEDS in either namespace, else None."""
    for namespace in _NAMESPACES:
        if iri.startswith(namespace):
            return iri.removeprefix(namespace)
    return None


@cache
def terms() -> dict[str, Term]:
    """Return the properties and classes that are shipped, by local name; callers only read them."""
    rows = list(_rows())
    sets: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for identifier, name, _, _ in rows:
        if identifier.startswith("NI"):
            sets[f"C{identifier[2:8]}"][identifier] = (name, "")
    return {
        identifier: Term(
            identifier,
            name,
            domains=tuple(domains.split()),
            options={key: code for one in options.split() for key, code in sets[one].items()},
        )
        for identifier, name, domains, options in rows
        if not identifier.startswith("NI")
    }


def _rows() -> Iterator[tuple[str, str, str, str]]:
    text = files(__name__).joinpath("ceds.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for row in csv.DictReader(lines):
        yield row["identifier"], row["name"], row["domains"], row["options"]
