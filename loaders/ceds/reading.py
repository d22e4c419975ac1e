"""Files of CEDS-shaped JSON-LD, item by item, into organisations and the rows of learners."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rdflib import URIRef

from databackpack.loaders.assembly import Assembly
from databackpack.loaders.ceds.organization import is_organization, organization
from databackpack.loaders.ceds.person import add_person
from databackpack.loaders.ceds.term import classes, meaning
from databackpack.loaders.jsonld import Contexts, Document, Node, documents
from databackpack.loaders.reading import Group, ungrouped
from databackpack.loaders.record import (
    Item,
    Mint,
    Organization,
    Problem,
    Source,
    organization_iri,
)
from databackpack.loaders.spool import Spool
from databackpack.loaders.table import Refused
from databackpack.ontology.codes import local_name

__all__ = ["gather", "read"]

_ENDINGS = (".json", ".jsonld")
_PERSON = "C200275"
_MOST_NAMED = 40


def read(path: Path, mint: Mint, *, contexts: Path | None = None) -> Iterator[Item]:
    """Yield what `gather` yields, with the items of each group in its place."""
    return ungrouped(gather(path, contexts=contexts), mint)


def gather(*paths: Path, contexts: Path | None = None) -> Iterator[Item | Group]:
    """Return what the files *paths* hold, or those in the folders *paths* and in folders within.

    An object, an array of them or an ``@graph`` is read item by item. *contexts* is a folder of
    JSON-LD contexts besides that of each file.
    """
    files: list[Path] = []
    for path in paths:
        found = [path] if path.is_file() else sorted(_files(path))
        files += found
        if not found:
            told = "no .json or .jsonld file with data is in it; check the path"
            yield Problem(Source(path.name, 1), "readable file", told)
    with Spool() as spool:
        reading = _Reading(spool)
        known: dict[Path, Contexts] = {}
        for file in files:
            folders = [file.parent, *([contexts] if contexts else [])]
            yield from reading.file(file, known.setdefault(file.parent, Contexts(folders)))
        yield from reading.organizations.values()
        yield from reading.strangers()
        yield from reading.assembly.groups()


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.suffix in _ENDINGS and "context" not in file.name.casefold():
            yield file


class _Reading:
    """Takes items into an assembly, and remembers the organisations and who holds records."""

    def __init__(self, spool: Spool) -> None:
        self.assembly = Assembly(spool)
        self.organizations: dict[str, Organization] = {}
        self._holders: dict[str, Source] = {}

    def file(self, file: Path, contexts: Contexts) -> Iterator[Problem]:
        """Take the items of *file*, and yield what is wrong with them and what has no place."""
        unplaced: Counter[str] = Counter()
        for found in documents(file):
            if isinstance(found, Problem):
                yield found
                continue
            try:
                self._take(found, contexts.expand(found.value, found.path), unplaced)
            except Refused as refused:
                yield Problem(found.source, refused.rule, refused.message)
        if unplaced:
            named = [f"{term} ({count})" for term, count in sorted(unplaced.items())]
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            yield Problem(
                Source(file.name, 1),
                "no place",
                f"these terms are not loaded, for the vocabulary has no place for them: "
                f"{', '.join(named[:_MOST_NAMED])}{more}",
                severity="Warning",
            )

    def strangers(self) -> Iterator[Problem]:
        """Yield the holders of records that no file describes."""
        for code, source in self._holders.items():
            if str(organization_iri(code)) not in self.organizations:
                yield Problem(
                    source,
                    "unknown organisation",
                    f"{code} holds records and is described in none of these files; "
                    "load the file that describes it as well",
                    severity="Warning",
                )

    def _take(self, document: Document, node: Node, unplaced: Counter[str]) -> None:
        if is_organization(node):
            found = organization(node, document.source)
            self.organizations[str(found.iri)] = found
        elif _PERSON in classes(node):
            for code in add_person(self.assembly, node, document.source):
                self._holders.setdefault(code, document.source)
        else:
            raise Refused(
                "unknown kind",
                f"{node.path}.type: neither a Person nor an organisation of CEDS; "
                "check the context",
            )
        for part in node.walk():
            for term in part.value:
                if not term.startswith("@") and not _is_carried(part, term):
                    unplaced[local_name(URIRef(term))] += 1


def _is_carried(node: Node, term: str) -> bool:
    """Tell whether *term* is read, or leads to a part of which something is."""
    if meaning(node, term):
        return True
    inner = [one for value in node.parts(term) for one in value.walk()]
    return any(meaning(one, below) for one in inner for below in one.value)
