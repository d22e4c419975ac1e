"""What every view holds beside the registry of organisations: the vocabulary, the standards."""

from functools import cache

import pyoxigraph as ox

from databackpack import ontology
from databackpack.ontology import standards

__all__ = ["vocabulary"]


@cache
def vocabulary() -> frozenset[ox.Triple]:
    """Return the triples of the vocabulary and the standards, without blank nodes."""
    files = [*ontology.files_of_vocabulary(), *standards.files()]
    return frozenset(
        quad.triple
        for file in files
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
    )
