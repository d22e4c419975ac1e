"""The statements on record of a learner: one graph of policies, written and read as a whole."""

from collections.abc import Iterable
from functools import lru_cache

from rdflib import RDF, Graph, URIRef

from databackpack import shapes
from databackpack.ontology.namespaces import ODRL
from databackpack.service.policy import profile
from databackpack.service.policy.model import Statement
from databackpack.service.records.graphs import policy_graph
from databackpack.service.records.terms import to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["change", "read"]


def read(truth: TruthStore, learner: URIRef) -> tuple[Statement, ...]:
    """Return all statements on record of *learner*, ended ones too; raises UnreadablePolicy."""
    graph = to_graph(truth.triples(policy_graph(learner)))
    policies = sorted(graph.subjects(RDF.type, ODRL.Agreement), key=str)
    return tuple(profile.read(graph, URIRef(str(policy))) for policy in policies)


def change(learner: URIRef, statements: Iterable[Statement]) -> Change:
    """Return the change that makes *statements* all that is on record of *learner*.

    Each is checked by the closed profile's shapes; raises UnreadablePolicy when one does not fit.
    """
    graph = Graph()
    for statement in statements:
        graph += _checked(statement)
    return Change(policy_graph(learner), to_triples(graph), learner=learner)


@lru_cache(maxsize=4096)
def _checked(statement: Statement) -> Graph:
    """Return *statement* as RDF; what was on record before is mostly asked for again."""
    policy = profile.write(statement)
    report = shapes.validate_policy(policy)
    if not report.conforms:
        raise profile.UnreadablePolicy(report.text())
    return policy
