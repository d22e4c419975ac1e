"""Codes of our schemes: from what a file writes to the concept that it means, and back."""

from functools import cache

from rdflib import URIRef

from databackpack.ontology import graph
from databackpack.ontology.namespaces import RDFS, SKOS

__all__ = ["UnknownCode", "concept", "concepts", "definition", "label", "local_name"]


class UnknownCode(ValueError):
    """A file uses a code that its scheme does not have; the message lists those it has."""


def local_name(iri: URIRef) -> str:
    """Return the last segment of *iri*, after its last ``/`` or ``#``."""
    return str(iri).rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]


def label(iri: URIRef) -> str:
    """Return what the vocabulary calls *iri*, its last segment where it gives it no name."""
    found = graph().value(iri, SKOS.prefLabel) or graph().value(iri, RDFS.label)
    return str(found or local_name(iri))


def definition(iri: URIRef) -> str:
    """Return what the vocabulary says *iri* means, or means here; empty where it says nothing."""
    found = graph().value(iri, SKOS.definition) or graph().value(iri, SKOS.scopeNote)
    return str(found or "")


def concepts(scheme: URIRef) -> list[URIRef]:
    """Return the concepts in *scheme*, sorted."""
    return list(_concepts(scheme))


def concept(scheme: URIRef, text: str) -> URIRef:
    """Return the concept of *scheme* with *text* as notation, label or last segment, in any case.

    Raises UnknownCode.
    """
    by_code = _codes(scheme)
    try:
        return by_code[text.strip().casefold()]
    except KeyError:
        known = ", ".join(local_name(iri) for iri in concepts(scheme))
        raise UnknownCode(
            f"{text!r} is not in the scheme {local_name(scheme)}; use {known}"
        ) from None


@cache
def _concepts(scheme: URIRef) -> tuple[URIRef, ...]:
    found = graph().subjects(SKOS.inScheme, scheme)
    return tuple(sorted({subject for subject in found if isinstance(subject, URIRef)}))


@cache
def _codes(scheme: URIRef) -> dict[str, URIRef]:
    spelled: dict[str, URIRef] = {}
    for iri in concepts(scheme):
        spelled[local_name(iri).casefold()] = iri
        for predicate in (SKOS.notation, SKOS.prefLabel, SKOS.altLabel):
            for name in graph().objects(iri, predicate):
                spelled[str(name).casefold()] = iri
    return spelled
