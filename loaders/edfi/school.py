"""Rows of a school's day: enrollment, attendance, incidents and actions, gradebook."""

from rdflib import Literal, URIRef

from databackpack.loaders.edfi.node import Node, Refused, school_year, school_year_of
from databackpack.loaders.edfi.page import Page, coded, dated, graded, worded
from databackpack.loaders.edfi.reference import standards
from databackpack.loaders.record import Source, organization_iri
from databackpack.ontology.namespaces import BP, BPC, ORG, SDO

__all__ = [
    "add_action",
    "add_derived_enrollments",
    "add_enrollment",
    "add_gradebook_item",
    "add_incident",
    "add_school_attendance",
    "add_section_attendance",
]

_SCHOOL = "SchoolReference/SchoolIdentity/SchoolId"
_SESSION_YEAR = "SessionReference/SessionIdentity/SchoolYear"
_OFFERING = "SectionReference/SectionIdentity/CourseOfferingReference/CourseOfferingIdentity"


def add_enrollment(page: Page, node: Node, source: Source) -> None:
    """The learner's stay at a school, from a StudentSchoolAssociation, is in the page."""
    school, entry = node.need(_SCHOOL), node.need_day("EntryDate")
    year = node.value("SchoolYear")
    holder = page.reference.holder(school)
    page.add(
        page.item(holder, "Enrollment", entry.isoformat()),
        BP.Enrollment,
        BPC.enrollment,
        holder,
        source,
        [
            (ORG.member, page.learner),
            (ORG.organization, holder),
            (BP.schoolYear, Literal(school_year(year) if year else school_year_of(entry))),
            (BP.hasGradeLevel, graded(node, "EntryGradeLevel")),
            (BP.entryDate, Literal(entry)),
            (BP.exitDate, dated(node.day("ExitWithdrawDate"))),
        ],
    )


def add_derived_enrollments(page: Page) -> None:
    """Each school and year that the learner's rows name is an enrollment without dates."""
    for (school, year), source in page.attended.items():
        holder = organization_iri(school)
        page.add(
            page.item(holder, "Enrollment", year),
            BP.Enrollment,
            BPC.enrollment,
            holder,
            source,
            [
                (ORG.member, page.learner),
                (ORG.organization, holder),
                (BP.schoolYear, Literal(year)),
            ],
        )


def add_school_attendance(page: Page, node: Node, source: Source) -> None:
    """The event of a StudentSchoolAttendanceEvent is in the page."""
    year = school_year(node.need(_SESSION_YEAR))
    _add_attendance(page, node, source, node.need(_SCHOOL), year)


def add_section_attendance(page: Page, node: Node, source: Source) -> None:
    """The event of a StudentSectionAttendanceEvent is in the page, with its course."""
    offering = node.node(_OFFERING)
    _add_attendance(
        page,
        node,
        source,
        offering.need(_SCHOOL),
        school_year(offering.need(_SESSION_YEAR)),
        offering.need("LocalCourseCode"),
        node.need("SectionReference/SectionIdentity/SectionIdentifier"),
    )


def _add_attendance(
    page: Page,
    node: Node,
    source: Source,
    school: str,
    year: str,
    course: str = "",
    section: str = "",
) -> None:
    day = node.need_day("AttendanceEvent/EventDate")
    node.need("AttendanceEvent/AttendanceEventCategory")
    category = node.code("AttendanceEvent/AttendanceEventCategory")
    holder = page.reference.holder(school)
    page.add(
        page.item(holder, node.name, section, day.isoformat(), category),
        BP.AttendanceEvent,
        BPC.attendance,
        holder,
        source,
        [
            (BP.eventDate, Literal(day)),
            (BP.hasAttendanceStatus, coded(BP.AttendanceStatusScheme, category)),
            (BP.schoolYear, Literal(year)),
            (BP.courseCode, worded(course)),
        ],
    )
    page.attended.setdefault((school, year), source)


def add_incident(page: Page, node: Node, source: Source) -> None:
    """The learner's part in an incident is in the page: one item per incident and role.

    Rows of the same incident and role add their behaviors to one item. Nothing of the incident's
    other participants, of its reporter or of its description is read.
    """
    key, incident, _ = page.reference.find(
        "DisciplineIncident", node.node("DisciplineIncidentReference"), source.file
    )
    school, number = key
    holder, day = page.reference.holder(school), incident.need_day("IncidentDate")
    for role in node.codes("DisciplineIncidentParticipationCode") or [""]:
        item = page.item(holder, "DisciplineIncident", number, role)
        page.add(
            item,
            BP.BehaviorIncident,
            BPC.behavior,
            holder,
            source,
            [
                (BP.incidentDate, Literal(day)),
                (BP.incidentIdentifier, Literal(number)),
                (BP.participationRole, worded(role)),
                *((BP.behaviorType, Literal(text)) for text in node.codes("Behavior")),
            ],
            merges=True,
        )
        if node.name == "StudentDisciplineIncidentBehaviorAssociation":
            page.offenses.setdefault(key, set()).add(item)
    page.attended.setdefault((school, school_year_of(day)), source)


def add_action(page: Page, node: Node, source: Source) -> None:
    """The action of a DisciplineAction is in the page.

    It follows from the learner's incidents at the school that answers for the action: an incident
    at another school is in another school's record, and is not named.
    """
    school = node.need("ResponsibilitySchoolReference/SchoolIdentity/SchoolId")
    holder, day = page.reference.holder(school), node.need_day("DisciplineDate")
    node.need("Discipline")
    causes = [
        item
        for association in node.nodes(
            "StudentDisciplineIncidentBehaviorAssociationReference"
            "/StudentDisciplineIncidentBehaviorAssociationIdentity"
        )
        for key, item in _causes(page, association, source)
        if key[0] == school
    ]
    days = node.number("ActualDisciplineActionLength")
    if days is None:
        days = node.number("DisciplineActionLength")
    page.add(
        page.item(holder, node.name, node.need("DisciplineActionIdentifier"), day.isoformat()),
        BP.DisciplinaryAction,
        BPC.behavior,
        holder,
        source,
        [
            (BP.actionDate, Literal(day)),
            *((BP.disciplineType, Literal(text)) for text in node.codes("Discipline")),
            (BP.lengthInDays, days),
            *((BP.followsFrom, cause) for cause in causes),
        ],
    )
    page.attended.setdefault((school, school_year_of(day)), source)


def _causes(page: Page, association: Node, source: Source) -> list[tuple[tuple[str, ...], URIRef]]:
    """Return the learner's items for the incident that *association* names. Raises Refused."""
    if association.need("StudentReference/StudentIdentity/StudentUniqueId") != page.identifier:
        raise Refused("another learner", "the action names an incident of another learner; mend it")
    key, _, _ = page.reference.find(
        "DisciplineIncident", association.node("DisciplineIncidentReference"), source.file
    )
    if key not in page.offenses:
        raise Refused(
            "unknown reference",
            "no StudentDisciplineIncidentBehaviorAssociation joins the learner to incident "
            f"{key[1][:40]!r}; add it",
        )
    return [(key, item) for item in page.offenses[key]]


def add_gradebook_item(page: Page, node: Node, source: Source) -> None:
    """The learner's mark on a gradebook entry is in the page.

    Points go with the entry's maximum; a numeric grade has none, for the files do not name it.
    """
    found = page.reference.find("GradebookEntry", node.node("GradebookEntryReference"), source.file)
    key, entry, _ = found
    school, year = (
        entry.value(f"{_OFFERING}/{_SCHOOL}"),
        entry.value(f"{_OFFERING}/{_SESSION_YEAR}"),
    )
    points, grade = node.number("PointsEarned"), node.number("NumericGradeEarned")
    holder = page.reference.holder(school)
    page.add(
        page.item(holder, node.name, *key),
        BP.GradebookItem,
        BPC.gradebook,
        holder,
        source,
        [
            (SDO.name, worded(entry.value("Title"))),
            (BP.courseCode, worded(entry.value(f"{_OFFERING}/LocalCourseCode"))),
            (BP.dateAssigned, dated(entry.day("DateAssigned"))),
            (BP.dueDate, dated(entry.day("DueDate"))),
            (BP.scoreValue, grade if points is None else points),
            (BP.maximumScore, None if points is None else entry.number("MaxPoints")),
            (BP.schoolYear, worded(school_year(year) if year else "")),
            *((BP.isAlignedTo, standard) for standard in standards(found)),
        ],
    )
    if school and year:
        page.attended.setdefault((school, school_year(year)), source)
