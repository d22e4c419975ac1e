"""Which learners an audience is about, and who holds rights over a record, at one moment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.policy import standing
from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Audience, next_boundary
from databackpack.service.views.dossier import Dossier

__all__ = ["Coverage", "coverage", "deciders", "next_change"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whose records of a learner an audience is about: everybody's, or those of some holders."""

    every_holder: bool
    holders: frozenset[URIRef] = frozenset()

    @property
    def is_somebody(self) -> bool:
        """Whether the audience is about any record of the learner."""
        return self.every_holder or bool(self.holders)

    def __contains__(self, holder: URIRef) -> bool:
        return self.every_holder or holder in self.holders


_NOBODY, _EVERYBODY = Coverage(False), Coverage(True)

_EVERY_LEARNER, _WARDS, _SELF = BP.EveryLearner, BP.PersonalWards, BP.PersonalSelf
_ENROLLED, _HELD, _ENROLLED_OR_HELD = (
    BP.EnrolledInOrganization,
    BP.HeldByOrganization,
    BP.EnrolledOrHeld,
)


def coverage(audience: Audience, dossier: Dossier, law: Law, moment: datetime) -> Coverage:
    """Return which holders' records of this learner *audience* is about at *moment*.

    A population that is not known covers nobody.
    """
    population, party = audience.population, audience.party
    if population == _EVERY_LEARNER:
        return _EVERYBODY
    if population in (_WARDS, _SELF):
        age = law.majority_age(dossier.holders)
        if population == _WARDS:
            covers = party in standing.inspectors(dossier.family, age, moment)
        else:
            covers = party == dossier.learner and standing.is_own_holder(
                dossier.family, age, moment
            )
        return _EVERYBODY if covers else _NOBODY
    if population in (_ENROLLED, _ENROLLED_OR_HELD) and _is_enrolled(party, dossier, law, moment):
        return _EVERYBODY
    if population == _ENROLLED_OR_HELD:
        return Coverage(False, frozenset(h for h in dossier.holders if party in law.ancestry(h)))
    if population == _HELD:
        return Coverage(False, dossier.holders & {party})
    return _NOBODY


def deciders(dossier: Dossier, law: Law, moment: datetime) -> frozenset[URIRef]:
    """Return those who may decide who sees the learner's records at *moment*."""
    return standing.deciders(dossier.family, law.majority_age(dossier.holders), moment)


def next_change(dossier: Dossier, law: Law, moment: datetime) -> datetime | None:
    """Return the first moment after *moment* at which any population may change."""
    age = law.majority_age(dossier.holders)
    boundaries = [standing.next_change(dossier.family, age, moment)]
    for enrollment in dossier.enrollments:
        boundaries += [_midnight(enrollment.since), _midnight(enrollment.until + timedelta(days=1))]
    return next_boundary(boundaries, moment)


def _is_enrolled(organization: URIRef, dossier: Dossier, law: Law, moment: datetime) -> bool:
    today = moment.astimezone(UTC).date()
    return any(
        enrollment.since <= today <= enrollment.until
        and organization in law.ancestry(enrollment.organization)
        for enrollment in dossier.enrollments
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
