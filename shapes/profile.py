"""Checks that a policy is one policy, which shapes cannot make.

All policies of a learner live in one graph: a policy that used a node of another policy as subject
would add to that policy's rule.
"""

from collections.abc import Iterator
from datetime import datetime

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.namespaces import BP, ID, ODRL, RDF
from databackpack.shapes.report import Result

__all__ = ["flaws"]

_PARTS = {
    "rule": (ODRL.permission, ODRL.prohibition),
    "target": (ODRL.target,),
    "action": (ODRL.action,),
    "level": (ODRL.refinement,),
    "purpose": (ODRL.constraint,),
    "from": (ODRL.constraint,),
    "until": (ODRL.constraint,),
}
"""The nodes of a policy by what follows ``#`` in their IRI, and the properties that lead there."""


def flaws(graph: Graph) -> set[Result]:
    """Return what keeps *graph* from being exactly one policy with nodes of its own."""
    agreements = list(graph.subjects(RDF.type, ODRL.Agreement))
    policy = agreements[0] if len(agreements) == 1 else None
    if not isinstance(policy, URIRef) or not policy.startswith(ID["policy/"]) or "#" in policy:
        message = (
            "A policy is sent alone: exactly one agreement (odrl:Agreement), with an identifier "
            "of this system. Add it, or send the others by themselves."
        )
        focus = policy or BNode("policy")
        return {Result(focus, RDF.type, ODRL.Agreement, "ConsentPolicy-alone", message)}
    return {*_strange_parts(graph, policy), *_contradictions(graph, policy)}


def _strange_parts(graph: Graph, policy: URIRef) -> Iterator[Result]:
    for subject in set(graph.subjects()):
        name = str(subject).removeprefix(f"{policy}#")
        leads = [(None, path, subject) in graph for path in _PARTS.get(name, ())]
        if subject != policy and (name == str(subject) or not any(leads)):
            message = (
                "This is no part of the policy. A policy tells only of itself and of its own rule, "
                "target, action, level, purpose, from and until. Leave it out."
            )
            yield Result(subject, None, None, "ConsentPolicy-part", message)
    for subject, path, value in graph:
        if isinstance(value, BNode) and isinstance(path, URIRef):
            message = "Every part of a policy has an identifier. Give this one its own."
            yield Result(subject, path, value, "ConsentPolicy-identifier", message)


def _contradictions(graph: Graph, policy: URIRef) -> Iterator[Result]:
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
