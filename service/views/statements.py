"""Consent on record: each learner's events and policies, in one graph that is only added to."""

from collections.abc import Collection
from functools import cache

from rdflib import RDF, Graph, URIRef

from databackpack import ontology, shapes
from databackpack.ontology.namespaces import BP, ODRL, PROV
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consent, consentrecord, profile
from databackpack.service.policy.consent import Event, Purposes
from databackpack.service.policy.model import Statement
from databackpack.service.policy.refusal import InvalidConsent
from databackpack.service.records.description import Description
from databackpack.service.records.graphs import AUDIENCES, policy_graph
from databackpack.service.records.terms import iri, node, to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["addition", "check", "events", "graph", "purposes", "read", "refusal"]

_HAS_PURPOSE = node(BP.hasPurpose)


def graph(truth: TruthStore, learner: URIRef) -> Graph:
    """Return all that is on record: consent records, events, policies, receipts."""
    return to_graph(truth.triples(policy_graph(learner)))


def events(truth: TruthStore, learner: URIRef) -> tuple[Event, ...]:
    """Return the events on record of *learner*; raises UnreadablePolicy."""
    return consentrecord.read(_description(truth, learner))


def read(truth: TruthStore, learner: URIRef) -> tuple[tuple[Event, ...], tuple[Statement, ...]]:
    """Return the events on record of *learner* and all statements, ended ones too.

    A policy that no event put in force speaks for itself. Raises UnreadablePolicy.
    """
    found = _description(truth, learner)
    history = consentrecord.read(found)
    generated = set(found.objects(None, PROV.generated))
    bare = [
        profile.read(found, profile.as_iri(policy))
        for policy in found.subjects(RDF.type, ODRL.Agreement)
        if policy not in generated
    ]
    said = consent.statements(history, purposes(truth))
    return history, (*said, *sorted(bare, key=lambda statement: statement.iri))


def purposes(truth: TruthStore) -> Purposes:
    """Return what tells the purposes of an audience of *truth* or of a role."""

    @cache
    def of(target: URIRef) -> frozenset[URIRef]:
        if target in _purposes_of_roles():
            return _purposes_of_roles()[target]
        found = truth.triples(AUDIENCES, target)
        return frozenset(iri(t.object) for t in found if t.predicate == _HAS_PURPOSE)

    return of


@cache
def _purposes_of_roles() -> dict[URIRef, frozenset[URIRef]]:
    return {role: audiences.purposes(role) for role in audiences.roles()}


def _description(truth: TruthStore, learner: URIRef) -> Description:
    return Description(truth.triples(policy_graph(learner)))


def check(said: Collection[Event]) -> None:
    """Let events pass that fit the closed shapes; raises InvalidConsent with all that is wrong."""
    policies = Graph()
    for event in said:
        if event.statement is not None:
            policies += profile.write(event.statement)
    records = consentrecord.write(said) - policies
    for event in said:
        records += ontology.notice(event.terms.notice)
        records += consentrecord.receipt(event)
    for report in (shapes.validate_policy(policies), shapes.validate_consent(records)):
        if not report.conforms:
            rules = ", ".join(sorted({result.rule for result in report.results}))
            raise InvalidConsent(rules, report.text())


def refusal(policies: Graph) -> str | None:
    """Return what keeps *policies* from the closed profile, in words; None when nothing does."""
    report = shapes.validate_policy(policies)
    return None if report.conforms else report.text()


def addition(
    truth: TruthStore, learner: URIRef, said: Collection[Event], *, receipts: bool
) -> Change:
    """Return the change that adds *said* to what is on record of *learner*.

    INVARIANT: nothing of what is on record is taken out or changed.
    """
    new = consentrecord.write(said)
    for event in said if receipts else ():
        new += consentrecord.receipt(event)
    held = truth.triples(policy_graph(learner))
    return Change(policy_graph(learner), held | to_triples(new), learner=learner)
