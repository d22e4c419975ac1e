"""What every view holds: the vocabulary, the standards, the registry of organisations."""

from functools import cache

import pyoxigraph as ox

from databackpack import ontology
from databackpack.ontology import standards
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.truth import TruthStore

__all__ = ["triples", "vocabulary"]


@cache
def vocabulary() -> frozenset[ox.Triple]:
    """Return the triples of the vocabulary and the standards, without blank nodes."""
    files = [*ontology.files_of_vocabulary(), *standards.files()]
    return frozenset(
        quad.triple
        for file in files
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
    )


def triples(truth: TruthStore) -> set[ox.Triple]:
    """Return the public triples: the vocabulary, and the organisations known to *truth*."""
    return truth.triples(REGISTRY) | vocabulary()
