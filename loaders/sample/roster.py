"""The OneRoster files of places and people: organisations, classes, users, roles, enrollments."""

from datetime import date

from databackpack.loaders.sample.learner import Learner, Spell
from databackpack.loaders.sample.place import DISTRICTS, GRADES, SCHOOLS, STATE, School
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.loaders.sample.tables import ABSENT, HEADERS, Tables

__all__ = ["SUBJECTS", "class_id", "course_code", "write_people", "write_places"]

SUBJECTS = {"math": "Mathematics", "ela": "English Language Arts"}
_CEDS_GRADES = {"K": "KG", **{grade: f"{int(grade):02}" for grade in GRADES[1:]}}


def class_id(school: School, grade: str, subject: str, year: SchoolYear) -> str:
    """Return the sourcedId of a class; each school has one class for each grade and subject."""
    return f"class-{school.code}-{subject}-{grade}-{year.code}"


def course_code(school: School, grade: str, subject: str) -> str:
    """Return a school's code of a course."""
    return f"{school.code}-{subject}-{grade}".upper()


def write_places(tables: Tables, year: SchoolYear) -> None:
    """The manifest, organisations, sessions, courses, classes and teachers are in *tables*."""
    _manifest(tables)
    code, name = STATE
    _org(tables, code, name, "state", "")
    for code, name in DISTRICTS:
        _org(tables, code, name, "district", f"org-{STATE[0]}")
    for school in SCHOOLS:
        _org(tables, school.code, school.name, "school", f"org-{school.district}")
    for each in (year.previous, year):
        tables.add(
            "academicSessions",
            sourcedId=f"session-{each.code}",
            title=f"School year {each.label}",
            type="schoolYear",
            startDate=each.first,
            endDate=each.last,
            schoolYear=each.code,
        )
    for school in SCHOOLS:
        _staff(tables, school)
        for grade in school.grades:
            _teacher(tables, school, grade, year)
            for subject in SUBJECTS:
                _course(tables, school, grade, subject, year)


def write_people(tables: Tables, learner: Learner) -> None:
    """The learner's user, roles, demographics and enrollments are in *tables*."""
    user = f"user-{learner.state_id}"
    tables.add(
        "users",
        sourcedId=user,
        enabledUser="true",
        username=learner.state_id.lower(),
        userIds=f"{{state:{learner.state_id}}}",
        givenName=learner.given_name,
        familyName=learner.family_name,
        identifier=learner.state_id,
        grades=_CEDS_GRADES[learner.grade],
        preferredGivenName=learner.preferred_name,
        primaryOrgSourcedId=f"org-{learner.now.school.code}",
    )
    for school in learner.schools:
        spells = [spell for spell in learner.spells if spell.school == school]
        _role(
            tables,
            user,
            school.code,
            "student",
            begin=spells[0].entry,
            end=spells[-1].exit,
            is_primary=school == learner.now.school,
        )
        if learner.language != "en":
            tables.add(
                "companion/home-languages",
                learner=learner.state_id,
                organization=school.code,
                language=learner.language,
            )
    tables.add("demographics", sourcedId=user, birthDate=learner.birth_date, sex=learner.sex)
    for spell in learner.spells:
        for subject in SUBJECTS:
            _enrollment(tables, user, spell, subject)


def _manifest(tables: Tables) -> None:
    tables.add("manifest", propertyName="manifest.version", value="1.0")
    tables.add("manifest", propertyName="oneroster.version", value="1.2")
    present = [name for name in HEADERS if name != "manifest" and "/" not in name]
    for name in sorted((*ABSENT, *present)):
        mode = "absent" if name in ABSENT else "bulk"
        tables.add("manifest", propertyName=f"file.{name}", value=mode)
    tables.add("manifest", propertyName="source.systemName", value="Invented sample")
    tables.add("manifest", propertyName="source.systemCode", value="sample")


def _org(tables: Tables, code: str, name: str, kind: str, parent: str) -> None:
    tables.add(
        "orgs",
        sourcedId=f"org-{code}",
        name=name,
        type=kind,
        identifier=code,
        parentSourcedId=parent,
    )


def _course(tables: Tables, school: School, grade: str, subject: str, year: SchoolYear) -> None:
    course = course_code(school, grade, subject)
    title = f"{SUBJECTS[subject]} {grade}"
    tables.add(
        "courses",
        sourcedId=f"course-{course.lower()}",
        title=title,
        courseCode=course,
        grades=_CEDS_GRADES[grade],
        orgSourcedId=f"org-{school.code}",
        subjects=SUBJECTS[subject],
    )
    for each in (year.previous, year):
        tables.add(
            "classes",
            sourcedId=class_id(school, grade, subject, each),
            title=f"{title}, {each.label}",
            grades=_CEDS_GRADES[grade],
            courseSourcedId=f"course-{course.lower()}",
            classCode=f"{course}-{each.code}",
            classType="scheduled",
            schoolSourcedId=f"org-{school.code}",
            termSourcedIds=f"session-{each.code}",
            subjects=SUBJECTS[subject],
        )


def _teacher(tables: Tables, school: School, grade: str, year: SchoolYear) -> None:
    """One teacher has both subjects of one grade, in both years."""
    user = f"user-teacher-{school.code}-{grade}"
    _adult(tables, user, f"Teacher{grade}", school.name.split()[0], school.code)
    _role(tables, user, school.code, "teacher", begin=year.previous.first)
    for each in (year.previous, year):
        for subject in SUBJECTS:
            tables.add(
                "enrollments",
                sourcedId=f"enrollment-{user}-{subject}-{each.code}",
                classSourcedId=class_id(school, grade, subject, each),
                schoolSourcedId=f"org-{school.code}",
                userSourcedId=user,
                role="teacher",
                primary="true",
                beginDate=each.first,
                endDate="" if each == year else each.last,
            )


def _staff(tables: Tables, school: School) -> None:
    user = f"user-principal-{school.code}"
    _adult(tables, user, "Principal", school.name.split()[0], school.code)
    _role(tables, user, school.code, "principal")


def _adult(tables: Tables, user: str, given: str, family: str, school: str) -> None:
    tables.add(
        "users",
        sourcedId=user,
        enabledUser="true",
        username=user.removeprefix("user-"),
        givenName=given,
        familyName=f"{family}sample",
        primaryOrgSourcedId=f"org-{school}",
    )


def _role(
    tables: Tables,
    user: str,
    school: str,
    role: str,
    *,
    begin: date | None = None,
    end: date | None = None,
    is_primary: bool = True,
) -> None:
    tables.add(
        "roles",
        sourcedId=f"role-{user}-{school}",
        userSourcedId=user,
        roleType="primary" if is_primary else "secondary",
        role=role,
        beginDate=begin or "",
        endDate=end or "",
        orgSourcedId=f"org-{school}",
    )


def _enrollment(tables: Tables, user: str, spell: Spell, subject: str) -> None:
    attended = class_id(spell.school, spell.grade, subject, spell.year)
    tables.add(
        "enrollments",
        sourcedId=f"enrollment-{user}-{attended}",
        classSourcedId=attended,
        schoolSourcedId=f"org-{spell.school.code}",
        userSourcedId=user,
        role="student",
        primary="false",
        beginDate=spell.entry,
        endDate=spell.exit or "",
    )
