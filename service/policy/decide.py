"""The decision: pure, total, and the only place where statements become levels."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rdflib import URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP
from databackpack.service.policy.model import Audience, Decision, Jurisdiction, Level, Statement
from databackpack.service.policy.purpose import is_within

__all__ = ["decide", "in_force", "next_change"]


def decide(
    statements: Iterable[Statement],
    jurisdiction: Jurisdiction,
    audience: Audience,
    purpose: URIRef,
    moment: datetime,
) -> Mapping[URIRef, Decision]:
    """Return the level of each category of one learner for *audience*, with its reasons.

    The level is the minimum of the jurisdiction's rule and of every statement in force that is
    for this audience or its role; without a rule and without a statement it is None. Where the
    rule leaves families no choice, statements are not heard. A purpose that is not the
    audience's own gives None everywhere.
    """
    if purpose not in audience.purposes:
        return {category: Decision(Level.NONE, ()) for category in concepts(BP.CategoryScheme)}
    heard = [
        statement
        for statement in statements
        if statement.audience in (audience.iri, audience.role)
        and in_force(statement, moment)
        and _concerns(statement, purpose)
    ]
    return {
        category: _decide_category(
            [statement for statement in heard if statement.category == category],
            jurisdiction,
            audience.role,
            category,
        )
        for category in concepts(BP.CategoryScheme)
    }


def _decide_category(
    heard: list[Statement], jurisdiction: Jurisdiction, role: URIRef, category: URIRef
) -> Decision:
    rule = jurisdiction.rules.get((role, category))
    if rule is None:
        level = min((statement.level for statement in heard), default=Level.NONE)
        return Decision(level, _iris(heard))
    if not rule.may_lower:
        return Decision(rule.level, (rule.iri,), rule)
    level = min([rule.level, *(statement.level for statement in heard)])
    return Decision(level, (rule.iri, *_iris(heard)), rule)


def _iris(statements: list[Statement]) -> tuple[URIRef, ...]:
    return tuple(sorted(statement.iri for statement in statements))


def in_force(statement: Statement, moment: datetime) -> bool:
    """Tell whether *statement* holds at *moment*: from *since*, until *until* or its withdrawal."""
    return statement.since <= moment and all(
        moment < end for end in (statement.until, statement.withdrawn) if end is not None
    )


def _concerns(statement: Statement, purpose: URIRef) -> bool:
    """A permission covers narrower purposes; a prohibition also wider ones that contain its own."""
    if statement.purpose is None or is_within(purpose, statement.purpose):
        return True
    return statement.level is Level.NONE and is_within(statement.purpose, purpose)


def next_change(statements: Iterable[Statement], moment: datetime) -> datetime | None:
    """Return the first moment after *moment* at which some statement begins or ends to hold."""
    boundaries = (
        boundary
        for statement in statements
        for boundary in (statement.since, statement.until, statement.withdrawn)
        if boundary is not None and boundary > moment
    )
    return min(boundaries, default=None)
