"""The jurisdictions of the tests: those shipped, and one with every kind of rule that may be."""

from functools import cache
from pathlib import Path
from unittest.mock import patch

from rdflib import Graph

from databackpack import ontology
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Jurisdiction

__all__ = ["PLACES", "graph", "value"]

OWN = Path(__file__).with_name("county.ttl")
PLACES = (*ontology.jurisdictions(), OWN.stem)


@cache
def graph(place: str) -> Graph:
    """Return the rules of *place* as triples."""
    return Graph().parse(OWN) if place == OWN.stem else ontology.jurisdiction(place)


@cache
def value(place: str) -> Jurisdiction:
    """Return the rules of *place* as the decision takes them."""
    if place != OWN.stem:
        return jurisdiction.read(place)
    with patch.object(ontology, "jurisdiction", lambda name: graph(place)):
        return jurisdiction.read.__wrapped__(place)
