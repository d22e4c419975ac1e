"""What the terms of CEDS mean to us, whichever of its namespaces a file uses."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from rdflib import URIRef

from databackpack.loaders.jsonld import Node
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.namespaces import BP, CEDS, SKOS

__all__ = ["classes", "local_term", "meaning", "options", "organization_kind", "values"]

_NAMESPACES = (str(CEDS), "http://ceds.ed.gov/terms#", "https://ceds.ed.gov/terms#")


def local_term(iri: str) -> str | None:
    """Return the identifier of a term within CEDS; None for a term of others."""
    for namespace in _NAMESPACES:
        if iri.startswith(namespace):
            return iri.removeprefix(namespace)
    return None


def classes(node: Node) -> set[str]:
    """Return the identifiers of the classes of *node* that are of CEDS."""
    return {found for one in node.types if (found := local_term(one))}


def meaning(node: Node, term: str) -> str | None:
    """Return what *term* means on *node*, as ``terms.csv`` calls it; None where it has no place."""
    local = local_term(term)
    return next((_terms()[c, local] for c in classes(node) if (c, local) in _terms()), None)


def values(node: Node, what: str) -> Iterator[str]:
    """Yield the texts that *node* has under terms that mean *what*."""
    for term in node.value:
        if meaning(node, term) == what:
            yield from (found for text in node.texts(term) if (found := text.strip()))


def options(node: Node, what: str) -> Iterator[str]:
    """Yield the words of the options that *node* has under terms that mean *what*.

    An option is written as its IRI or its name: its word stands in ``options.csv``, or follows the
    name of its set.
    """
    for term in node.value:
        if meaning(node, term) == what:
            for text in node.words(term):
                last = text.strip().rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
                yield _options().get(last) or last.partition("_")[2] or last


@cache
def organization_kind(identifier: str) -> URIRef | None:
    """Return our class of organisations that is close to the class *identifier* of CEDS."""
    for kind in vocabulary().subjects(SKOS.closeMatch, CEDS[identifier]):
        if isinstance(kind, URIRef) and (kind, BP.hasAudienceRole, None) in vocabulary():
            return kind
    return None


@cache
def _terms() -> dict[tuple[str, str | None], str]:
    return {(row["class"], row["term"]): row["means"] for row in _rows("terms.csv")}


@cache
def _options() -> dict[str, str]:
    return {row["option"]: row["word"] for row in _rows("options.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    file = files("databackpack.loaders.ceds").joinpath(name)
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
