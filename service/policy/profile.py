"""The closed ODRL profile: a statement as RDF, and RDF as a statement.

ODRL 2.2 (https://www.w3.org/TR/odrl-model/) with ``odrl:conflict odrl:prohibit``: its default,
``invalid``, would void a policy on the first clash. Every node has an IRI below the policy's own.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from rdflib import RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.namespaces import BP, DCTERMS, ODRL, PROV
from databackpack.service.policy.model import Level, Statement

__all__ = [
    "Described",
    "UnreadablePolicy",
    "as_iri",
    "as_moment",
    "only",
    "optional",
    "read",
    "write",
]

# Made once: the policies of every learner are read whenever the service starts.
_UID, _PROFILE, _CONFLICT = ODRL.uid, ODRL.profile, ODRL.conflict
_PERMISSION, _PROHIBITION = ODRL.permission, ODRL.prohibition
_ISSUED, _INVALIDATED = DCTERMS.issued, PROV.invalidatedAtTime
_ASSIGNER, _ASSIGNEE, _TARGET, _ACTION = ODRL.assigner, ODRL.assignee, ODRL.target, ODRL.action
_CONSTRAINT, _REFINEMENT = ODRL.constraint, ODRL.refinement
_LEFT, _OPERATOR, _RIGHT = ODRL.leftOperand, ODRL.operator, ODRL.rightOperand
_LEARNER, _CATEGORY = BP.isRecordOf, BP.hasCategory
_TYPE, _VALUE = RDF.type, RDF.value

_OUR_PROFILE, _PROHIBIT, _READ = BP.OdrlProfile, ODRL.prohibit, ODRL.read
_SINCE = ODRL.dateTime, ODRL.gteq
_UNTIL = ODRL.dateTime, ODRL.lt
_PURPOSE = ODRL.purpose, ODRL.isA
_DETAIL = BP.detailLevel, ODRL.eq

_OF_POLICY = frozenset(
    {
        _TYPE,
        _UID,
        _PROFILE,
        _CONFLICT,
        _PERMISSION,
        _PROHIBITION,
        _ISSUED,
        _INVALIDATED,
        PROV.wasRevisionOf,
    }
)
_OF_RULE = frozenset({_ASSIGNER, _ASSIGNEE, _TARGET, _ACTION, _CONSTRAINT})
_OF_TARGET = frozenset({_TYPE, _LEARNER, _CATEGORY})
_OF_ACTION = frozenset({_VALUE, _REFINEMENT})
_OF_CONSTRAINT = frozenset({_TYPE, _LEFT, _OPERATOR, _RIGHT})


class Described(Protocol):
    """Whatever can be asked what it says of a subject: an rdflib Graph, or an index of triples."""

    def subjects(self, predicate: URIRef, value: URIRef, /) -> Iterable[Node]:
        """Return the subjects that have *value* for *predicate*."""

    def predicates(self, subject: Node, /) -> Iterable[Node]:
        """Return the predicates of *subject*."""

    def objects(self, subject: Node | None, predicate: URIRef, /) -> Iterable[Node]:
        """Return the values of *predicate* for *subject*, or (None) for every subject."""


class UnreadablePolicy(ValueError):
    """A policy does not follow the profile; whoever reads it must treat its learner as hidden."""


def write(statement: Statement) -> Graph:
    """Return *statement* as one odrl:Agreement; ``read`` gives the same statement back."""
    graph = Graph(store="SimpleMemory")
    policy, node = statement.iri, _nodes(statement.iri)
    prohibited = statement.level is Level.NONE
    for predicate, value in (
        (RDF.type, ODRL.Agreement),
        (ODRL.uid, policy),
        (ODRL.profile, BP.OdrlProfile),
        (ODRL.conflict, ODRL.prohibit),
        (DCTERMS.issued, _instant(statement.signed)),
        (ODRL.prohibition if prohibited else ODRL.permission, node["rule"]),
    ):
        graph.add((policy, predicate, value))
    if statement.withdrawn is not None:
        graph.add((policy, PROV.invalidatedAtTime, _instant(statement.withdrawn)))
    graph.add((node["rule"], ODRL.assigner, statement.assigner))
    graph.add((node["rule"], ODRL.assignee, statement.audience))
    graph.add((node["rule"], ODRL.target, node["target"]))
    graph.add((node["rule"], ODRL.action, node["action"]))
    graph.add((node["target"], RDF.type, ODRL.AssetCollection))
    graph.add((node["target"], BP.isRecordOf, statement.learner))
    graph.add((node["target"], BP.hasCategory, statement.category))
    graph.add((node["action"], RDF.value, ODRL.read))
    if not prohibited:
        graph.add((node["action"], ODRL.refinement, node["level"]))
        _constrain(graph, node["level"], BP.detailLevel, ODRL.eq, statement.level.iri)
    constraints: list[tuple[str, URIRef, URIRef, Node]] = [
        ("from", ODRL.dateTime, ODRL.gteq, _instant(statement.since))
    ]
    if statement.purpose is not None:
        constraints.append(("purpose", ODRL.purpose, ODRL.isA, statement.purpose))
    if statement.until is not None:
        constraints.append(("until", ODRL.dateTime, ODRL.lt, _instant(statement.until)))
    for name, left, operator, right in constraints:
        graph.add((node["rule"], ODRL.constraint, node[name]))
        _constrain(graph, node[name], left, operator, right)
    return graph


def read(graph: Described, policy: URIRef) -> Statement:
    """Return the statement that *policy* makes in *graph*.

    Raises UnreadablePolicy for anything that the profile does not have: an unknown operand,
    operator or action, a duty, two rules, a date without a time zone.
    """
    permissions = list(graph.objects(policy, _PERMISSION))
    rules = [*permissions, *graph.objects(policy, _PROHIBITION)]
    if len(rules) != 1:
        raise UnreadablePolicy(f"{policy} has not exactly one permission or prohibition")
    if optional(graph, policy, _CONFLICT) != _PROHIBIT:
        raise UnreadablePolicy(f"{policy} does not say odrl:conflict odrl:prohibit")
    if only(graph, policy, _PROFILE) != _OUR_PROFILE:
        raise UnreadablePolicy(f"{policy} is written in another profile than {_OUR_PROFILE}")
    rule = rules[0]
    target = only(graph, rule, _TARGET)
    action = only(graph, rule, _ACTION)
    _check_terms(graph, policy, _OF_POLICY)
    _check_terms(graph, rule, _OF_RULE)
    _check_terms(graph, target, _OF_TARGET)
    _check_terms(graph, action, _OF_ACTION)
    if only(graph, action, _VALUE) != _READ:
        raise UnreadablePolicy(f"{policy} is about another action than odrl:read")
    withdrawn = optional(graph, policy, _INVALIDATED)
    since, until, purpose = _constraints(graph, policy, rule)
    issued = as_moment(only(graph, policy, _ISSUED))
    return Statement(
        iri=policy,
        learner=as_iri(only(graph, target, _LEARNER)),
        category=as_iri(only(graph, target, _CATEGORY)),
        audience=as_iri(only(graph, rule, _ASSIGNEE)),
        level=_level(graph, action) if permissions else Level.NONE,
        assigner=as_iri(only(graph, rule, _ASSIGNER)),
        since=since,
        until=until,
        purpose=purpose,
        withdrawn=None if withdrawn is None else as_moment(withdrawn),
        issued=None if issued == since else issued,
    )


def _constraints(
    graph: Described, policy: URIRef, rule: Node
) -> tuple[datetime, datetime | None, URIRef | None]:
    found: dict[tuple[Node, Node], Node] = {}
    for constraint in graph.objects(rule, _CONSTRAINT):
        _check_terms(graph, constraint, _OF_CONSTRAINT)
        key = only(graph, constraint, _LEFT), only(graph, constraint, _OPERATOR)
        if key in found:
            raise UnreadablePolicy(f"{policy} says {key[0]} twice")
        found[key] = only(graph, constraint, _RIGHT)
    since = found.pop(_SINCE, None)
    until = found.pop(_UNTIL, None)
    purpose = found.pop(_PURPOSE, None)
    if found or since is None:
        unknown = ", ".join(str(left) for left, _ in found) or "no beginning"
        raise UnreadablePolicy(f"{policy} has a constraint outside the profile: {unknown}")
    return (
        as_moment(since),
        None if until is None else as_moment(until),
        None if purpose is None else as_iri(purpose),
    )


def _level(graph: Described, action: Node) -> Level:
    refinement = only(graph, action, _REFINEMENT)
    _check_terms(graph, refinement, _OF_CONSTRAINT)
    if (only(graph, refinement, _LEFT), only(graph, refinement, _OPERATOR)) != _DETAIL:
        raise UnreadablePolicy(f"{refinement} is no refinement by detail level")
    try:
        return Level.of(str(only(graph, refinement, _RIGHT)))
    except ValueError as error:
        raise UnreadablePolicy(str(error)) from None


def _check_terms(graph: Described, node: Node, known: frozenset[URIRef]) -> None:
    """Raise UnreadablePolicy if *node* says more than *known*: a duty, a unit, a remedy."""
    for predicate in graph.predicates(node):
        if predicate not in known:
            raise UnreadablePolicy(f"{node} uses {predicate}, which the profile does not have")


def _nodes(policy: URIRef) -> dict[str, URIRef]:
    names = ("rule", "target", "action", "level", "from", "until", "purpose")
    return {name: URIRef(f"{policy}#{name}") for name in names}


def _constrain(graph: Graph, node: URIRef, left: URIRef, operator: URIRef, right: Node) -> None:
    graph.add((node, RDF.type, ODRL.Constraint))
    graph.add((node, ODRL.leftOperand, left))
    graph.add((node, ODRL.operator, operator))
    graph.add((node, ODRL.rightOperand, right))


def only(graph: Described, subject: Node, predicate: URIRef) -> Node:
    """Return the one value of *predicate*; raises UnreadablePolicy for none or several."""
    values = list(graph.objects(subject, predicate))
    if len(values) != 1:
        raise UnreadablePolicy(f"{subject} has {len(values)} values of {predicate}, not one")
    return values[0]


def optional(graph: Described, subject: Node, predicate: URIRef) -> Node | None:
    """Return the value of *predicate*, None without; raises UnreadablePolicy for several."""
    values = list(graph.objects(subject, predicate))
    if len(values) > 1:
        raise UnreadablePolicy(f"{subject} has {len(values)} values of {predicate}, not one")
    return values[0] if values else None


def as_iri(node: Node) -> URIRef:
    """Return *node* if it is an IRI; raises UnreadablePolicy."""
    if not isinstance(node, URIRef):
        raise UnreadablePolicy(f"{node} is not an IRI")
    return node


def _instant(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)


def as_moment(node: Node) -> datetime:
    """Return the moment that *node* is, with its time zone; raises UnreadablePolicy."""
    value = node.toPython() if isinstance(node, Literal) else None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise UnreadablePolicy(f"{node} is no date and time with a time zone")
    return value
