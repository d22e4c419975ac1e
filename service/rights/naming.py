"""What things are called where people read of them: organisations and audiences."""

from rdflib import RDFS, URIRef

from databackpack.ontology.codes import label
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.terms import text
from databackpack.service.records.truth import TruthStore

__all__ = ["audience_name", "organization_name"]


def organization_name(truth: TruthStore, iri: URIRef) -> str:
    """Return what the registry calls the organisation *iri*, empty where it does not know it."""
    for triple in truth.triples(REGISTRY, iri):
        if triple.predicate.value == str(RDFS.label):
            return text(triple.object)
    return ""


def audience_name(truth: TruthStore, audience: Audience) -> str:
    """Return the role of *audience*, with the organisation whose audience it is."""
    party, role = organization_name(truth, audience.party), label(audience.role)
    return f"{role} ({party})" if party else role
