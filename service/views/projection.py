"""A record's triples at a detail level, driven by the ontology's annotations.

De-identification follows 34 CFR 99.31(b): a property that the ontology does not annotate is left
out, and every IRI that stands for a person or one of its items becomes a random code.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Decision, Level, Rule
from databackpack.service.records.terms import Term, node

__all__ = ["is_cut", "is_personal", "is_whole", "let_through", "project"]

Encode = Callable[[ox.NamedNode], ox.NamedNode]
Generalize = Callable[[Term], ox.NamedNode | ox.Literal | None]
"""A value → what is seen of it; None for nothing."""

_PERSONAL = tuple(str(ID[kind]) for kind in ("learner/", "item/", "guardian/"))
_FRAME = frozenset(map(node, (RDF.type, BP.isRecordOf, BP.isHeldBy)))
"""What an item is, whose it is and who holds it."""
_DATE = node(XSD.date)


def is_personal(term: object) -> bool:
    """Tell whether *term* is the IRI of a person or of one item of its records."""
    return isinstance(term, ox.NamedNode) and term.value.startswith(_PERSONAL)


def is_whole(decision: Decision) -> bool:
    """Tell whether a record is shown as it is, so that ``project`` would change nothing."""
    return decision.level is Level.FULL and not is_cut(decision.rule)


def is_cut(rule: Rule | None) -> bool:
    """Tell whether *rule* lets only some properties through."""
    return rule is not None and (rule.only is not None or bool(rule.without))


def project(triples: Iterable[ox.Triple], decision: Decision, encode: Encode) -> set[ox.Triple]:
    """Return what of *triples* is seen by *decision*; *encode* gives the code of a personal IRI.

    At Aggregate no triple of a record is seen: only published statistics count it. A rule that
    shows some properties only lets nothing else through but what an item is and whose.
    """
    if decision.level < Level.DEIDENTIFIED:
        return set()
    shown = let_through(triples, decision.rule)
    return set(shown) if decision.level is Level.FULL else _deidentify(shown, encode)


def let_through(triples: Iterable[ox.Triple], rule: Rule | None) -> Iterable[ox.Triple]:
    """Return those of *triples*, which are all of a record, that *rule* lets through."""
    if rule is None or not is_cut(rule):
        return triples
    without = _nodes(rule.without)
    only = None if rule.only is None else _nodes(rule.only) | _FRAME
    kept = [
        triple
        for triple in triples
        if triple.predicate not in without and (only is None or triple.predicate in only)
    ]
    if only is None:
        return kept
    telling = {triple.subject for triple in kept if triple.predicate not in _FRAME}
    return [triple for triple in kept if triple.subject in telling]


@lru_cache
def _nodes(iris: frozenset[URIRef]) -> frozenset[ox.NamedNode]:
    return frozenset(map(node, iris))


def _deidentify(triples: Iterable[ox.Triple], encode: Encode) -> set[ox.Triple]:
    names: dict[ox.NamedNode, ox.NamedNode] = {}

    def name(iri: ox.NamedNode) -> ox.NamedNode:
        known = names.get(iri)
        if known is None:
            known = names[iri] = encode(iri) if is_personal(iri) else iri
        return known

    found = set()
    for triple in triples:
        subject, predicate = triple.subject, triple.predicate
        value = _generalization(predicate)(triple.object)
        if value is None or not isinstance(subject, ox.NamedNode):
            continue
        if isinstance(value, ox.NamedNode):
            value = name(value)
        found.add(ox.Triple(name(subject), predicate, value))
    return found


@lru_cache(maxsize=1024)
def _generalization(predicate: ox.NamedNode) -> Generalize:
    """Return what the ontology annotates *predicate* with, as a function of its values."""
    if predicate == node(RDF.type):
        return _as_is
    identifiability, generalization = _annotations().get(predicate.value, (None, None))
    if identifiability in (BP.PlainValue, BP.SensitiveValue):
        return _as_is
    if identifiability != BP.QuasiIdentifier:
        return _nothing
    match generalization:
        case BP.AsIs:
            return _as_is
        case BP.ToYear:
            return _to_year
        case BP.ToMonth:
            return _to_month
        case _:
            return _nothing


def _nothing(value: Term) -> None:
    return None


def _as_is(value: Term) -> ox.NamedNode | ox.Literal | None:
    return value if isinstance(value, (ox.NamedNode, ox.Literal)) else None


def _to_year(value: Term) -> ox.Literal | None:
    return _cut(value, 4, XSD.gYear)


def _to_month(value: Term) -> ox.Literal | None:
    return _cut(value, 7, XSD.gYearMonth)


def _cut(value: Term, length: int, datatype: URIRef) -> ox.Literal | None:
    if not isinstance(value, ox.Literal) or value.datatype != _DATE:
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
