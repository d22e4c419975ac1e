"""The decision: pure, total, and the only place where statements become levels."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from rdflib import URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP
from databackpack.service.policy.model import (
    Agreement,
    Audience,
    Cell,
    Decision,
    Emergency,
    Jurisdiction,
    Level,
    Rule,
    Statement,
    holds,
    next_boundary,
)
from databackpack.service.policy.purpose import is_within

__all__ = ["concerns", "covers", "decide", "in_force", "next_change"]

_CATEGORIES = BP.CategoryScheme


def decide(
    statements: Iterable[Statement],
    jurisdiction: Jurisdiction,
    audience: Audience,
    purpose: URIRef,
    moment: datetime,
    emergencies: Collection[Emergency] = (),
) -> Mapping[URIRef, Decision]:
    """Return the level of each category of one learner for *audience*, with its reasons.

    The level is the minimum of the jurisdiction's rule and of every statement in force that is
    for this audience or its role; without a rule and without a statement it is None. Where the
    rule leaves families no choice, statements are not heard. A purpose that is not the
    audience's own, or that the jurisdiction prohibits, gives None everywhere. An audience with
    agreements sees no more than those in force let through. A declared emergency opens what the
    jurisdiction's rule for emergencies opens (34 CFR 99.36).
    """
    categories = concepts(_CATEGORIES)
    bar = _prohibition(jurisdiction, purpose)
    if purpose not in audience.purposes or bar is not None:
        reasons = () if bar is None or purpose not in audience.purposes else (bar.iri,)
        return {category: Decision(Level.NONE, reasons, bar) for category in categories}
    heard: defaultdict[URIRef, list[Statement]] = defaultdict(list)
    for statement in statements:
        is_meant = statement.audience in (audience.iri, audience.role)
        if is_meant and in_force(statement, moment) and concerns(statement, purpose):
            heard[statement.category].append(statement)
    agreements = [a for a in audience.agreements if covers(a, purpose, moment)]
    declared = [
        emergency
        for emergency in emergencies
        if emergency.audience == audience.iri and holds(emergency.since, emergency.until, moment)
    ]
    found = {}
    for category in categories:
        key = audience.role, category
        made = _emergency(declared, jurisdiction.emergencies.get(key), category, moment)
        if made is None:
            said = heard.get(category, [])
            made = _settle(said, jurisdiction, key, audience.agreements, agreements, moment)
        found[category] = made
    return found


def _decide(heard: list[Statement], rule: Rule | None) -> Decision:
    if rule is None:
        level = min((statement.level for statement in heard), default=Level.NONE)
        return Decision(level, _iris(heard))
    if not rule.may_lower:
        return Decision(rule.level, (rule.iri,), rule)
    level = min([rule.level, *(statement.level for statement in heard)])
    return Decision(level, (rule.iri, *_iris(heard)), rule)


def _emergency(
    declared: list[Emergency], rule: Rule | None, category: URIRef, moment: datetime
) -> Decision | None:
    if rule is None or not declared or not holds(rule.since, rule.until, moment):
        return None
    reasons = tuple(sorted(e.iri for e in declared if category in e.categories))
    if not reasons:
        return None
    return Decision(rule.level, (rule.iri, *reasons), rule)


def _settle(
    said: list[Statement],
    jurisdiction: Jurisdiction,
    key: Cell,
    bound_by: tuple[Agreement, ...],
    in_force: list[Agreement],
    moment: datetime,
) -> Decision:
    """Return the most that one agreement in force gives, each with the rule that holds under it.

    INVARIANT: two agreements together give no more than one of them does.
    """
    if not bound_by:
        return _decide(said, _rule(jurisdiction, key, [], moment))
    made = [
        _bound(_decide(said, _rule(jurisdiction, key, [agreement], moment)), agreement)
        for agreement in in_force
        if key[1] in agreement.categories
    ]
    ended = tuple(sorted(agreement.iri for agreement in bound_by))
    rule = _rule(jurisdiction, key, [], moment)
    return max(
        made,
        key=lambda one: (one.level, one.reasons),
        default=Decision(Level.NONE, ended, rule),
    )


def _bound(made: Decision, agreement: Agreement) -> Decision:
    """Return *made*, no higher than *agreement* lets through."""
    return Decision(min(made.level, agreement.level), (*made.reasons, agreement.iri), made.rule)


def _prohibition(jurisdiction: Jurisdiction, purpose: URIRef) -> Rule | None:
    for prohibited, rule in jurisdiction.prohibitions.items():
        if is_within(purpose, prohibited):
            return rule
    return None


def covers(agreement: Agreement, purpose: URIRef, moment: datetime) -> bool:
    """Tell whether *agreement* is in force at *moment* for what is asked for *purpose*."""
    return holds(agreement.since, agreement.until, moment) and any(
        is_within(purpose, agreed) for agreed in agreement.purposes
    )


def _rule(
    jurisdiction: Jurisdiction,
    key: tuple[URIRef, URIRef],
    agreements: list[Agreement],
    moment: datetime,
) -> Rule | None:
    """Return the rule of the law that gives most, of its own or under an agreement in force."""
    kinds = [a.kind for a in agreements if key[1] in a.categories]
    found = [jurisdiction.rules.get(key), *(jurisdiction.agreed.get((key, k)) for k in kinds)]
    held = [rule for rule in found if rule and holds(rule.since, rule.until, moment)]
    return max(held, key=lambda rule: (rule.level, rule.iri), default=None)


def _iris(statements: list[Statement]) -> tuple[URIRef, ...]:
    return tuple(sorted(statement.iri for statement in statements))


def in_force(statement: Statement, moment: datetime) -> bool:
    """Tell whether *statement* holds at *moment*: from *since*, until *until* or its withdrawal."""
    return holds(statement.since, statement.until, moment) and (
        statement.withdrawn is None or moment < statement.withdrawn
    )


def concerns(statement: Statement, purpose: URIRef) -> bool:
    """Tell whether *statement* is heard where *purpose* is asked for.

    A permission covers narrower purposes; a prohibition also wider ones that contain its own.
    """
    if statement.purpose is None or is_within(purpose, statement.purpose):
        return True
    return statement.level is Level.NONE and is_within(statement.purpose, purpose)


def next_change(
    statements: Iterable[Statement],
    moment: datetime,
    jurisdiction: Jurisdiction | None = None,
    agreements: Iterable[Agreement] = (),
    emergencies: Iterable[Emergency] = (),
) -> datetime | None:
    """Return the first moment after *moment* at which a decision on all these may change."""
    boundaries: list[datetime | None] = []
    for statement in statements:
        boundaries += [statement.since, statement.until, statement.withdrawn]
    for agreement in agreements:
        boundaries += [agreement.since, agreement.until]
    for emergency in emergencies:
        boundaries += [emergency.since, emergency.until]
    for rule in () if jurisdiction is None else jurisdiction.dated:
        boundaries += [rule.since, rule.until]
    return next_boundary(boundaries, moment)
