"""Checks that each policy of a learner is whole and alone, which shapes cannot make.

All policies of a learner live in one graph: a policy that used a node of another policy would share
that policy's rule, or change it.
"""

from collections.abc import Iterator
from datetime import datetime

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.namespaces import BP, ID, ODRL, RDF
from databackpack.shapes.report import Result

__all__ = ["flaws"]

_LEADING = {
    ODRL.permission: ("rule",),
    ODRL.prohibition: ("rule",),
    ODRL.target: ("target",),
    ODRL.action: ("action",),
    ODRL.refinement: ("level",),
    ODRL.constraint: ("purpose", "from", "until"),
}
"""The properties that lead to the nodes of a policy, and what follows ``#`` in the nodes' IRIs."""


def flaws(graph: Graph) -> set[Result]:
    """Return what keeps *graph* from being policies with nodes of their own, and nothing else."""
    parts: dict[Node, Graph] = {}
    for subject, path, value in graph:
        parts.setdefault(_policy(subject), Graph()).add((subject, path, value))
    results: set[Result] = set()
    for policy, part in parts.items():
        if (policy, RDF.type, ODRL.Agreement) in part and str(policy).startswith(ID["policy/"]):
            results.update(_strange_links(part, policy))
            results.update(_contradictions(part, policy))
        else:
            message = (
                "This is no policy. A policy is an agreement (odrl:Agreement) with an identifier "
                "of this system, and tells only of itself and its own parts. Leave it out."
            )
            results.add(Result(policy, None, None, "ConsentPolicy-stranger", message))
    return results


def _policy(node: Node) -> Node:
    """Return the policy that *node* is a part of by its IRI."""
    return URIRef(node.partition("#")[0]) if isinstance(node, URIRef) else node


def _strange_links(graph: Graph, policy: Node) -> Iterator[Result]:
    reached = {policy}
    for subject, path, value in graph:
        names = _LEADING.get(path) if isinstance(path, URIRef) else None
        if names and value in {URIRef(f"{policy}#{name}") for name in names}:
            reached.add(value)
        elif names or isinstance(value, BNode):
            message = (
                "This leads outside the policy. The parts of a policy have identifiers of their "
                "own: the policy's, and #rule, #target, #action, #level, #purpose, #from or #until."
            )
            yield Result(subject, _iri(path), value, "ConsentPolicy-link", message)
    for subject in set(graph.subjects()) - reached:
        message = "Nothing in the policy leads to this part. Leave it out."
        yield Result(subject, None, None, "ConsentPolicy-part", message)


def _contradictions(graph: Graph, policy: Node) -> Iterator[Result]:
    for name in graph.objects(policy, ODRL.uid):
        if name != policy:
            message = "A policy names itself and no other (odrl:uid). Correct it."
            yield Result(policy, ODRL.uid, name, "ConsentPolicy-uid", message)
    for rule, assigner in graph.subject_objects(ODRL.assigner):
        learners = set(graph.objects(None, BP.isRecordOf))
        if str(assigner).startswith(ID["learner/"]) and assigner not in learners:
            message = (
                "A learner decides over the own record only. Correct who decides, or the learner."
            )
            yield Result(rule, ODRL.assigner, assigner, "ConsentPolicy-assigner", message)
    since, until = _moment(graph, ODRL.gteq), _moment(graph, ODRL.lt)
    if since and until and until[1] <= since[1]:
        message = "A rule ends after it starts. Correct the start or the end."
        value = graph.value(until[0], ODRL.rightOperand)
        yield Result(until[0], ODRL.rightOperand, value, "ConsentPolicy-span", message)


def _moment(graph: Graph, operator: URIRef) -> tuple[Node, datetime] | None:
    """Return the constraint with *operator* and its moment, if it has one with a time zone."""
    for constraint in graph.subjects(ODRL.operator, operator):
        literal = graph.value(constraint, ODRL.rightOperand)
        moment = literal.value if isinstance(literal, Literal) else None
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            return constraint, moment
    return None


def _iri(path: Node) -> URIRef | None:
    return path if isinstance(path, URIRef) else None
