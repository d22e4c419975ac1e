"""Which records of one learner an audience sees, at which level, and until when that holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rdflib import URIRef

from databackpack.service.policy.decide import decide, next_change
from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Audience, Decision, Level, next_boundary
from databackpack.service.views import population
from databackpack.service.views.dossier import Dossier, HeldRecord

__all__ = ["Decider", "Selection", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """The decision on each record that is seen at all; it holds up to but not at *until*."""

    decisions: Mapping[HeldRecord, Decision]
    until: datetime | None


class Decider:
    """The decisions on one learner for one audience at one moment, by who holds the record.

    Two holders may be bound by different jurisdictions and covered by different agreements.
    """

    def __init__(
        self, dossier: Dossier, audience: Audience, purpose: URIRef, law: Law, moment: datetime
    ) -> None:
        self._dossier, self._audience, self._purpose = dossier, audience, purpose
        self._law, self._moment = law, moment
        self._made: dict[tuple[URIRef, Audience], Mapping[URIRef, Decision]] = {}
        self._of: dict[URIRef, Mapping[URIRef, Decision]] = {}

    def decide(self, holder: URIRef, category: URIRef) -> Decision:
        """Return the decision on what *holder* holds in *category*.

        INVARIANT: of a learner whose policies cannot be read, or who is held back, nothing is seen.
        """
        if not self._dossier.is_readable:
            return Decision(Level.NONE, ())
        if holder not in self._of:
            self._of[holder] = self._decide(holder)
        return self._of[holder][category]

    def _decide(self, holder: URIRef) -> Mapping[URIRef, Decision]:
        """Return the decision on each category; made once for all holders that are bound alike."""
        audience, jurisdiction = self._bound(holder), self._law.of(holder)
        key = jurisdiction.iri, audience
        if key not in self._made:
            self._made[key] = decide(
                self._dossier.statements,
                jurisdiction,
                audience,
                self._purpose,
                self._moment,
                self._dossier.emergencies,
            )
        return self._made[key]

    def _bound(self, holder: URIRef) -> Audience:
        """Return the audience with those of its agreements that cover *holder*.

        INVARIANT: one that has agreements, none of which covers the holder, sees nothing of it.
        """
        if not self._audience.agreements:
            return self._audience
        ancestry = set(self._law.ancestry(holder))
        agreements = tuple(
            agreement
            if not agreement.organizations or agreement.organizations & ancestry
            else replace(agreement, categories=frozenset())
            for agreement in self._audience.agreements
        )
        return replace(self._audience, agreements=agreements)


def select(
    dossier: Dossier, audience: Audience, purpose: URIRef, law: Law, moment: datetime
) -> Selection:
    """Return what *audience* may see of the learner at *moment* for *purpose*."""
    boundaries = [
        next_change(dossier.statements, moment, None, audience.agreements, dossier.emergencies),
        population.next_change(dossier, law, moment),
        *(next_change((), moment, law.of(holder)) for holder in dossier.holders),
    ]
    until = next_boundary(boundaries, moment)
    covered = population.coverage(audience, dossier, law, moment)
    decider = Decider(dossier, audience, purpose, law, moment)
    decisions: dict[HeldRecord, Decision] = {}
    for record in dossier.records:
        is_covered = record.holder in covered
        if is_covered or dossier.emergencies:
            made = decider.decide(record.holder, record.category)
            if made.level > Level.NONE and (is_covered or made.is_emergency):
                decisions[record] = made
    return Selection(decisions, until)
