"""A clock that crosses every kind of boundary: views change at the moment, without any event.

Agreements are crossed in test_agreements.py, emergencies in web/test_emergencies.py.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from rdflib import RDF, Graph, Literal, URIRef

from databackpack.loaders.record import (
    Guardianship,
    Organization,
    Record,
    Setting,
    Source,
    StandingDocument,
    item_iri,
    organization_iri,
)
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, BPG, BPM, EDU, ORG, RDFS, SDO, XSD
from databackpack.service.intake import take_in
from tests.loading import Empty, run_empty

DAY = date(2026, 11, 24)
BIRTHDAY = date(2026, 12, 1)
SOURCE = Source("time", 1)
SECOND = timedelta(seconds=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class Service:
    """One learner, two guardians, one school and one tutor, and a clock that is moved."""

    def __init__(self, folder: Path) -> None:
        self.running: Empty = run_empty(folder, DAY)
        mint = self.running.identities.mint
        self.learner = mint("learner", "state:T1")
        self.mother, self.father = mint("guardian", "t:G1"), mint("guardian", "t:G2")
        self.school = organization_iri("elm")

    def load(self, *items: object) -> None:
        report = take_in(self.running.context.truth, [*self.basics(), *items])  # type: ignore[list-item]
        assert report.is_clean, report.problems

    def basics(self) -> Iterator[object]:
        for code, kind in (("elm", BP.School), ("tutor", BP.Provider), ("state", BP.StateAgency)):
            iri, graph = organization_iri(code), Graph()
            graph.add((iri, RDF.type, kind))
            graph.add((iri, RDFS.label, Literal(code)))
            graph.add((iri, BP.organizationCode, Literal(code)))
            yield Organization(iri, graph, SOURCE)
        yield self.record("progress", BP.MasteryState, [
            (BP.hasMasteryLevel, BPM.Met),
            (BP.asOfDate, day_of(date(2026, 10, 1))),
            (BP.isAlignedTo, URIRef("http://corestandards.org/Math/Content/3/OA/A/1")),
        ])  # fmt: skip
        yield self.stay(date(2026, 8, 1), date(2027, 1, 31))

    def stay(self, since: date, until: date, grade: URIRef = BPG["12"]) -> Record:
        return self.record("enrollment", BP.Enrollment, [
            (ORG.member, self.learner),
            (ORG.organization, self.school),
            (BP.schoolYear, Literal("2026-2027")),
            (BP.hasGradeLevel, grade),
            (BP.entryDate, day_of(since)),
            (BP.exitDate, day_of(until)),
        ])  # fmt: skip

    def born(self, day: date) -> Record:
        return self.record("demographics", BP.Demographics, [(SDO.birthDate, day_of(day))])

    def record(
        self, category: str, kind: URIRef, values: list[tuple[URIRef, URIRef | Literal]]
    ) -> Record:
        graph, iri = Graph(), item_iri(self.learner, "elm", category, "1")
        for predicate, value in (
            (RDF.type, kind),
            (BP.isRecordOf, self.learner),
            (BP.isHeldBy, self.school),
            *values,
        ):
            graph.add((iri, predicate, value))
        return Record(self.learner, self.school, BPC[category], graph, SOURCE)

    def guardian(
        self, who: URIRef, since: datetime | None = None, until: datetime | None = None
    ) -> Guardianship:
        return Guardianship(self.learner, who, "mother", since, until, SOURCE)

    def document(
        self, kind: str, since: datetime, until: datetime | None, person: URIRef | None = None
    ) -> StandingDocument:
        return StandingDocument(
            self.learner, kind, BP[kind], person, "in the file", since, until, SOURCE
        )

    def sees(self, audience: str, moment: datetime) -> bool:
        """Tell whether an audience sees the progress at *moment*, by a view that stays live."""
        self.running.clock.moment = moment
        return any("MasteryState" in line for line in self.running.seen(audience))

    def crosses(self, audience: str, boundary: datetime, *, opens: bool) -> None:
        """Check that what *audience* sees changes at *boundary*, to the second, with no commit."""
        truth = self.running.context.truth
        self.running.seen(audience)
        epoch = truth.epoch
        assert self.sees(audience, boundary - SECOND) is not opens
        assert self.sees(audience, boundary) is opens
        assert truth.epoch == epoch


def day_of(day: date) -> Literal:
    return Literal(day.isoformat(), datatype=XSD.date)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def person(iri: URIRef) -> str:
    """Return the name of the audience of a guardian or a learner."""
    kind = str(iri).rsplit("/", 2)[-2]
    return f"{kind}-{local_name(iri)}"


def test_on_the_eighteenth_birthday_the_rights_move(service: Service) -> None:
    service.load(service.born(BIRTHDAY.replace(year=2008)), service.guardian(service.mother))
    service.crosses(person(service.mother), midnight(BIRTHDAY), opens=False)
    assert service.sees(person(service.learner), midnight(BIRTHDAY))
    assert not service.sees(person(service.mother), midnight(BIRTHDAY) + timedelta(days=900))


def test_the_learner_s_own_view_opens_on_the_birthday(service: Service) -> None:
    service.load(service.born(BIRTHDAY.replace(year=2008)), service.guardian(service.mother))
    service.crosses(person(service.learner), midnight(BIRTHDAY), opens=True)


def test_on_the_day_of_college_entry_the_rights_move(service: Service) -> None:
    service.load(service.guardian(service.mother))
    service.load(
        service.stay(BIRTHDAY, date(2027, 6, 30), BPG.PS), service.guardian(service.mother)
    )
    service.crosses(person(service.mother), midnight(BIRTHDAY), opens=False)


@pytest.mark.parametrize("who", ["mother", "learner"])
def test_emancipation_moves_the_rights_when_it_begins(service: Service, who: str) -> None:
    moment = midnight(BIRTHDAY) + timedelta(hours=10)
    service.load(service.guardian(service.mother), service.document("Emancipation", moment, None))
    service.crosses(person(getattr(service, who)), moment, opens=who == "learner")


def test_a_guardianship_begins_and_ends(service: Service) -> None:
    since, until = midnight(BIRTHDAY), midnight(BIRTHDAY) + timedelta(days=9, hours=3)
    service.load(service.guardian(service.mother, since, until))
    service.crosses(person(service.mother), since, opens=True)
    service.crosses(person(service.mother), until, opens=False)


def test_a_court_order_bars_one_guardian_while_it_lasts(service: Service) -> None:
    since, until = midnight(BIRTHDAY), midnight(BIRTHDAY) + timedelta(days=30)
    service.load(
        service.guardian(service.mother),
        service.guardian(service.father),
        service.document("CourtBarsInspection", since, until, service.father),
    )
    service.crosses(person(service.father), since, opens=False)
    assert service.sees(person(service.mother), since)
    service.crosses(person(service.father), until, opens=True)


def test_a_stay_at_school_begins_and_ends(service: Service) -> None:
    service.load(service.guardian(service.mother))
    service.crosses("teacher-elm", midnight(date(2027, 2, 1)), opens=False)


def test_a_word_begins_and_ends_at_its_moments_whatever_the_zone(service: Service) -> None:
    since = datetime.fromisoformat("2026-12-01T00:00:00-05:00")
    until = datetime.fromisoformat("2026-12-31T23:59:59+05:45")
    service.load(
        service.guardian(service.mother),
        Setting(
            service.learner,
            service.mother,
            BPC.progress,
            "provider-tutor",
            "full",
            EDU.StudentLearningFeedbackManagement,
            since,
            until,
            SOURCE,
        ),
    )
    service.crosses("provider-tutor", since.astimezone(UTC), opens=True)
    service.crosses("provider-tutor", until.astimezone(UTC), opens=False)


def test_a_rule_of_the_law_begins_at_its_moment(service: Service) -> None:
    """The directory shows nothing before the time to refuse is over (34 CFR 99.37(a))."""
    service.running.clock.moment = datetime(2026, 9, 1, tzinfo=UTC)
    service.load()
    begins = datetime(2026, 9, 15, tzinfo=UTC)
    truth = service.running.context.truth
    epoch = truth.epoch
    service.running.clock.moment = begins - SECOND
    assert not any("Enrollment" in line for line in service.running.seen("directory-elm"))
    service.running.clock.moment = begins
    assert any("Enrollment" in line for line in service.running.seen("directory-elm"))
    assert truth.epoch == epoch
