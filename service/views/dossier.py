"""What a decision about one learner needs to know, read from the truth store."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, BPC, ORG, SDO
from databackpack.service.policy import profile
from databackpack.service.policy.model import Statement
from databackpack.service.records.graphs import INDEX, guardianship_graph
from databackpack.service.records.terms import text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import statements

__all__ = ["Dossier", "Enrollment", "Guardianship", "HeldRecord", "read"]


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """One record: the name of its graph, who holds it and its category."""

    iri: URIRef
    holder: URIRef
    category: URIRef


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A learner in a school from one day to another, both included."""

    organization: URIRef
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A guardian of a learner, from *since* (None: always) until *until* (None: open)."""

    guardian: URIRef
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known of one learner; without *is_readable*, some policy follows no known profile.

    INVARIANT: an unreadable dossier opens nothing to anybody.
    """

    learner: URIRef
    records: tuple[HeldRecord, ...]
    statements: tuple[Statement, ...]
    enrollments: tuple[Enrollment, ...]
    guardianships: tuple[Guardianship, ...]
    births: frozenset[date]
    is_readable: bool = True


def read(truth: TruthStore, learner: URIRef) -> Dossier:
    """Return the dossier of *learner*; one without anything for somebody unknown."""
    records = tuple(sorted(_records(truth, learner), key=lambda record: record.iri))
    try:
        said, is_readable = statements.read(truth, learner), True
    except profile.UnreadablePolicy:
        said, is_readable = (), False
    return Dossier(
        learner=learner,
        records=records,
        statements=said,
        enrollments=tuple(_enrollments(truth, records)),
        guardianships=tuple(_guardianships(truth, learner)),
        births=frozenset(_births(truth, records)),
        is_readable=is_readable,
    )


def _records(truth: TruthStore, learner: URIRef) -> Iterable[HeldRecord]:
    for iri in truth.subjects(INDEX, BP.isRecordOf, learner):
        about = _by_predicate(truth.triples(INDEX, iri))
        yield HeldRecord(iri, URIRef(about[BP.isHeldBy]), URIRef(about[BP.hasCategory]))


def _enrollments(truth: TruthStore, records: Iterable[HeldRecord]) -> Iterable[Enrollment]:
    for about in _items(truth, records, BPC.enrollment):
        first = int(about[BP.schoolYear][:4])
        yield Enrollment(
            URIRef(about[ORG.organization]),
            _date(about.get(BP.entryDate)) or date(first, 7, 1),
            _date(about.get(BP.exitDate)) or date(first + 1, 6, 30),
        )


def _births(truth: TruthStore, records: Iterable[HeldRecord]) -> Iterable[date]:
    for about in _items(truth, records, BPC.demographics):
        birth = _date(about.get(SDO.birthDate))
        if birth is not None:
            yield birth


def _guardianships(truth: TruthStore, learner: URIRef) -> Iterable[Guardianship]:
    for about in _by_subject(truth.triples(guardianship_graph(learner))):
        since, until = about.get(BP.validFrom), about.get(BP.validUntil)
        yield Guardianship(
            URIRef(about[BP.hasGuardian]),
            None if since is None else datetime.fromisoformat(since),
            None if until is None else datetime.fromisoformat(until),
        )


def _items(
    truth: TruthStore, records: Iterable[HeldRecord], category: URIRef
) -> Iterable[dict[URIRef, str]]:
    for record in records:
        if record.category == category:
            yield from _by_subject(truth.triples(record.iri))


def _by_subject(triples: set[ox.Triple]) -> list[dict[URIRef, str]]:
    subjects = sorted({text(triple.subject) for triple in triples})
    return [_by_predicate({t for t in triples if text(t.subject) == s}) for s in subjects]


def _by_predicate(triples: set[ox.Triple]) -> dict[URIRef, str]:
    return {URIRef(triple.predicate.value): text(triple.object) for triple in triples}


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
