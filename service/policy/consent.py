"""Consent as a history: events are added and never edited; what holds is read off their order.

One consent record is kept for each (learner, assigner, category, audience). Its events say what
was asked, given, refused or withdrawn, by whom and when (34 CFR 99.30, ISO/IEC TS 27560). A word's
end is never written into it: it ends when a later event of its record says so.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from uuid import UUID, uuid5

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import DPV, ID
from databackpack.service.policy.decide import concerns
from databackpack.service.policy.model import Level, Statement

__all__ = [
    "Asked",
    "Cell",
    "Event",
    "Purposes",
    "Status",
    "Terms",
    "policy_iri",
    "record_iri",
    "say",
    "statements",
    "status",
    "status_of",
    "under_review",
    "withdraw",
]


Purposes = Callable[[URIRef], Collection[URIRef]]
"""An audience or a role → the purposes for which it may ask."""


class Status(Enum):
    """A state of consent, by the local name of DPV's term for it."""

    REQUESTED = "ConsentRequested"
    GIVEN = "ConsentGiven"
    RENEWED = "RenewedConsentGiven"
    REFUSED = "ConsentRefused"
    WITHDRAWN = "ConsentWithdrawn"
    REVOKED = "ConsentRevoked"
    EXPIRED = "ConsentExpired"
    UNKNOWN = "ConsentUnknown"

    @property
    def iri(self) -> URIRef:
        """DPV's concept."""
        return DPV[self.value]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one consent record is about: the word of *assigner* on one category and audience."""

    learner: URIRef
    assigner: URIRef
    category: URIRef
    audience: URIRef

    @classmethod
    def of(cls, statement: Statement) -> "Cell":
        """Return the cell that *statement* is about."""
        return cls(statement.learner, statement.assigner, statement.category, statement.audience)


@dataclass(frozen=True, slots=True)
class Terms:
    """How the party was identified and the approval shown (34 CFR 99.30(d)), under which notice.

    *method* is a concept of bp:IndicationMethodScheme, *notice* the notice of rights in force.
    """

    method: URIRef
    notice: URIRef


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request for consent asks for."""

    level: Level
    purpose: URIRef
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a consent record: *party* brought it about at *moment*.

    *statement* is the policy that it puts in force: with GIVEN, RENEWED and REFUSED, and with a
    WITHDRAWN that leaves a prohibition. *asked* is what a REQUESTED would have. *sequence* counts
    the events of a record in the order in which they came in.
    """

    iri: URIRef
    cell: Cell
    status: Status
    moment: datetime
    party: URIRef
    terms: Terms
    sequence: int
    statement: Statement | None = None
    asked: Asked | None = None

    @property
    def effect(self) -> datetime:
        """The moment from which it ends what was said before it."""
        return self.moment if self.statement is None else self.statement.since

    @property
    def order(self) -> tuple[object, ...]:
        """Its place among the events of its record.

        Of two words of one moment the lower comes last, so that it is the one that holds.
        """
        level = -1 if self.statement is None else -self.statement.level
        return self.moment, self.effect, level, self.sequence


def record_iri(cell: Cell) -> URIRef:
    """Return the IRI of the consent record of *cell*; the same at each call."""
    key = "|".join(map(local_name, (cell.assigner, cell.category, cell.audience)))
    return ID[f"consent/{uuid5(UUID(local_name(cell.learner)), key)}"]


def policy_iri(learner: URIRef, *key: str) -> URIRef:
    """Return the IRI of the policy that *key* names among a learner's; the same at each call."""
    return ID[f"policy/{uuid5(UUID(local_name(learner)), '|'.join(key))}"]


def statements(events: Iterable[Event], purposes: Purposes) -> tuple[Statement, ...]:
    """Return every statement that *events* put in force, each ended where a later event ends it.

    A later word ends an earlier one of its record if it speaks of all that the earlier one spoke
    of, among *purposes*, for which the audience may ask: a block for every purpose outlasts a word
    about one that the audience never asks for. The order in which events are given does not
    matter, and adding one never brings back a statement that had ended.
    """
    found = []
    for history in _histories(events):
        for place, event in enumerate(history):
            said = event.statement
            if said is not None:
                spoken = [p for p in purposes(said.audience) if concerns(said, p)]
                ends = [
                    later.effect
                    for later in history[place + 1 :]
                    if later.statement is None
                    or all(concerns(later.statement, purpose) for purpose in spoken)
                ]
                found.append(replace(said, withdrawn=min(ends, default=None)))
    return tuple(sorted(found, key=lambda statement: statement.iri))


def status(history: Iterable[Event], moment: datetime) -> Status:
    """Return the state at *moment* of the record whose events are *history*."""
    past = sorted((e for e in history if e.moment <= moment), key=lambda event: event.order)
    said = [event for event in past if event.status is not Status.REQUESTED]
    if not said:
        return Status.REQUESTED if past else Status.UNKNOWN
    last = said[-1]
    until = None if last.statement is None else last.statement.until
    if until is not None and until <= moment:
        return Status.EXPIRED
    return last.status


def status_of(history: Iterable[Event], level: Level, moment: datetime) -> Status:
    """Return the state that a word of *level* said at *moment* brings about."""
    before = status(history, moment)
    was_given = before in (Status.GIVEN, Status.RENEWED)
    if level > Level.NONE:
        return Status.RENEWED if was_given or before is Status.EXPIRED else Status.GIVEN
    return Status.WITHDRAWN if was_given else Status.REFUSED


def say(
    events: Collection[Event],
    statement: Statement,
    terms: Terms,
    purposes: Purposes,
    deciders: Collection[URIRef] | None = None,
) -> list[Event]:
    """Return the events that *statement* adds to those on record.

    It ends what its assigner said before on the same cell. Given *deciders*, those who hold the
    rights now, it also ends what anybody else said there who no longer holds them: the word of a
    guardian stays in force on the day rights move, until whoever decides now speaks.
    """
    cell = Cell.of(statement)
    said = Event(
        iri=_event_iri(cell.learner, "said", statement.iri),
        cell=cell,
        status=status_of(_of(events, cell), statement.level, statement.signed),
        moment=statement.signed,
        party=statement.assigner,
        terms=terms,
        sequence=len(_of(events, cell)) + 1,
        statement=statement,
    )
    return [said, *_revocations(events, said, purposes, deciders)]


def withdraw(
    events: Collection[Event],
    cell: Cell,
    iri: URIRef,
    moment: datetime,
    terms: Terms,
    purposes: Purposes,
    deciders: Collection[URIRef],
) -> list[Event]:
    """Return the events by which *cell*'s assigner takes the own word back, without another one.

    What former holders said there ends too. Where there is nothing to take back, none.
    """
    history = _of(events, cell)
    before = status(history, moment)
    taken_back = Event(
        iri=iri,
        cell=cell,
        status=Status.UNKNOWN if before is Status.REFUSED else Status.WITHDRAWN,
        moment=moment,
        party=cell.assigner,
        terms=terms,
        sequence=len(history) + 1,
    )
    own = [taken_back] if _open_ones(history, purposes, moment) else []
    return [*own, *_revocations(events, taken_back, purposes, deciders)]


def under_review(
    events: Collection[Event],
    purposes: Purposes,
    deciders: Collection[URIRef],
    moment: datetime,
) -> tuple[Statement, ...]:
    """Return the statements in force whose assigners no longer hold the right to decide."""
    found = _open_ones(events, purposes, moment)
    return tuple(statement for statement in found if statement.assigner not in deciders)


def _revocations(
    events: Collection[Event],
    cause: Event,
    purposes: Purposes,
    deciders: Collection[URIRef] | None,
) -> list[Event]:
    if deciders is None:
        return []
    found = []
    for statement in under_review(events, purposes, deciders, cause.moment):
        cell = Cell.of(statement)
        if replace(cell, assigner=cause.cell.assigner) == cause.cell and cell != cause.cell:
            found.append(
                replace(
                    cause,
                    iri=_event_iri(cell.learner, "revoked", cause.iri, statement.iri),
                    cell=cell,
                    status=Status.REVOKED,
                    sequence=len(_of(events, cell)) + 1,
                    statement=None,
                )
            )
    return found


def _event_iri(learner: URIRef, *key: str) -> URIRef:
    """Return the IRI of the event that *key* names; nobody who sends a policy can choose it."""
    return ID[f"event/{uuid5(UUID(local_name(learner)), '|'.join(key))}"]


def _open_ones(events: Iterable[Event], purposes: Purposes, moment: datetime) -> list[Statement]:
    """Return the statements that hold or are still to hold."""
    return [
        statement
        for statement in statements(events, purposes)
        if all(end is None or moment < end for end in (statement.until, statement.withdrawn))
    ]


def _of(events: Iterable[Event], cell: Cell) -> list[Event]:
    return [event for event in events if event.cell == cell]


def _histories(events: Iterable[Event]) -> Iterable[list[Event]]:
    """Return the events of each record in their order; requests end nothing and are left out."""
    by_record: defaultdict[Cell, list[Event]] = defaultdict(list)
    for event in events:
        if event.status is not Status.REQUESTED:
            by_record[event.cell].append(event)
    return [sorted(history, key=lambda event: event.order) for history in by_record.values()]
