"""Which learners an audience is about, and who holds rights over a record, at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.policy.model import Audience, Jurisdiction
from databackpack.service.views.dossier import Dossier, Guardianship

__all__ = ["Coverage", "Parents", "coverage", "is_of_age", "next_change"]

Parents = Mapping[URIRef, URIRef]
"""Each organisation's parent."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whose records of a learner an audience is about: everybody's, or those of some holders."""

    every_holder: bool
    holders: frozenset[URIRef] = frozenset()

    def __contains__(self, holder: URIRef) -> bool:
        return self.every_holder or holder in self.holders


_NOBODY, _EVERYBODY = Coverage(False), Coverage(True)


def coverage(
    audience: Audience,
    dossier: Dossier,
    parents: Parents,
    jurisdiction: Jurisdiction,
    moment: datetime,
) -> Coverage:
    """Return which holders' records of this learner *audience* is about at *moment*.

    A population that is not known covers nobody.
    """
    match audience.population:
        case BP.EveryLearner:
            covers = True
        case BP.PersonalWards:
            covers = not is_of_age(dossier, jurisdiction, moment) and any(
                tie.guardian == audience.party and _holds(tie, moment)
                for tie in dossier.guardianships
            )
        case BP.PersonalSelf:
            covers = audience.party == dossier.learner and is_of_age(dossier, jurisdiction, moment)
        case BP.EnrolledInOrganization | BP.EnrolledOrHeld:
            covers = _is_enrolled(audience.party, dossier, parents, moment)
        case _:
            covers = False
    if covers:
        return _EVERYBODY
    if audience.population == BP.EnrolledOrHeld:
        holders = {record.holder for record in dossier.records}
        return Coverage(False, frozenset(h for h in holders if _within(h, audience.party, parents)))
    return _NOBODY


def is_of_age(dossier: Dossier, jurisdiction: Jurisdiction, moment: datetime) -> bool:
    """Tell whether rights have passed to the learner (34 CFR 99.5(a)(1)), by date of birth.

    Where holders differ on the date, the earliest counts: rights pass rather too early to the
    learner than too late. Without a date they stay with the guardians.
    """
    coming = _majority(dossier, jurisdiction)
    return coming is not None and moment >= coming


def next_change(dossier: Dossier, jurisdiction: Jurisdiction, moment: datetime) -> datetime | None:
    """Return the first moment after *moment* at which any population may change."""
    boundaries = [_majority(dossier, jurisdiction)]
    for enrollment in dossier.enrollments:
        boundaries += [_midnight(enrollment.since), _midnight(enrollment.until + timedelta(days=1))]
    for tie in dossier.guardianships:
        boundaries += [tie.since, tie.until]
    return min((b for b in boundaries if b is not None and b > moment), default=None)


def _majority(dossier: Dossier, jurisdiction: Jurisdiction) -> datetime | None:
    if not dossier.births:
        return None
    birth = min(dossier.births)
    year = birth.year + jurisdiction.majority_age
    try:
        return _midnight(birth.replace(year=year))
    except ValueError:  # born on 29 February
        return _midnight(date(year, 3, 1))


def _holds(tie: Guardianship, moment: datetime) -> bool:
    return (tie.since is None or tie.since <= moment) and (tie.until is None or moment < tie.until)


def _is_enrolled(
    organization: URIRef, dossier: Dossier, parents: Parents, moment: datetime
) -> bool:
    today = moment.astimezone(UTC).date()
    return any(
        enrollment.since <= today <= enrollment.until
        and _within(enrollment.organization, organization, parents)
        for enrollment in dossier.enrollments
    )


def _within(organization: URIRef, ancestor: URIRef, parents: Parents) -> bool:
    seen: set[URIRef] = set()
    current: URIRef | None = organization
    while current is not None and current not in seen:
        if current == ancestor:
            return True
        seen.add(current)
        current = parents.get(current)
    return False


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
