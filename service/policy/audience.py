"""Audiences as RDF: which ones an organisation or a person has, written and read."""

from functools import cache

from rdflib import RDF, Graph, URIRef

from databackpack import ontology
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Audience

__all__ = [
    "of_organization",
    "of_person",
    "purposes",
    "read",
    "roles",
    "usual_purpose",
    "write",
]


def roles() -> list[URIRef]:
    """Return the audience roles, sorted."""
    return concepts(BP.AudienceRoleScheme)


def of_organization(kind: URIRef, organization: URIRef, code: str) -> list[Audience]:
    """Return the audiences that an organisation of class *kind* has, one for each of its roles."""
    found = _iris(ontology.graph(), kind, BP.hasAudienceRole)
    return [_audience(role, organization, code) for role in sorted(found)]


def of_person(role: URIRef, person: URIRef) -> Audience:
    """Return the audience of one guardian or one learner."""
    return _audience(role, person, local_name(person))


def _audience(role: URIRef, party: URIRef, name: str) -> Audience:
    return Audience(
        iri=ID[f"audience/{local_name(role)}-{name}"],
        role=role,
        party=party,
        purposes=purposes(role),
        population=_population(role),
    )


@cache
def purposes(role: URIRef) -> frozenset[URIRef]:
    """Return the purposes for which audiences of *role* may ask."""
    return _iris(ontology.graph(), role, BP.hasPurpose)


@cache
def _population(role: URIRef) -> URIRef:
    return next(iter(_iris(ontology.graph(), role, BP.hasPopulation)))


def usual_purpose(role: URIRef) -> URIRef:
    """Return the purpose that a permission is for when a family names none (34 CFR 99.30(b)(2))."""
    return min(purposes(role))


def write(audience: Audience) -> Graph:
    """Return *audience* as triples; ``read`` gives the same audience back."""
    graph = Graph(store="SimpleMemory")
    graph.add((audience.iri, RDF.type, BP.Audience))
    graph.add((audience.iri, BP.hasRole, audience.role))
    graph.add((audience.iri, BP.isAudienceOf, audience.party))
    graph.add((audience.iri, BP.hasPopulation, audience.population))
    for purpose in audience.purposes:
        graph.add((audience.iri, BP.hasPurpose, purpose))
    return graph


def read(graph: Graph, iri: URIRef) -> Audience:
    """Return the audience *iri* of *graph*; raises KeyError when it is not there."""
    if (iri, RDF.type, BP.Audience) not in graph:
        raise KeyError(iri)
    role, party, population = (
        next(iter(_iris(graph, iri, predicate)))
        for predicate in (BP.hasRole, BP.isAudienceOf, BP.hasPopulation)
    )
    return Audience(iri, role, party, _iris(graph, iri, BP.hasPurpose), population)


def _iris(graph: Graph, subject: URIRef, predicate: URIRef) -> frozenset[URIRef]:
    return frozenset(o for o in graph.objects(subject, predicate) if isinstance(o, URIRef))
