"""Purposes and their hierarchy."""

from functools import cache

from rdflib import URIRef

from databackpack.ontology import graph
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, SKOS

__all__ = ["is_within", "purpose"]


@cache
def _broader(purpose: URIRef) -> frozenset[URIRef]:
    return frozenset(
        broader
        for broader in graph().transitive_objects(purpose, SKOS.broader)
        if isinstance(broader, URIRef)
    )


def is_within(purpose: URIRef, wider: URIRef) -> bool:
    """Tell whether *purpose* is *wider* or one of its narrower purposes."""
    return purpose == wider or wider in _broader(purpose)


def purpose(text: str) -> URIRef:
    """Return the purpose with *text* as IRI or as last segment; raises ValueError."""
    for known in concepts(BP.PurposeScheme):
        if text in (str(known), local_name(known)):
            return known
    raise ValueError(f"{text!r} is no purpose of this service")
