"""Random worlds for the physical-deletion oracle: learners, families' words, moments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import strategies as st
from rdflib import RDF, Graph, Literal, URIRef

from databackpack.loaders.record import (
    Guardianship,
    Item,
    Organization,
    Record,
    Setting,
    Source,
    StandingDocument,
    item_iri,
    organization_iri,
)
from databackpack.ontology.namespaces import (
    BP,
    BPC,
    BPG,
    BPM,
    DCTERMS,
    DPV,
    EDU,
    ID,
    ORG,
    QB,
    RDFS,
    SDO,
    XSD,
)

SOURCE = Source("world", 1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCHOOLS = {"elm": "north", "oak": "north", "fir": "south"}
PARENTS = {**SCHOOLS, "north": "state", "south": "state"}
AUDIENCES = [
    *("teacher-elm", "teacher-oak", "registrar-fir", "district-north", "district-south"),
    *("state-agency-state", "researcher-atlas", "provider-tutor", "directory-elm"),
    *("auditor-state",),
]
ROLES = [
    *("teacher", "registrar", "district", "state-agency", "researcher", "provider", "directory"),
]
PURPOSES_OF = {
    "teacher": EDU.StudentLearningNeedsAssessment,
    "registrar": EDU.StudentEnrolmentManagement,
    "district": EDU.StudentPerformanceMonitoring,
    "state-agency": EDU.EducationManagement,
    "researcher": DPV.AcademicResearch,
    "provider": EDU.StudentLearningFeedbackManagement,
    "directory": BP.SchoolDirectory,
    "auditor": BP.DisclosureAudit,
}
PLACES = ["us-default", "us-parental-authorization"]
MOMENTS = [NOW + timedelta(days=days) for days in (-400, -30, -1, 0, 1, 30, 300, 900)]
PURPOSES = [
    *(None, DPV.AcademicResearch, EDU.EducationManagement, EDU.StudentManagement),
    *(EDU.StudentLearningNeedsAssessment, EDU.ResearchManagement, DPV.Marketing),
    BP.SchoolDirectory,
]
STANDARDS = [
    URIRef("http://corestandards.org/Math/Content/5/NBT/A/1"),
    URIRef("http://corestandards.org/Math/Content/6/RP/A/1"),
]


@dataclass(frozen=True)
class Word:
    """One word of a family, as a naive reader keeps it."""

    learner: URIRef
    assigner: URIRef
    category: str
    audience: str
    level: str
    purpose: URIRef | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Paper:
    """A standing document: a kind, the guardian it is about, from when until when."""

    kind: str
    person: URIRef | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Alarm:
    """A declared emergency: categories open to an audience from when until when."""

    audience: str
    categories: tuple[str, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Deal:
    """A written agreement of an audience."""

    audience: str
    kind: str
    purpose: URIRef
    categories: tuple[str, ...]
    organizations: tuple[str, ...]
    level: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Notice:
    """What is published for an audience: how many learners cells have, of which categories."""

    audience: str
    purpose: URIRef
    categories: tuple[str, ...]
    cells: tuple[tuple[str, int], ...]

    @property
    def iri(self) -> URIRef:
        """The name of the data set, and of the graph that it is in."""
        purpose = str(self.purpose).rsplit("#", 1)[-1]
        return ID[f"statistics/{self.audience}/{purpose}/invented"]

    @property
    def graph(self) -> Graph:
        """All that the data set says."""
        said: list[tuple[URIRef, URIRef | Literal]] = [
            (RDF.type, QB.DataSet),
            (QB.structure, BP.invented),
            (DCTERMS.title, Literal("Invented")),
            (DCTERMS.description, Literal("Invented")),
            (DCTERMS.issued, Literal(NOW)),
            (DCTERMS.accrualPeriodicity, Literal("P1Y", datatype=XSD.duration)),
            (BP.cubePopulation, Literal("Invented")),
            (BP.isPublishedFor, ID[f"audience/{self.audience}"]),
            (BP.hasPurpose, self.purpose),
            (BP.minimumCellSize, Literal(10)),
            (BP.sequence, Literal(1)),
        ]
        graph = Graph()
        for predicate, value in said:
            graph.add((self.iri, predicate, value))
        for category in self.categories:
            graph.add((self.iri, BP.hasCategory, BPC[category]))
        for name, learners in self.cells:
            graph.add((ID[f"observation/{name}"], QB.dataSet, self.iri))
            graph.add((ID[f"observation/{name}"], BP.learnerCount, Literal(learners)))
        return graph


@dataclass(frozen=True)
class Child:
    """One learner with everything that bears on who may see what."""

    iri: URIRef
    birth: date | None
    college: date | None
    enrollments: tuple[tuple[str, date, date], ...]
    guardians: tuple[tuple[URIRef, datetime | None, datetime | None], ...]
    papers: tuple[Paper, ...]
    alarms: tuple[Alarm, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True)
class World:
    """A state with a few learners, what their families said, and the audiences that will ask."""

    children: tuple[Child, ...]
    words: tuple[Word, ...]
    asked: tuple[str, ...]
    places: dict[str, str]
    deals: tuple[Deal, ...]
    notices: tuple[Notice, ...] = ()

    def items(self) -> list[Item]:
        """Return the world as a loader would read it."""
        items: list[Item] = list(organizations())
        for child in self.children:
            items += child.records
            items += [
                Guardianship(child.iri, guardian, "mother", since, until, SOURCE)
                for guardian, since, until in child.guardians
            ]
            items += [
                StandingDocument(
                    child.iri,
                    str(number),
                    BP[paper.kind],
                    paper.person,
                    "in the file",
                    paper.since,
                    paper.until,
                    SOURCE,
                )
                for number, paper in enumerate(child.papers)
            ]
            items += [
                Setting(
                    word.learner,
                    word.assigner,
                    BPC[word.category],
                    word.audience,
                    word.level,
                    word.purpose,
                    word.since,
                    word.until,
                    SOURCE,
                )
                for word in self.words
                if word.learner == child.iri
            ]
        return items


def organizations() -> list[Organization]:
    """Return the state, its districts and schools, a research team and a tutor."""
    kinds = {
        "state": BP.StateAgency,
        **dict.fromkeys(("north", "south"), BP.District),
        **dict.fromkeys(SCHOOLS, BP.School),
        "atlas": BP.ResearchTeam,
        "tutor": BP.Provider,
    }
    found = []
    for code, kind in kinds.items():
        iri, graph = organization_iri(code), Graph()
        graph.add((iri, RDF.type, kind))
        graph.add((iri, RDFS.label, Literal(code)))
        graph.add((iri, BP.organizationCode, Literal(code)))
        if code in PARENTS:
            graph.add((iri, ORG.subOrganizationOf, organization_iri(PARENTS[code])))
        found.append(Organization(iri, graph, SOURCE))
    return found


Values = list[tuple[URIRef, URIRef | Literal]]
Items = list[tuple[URIRef, Values]]


def _record(
    learner: URIRef, school: str, category: str, items: list[tuple[URIRef, Values]]
) -> Record:
    holder, graph = organization_iri(school), Graph()
    for number, (kind, values) in enumerate(items):
        iri = learner if kind == BP.Learner else item_iri(learner, school, category, str(number))
        graph.add((iri, RDF.type, kind))
        if kind != BP.Learner:
            graph.add((iri, BP.isRecordOf, learner))
            graph.add((iri, BP.isHeldBy, holder))
        for predicate, value in values:
            graph.add((iri, predicate, value))
    return Record(learner, holder, BPC[category], graph, SOURCE)


def _day(value: date) -> Literal:
    return Literal(value.isoformat(), datatype=XSD.date)


_DAYS = st.dates(date(2025, 9, 1), date(2026, 11, 20))


@st.composite
def _optional_records(draw: st.DrawFn, learner: URIRef, school: str) -> list[Record]:
    """Records that need nothing but the learner, in a random choice of categories."""
    name = Literal(draw(st.sampled_from(["Quillon", "Brindle", "Amberleaf"])))
    text = Literal(draw(st.sampled_from(["service", "Invented text", 'a "quoted" one'])))
    day = _day(draw(_DAYS))
    score = Literal(str(draw(st.integers(0, 9))), datatype=XSD.decimal)
    level = draw(st.sampled_from([BPM.NotYet, BPM.Met, BPM.Exceeded]))
    measure: Values = [
        (BP.instrument, Literal("Sample Scale")),
        (BP.method, Literal("self-report")),
        (BP.construct, Literal("persistence")),
        (BP.scoreValue, score),
        (BP.measurementDate, day),
        (BP.isPrediction, Literal(True)),
    ]
    identity: Values = [
        (SDO.givenName, name),
        (SDO.familyName, name),
        (BP.learnerIdentifier, Literal("S1")),
    ]
    progress: Values = [(BP.hasMasteryLevel, level), (BP.asOfDate, day)]
    made: dict[str, Items] = {
        "identity": [(BP.Learner, identity)],
        "attendance": [
            (BP.AttendanceEvent, [(BP.eventDate, day), (BP.hasAttendanceStatus, BP.Tardy)])
        ],
        "behavior": [(BP.BehaviorIncident, [(BP.incidentDate, day), (BP.behaviorType, text)])],
        "progress": [
            (BP.MasteryState, [*progress, (BP.isAlignedTo, standard)]) for standard in STANDARDS
        ],
        "motivation": [(BP.MotivationMeasure, measure)],
        "goals": [(BP.Goal, [(SDO.text, text), (BP.hasGoalStatus, BP.OpenGoal)])],
    }
    chosen = draw(st.sets(st.sampled_from(sorted(made)), max_size=3)) | {"progress"}
    return [_record(learner, school, category, made[category]) for category in sorted(chosen)]


@st.composite
def _children(draw: st.DrawFn, number: int, asked: tuple[str, ...]) -> Child:
    chance = draw(st.integers(1, 2**100)) * 8 + number
    learner = ID[f"learner/{UUID(int=chance, version=4)}"]
    birth = draw(st.sampled_from([None, date(2014, 3, 1), date(2008, 11, 24), date(2008, 2, 29)]))
    spans = [
        (date(2024, 8, 1), date(2025, 6, 30)),
        (date(2025, 8, 1), date(2026, 11, 22)),
        (date(2026, 8, 1), date(2027, 6, 30)),
        (date(2025, 8, 1), date(2029, 6, 30)),
        (date(2026, 11, 24), date(2027, 6, 30)),
    ]
    stays = draw(
        st.lists(
            st.tuples(st.sampled_from(sorted(SCHOOLS)), st.sampled_from(spans)),
            min_size=1,
            max_size=2,
            unique_by=lambda stay: stay[0],
        )
    )
    records: list[Record] = []
    for school, (since, until) in stays:
        stay: Values = [
            (ORG.member, learner),
            (ORG.organization, organization_iri(school)),
            (BP.schoolYear, Literal(f"{since.year}-{since.year + 1}")),
            (BP.hasGradeLevel, BPG["5"]),
            (BP.entryDate, _day(since)),
            (BP.exitDate, _day(until)),
        ]
        records.append(_record(learner, school, "enrollment", [(BP.Enrollment, stay)]))
        records += draw(_optional_records(learner, school))
    if birth is not None:
        born: Values = [(SDO.birthDate, _day(birth)), (BP.gender, Literal("X"))]
        records.append(_record(learner, stays[0][0], "demographics", [(BP.Demographics, born)]))
    ends = st.sampled_from([None, None, NOW - timedelta(days=10), NOW + timedelta(days=10)])
    starts = st.sampled_from([None, None, NOW - timedelta(days=20), NOW + timedelta(days=5)])
    guardians = tuple(
        (ID[f"guardian/{UUID(int=100 * number + place, version=4)}"], draw(starts), draw(ends))
        for place in range(draw(st.integers(1, 2)))
    )
    college = None
    if draw(st.integers(0, 7)) == 0:
        college = draw(st.sampled_from([date(2026, 9, 1), date(2026, 12, 1)]))
        until = date(2027, 6, 30)
        later: Values = [
            (ORG.member, learner),
            (ORG.organization, organization_iri("fir")),
            (BP.schoolYear, Literal("2026-2027")),
            (BP.hasGradeLevel, BPG.PS),
            (BP.entryDate, _day(college)),
            (BP.exitDate, _day(until)),
        ]
        records = [r for r in records if (r.category, r.holder) != (ENROLLMENT, FIR)]
        records.append(_record(learner, "fir", "enrollment", [(BP.Enrollment, later)]))
        stays = [stay for stay in stays if stay[0] != "fir"] + [("fir", (college, until))]
    return Child(
        learner,
        birth,
        college,
        tuple((school, *span) for school, span in stays),
        guardians,
        draw(st.just(()) | st.tuples(_papers([guardian for guardian, _, _ in guardians]))),
        tuple(draw(st.lists(_alarms(asked), max_size=2))),
        tuple(records),
    )


ENROLLMENT, FIR = BPC.enrollment, organization_iri("fir")
_SPANS = st.tuples(
    st.sampled_from(MOMENTS[:5]),
    st.sampled_from([timedelta(days=days) for days in (2, 40, 600)]),
)


@st.composite
def _papers(draw: st.DrawFn, guardians: list[URIRef]) -> Paper:
    kinds = ["CourtBarsDecision", "CourtBarsInspection", "TaxDependency", "Emancipation"]
    kind = draw(st.sampled_from(kinds))
    since, length = draw(_SPANS)
    person = None if kind == "Emancipation" else draw(st.sampled_from(guardians))
    return Paper(kind, person, since, draw(st.sampled_from([None, since + length])))


@st.composite
def _alarms(draw: st.DrawFn, asked: tuple[str, ...]) -> Alarm:
    since, length = draw(_SPANS)
    opened = draw(st.sets(st.sampled_from(["identity", "behavior", "attendance"]), min_size=1))
    audience = draw(st.sampled_from([*asked, *asked, "provider-tutor"]))
    return Alarm(audience, tuple(sorted(opened)), since, since + min(length, timedelta(days=3)))


_KINDS = {
    "researcher-atlas": ["StudyAgreement", "AuditAgreement", "ConsentedAgreement"],
    "provider-tutor": ["VendorAgreement", "ConsentedAgreement"],
}
_AGREED = {
    "researcher-atlas": [DPV.AcademicResearch, DPV.AcademicResearch, DPV.ResearchAndDevelopment],
    "provider-tutor": [EDU.StudentLearningFeedbackManagement],
}


@st.composite
def _deals(draw: st.DrawFn, asked: tuple[str, ...]) -> Deal:
    """Draw an agreement of an audience that will ask, if one of them may have any."""
    audience = draw(st.sampled_from([name for name in asked if name in _KINDS] or sorted(_KINDS)))
    since, length = draw(_SPANS)
    named = ["progress", "attendance", "identity", "goals", "demographics"]
    return Deal(
        audience,
        draw(st.sampled_from(_KINDS[audience])),
        draw(st.sampled_from(_AGREED[audience])),
        tuple(sorted(draw(st.sets(st.sampled_from(named), min_size=1)))),
        draw(st.sampled_from([(), (), ("north",), ("fir",), ("elm", "fir")])),
        draw(st.sampled_from(["aggregate", "deidentified", "full", "full"])),
        since,
        since + length,
    )


@st.composite
def words(draw: st.DrawFn, children: tuple[Child, ...], asked: tuple[str, ...]) -> Word:
    """Draw one word of one family, mostly on something that the child has and about who asks."""
    child = draw(st.sampled_from(children))
    held = sorted({str(record.category).rsplit("#", 1)[-1] for record in child.records})
    roles = [role for role in ROLES if any(name.startswith(f"{role}-") for name in asked)]
    since = draw(st.sampled_from(MOMENTS[:-1]))
    length = draw(st.sampled_from([None, None, timedelta(days=31), timedelta(days=500)]))
    return Word(
        learner=child.iri,
        assigner=draw(st.sampled_from([guardian for guardian, _, _ in child.guardians])),
        category=draw(st.sampled_from([*held, *(["progress"] * len(held))])),
        audience=draw(st.sampled_from([*asked, *asked, *roles, "teacher", "researcher-atlas"])),
        level=draw(st.sampled_from(["none", "none", "aggregate", "deidentified", "full", "full"])),
        purpose=draw(st.sampled_from([*PURPOSES, None, None, None])),
        since=since,
        until=None if length is None else since + length,
    )


def notices(asked: tuple[str, ...], seed: str) -> tuple[Notice, ...]:
    """Return what is published for those of *asked* that *seed* chooses; nothing is drawn."""
    dice = Random(seed)  # noqa: S311
    counted = ("progress", "attendance", "identity")
    return tuple(
        Notice(
            audience,
            PURPOSES_OF[next(r for r in PURPOSES_OF if audience.startswith(f"{r}-"))],
            tuple(sorted(dice.sample(counted, dice.randint(1, 2)))),
            tuple((name, dice.choice([10, 15, 20])) for name in "abc" if dice.random() < 0.7),
        )
        for audience in dict.fromkeys(asked)
        if dice.random() < 0.6
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a state with one or two learners and up to ten words."""
    others = [*AUDIENCES[5:], *AUDIENCES[5:9], *AUDIENCES[5:8]]
    asked = (draw(st.sampled_from(AUDIENCES[:6])), draw(st.sampled_from(others)))
    count = draw(st.integers(1, 2))
    children = tuple(draw(_children(number + 1, asked)) for number in range(count))
    said = draw(st.lists(words(children, asked), min_size=2, max_size=10))
    bound = st.dictionaries(st.sampled_from(["elm", "fir", "north"]), st.just(PLACES[1]))
    places = draw(st.just({}) | st.just({}) | bound)
    deals = draw(st.lists(_deals(asked), max_size=2))
    told = notices(asked, str(children[0].iri))
    return World(children, tuple(said), asked, places, tuple(deals), told)
