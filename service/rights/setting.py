"""A family's word: checked for standing, law and form, then added to the record as one commit."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consent
from databackpack.service.policy.consent import Asked, Cell, Event, Status, Terms
from databackpack.service.policy.decide import concerns, in_force
from databackpack.service.policy.model import Audience, Jurisdiction, Level, Rule, Statement
from databackpack.service.policy.purpose import is_within
from databackpack.service.policy.refusal import InvalidConsent, NotSettable, Replayed
from databackpack.service.rights.holder import check_decider
from databackpack.service.views import statements
from databackpack.service.views.population import deciders
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import Decider

__all__ = [
    "MOST_EVENTS",
    "Outcome",
    "fixed",
    "request",
    "say",
    "usual_purpose",
    "version",
    "withdraw",
]

MOST_EVENTS = 2_000
"""How many events one learner's records may have; what lowers a level is heard beyond it."""

MOST_REQUESTS = 200
"""How many requests for consent one family may get."""

_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was acknowledged: the epoch, and the event with its receipt, if anything changed."""

    epoch: int
    event: Event | None


def say(
    views: Views, statement: Statement, method: URIRef = BP.SignedToken, *, is_new: bool = True
) -> Outcome:
    """Put *statement* in force from now on, or from its own beginning where that is later.

    With *is_new* it is signed at this moment; otherwise it brings the moment at which it was
    signed, and is refused where something newer is on record. Raises NoStanding, NotSettable,
    InvalidConsent or Replayed; then nothing was changed.
    """
    with views.truth.writing():
        learner, now = statement.learner, views.truth.clock()
        check_decider(views, statement.assigner, learner, now)
        _check_law(views, statement)
        events = views.events(learner)
        if is_new:
            same = _in_force_already(views, statement, now)
            if same:
                return Outcome(views.truth.epoch, None)
            statement = _after(statement, events, now)
        else:
            _check_order(statement, events, now, method)
        _check_room(events, statement.level)
        terms = Terms(method, _notice(views, learner))
        held = deciders(views.dossier(learner), views.law(), now)
        purposes = statements.purposes(views.truth)
        said = consent.say(events, statement, terms, purposes, held)
        statements.check(said)
        change = statements.addition(views.truth, learner, said, receipts=True)
        return Outcome(views.truth.commit([change]), said[0])


def withdraw(views: Views, cell: Cell, method: URIRef = BP.SignedToken) -> Outcome:
    """Take the word of *cell*'s assigner back; what the law gives or refuses holds again."""
    with views.truth.writing():
        learner, now = cell.learner, views.truth.clock()
        check_decider(views, cell.assigner, learner, now)
        events = views.events(learner)
        moment = _later(events, now)
        held = deciders(views.dossier(learner), views.law(), now)
        terms = Terms(method, _notice(views, learner))
        said = consent.withdraw(
            events,
            cell,
            ID[f"event/{uuid4()}"],
            moment,
            terms,
            statements.purposes(views.truth),
            held,
        )
        if not said:
            return Outcome(views.truth.epoch, None)
        statements.check(said)
        change = statements.addition(views.truth, learner, said, receipts=True)
        return Outcome(views.truth.commit([change]), said[0])


def request(views: Views, cell: Cell, asked: Asked, party: URIRef) -> Outcome:
    """Ask the family of *cell* for consent on behalf of its audience; it opens nothing."""
    with views.truth.writing():
        events = views.events(cell.learner)
        _check_purpose(views, cell.learner, asked.purpose)
        waiting = [event for event in events if event.asked is not None]
        if len(waiting) >= MOST_REQUESTS:
            raise InvalidConsent("consent record", "The family has been asked too often.")
        moment = _later(events, views.truth.clock())
        event = Event(
            iri=ID[f"event/{uuid4()}"],
            cell=cell,
            status=Status.REQUESTED,
            moment=moment,
            party=party,
            terms=Terms(BP.SignedToken, _notice(views, cell.learner)),
            sequence=sum(event.cell == cell for event in events) + 1,
            asked=asked,
        )
        statements.check([event])
        change = statements.addition(views.truth, cell.learner, [event], receipts=True)
        return Outcome(views.truth.commit([change]), event)


def version(views: Views, learner: URIRef) -> int:
    """Return how many events are on record: it grows with every one and never falls."""
    return len(views.events(learner))


def usual_purpose(target: Audience | URIRef, level: Level) -> URIRef | None:
    """Return the purpose of a word for which a family names none: a permission needs one."""
    role = target.role if isinstance(target, Audience) else target
    return audiences.usual_purpose(role) if level > Level.NONE else None


def fixed(views: Views, learner: URIRef, role: URIRef, category: URIRef) -> Rule | None:
    """Return the rule that leaves the family no choice, where all holders' jurisdictions have one.

    A word is heard if it counts for the records of any holder.
    """
    rules = [place.rules.get((role, category)) for place in _jurisdictions(views, learner)]
    if all(rule is not None and not rule.may_lower for rule in rules):
        return rules[0]
    return None


def _fixed_by_agreement(views: Views, statement: Statement) -> Rule | None:
    """Return the rule under an agreement in force that leaves no choice for any holder's records.

    An emergency leaves none either, but it ends: what is said in it counts afterwards.
    """
    audience = views.audience(local_name(statement.audience))
    held = replace(views.dossier(statement.learner), emergencies=())
    law, now = views.law(), views.truth.clock()
    made = [
        Decider(held, audience, purpose, law, now).decide(holder, statement.category)
        for purpose in audience.purposes
        for holder in held.holders
    ]
    if made and all(not decision.settable for decision in made):
        return made[0].rule
    return None


def _jurisdictions(views: Views, learner: URIRef) -> list[Jurisdiction]:
    law = views.law()
    found = {law.of(holder).iri: law.of(holder) for holder in views.dossier(learner).holders}
    return [found[iri] for iri in sorted(found)] or [law.default]


def _notice(views: Views, learner: URIRef) -> URIRef:
    return _jurisdictions(views, learner)[0].notice


def _check_law(views: Views, statement: Statement) -> None:
    try:
        role = views.role(statement.audience)
    except KeyError:
        raise InvalidConsent("34 CFR 99.30(b)(3)", "There is no such audience.") from None
    rule = fixed(views, statement.learner, role, statement.category)
    if rule is None and statement.audience != role:
        rule = _fixed_by_agreement(views, statement)
    if rule is not None:
        raise NotSettable(str(rule.source), "The law fixes this level.")
    purposes = statements.purposes(views.truth)(statement.audience)
    if not any(concerns(statement, purpose) for purpose in purposes):
        names = ", ".join(sorted(map(local_name, purposes)))
        raise InvalidConsent(
            "34 CFR 99.30(b)(2)", f"This audience asks for {names}: the word would change nothing."
        )
    if statement.purpose is None or statement.level is Level.NONE:
        return
    _check_purpose(views, statement.learner, statement.purpose)


def _check_purpose(views: Views, learner: URIRef, purpose: URIRef) -> None:
    for place in _jurisdictions(views, learner):
        for prohibited, bar in place.prohibitions.items():
            if is_within(purpose, prohibited):
                raise NotSettable(
                    str(bar.source), "Nobody can consent to this purpose: it is prohibited."
                )


def _in_force_already(views: Views, statement: Statement, now: datetime) -> bool:
    """Tell whether the same block holds already: saying it again would only fill the record."""
    return statement.level is Level.NONE and any(
        held.level is Level.NONE
        and Cell.of(held) == Cell.of(statement)
        and (held.purpose, held.until) == (statement.purpose, statement.until)
        and held.withdrawn is None
        and in_force(held, now)
        for held in views.dossier(statement.learner).statements
    )


def _check_order(
    statement: Statement, events: tuple[Event, ...], now: datetime, method: URIRef
) -> None:
    if any(
        event.statement is not None and event.statement.iri == statement.iri for event in events
    ):
        raise Replayed("consent record", "This policy is on record already; write a new one.")
    if statement.signed > now:
        raise InvalidConsent("34 CFR 99.30(a)", "It is signed at a moment that is still to come.")
    cell = (statement.learner, statement.category, statement.audience)
    last = max(
        (e.moment for e in events if (e.cell.learner, e.cell.category, e.cell.audience) == cell),
        default=None,
    )
    if last is not None and statement.signed <= last:
        raise Replayed("consent record", "Something was said here after this was signed.")
    if method == BP.SignedToken and statement.since < now - _SKEW:
        raise InvalidConsent(
            "34 CFR 99.30(a)", "It begins in the past; what you send yourself begins now or later."
        )
    if statement.since < statement.signed:
        raise InvalidConsent("34 CFR 99.30(a)", "It begins before it was signed.")


def _check_room(events: tuple[Event, ...], level: Level) -> None:
    said = sum(event.asked is None for event in events)
    if level > Level.NONE and said >= MOST_EVENTS:
        raise InvalidConsent(
            "consent record", f"There are {MOST_EVENTS} events on record; no more are opened."
        )


def _after(statement: Statement, events: tuple[Event, ...], now: datetime) -> Statement:
    """Return *statement* signed now, and not before anything on record."""
    moment = _later(events, now)
    since = max(moment, statement.since)
    return replace(statement, since=since, issued=None if since == moment else moment)


def _later(events: tuple[Event, ...], now: datetime) -> datetime:
    return max([now, *(event.moment for event in events)])
