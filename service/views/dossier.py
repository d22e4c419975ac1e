"""What a decision about one learner needs to know, read from the truth store."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack.ontology.namespaces import BP, BPC, BPG, ORG, SDO
from databackpack.service.policy import profile
from databackpack.service.policy.consent import Event
from databackpack.service.policy.model import Emergency, Statement
from databackpack.service.policy.standing import Family, Guardianship, StandingDocument
from databackpack.service.records.graphs import (
    HOLDS,
    INDEX,
    emergency_graph,
    guardianship_graph,
)
from databackpack.service.records.terms import Term, iri, node, text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import statements

__all__ = ["Dossier", "Enrollment", "HeldRecord", "read"]

About = dict[ox.NamedNode, Term]
"""What is said about one subject: predicate → value."""

_IS_HELD_BY, _HAS_CATEGORY = node(BP.isHeldBy), node(BP.hasCategory)
_ORGANIZATION, _SCHOOL_YEAR, _GRADE = (
    node(ORG.organization),
    node(BP.schoolYear),
    node(BP.hasGradeLevel),
)
_ENTRY, _EXIT, _BIRTH = node(BP.entryDate), node(BP.exitDate), node(SDO.birthDate)
_GUARDIAN, _KIND, _PERSON = node(BP.hasGuardian), node(BP.hasStandingKind), node(BP.concernsPerson)
_SINCE, _UNTIL, _OPENS_TO = node(BP.validFrom), node(BP.validUntil), node(BP.opensTo)
_POSTSECONDARY = node(BPG.PS)


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
    is_college: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known of one learner; without *is_readable*, what the family said is not all known.

    Either a policy follows no known profile, or the learner is held back and the dossier is empty.
    INVARIANT: an unreadable dossier opens nothing to anybody.
    """

    learner: URIRef
    records: tuple[HeldRecord, ...]
    statements: tuple[Statement, ...]
    enrollments: tuple[Enrollment, ...]
    family: Family
    emergencies: tuple[Emergency, ...] = ()
    events: tuple[Event, ...] = ()
    is_readable: bool = True

    @property
    def holders(self) -> frozenset[URIRef]:
        """The organisations that hold any record of the learner."""
        return frozenset(record.holder for record in self.records)


def read(truth: TruthStore, learner: URIRef) -> Dossier:
    """Return the dossier of *learner*; one without anything for somebody unknown or held back.

    Of who is held back it is not even known who the guardians are: a court order may be missing.
    """
    if truth.triples(HOLDS, learner):
        return Dossier(learner, (), (), (), Family(learner), is_readable=False)
    records = tuple(sorted(_records(truth, learner), key=lambda record: str(record.iri)))
    try:
        (events, said), is_readable = statements.read(truth, learner), True
    except profile.UnreadablePolicy:
        events, said, is_readable = (), (), False
    enrollments = tuple(_enrollments(truth, records))
    standing = _by_subject(truth.triples(guardianship_graph(learner)))
    return Dossier(
        learner=learner,
        records=records,
        statements=said,
        enrollments=enrollments,
        family=Family(
            learner=learner,
            guardianships=tuple(_guardianships(standing)),
            documents=tuple(_documents(standing)),
            births=frozenset(_births(truth, records)),
            college_entries=frozenset(stay.since for stay in enrollments if stay.is_college),
        ),
        emergencies=tuple(_emergencies(truth, learner)),
        events=events,
        is_readable=is_readable,
    )


def _records(truth: TruthStore, learner: URIRef) -> Iterable[HeldRecord]:
    for record in truth.subjects(INDEX, BP.isRecordOf, learner):
        about = _by_predicate(truth.triples(INDEX, record))
        yield HeldRecord(record, iri(about[_IS_HELD_BY]), iri(about[_HAS_CATEGORY]))


def _enrollments(truth: TruthStore, records: Iterable[HeldRecord]) -> Iterable[Enrollment]:
    for about in _items(truth, records, BPC.enrollment):
        first = int(text(about[_SCHOOL_YEAR])[:4])
        yield Enrollment(
            iri(about[_ORGANIZATION]),
            _date(about.get(_ENTRY)) or date(first, 7, 1),
            _date(about.get(_EXIT)) or date(first + 1, 6, 30),
            about.get(_GRADE) == _POSTSECONDARY,
        )


def _births(truth: TruthStore, records: Iterable[HeldRecord]) -> Iterable[date]:
    for about in _items(truth, records, BPC.demographics):
        birth = _date(about.get(_BIRTH))
        if birth is not None:
            yield birth


def _guardianships(standing: Iterable[About]) -> Iterable[Guardianship]:
    for about in standing:
        if _GUARDIAN in about:
            yield Guardianship(iri(about[_GUARDIAN]), *_span(about))


def _documents(standing: Iterable[About]) -> Iterable[StandingDocument]:
    for about in standing:
        if _KIND in about:
            person = about.get(_PERSON)
            yield StandingDocument(
                iri(about[_KIND]), None if person is None else iri(person), *_span(about)
            )


def _emergencies(truth: TruthStore, learner: URIRef) -> Iterable[Emergency]:
    graph = emergency_graph(learner)
    for emergency in truth.subjects(graph, RDF.type, BP.Emergency):
        triples = truth.triples(graph, emergency)
        about = _by_predicate(triples)
        yield Emergency(
            emergency,
            iri(about[_OPENS_TO]),
            frozenset(iri(t.object) for t in triples if t.predicate == _HAS_CATEGORY),
            datetime.fromisoformat(text(about[_SINCE])),
            datetime.fromisoformat(text(about[_UNTIL])),
        )


def _span(about: About) -> tuple[datetime | None, datetime | None]:
    since, until = about.get(_SINCE), about.get(_UNTIL)
    return (
        None if since is None else datetime.fromisoformat(text(since)),
        None if until is None else datetime.fromisoformat(text(until)),
    )


def _items(truth: TruthStore, records: Iterable[HeldRecord], category: URIRef) -> Iterable[About]:
    for record in records:
        if record.category == category:
            yield from _by_subject(truth.triples(record.iri))


def _by_subject(triples: Iterable[ox.Triple]) -> list[About]:
    found: dict[str, list[ox.Triple]] = {}
    for triple in triples:
        found.setdefault(text(triple.subject), []).append(triple)
    return [_by_predicate(found[subject]) for subject in sorted(found)]


def _by_predicate(triples: Iterable[ox.Triple]) -> About:
    return {triple.predicate: triple.object for triple in triples}


def _date(value: Term | None) -> date | None:
    return None if value is None else date.fromisoformat(text(value))
