"""Reading a jurisdiction's Turtle into rules."""

from functools import cache
from itertools import product

from rdflib import RDF, Graph, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, DCTERMS
from databackpack.service.policy.model import Jurisdiction, Level, Rule

__all__ = ["InvalidJurisdiction", "read"]


class InvalidJurisdiction(ValueError):
    """A jurisdiction's file leaves out a word or says two things about one (role, category)."""


@cache
def read(name: str) -> Jurisdiction:
    """Return the jurisdiction called *name*; raises KeyError or InvalidJurisdiction."""
    graph = ontology.jurisdiction(name)
    iri = _one(graph, None, RDF.type, BP.Jurisdiction)
    rules: dict[tuple[URIRef, URIRef], Rule] = {}
    for rule_iri in _iris(graph, iri, BP.hasAccessRule):
        rule = _rule(graph, rule_iri)
        for key in product(
            _iris(graph, rule_iri, BP.appliesToRole), _iris(graph, rule_iri, BP.hasCategory)
        ):
            if key in rules:
                raise InvalidJurisdiction(f"{rule.iri} and {rules[key].iri} both speak of {key}")
            rules[key] = rule
    return Jurisdiction(
        iri=iri,
        majority_age=_integer(graph, iri, BP.majorityAge),
        minimum_cell_size=_integer(graph, iri, BP.minimumCellSize),
        rules=rules,
    )


def _rule(graph: Graph, iri: URIRef) -> Rule:
    may_lower = graph.value(iri, BP.familyMayLower)
    if may_lower is None:
        raise InvalidJurisdiction(f"{iri} does not say whether a family may lower it")
    return Rule(
        iri=iri,
        level=Level.of(str(graph.value(iri, BP.grantsLevel))),
        may_lower=str(may_lower) == "true",
        basis=_iris(graph, iri, BP.hasBasis)[0],
        source=_iris(graph, iri, DCTERMS.source)[0],
    )


def _iris(graph: Graph, subject: URIRef, predicate: URIRef) -> list[URIRef]:
    found = sorted(o for o in graph.objects(subject, predicate) if isinstance(o, URIRef))
    if not found:
        raise InvalidJurisdiction(f"{subject} has no {predicate}")
    return found


def _one(graph: Graph, subject: None, predicate: URIRef, value: URIRef) -> URIRef:
    found = [s for s in graph.subjects(predicate, value) if isinstance(s, URIRef)]
    if len(found) != 1:
        raise InvalidJurisdiction(f"{len(found)} jurisdictions in one file; write one")
    return found[0]


def _integer(graph: Graph, subject: URIRef, predicate: URIRef) -> int:
    value = graph.value(subject, predicate)
    if value is None:
        raise InvalidJurisdiction(f"{subject} has no {predicate}")
    return int(str(value))
