"""Which companion file carries which class, and what its columns mean: the mapping, as data."""

from dataclasses import dataclass

from rdflib import URIRef

from databackpack.loaders import value
from databackpack.loaders.value import Reader
from databackpack.ontology.namespaces import BP, BPG, BPM, SDO

__all__ = ["KEYS", "SHEETS", "Column", "Sheet"]

KEYS = ("id", "learner", "organization")
"""The first columns of every sheet: the row's own identifier, whose it is, and who holds it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the property that its cells are values of.

    Cells of a *many* column list values between semicolons. Those of a column that *names* another
    sheet hold the ``id`` of a row there, of the same learner and organisation.
    """

    name: str
    predicate: URIRef
    reader: Reader = value.text
    required: bool = False
    many: bool = False
    names: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose rows are items of one class; rows with one *key* say more of the same item."""

    name: str
    item_type: URIRef
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


def _must(name: str, predicate: URIRef, reader: Reader = value.text) -> Column:
    return Column(name, predicate, reader, required=True)


_AUTHOR = value.choice("teacher", "guardian", "learner", "provider")
_GRADE = Column("grade", BP.hasGradeLevel, value.code(BPG.Scheme))
_MASTERY = value.code(BPM.Scheme)
_NAME = _must("name", SDO.name)
_STANDARDS = Column("standards", BP.isAlignedTo, value.standard, many=True)
_SUBJECT = Column("subject", BP.hasSubject)
_TEXT = _must("text", SDO.text)
_CREATED = _must("date", SDO.dateCreated, value.whole_date)
_YEAR = Column("schoolYear", BP.schoolYear, value.school_year)
_MUST_YEAR = _must("schoolYear", BP.schoolYear, value.school_year)
_START = Column("startDate", BP.startDate, value.whole_date)
_END = Column("endDate", BP.endDate, value.whole_date)

_RESULT = (
    Column("name", SDO.name),
    _must("assessment", BP.assessmentIdentifier),
    _must("date", BP.resultDate, value.whole_date),
    Column("score", BP.scoreValue, value.decimal),
    Column("maximumScore", BP.maximumScore, value.decimal),
    Column("performanceLevels", BP.performanceLevel, many=True),
    Column("mastery", BP.hasMasteryLevel, _MASTERY),
    _STANDARDS,
    _GRADE,
    _YEAR,
)
_WORK = (
    _NAME,
    _CREATED,
    Column("format", SDO.encodingFormat),
    _SUBJECT,
    _STANDARDS,
)
_MEASURE = (
    _must("instrument", BP.instrument),
    _must("method", BP.method),
    _must("construct", BP.construct),
    _must("score", BP.scoreValue, value.decimal),
    Column("maximumScore", BP.maximumScore, value.decimal),
    _must("date", BP.measurementDate, value.whole_date),
    _must("isPrediction", BP.isPrediction, value.boolean),
)

# A sheet stands after those whose rows it names.
SHEETS = (
    Sheet(
        "home-languages",
        BP.Demographics,
        (_must("language", BP.homeLanguage, value.language),),
        key=("demographics",),
    ),
    Sheet(
        "attendance-summaries",
        BP.AttendanceSummary,
        (
            _MUST_YEAR,
            _must("daysEnrolled", BP.daysEnrolled, value.decimal),
            _must("daysAbsent", BP.daysAbsent, value.decimal),
        ),
    ),
    Sheet(
        "attendance-events",
        BP.AttendanceEvent,
        (
            _must("date", BP.eventDate, value.whole_date),
            _must("status", BP.hasAttendanceStatus, value.code(BP.AttendanceStatusScheme)),
            _YEAR,
            Column("course", BP.courseCode),
        ),
    ),
    Sheet(
        "behavior-incidents",
        BP.BehaviorIncident,
        (
            _must("date", BP.incidentDate, value.whole_date),
            Column("incident", BP.incidentIdentifier),
            Column("behaviors", BP.behaviorType, many=True),
            Column("role", BP.participationRole),
        ),
    ),
    Sheet(
        "disciplinary-actions",
        BP.DisciplinaryAction,
        (
            _must("date", BP.actionDate, value.whole_date),
            Column("types", BP.disciplineType, required=True, many=True),
            Column("lengthInDays", BP.lengthInDays, value.decimal),
            Column("incidents", BP.followsFrom, many=True, names="behavior-incidents"),
        ),
    ),
    Sheet(
        "supports",
        BP.StudentSupport,
        (
            _must("type", BP.hasSupportType, value.code(BP.SupportTypeScheme)),
            Column("program", BP.programName),
            _START,
            _END,
        ),
    ),
    Sheet(
        "special-education",
        BP.SpecialEducationSupport,
        (
            _must("type", BP.hasSupportType, value.code(BP.SupportTypeScheme)),
            Column("program", BP.programName),
            _START,
            _END,
            Column("disabilities", BP.disabilityType, many=True),
            Column("accommodations", BP.accommodation, many=True),
        ),
    ),
    Sheet("state-assessments", BP.StateAssessmentResult, _RESULT),
    Sheet("local-assessments", BP.LocalAssessmentResult, _RESULT),
    Sheet(
        "course-results",
        BP.CourseResult,
        (
            _must("title", BP.courseTitle),
            Column("course", BP.courseCode),
            _MUST_YEAR,
            Column("finalGrade", BP.finalGrade),
            Column("credits", BP.creditsEarned, value.decimal),
        ),
    ),
    Sheet(
        "mastery-states",
        BP.MasteryState,
        (
            _must("standard", BP.isAlignedTo, value.standard),
            _must("mastery", BP.hasMasteryLevel, _MASTERY),
            _must("date", BP.asOfDate, value.whole_date),
            _YEAR,
        ),
    ),
    Sheet("artifacts", BP.Artifact, _WORK),
    Sheet("personal-bests", BP.PersonalBest, _WORK),
    Sheet(
        "comments",
        BP.TeacherComment,
        (_TEXT, _CREATED, _must("author", BP.authorRole, value.choice("teacher")), _SUBJECT),
    ),
    Sheet("motivation-measures", BP.MotivationMeasure, _MEASURE),
    Sheet("non-cognitive-measures", BP.NonCognitiveMeasure, _MEASURE),
    Sheet("self-management-measures", BP.SelfManagementMeasure, _MEASURE),
    Sheet(
        "narratives",
        BP.Narrative,
        (
            _TEXT,
            _CREATED,
            _must("author", BP.authorRole, _AUTHOR),
            _must("kind", BP.narrativeKind, value.choice("asset", "challenge")),
        ),
    ),
    Sheet(
        "goals",
        BP.Goal,
        (
            _TEXT,
            _START,
            Column("targetDate", BP.targetDate, value.whole_date),
            _must("status", BP.hasGoalStatus, value.code(BP.GoalStatusScheme)),
            _STANDARDS,
            Column("author", BP.authorRole, _AUTHOR),
        ),
    ),
    Sheet(
        "goal-progress",
        BP.GoalProgress,
        (
            Column("goal", BP.measuresGoal, required=True, names="goals"),
            _must("date", BP.progressDate, value.whole_date),
            _must("percent", BP.progressPercent, value.decimal),
        ),
    ),
    Sheet(
        "characteristics",
        BP.LearnerCharacteristic,
        (
            _must(
                "kind",
                BP.characteristicKind,
                value.choice("strength", "weakness", "preference", "interest", "history"),
            ),
            _TEXT,
            _must("author", BP.authorRole, _AUTHOR),
            _CREATED,
        ),
    ),
    Sheet(
        "service",
        BP.ServiceActivity,
        (
            _NAME,
            _must("hours", BP.hours, value.decimal),
            _must("startDate", BP.startDate, value.whole_date),
            Column("organizer", BP.organizer),
            Column("isVouchedFor", BP.isVouchedFor, value.boolean),
        ),
    ),
    Sheet(
        "recognitions",
        BP.Recognition,
        (
            _NAME,
            _must("issuer", BP.issuer),
            _must("date", BP.dateIssued, value.whole_date),
            _STANDARDS,
        ),
    ),
    Sheet(
        "readiness",
        BP.ReadinessIndicator,
        (
            _NAME,
            _must("status", BP.readinessStatus),
            _must("date", BP.asOfDate, value.whole_date),
        ),
    ),
    Sheet(
        "recommendations",
        BP.Recommendation,
        (
            _must("standard", BP.recommendsStandard, value.standard),
            _must("position", BP.position, value.integer),
            _must("explanation", BP.explanation),
            _CREATED,
        ),
    ),
)
