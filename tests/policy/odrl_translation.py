"""A policy of the suite in the nodes of the closed profile.

What the suite leaves open is supplied: who signed and when, the level, the tutor's own purpose, a
beginning. Its parties become tutors, its assets X and Y two categories of one learner. Nothing is
left out but descriptions and the classes of nodes: every other term goes to the shapes as it is.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, BPC, BPL, DCTERMS, ID, ODRL
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import profile
from tests.policy import words

__all__ = ["CATEGORIES", "EX", "translate", "tutor", "with_spans"]

EX = Namespace("http://example.org/")
CATEGORIES = {EX.x: BPC.progress, EX.y: BPC.attendance}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
"""The shortest span that the service tells apart."""

_DROPPED = {DCTERMS.description, DCTERMS.source, ODRL.uid, RDF.type}


def translate(said: Graph) -> Graph:
    """Return the suite's policy *said* in the nodes of this profile, with what it leaves open."""
    (old,) = said.subjects(RDF.type, ODRL.Set)
    policy = ID[f"policy/{str(old).rsplit(':', 1)[-1]}"]
    names = {old: policy, **dict(_names(said, policy))}
    graph, rule, action = Graph(), URIRef(f"{policy}#rule"), URIRef(f"{policy}#action")
    for subject, predicate, value in said:
        if predicate in _DROPPED:
            continue
        node = names.get(subject, subject)
        if (node, predicate) == (rule, ODRL.action):
            graph.add((action, RDF.value, value))
            value = action
        graph.add((node, predicate, names.get(value, value)))
    _supply(graph, policy)
    for asset, category in CATEGORIES.items():
        if asset in names:
            graph.add((names[asset], BP.hasCategory, category))
    return graph


def _names(said: Graph, policy: URIRef) -> Iterator[tuple[Node, URIRef]]:
    """Yield the suite's nodes with the IRIs that they have in this profile."""
    for rule in _rules(said):
        yield rule, URIRef(f"{policy}#rule")
        for party in said.objects(rule, ODRL.assignee):
            yield party, tutor(party)
        for asset in said.objects(rule, ODRL.target):
            yield asset, URIRef(f"{policy}#target")
        for constraint in said.objects(rule, ODRL.constraint):
            is_end = said.value(constraint, ODRL.operator) in (ODRL.lt, ODRL.lteq)
            yield constraint, URIRef(f"{policy}#{'until' if is_end else 'from'}")


def _rules(said: Graph) -> list[Node]:
    return [*said.objects(None, ODRL.permission), *said.objects(None, ODRL.prohibition)]


def tutor(party: Node) -> URIRef:
    """Return the audience that stands for a party of the suite."""
    return ID[f"audience/provider-{local_name(URIRef(str(party)))}"]


def _supply(graph: Graph, policy: URIRef) -> None:
    """Add to *graph* what every policy of this profile says and the suite's do not."""
    names = ("rule", "target", "action", "level", "from", "purpose")
    rule, target, action, level, start, purpose = (URIRef(f"{policy}#{name}") for name in names)
    beginning = Literal(_BEGINNING.isoformat(), datatype=XSD.dateTime)
    supplied: list[tuple[URIRef, URIRef, Node]] = [
        (policy, RDF.type, ODRL.Agreement),
        (policy, ODRL.uid, policy),
        (policy, ODRL.profile, BP.OdrlProfile),
        (policy, ODRL.conflict, ODRL.prohibit),
        (policy, DCTERMS.issued, beginning),
        (rule, ODRL.assigner, words.GUARDIANS[0]),
    ]
    if (rule, ODRL.target, target) in graph:
        supplied += [
            (target, RDF.type, ODRL.AssetCollection),
            (target, BP.isRecordOf, words.LEARNER),
        ]
    if (rule, ODRL.constraint, start) not in graph:
        supplied += _constraint(rule, start, ODRL.dateTime, ODRL.gteq, beginning)
    if (policy, ODRL.permission, rule) in graph:
        (own,) = audiences.purposes(BPA.provider)
        supplied += _constraint(rule, purpose, ODRL.purpose, ODRL.isA, own)
        if (rule, ODRL.action, action) in graph:
            supplied += _constraint(action, level, BP.detailLevel, ODRL.eq, BPL.Full)
    for constraint in graph.objects(rule, ODRL.constraint):
        supplied.append((URIRef(str(constraint)), RDF.type, ODRL.Constraint))
    for triple in supplied:
        graph.add(triple)


def _constraint(
    subject: URIRef, node: URIRef, left: URIRef, operator: URIRef, right: Node
) -> list[tuple[URIRef, URIRef, Node]]:
    link = ODRL.refinement if left == BP.detailLevel else ODRL.constraint
    return [
        (subject, link, node),
        (node, RDF.type, ODRL.Constraint),
        (node, ODRL.leftOperand, left),
        (node, ODRL.operator, operator),
        (node, ODRL.rightOperand, right),
    ]


_SPANS = {
    ODRL.gteq: (0, None),
    ODRL.gt: (1, None),
    ODRL.lt: (None, 0),
    ODRL.lteq: (None, 1),
    ODRL.eq: (0, 1),
}
"""Operators on a moment that are a span: how many instants after it the span begins and ends."""


def with_spans(said: Graph) -> Graph:
    """Return *said* with one beginning and one end for all that its rule says of moments.

    A rule whose conditions are no span (other operands, another operator, ``odrl:or``) stays.
    """
    found = Graph() + said
    for rule in _rules(said):
        conditions = list(said.objects(rule, ODRL.constraint))
        parts = [p for c in conditions for p in (list(said.objects(c, ODRL["and"])) or [c])]
        if not parts or not all(_is_span(said, part) for part in parts):
            continue
        starts, ends = [], []
        for part in parts:
            moment = profile.as_moment(profile.only(said, part, ODRL.rightOperand))
            start, end = _SPANS[profile.as_iri(profile.only(said, part, ODRL.operator))]
            starts += [] if start is None else [moment + start * _INSTANT]
            ends += [] if end is None else [moment + end * _INSTANT]
        for node in {*conditions, *parts}:
            found.remove((node, None, None))
            found.remove((None, None, node))
        if starts:
            found += _moment(rule, ODRL.gteq, max(starts))
        if ends:
            found += _moment(rule, ODRL.lt, min(ends))
    return found


def _moment(rule: Node, operator: URIRef, moment: datetime) -> Graph:
    node, right = (
        URIRef(f"{rule}#{local_name(operator)}"),
        Literal(moment.isoformat(), datatype=XSD.dateTime),
    )
    found = Graph()
    for triple in _constraint(URIRef(str(rule)), node, ODRL.dateTime, operator, right):
        found.add(triple)
    return found


def _is_span(said: Graph, part: Node) -> bool:
    return (
        said.value(part, ODRL.leftOperand) == ODRL.dateTime
        and said.value(part, ODRL.operator) in _SPANS
    )
