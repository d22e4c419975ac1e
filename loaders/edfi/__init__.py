"""Ed-Fi data of one district, XML or JSON → organisations and learners' records.

Elements of interchange XML are matched by local name, for the namespace changes with each version
of Ed-Fi. JSON files are named by the resource of the Ed-Fi API (``students.json``), hold an array
or one object per line, and are read as the same elements (``resources.yaml``).

| Ed-Fi | becomes | held by |
|---|---|---|
| StateEducationAgency, LocalEducationAgency, School | organisations | |
| Student | identity, demographics (day of birth) | the district |
| StudentSchoolAssociation | enrollment | the school |
| Student{School,Section}AttendanceEvent | attendance | the school |
| StudentDisciplineIncident…Association, DisciplineAction | behavior | the school |
| Student…ProgramAssociation | special-education or supports | the organisation that it names |
| StudentInterventionAssociation | supports | the organisation that it names |
| StudentGradebookEntry | gradebook | the school of its section, else the district |
| StudentAssessment | assessment | the reporting school, else the district |

Assessment, AssessmentItem, ObjectiveAssessment, DisciplineIncident, GradebookEntry and Intervention
are looked up. What is not carried: middle names, titles, suffixes and other names; sex at birth;
descriptions and reporters of incidents; services within programs; letter grades. An element whose
name begins with ``Student`` and that is not in the table is named in a problem, once per file.

Where the files hold no StudentSchoolAssociation, one enrollment is derived for each learner, school
and school year that an attendance, gradebook or discipline row names, without dates and grade. An
incident is of the school year that begins in the July before it.

A file that is not well-formed gives one problem and no row; a row that breaks a rule gives one
problem that names file and line, and no triple. An item of a test that is aligned to an unknown
standard breaks one. Of two Student elements with one identifier the first is loaded.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from databackpack.loaders.edfi import interchange, resource
from databackpack.loaders.edfi.assessment import add_assessment
from databackpack.loaders.edfi.node import Node, Refused
from databackpack.loaders.edfi.page import Page
from databackpack.loaders.edfi.reference import Reference
from databackpack.loaders.edfi.school import (
    add_action,
    add_derived_enrollments,
    add_enrollment,
    add_gradebook_item,
    add_incident,
    add_school_attendance,
    add_section_attendance,
)
from databackpack.loaders.edfi.student import add_student
from databackpack.loaders.edfi.support import add_intervention, add_program, is_program
from databackpack.loaders.reading import Group, ungrouped
from databackpack.loaders.record import Item, Mint, Problem, Source
from databackpack.loaders.spool import Packed, Spool, unpacked
from databackpack.loaders.spool import rows as decoded

__all__ = ["gather", "read"]

_ENROLLMENT = "StudentSchoolAssociation"
_PROGRAM = "Student…ProgramAssociation"

# In the order in which a learner's rows are taken: an action follows from incidents.
_ADD: dict[str, Callable[[Page, Node, Source], None]] = {
    "Student": add_student,
    _ENROLLMENT: add_enrollment,
    "StudentSchoolAttendanceEvent": add_school_attendance,
    "StudentSectionAttendanceEvent": add_section_attendance,
    "StudentDisciplineIncidentBehaviorAssociation": add_incident,
    "StudentDisciplineIncidentNonOffenderAssociation": add_incident,
    "DisciplineAction": add_action,
    _PROGRAM: add_program,
    "StudentInterventionAssociation": add_intervention,
    "StudentGradebookEntry": add_gradebook_item,
    "StudentAssessment": add_assessment,
}
_ORDER = list(_ADD)


def read(path: Path, mint: Mint) -> Iterator[Item]:
    """Yield what `gather` yields, with the items of each group in its place."""
    return ungrouped(gather(path), mint)


def gather(path: Path) -> Iterator[Item | Group]:
    """Return what the Ed-Fi files of the folder *path* hold; *path* may be one file.

    Organisations come first, then the records of one learner after another; problems come as they
    are met. Learners are minted as ``state:<StudentUniqueId>``. Memory holds what rows refer to and
    the rows of one learner.
    """
    reference = Reference()
    with Spool() as spool:
        kinds: set[str] = set()
        found = _files(path)
        if not found:
            yield Problem(
                Source(path.name, 1),
                "readable file",
                "no .xml file and no .json file is in it; check the path",
            )
        for file in found:
            yield from _spool(file, spool, reference, kinds)
        yield from _organizations(reference)
        build = partial(_learner, reference, _ENROLLMENT not in kinds)
        count = spool.count()
        for packed in spool.packed():
            key, _, name, line = packed[0]
            people = (("learner", f"state:{unpacked(key)[0]}"),)
            yield Group(people, packed, build, Source(name, line), count)
            count = 0


def _files(path: Path) -> list[Path]:
    """Return the files of the folder *path* in order of name, or *path* itself."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".xml", *resource.SUFFIXES))


def _spool(file: Path, spool: Spool, reference: Reference, kinds: set[str]) -> Iterator[Problem]:
    """The learners' rows of *file* are in *spool*, what they refer to is in *reference*."""
    form = resource if file.suffix in resource.SUFFIXES else interchange
    if problem := form.check(file):
        yield problem
        return
    unplaced: dict[str, list[int]] = {}
    names: set[str] = set()
    for node in form.elements(file):
        if isinstance(node, Problem):
            yield node
            continue
        names.add(node.name)
        source = Source(file.name, node.line)
        try:
            if reference.takes(node.name):
                reference.add(node, source)
            elif _kind(node.name) in _ADD:
                spool.add((_identifier(node),), {"node": node.packed()}, source)
                kinds.add(node.name)
            elif _is_of_learner(node.name):
                unplaced.setdefault(node.name, []).append(node.line)
        except Refused as refused:
            yield Problem(source, refused.rule, refused.message)
    if names and not any(
        reference.takes(name) or name in _ADD or _is_of_learner(name) for name in names
    ):
        yield Problem(
            Source(file.name, 1),
            "nothing to load",
            f"its elements ({', '.join(sorted(names))}) are of no learner, no organisation and no "
            "test; take the file out of the folder",
        )
    for name, lines in unplaced.items():
        yield Problem(
            Source(file.name, lines[0]),
            "no place",
            f"{len(lines)} {name} elements, the first here, are not loaded: "
            "the vocabulary has no class for them",
        )


def _is_of_learner(name: str) -> bool:
    return name.startswith("Student") and not name.endswith("Descriptor")


def _kind(name: str) -> str:
    return _PROGRAM if name not in _ADD and is_program(name) else name


def _identifier(node: Node) -> str:
    reference = "" if node.name == "Student" else "StudentReference/StudentIdentity/"
    return node.need(f"{reference}StudentUniqueId")


def _organizations(reference: Reference) -> Iterator[Item]:
    for found in reference.organizations():
        try:
            yield reference.organization(found)
        except Refused as refused:
            yield Problem(found[2], refused.rule, refused.message)


def _learner(
    reference: Reference, enrollment_is_derived: bool, packed: list[Packed], mint: Mint
) -> Iterator[Item]:
    [((identifier,), found)] = decoded(packed)
    rows = [(Node.unpacked(row["node"]), source) for row, source in found]
    students = [source for node, source in rows if node.name == "Student"]
    if not students:
        for node, source in rows:
            yield Problem(
                source,
                "unknown learner",
                f"no Student element has the StudentUniqueId of this {node.name}; "
                "add it to Student.xml or correct the row",
            )
        return
    for second in students[1:]:
        yield Problem(
            second,
            "duplicate learner",
            f"{students[0]} has the same StudentUniqueId and is the one loaded; keep one",
        )
    page = Page(mint("learner", f"state:{identifier}"), identifier, reference)
    for node, source in sorted(rows, key=lambda row: _ORDER.index(_kind(row[0].name))):
        if node.name == "Student" and source != students[0]:
            continue
        with page.naming(source):
            _ADD[_kind(node.name)](page, node, source)
    if enrollment_is_derived:
        add_derived_enrollments(page)
    yield from page.problems
    yield from page.records
