"""Reading a jurisdiction's Turtle into rules, and which jurisdiction binds which organisation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import product
from typing import TypeVar

from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.term import Node

from databackpack import ontology
from databackpack.ontology.namespaces import BP, DCTERMS, DPV
from databackpack.service.policy.model import Cell, Jurisdiction, Level, Rule

__all__ = ["InvalidJurisdiction", "Law", "Parents", "ancestry", "named", "read"]

_Key = TypeVar("_Key")

Parents = Mapping[URIRef, URIRef]
"""Each organisation's parent."""


class InvalidJurisdiction(ValueError):
    """A jurisdiction's file leaves out a word or says two things about one (role, category)."""


@dataclass(frozen=True, slots=True)
class Law:
    """Which jurisdiction binds the records that an organisation holds."""

    default: Jurisdiction
    chosen: Mapping[URIRef, Jurisdiction] = field(default_factory=dict)
    parents: Parents = field(default_factory=dict)

    def of(self, organization: URIRef) -> Jurisdiction:
        """Return its own jurisdiction, or that of the nearest organisation above it."""
        for one in self.ancestry(organization):
            if one in self.chosen:
                return self.chosen[one]
        return self.default

    def majority_age(self, holders: Iterable[URIRef]) -> int:
        """Return the age at which rights pass to a learner whose records *holders* hold.

        The least of their jurisdictions' ages: rather too early to the learner than too late.
        """
        ages = [self.of(holder).majority_age for holder in holders]
        return min(ages, default=self.default.majority_age)

    def minimum_cell_size(self) -> int:
        """Return the least number of learners in what is published: the largest of all that bind.

        Who publishes counts over organizations that are bound by different jurisdictions.
        """
        return max(one.minimum_cell_size for one in (self.default, *self.chosen.values()))

    def ancestry(self, organization: URIRef) -> list[URIRef]:
        """Return *organization* and all above it, nearest first; a circle of parents ends."""
        return ancestry(organization, self.parents)


def ancestry(organization: URIRef, parents: Parents) -> list[URIRef]:
    """Return *organization* and all above it, nearest first; a circle of parents ends."""
    found: dict[URIRef, None] = {}
    current: URIRef | None = organization
    while current is not None and current not in found:
        found[current] = None
        current = parents.get(current)
    return list(found)


@cache
def read(name: str) -> Jurisdiction:
    """Return the jurisdiction called *name*; raises KeyError or InvalidJurisdiction."""
    graph = ontology.jurisdiction(name)
    iri = _one(graph, None, RDF.type, BP.Jurisdiction)
    rules: dict[Cell, Rule] = {}
    emergencies: dict[Cell, Rule] = {}
    agreed: dict[tuple[Cell, URIRef], Rule] = {}
    for rule_iri in _iris(graph, iri, BP.hasAccessRule):
        rule = _rule(graph, rule_iri)
        kinds = _optional(graph, rule_iri, BP.requiresAgreement)
        for cell in product(
            _iris(graph, rule_iri, BP.appliesToRole), _iris(graph, rule_iri, BP.hasCategory)
        ):
            if rule.basis == BP.HealthSafetyEmergency:
                _put(emergencies, cell, rule)
            elif not kinds:
                _put(rules, cell, rule)
            for kind in kinds:
                _put(agreed, (cell, kind), rule)
    return Jurisdiction(
        iri=iri,
        majority_age=_integer(graph, iri, BP.majorityAge),
        minimum_cell_size=_integer(graph, iri, BP.minimumCellSize),
        rules=rules,
        emergencies=emergencies,
        agreed=agreed,
        prohibitions={
            purpose: _rule(graph, URIRef(str(bar)))
            for bar in graph.objects(iri, BP.hasProhibition)
            for purpose in _iris(graph, URIRef(str(bar)), BP.hasPurpose)
        },
        emergency_hours=_integer(graph, iri, BP.emergencyHours) if emergencies else 0,
        notice=next(iter(_optional(graph, iri, DPV.hasNotice)), BP.NoNotice),
    )


@cache
def named(iri: URIRef) -> Jurisdiction:
    """Return the shipped jurisdiction with that IRI; raises KeyError."""
    for name in ontology.jurisdictions():
        if read(name).iri == iri:
            return read(name)
    raise KeyError(iri)


def _put(rules: dict[_Key, Rule], key: _Key, rule: Rule) -> None:
    if key in rules:
        raise InvalidJurisdiction(f"{rule.iri} and {rules[key].iri} both speak of {key}")
    rules[key] = rule


def _rule(graph: Graph, iri: URIRef) -> Rule:
    may_lower = graph.value(iri, BP.familyMayLower)
    if may_lower is None:
        raise InvalidJurisdiction(f"{iri} does not say whether a family may lower it")
    try:
        level = Level.of(str(graph.value(iri, BP.grantsLevel)))
    except ValueError as error:
        raise InvalidJurisdiction(f"{iri}: {error}") from None
    only = _optional(graph, iri, BP.showsOnly)
    return Rule(
        iri=iri,
        level=level,
        may_lower=str(may_lower) == "true",
        basis=_iris(graph, iri, BP.hasBasis)[0],
        source=_iris(graph, iri, DCTERMS.source)[0],
        only=frozenset(only) if only else None,
        without=frozenset(_optional(graph, iri, BP.withholds)),
        since=_moment(iri, graph.value(iri, BP.validFrom)),
        until=_moment(iri, graph.value(iri, BP.validUntil)),
        label=str(graph.value(iri, RDFS.label) or ""),
    )


def _moment(iri: URIRef, value: Node | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidJurisdiction(f"{iri}: {value} is no moment") from None
    if moment.tzinfo is None:
        raise InvalidJurisdiction(f"{iri}: {value} has no time zone")
    return moment


def _optional(graph: Graph, subject: URIRef, predicate: URIRef) -> list[URIRef]:
    return sorted(o for o in graph.objects(subject, predicate) if isinstance(o, URIRef))


def _iris(graph: Graph, subject: URIRef, predicate: URIRef) -> list[URIRef]:
    found = _optional(graph, subject, predicate)
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
