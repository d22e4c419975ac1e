"""The names of the truth store's own graphs; those of records are in ``loaders.record``."""

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID

__all__ = [
    "AUDIENCES",
    "CODES",
    "DISCLOSURES",
    "IDENTITY",
    "INDEX",
    "JOURNAL",
    "REGISTRY",
    "guardianship_graph",
    "policy_graph",
]

REGISTRY = ID["graph/registry"]
"""Organisations: public, so every view holds it."""
AUDIENCES = ID["graph/audiences"]
INDEX = ID["graph/index"]
"""Which record is whose: learner, holder, category, source."""
IDENTITY = ID["graph/identity"]
CODES = ID["graph/codes"]
JOURNAL = ID["graph/journal"]
DISCLOSURES = ID["graph/disclosures"]


def policy_graph(learner: URIRef) -> URIRef:
    """Return the name of the graph of a learner's policies; it is in no view."""
    return ID[f"graph/policy/{local_name(learner)}"]


def guardianship_graph(learner: URIRef) -> URIRef:
    """Return the name of the graph of a learner's guardianships; it is in no view."""
    return ID[f"graph/guardianship/{local_name(learner)}"]
