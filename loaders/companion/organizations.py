"""Organisations that families may let in: research teams and providers."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path

from rdflib import URIRef

from databackpack.loaders.assembly import organization
from databackpack.loaders.record import Organization, Problem
from databackpack.loaders.table import Refused, Row, Table
from databackpack.ontology.namespaces import BP

__all__ = ["KINDS", "Outsiders"]

KINDS = {"provider": BP.Provider, "research-team": BP.ResearchTeam}


class Outsiders:
    """The rows of ``organizations.csv``: code, name, type."""

    def __init__(self, folder: Path, organizations: MutableMapping[str, URIRef]) -> None:
        self._folder = folder
        self._organizations = organizations
        self._found: list[Organization] = []

    def read(self) -> Iterator[Organization | Problem]:
        """Yield the organisations, which are known by code from then on, and problems."""
        path = self._folder / "organizations.csv"
        if path.exists():
            name = "companion/organizations.csv"
            yield from Table(path, name, ("code", "name", "type")).each(self._take)
            yield from self._found

    def _take(self, row: Row) -> None:
        code, kind = row.require("code"), row.require("type")
        if kind not in KINDS:
            raise Refused("unknown code", f"type: {kind!r} is none of {', '.join(KINDS)}")
        if code in self._organizations:
            raise Refused("duplicate identifier", f"another organisation has the code {code!r}")
        self._found.append(organization(code, KINDS[kind], row.require("name"), None, row.source))
        self._organizations[code] = KINDS[kind]
