"""Who holds rights over a learner's records at a moment: computed from dates, never from a flag.

Rights are the parents' until the learner is 18 or in college, then the learner's own (34 CFR 99.3,
99.5(a)). Either parent has them in full unless a court order says otherwise (34 CFR 99.4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.policy.model import holds, next_boundary

__all__ = [
    "Family",
    "Guardianship",
    "StandingDocument",
    "deciders",
    "inspectors",
    "is_own_holder",
    "next_change",
]


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A guardian of a learner, from *since* (None: always) until *until* (None: open)."""

    guardian: URIRef
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StandingDocument:
    """A document that changes somebody's standing: a concept of bp:StandingKindScheme.

    *person* is the guardian whom it is about; None where it is about the learner.
    """

    kind: URIRef
    person: URIRef | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Family:
    """What bears on who holds the rights over one learner's records."""

    learner: URIRef
    guardianships: tuple[Guardianship, ...] = ()
    documents: tuple[StandingDocument, ...] = ()
    births: frozenset[date] = frozenset()
    college_entries: frozenset[date] = frozenset()


def is_own_holder(family: Family, majority_age: int, moment: datetime) -> bool:
    """Tell whether rights have passed to the learner: by age, college entry or emancipation.

    Where holders of records differ on the date of birth, the earliest counts: rights pass rather
    too early to the learner than too late. Without a date they stay with the guardians.
    """
    days = [_majority(family, majority_age), *map(_midnight, family.college_entries)]
    return any(day is not None and day <= moment for day in days) or bool(
        list(_documents(family, BP.Emancipation, None, moment))
    )


def deciders(family: Family, majority_age: int, moment: datetime) -> frozenset[URIRef]:
    """Return those who may decide who sees the learner's records."""
    if is_own_holder(family, majority_age, moment):
        return frozenset({family.learner})
    return _guardians(family, BP.CourtBarsDecision, moment)


def inspectors(family: Family, majority_age: int, moment: datetime) -> frozenset[URIRef]:
    """Return those who may inspect and review all records (34 CFR 99.10).

    Parents of a learner of age only where their dependency for tax purposes is on file, with its
    evidence (34 CFR 99.31(a)(8)).
    """
    guardians = _guardians(family, BP.CourtBarsInspection, moment)
    if not is_own_holder(family, majority_age, moment):
        return guardians
    kept = {g for g in guardians if list(_documents(family, BP.TaxDependency, g, moment))}
    return frozenset({family.learner, *kept})


def next_change(family: Family, majority_age: int, moment: datetime) -> datetime | None:
    """Return the first moment after *moment* at which any of these rights may move."""
    boundaries = [_majority(family, majority_age), *map(_midnight, family.college_entries)]
    boundaries += [moment for tie in family.guardianships for moment in (tie.since, tie.until)]
    boundaries += [moment for paper in family.documents for moment in (paper.since, paper.until)]
    return next_boundary(boundaries, moment)


def _guardians(family: Family, bar: URIRef, moment: datetime) -> frozenset[URIRef]:
    return frozenset(
        tie.guardian
        for tie in family.guardianships
        if holds(tie.since, tie.until, moment)
        and not list(_documents(family, bar, tie.guardian, moment))
    )


def _documents(
    family: Family, kind: URIRef, person: URIRef | None, moment: datetime
) -> Iterator[StandingDocument]:
    for document in family.documents:
        if (document.kind, document.person) == (kind, person) and holds(
            document.since, document.until, moment
        ):
            yield document


def _majority(family: Family, majority_age: int) -> datetime | None:
    if not family.births:
        return None
    birth = min(family.births)
    year = birth.year + majority_age
    try:
        return _midnight(birth.replace(year=year))
    except ValueError:  # born on 29 February
        return _midnight(date(year, 3, 1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
