"""A record's triples at a detail level, driven by the ontology's annotations.

De-identification follows 34 CFR 99.31(b): a property that the ontology does not annotate is left
out, and every IRI that stands for a person or one of its items becomes a random code.
"""

from collections.abc import Callable, Iterable
from functools import cache

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Decision, Level, Rule
from databackpack.service.records.terms import node

__all__ = ["is_personal", "project"]

Encode = Callable[[ox.NamedNode], ox.NamedNode]

_PERSONAL = tuple(str(ID[kind]) for kind in ("learner/", "item/", "guardian/"))
_KEPT = {BP.PlainValue, BP.SensitiveValue}
_TYPE = node(RDF.type)
_FRAME = frozenset({RDF.type, BP.isRecordOf, BP.isHeldBy})
"""What an item is, whose it is and who holds it."""


def is_personal(term: object) -> bool:
    """Tell whether *term* is the IRI of a person or of one item of its records."""
    return isinstance(term, ox.NamedNode) and term.value.startswith(_PERSONAL)


def project(triples: Iterable[ox.Triple], decision: Decision, encode: Encode) -> set[ox.Triple]:
    """Return what of *triples* is seen by *decision*; *encode* gives the code of a personal IRI.

    At Aggregate no triple of a record is seen: only published statistics count it. A rule that
    shows some properties only lets nothing else through but what an item is and whose.
    """
    if decision.level < Level.DEIDENTIFIED:
        return set()
    shown = set(_let_through(triples, decision.rule))
    if decision.level is Level.FULL:
        return shown
    found = (_deidentify(triple, encode) for triple in shown)
    return {triple for triple in found if triple is not None}


def _let_through(triples: Iterable[ox.Triple], rule: Rule | None) -> Iterable[ox.Triple]:
    if rule is None or (rule.only is None and not rule.without):
        return triples
    kept = [
        triple
        for triple in triples
        if (predicate := URIRef(triple.predicate.value)) not in rule.without
        and (rule.only is None or predicate in rule.only or predicate in _FRAME)
    ]
    telling = {t.subject for t in kept if URIRef(t.predicate.value) not in _FRAME}
    return kept if rule.only is None else [t for t in kept if t.subject in telling]


def _deidentify(triple: ox.Triple, encode: Encode) -> ox.Triple | None:
    value = _value(triple.predicate, triple.object)
    if value is None or not isinstance(triple.subject, ox.NamedNode):
        return None
    subject = encode(triple.subject) if is_personal(triple.subject) else triple.subject
    if isinstance(value, ox.NamedNode) and is_personal(value):
        value = encode(value)
    return ox.Triple(subject, triple.predicate, value)


def _value(
    predicate: ox.NamedNode, value: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
) -> ox.NamedNode | ox.Literal | None:
    if not isinstance(value, ox.NamedNode | ox.Literal):
        return None
    if predicate == _TYPE:
        return value
    identifiability, generalization = _annotations().get(predicate.value, (None, None))
    if identifiability in _KEPT:
        return value
    if identifiability != BP.QuasiIdentifier:
        return None
    match generalization:
        case BP.AsIs:
            return value
        case BP.ToYear:
            return _cut(value, 4, XSD.gYear)
        case BP.ToMonth:
            return _cut(value, 7, XSD.gYearMonth)
        case _:
            return None


def _cut(value: ox.NamedNode | ox.Literal, length: int, datatype: URIRef) -> ox.Literal | None:
    if not isinstance(value, ox.Literal) or value.datatype != node(XSD.date):
        return None
    return ox.Literal(value.value[:length], datatype=node(datatype))


@cache
def _annotations() -> dict[str, tuple[URIRef | None, URIRef | None]]:
    vocabulary = ontology.graph()

    def one(subject: URIRef, predicate: URIRef) -> URIRef | None:
        value = vocabulary.value(subject, predicate)
        return value if isinstance(value, URIRef) else None

    return {
        str(subject): (
            one(URIRef(str(subject)), BP.hasIdentifiability),
            one(URIRef(str(subject)), BP.isGeneralizedBy),
        )
        for subject in vocabulary.subjects(BP.hasIdentifiability)
    }
