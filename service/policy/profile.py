"""The closed ODRL profile: a statement as RDF, and RDF as a statement.

ODRL 2.2 (https://www.w3.org/TR/odrl-model/) with ``odrl:conflict odrl:prohibit``: its default,
``invalid``, would void a policy on the first clash. Every node has an IRI below the policy's own.
"""

from datetime import datetime

from rdflib import RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.namespaces import BP, DCTERMS, ODRL, PROV
from databackpack.service.policy.model import Level, Statement

__all__ = ["UnreadablePolicy", "as_iri", "as_moment", "only", "read", "write"]


_POLICY = frozenset(
    {
        RDF.type,
        ODRL.uid,
        ODRL.profile,
        ODRL.conflict,
        ODRL.permission,
        ODRL.prohibition,
        DCTERMS.issued,
        PROV.invalidatedAtTime,
        PROV.wasRevisionOf,
    }
)
_RULE = frozenset({ODRL.assigner, ODRL.assignee, ODRL.target, ODRL.action, ODRL.constraint})
_TARGET = frozenset({RDF.type, BP.isRecordOf, BP.hasCategory})
_ACTION = frozenset({RDF.value, ODRL.refinement})
_CONSTRAINT = frozenset({RDF.type, ODRL.leftOperand, ODRL.operator, ODRL.rightOperand})


class UnreadablePolicy(ValueError):
    """A policy does not follow the profile; whoever reads it must treat its learner as hidden."""


def write(statement: Statement) -> Graph:
    """Return *statement* as one odrl:Agreement; ``read`` gives the same statement back."""
    graph = Graph()
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


def read(graph: Graph, policy: URIRef) -> Statement:
    """Return the statement that *policy* makes in *graph*.

    Raises UnreadablePolicy for anything that the profile does not have: an unknown operand,
    operator or action, a duty, two rules, a date without a time zone.
    """
    permission = graph.value(policy, ODRL.permission)
    rule = permission or graph.value(policy, ODRL.prohibition)
    if rule is None or len(list(graph.objects(policy, ODRL.permission | ODRL.prohibition))) != 1:
        raise UnreadablePolicy(f"{policy} has not exactly one permission or prohibition")
    if graph.value(policy, ODRL.conflict) != ODRL.prohibit:
        raise UnreadablePolicy(f"{policy} does not say odrl:conflict odrl:prohibit")
    if only(graph, policy, ODRL.profile) != BP.OdrlProfile:
        raise UnreadablePolicy(f"{policy} is written in another profile than {BP.OdrlProfile}")
    target = only(graph, rule, ODRL.target)
    action = only(graph, rule, ODRL.action)
    for node, terms in ((policy, _POLICY), (rule, _RULE), (target, _TARGET), (action, _ACTION)):
        _check_terms(graph, node, terms)
    if only(graph, action, RDF.value) != ODRL.read:
        raise UnreadablePolicy(f"{policy} is about another action than odrl:read")
    withdrawn = graph.value(policy, PROV.invalidatedAtTime)
    since, until, purpose = _constraints(graph, policy, rule)
    issued = as_moment(only(graph, policy, DCTERMS.issued))
    return Statement(
        iri=policy,
        learner=as_iri(only(graph, target, BP.isRecordOf)),
        category=as_iri(only(graph, target, BP.hasCategory)),
        audience=as_iri(only(graph, rule, ODRL.assignee)),
        level=Level.NONE if permission is None else _level(graph, action),
        assigner=as_iri(only(graph, rule, ODRL.assigner)),
        since=since,
        until=until,
        purpose=purpose,
        withdrawn=None if withdrawn is None else as_moment(withdrawn),
        issued=None if issued == since else issued,
    )


def _constraints(
    graph: Graph, policy: URIRef, rule: Node
) -> tuple[datetime, datetime | None, URIRef | None]:
    found: dict[tuple[Node, Node], Node] = {}
    for constraint in graph.objects(rule, ODRL.constraint):
        _check_terms(graph, constraint, _CONSTRAINT)
        key = (
            only(graph, constraint, ODRL.leftOperand),
            only(graph, constraint, ODRL.operator),
        )
        if key in found:
            raise UnreadablePolicy(f"{policy} says {key[0]} twice")
        found[key] = only(graph, constraint, ODRL.rightOperand)
    since = found.pop((ODRL.dateTime, ODRL.gteq), None)
    until = found.pop((ODRL.dateTime, ODRL.lt), None)
    purpose = found.pop((ODRL.purpose, ODRL.isA), None)
    if found or since is None:
        unknown = ", ".join(str(left) for left, _ in found) or "no beginning"
        raise UnreadablePolicy(f"{policy} has a constraint outside the profile: {unknown}")
    return (
        as_moment(since),
        None if until is None else as_moment(until),
        None if purpose is None else as_iri(purpose),
    )


def _level(graph: Graph, action: Node) -> Level:
    refinement = only(graph, action, ODRL.refinement)
    _check_terms(graph, refinement, _CONSTRAINT)
    if (
        only(graph, refinement, ODRL.leftOperand) != BP.detailLevel
        or only(graph, refinement, ODRL.operator) != ODRL.eq
    ):
        raise UnreadablePolicy(f"{refinement} is no refinement by detail level")
    try:
        return Level.of(str(only(graph, refinement, ODRL.rightOperand)))
    except ValueError as error:
        raise UnreadablePolicy(str(error)) from None


def _check_terms(graph: Graph, node: Node, known: frozenset[URIRef]) -> None:
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


def only(graph: Graph, subject: Node, predicate: URIRef) -> Node:
    """Return the one value of *predicate*; raises UnreadablePolicy for none or several."""
    values = list(graph.objects(subject, predicate))
    if len(values) != 1:
        raise UnreadablePolicy(f"{subject} has {len(values)} values of {predicate}, not one")
    return values[0]


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
