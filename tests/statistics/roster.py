"""A state in which many learners have little on record: enough to count, quick to load."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from rdflib import RDF, RDFS, Graph, Literal, URIRef

from databackpack.loaders.record import (
    Guardianship,
    Item,
    Record,
    Setting,
    item_iri,
    organization_iri,
)
from databackpack.ontology.namespaces import BP, BPC, BPG, DPV, ID, ORG, XSD
from databackpack.queries import cubes
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Level
from databackpack.service.records.truth import Clock, TruthStore
from databackpack.service.rights import agreements
from databackpack.service.views.registry import Views
from tests.oracle.world import NOW, SOURCE, organizations

__all__ = ["ATLAS", "NORTH", "SIZES", "STATE", "Calendar", "agreement", "learner", "opened", "say"]

STATE, NORTH, ATLAS = "state-agency-state", "district-north", "researcher-atlas"
SIZES = {"elm": 34, "oak": 23, "fir": 27}
"""Learners of each school."""


class Calendar:
    """A clock that stands at noon of the day that it is put to."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment

    def turn_to(self, day: date) -> None:
        self.moment = datetime.combine(day, NOW.timetz())


def learner(number: int) -> URIRef:
    """Return the learner with *number*: those of the first school come first."""
    return ID[f"learner/{UUID(int=number + 1, version=4)}"]


def guardian(number: int) -> URIRef:
    return ID[f"guardian/{UUID(int=number + 1, version=4)}"]


def opened(
    clock: Clock, sizes: dict[str, int] | None = None, truth: TruthStore | None = None
) -> Views:
    """Return the views of a state whose schools have *sizes*, in *truth* or in memory."""
    truth = truth or TruthStore(None, clock)
    schools = [school for school, size in (sizes or SIZES).items() for _ in range(size)]
    items: list[Item] = [*organizations()]
    for number, school in enumerate(schools):
        items += _records(number, school)
        items.append(Guardianship(learner(number), guardian(number), "mother", None, None, SOURCE))
    report = take_in(truth, items)
    assert report.is_clean, report.problems[:3]
    return Views(truth, jurisdiction.read("us-default"))


def say(views: Views, number: int, level: str, audience: str = ATLAS) -> None:
    """Let the family of a learner say *level* on its attendance."""
    word = Setting(
        learner(number),
        guardian(number),
        BPC.attendance,
        audience,
        level,
        None,
        views.truth.clock(),
        None,
        SOURCE,
    )
    report = take_in(views.truth, [word])
    assert report.is_clean, report.problems[:3]


def agreement(views: Views, level: Level = Level.DEIDENTIFIED, **more: int | Decimal) -> None:
    """Put an agreement with the team atlas on record, on all that completeness is counted from."""
    iri, graph = ID["agreement/atlas"], Graph()
    values = {
        RDF.type: BP.Agreement,
        RDFS.label: Literal("Invented"),
        BP.hasAgreementKind: BP.StudyAgreement,
        BP.isAgreementOf: ID[f"audience/{ATLAS}"],
        BP.hasPurpose: DPV.AcademicResearch,
        BP.hasScope: Literal("Invented"),
        BP.grantsLevel: level.iri,
        BP.representative: Literal("Invented"),
        BP.validFrom: Literal("2026-01-01T00:00:00Z", datatype=XSD.dateTime),
        BP.validUntil: Literal("2099-06-30T00:00:00Z", datatype=XSD.dateTime),
        BP.destroyBy: Literal("2099-12-31", datatype=XSD.date),
        **{BP[name]: Literal(value) for name, value in more.items()},
    }
    for predicate, value in values.items():
        graph.add((iri, predicate, value))
    for category in cubes.read("completeness").categories:
        graph.add((iri, BP.hasCategory, category))
    agreements.add(views, graph)


def _records(number: int, school: str) -> list[Item]:
    """Return the enrollment of a learner, and for three of four something of attendance."""
    stay: list[tuple[URIRef, URIRef | Literal]] = [
        (ORG.member, learner(number)),
        (ORG.organization, organization_iri(school)),
        (BP.schoolYear, Literal("2026-2027")),
        (BP.hasGradeLevel, BPG["5"]),
        (BP.entryDate, Literal("2026-08-01", datatype=XSD.date)),
        (BP.exitDate, Literal("2099-06-30", datatype=XSD.date)),
    ]
    late: list[tuple[URIRef, URIRef | Literal]] = [
        (BP.eventDate, Literal("2026-10-05", datatype=XSD.date)),
        (BP.hasAttendanceStatus, BP.Tardy),
    ]
    found: list[Item] = [_record(number, school, "enrollment", BP.Enrollment, stay)]
    if number % 4:
        found.append(_record(number, school, "attendance", BP.AttendanceEvent, late))
    return found


def _record(
    number: int,
    school: str,
    category: str,
    kind: URIRef,
    values: list[tuple[URIRef, URIRef | Literal]],
) -> Record:
    whose, holder, graph = learner(number), organization_iri(school), Graph()
    iri = item_iri(whose, school, category, "1")
    said = [(RDF.type, kind), (BP.isRecordOf, whose), (BP.isHeldBy, holder), *values]
    for predicate, value in said:
        graph.add((iri, predicate, value))
    return Record(whose, holder, BPC[category], graph, SOURCE)
