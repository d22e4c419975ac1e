"""The statements on record of a learner: one graph of policies, written and read as a whole."""

from collections.abc import Iterable

from rdflib import RDF, Graph, URIRef

from databackpack import shapes
from databackpack.ontology.namespaces import ODRL
from databackpack.service.policy import profile
from databackpack.service.policy.model import Statement
from databackpack.service.records.graphs import policy_graph
from databackpack.service.records.terms import to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["change", "check", "read"]


def read(truth: TruthStore, learner: URIRef) -> tuple[Statement, ...]:
    """Return all statements on record of *learner*, ended ones too; raises UnreadablePolicy."""
    graph = to_graph(truth.triples(policy_graph(learner)))
    policies = sorted(graph.subjects(RDF.type, ODRL.Agreement), key=str)
    return tuple(profile.read(graph, URIRef(str(policy))) for policy in policies)


def check(statement: Statement) -> None:
    """Let *statement* pass if it fits the closed profile's shapes; raises UnreadablePolicy."""
    report = shapes.validate_policy(profile.write(statement))
    if not report.conforms:
        raise profile.UnreadablePolicy(report.text())


def change(learner: URIRef, statements: Iterable[Statement]) -> Change:
    """Return the change that makes *statements* all that is on record of *learner*."""
    graph = Graph()
    for statement in statements:
        graph += profile.write(statement)
    return Change(policy_graph(learner), to_triples(graph), learner=learner)
