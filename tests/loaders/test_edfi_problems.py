"""Ed-Fi files with one thing wrong each, and forms that the sample does not have."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from rdflib import Graph, Literal, URIRef

from databackpack.loaders.edfi import read
from databackpack.loaders.record import (
    Item,
    Organization,
    Problem,
    Record,
    organization_iri,
    person_iri,
)
from databackpack.ontology.namespaces import BP, BPC, BPG, ORG, RDF, SDO, XSD

ORGANIZATIONS = """
<LocalEducationAgency id="LEA"><NameOfInstitution>North</NameOfInstitution>
<LocalEducationAgencyId>10</LocalEducationAgencyId></LocalEducationAgency>
<School><NameOfInstitution>North High</NameOfInstitution><SchoolId>101</SchoolId>
<LocalEducationAgencyReference><LocalEducationAgencyIdentity>
<LocalEducationAgencyId>10</LocalEducationAgencyId>
</LocalEducationAgencyIdentity></LocalEducationAgencyReference></School>"""

STUDENT = """
<Student><StudentUniqueId>{id}</StudentUniqueId>
<Name><FirstName>Ada</FirstName><LastSurname>Byron</LastSurname></Name>
<BirthData><BirthDate>2010-12-10</BirthDate></BirthData></Student>"""

WHO = """<StudentReference><StudentIdentity><StudentUniqueId>1 </StudentUniqueId>
</StudentIdentity></StudentReference>"""
WHERE = (
    "<SchoolReference><SchoolIdentity><SchoolId>101</SchoolId></SchoolIdentity></SchoolReference>"
)

EVENT = f"""
<StudentSchoolAttendanceEvent><AttendanceEvent><EventDate>2021-09-01</EventDate>
<AttendanceEventCategory>uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy\
</AttendanceEventCategory></AttendanceEvent>{WHO}{WHERE}
<SessionReference><SessionIdentity><SchoolYear>2021-2022</SchoolYear></SessionIdentity>
</SessionReference></StudentSchoolAttendanceEvent>"""

INCIDENT = f"""
<DisciplineIncident id="D1"><IncidentIdentifier>1</IncidentIdentifier>
<IncidentDate>2021-10-01</IncidentDate><ReporterName>Sneak, Sam</ReporterName>
{WHERE}</DisciplineIncident>"""
BEHAVIOR = f"""
<StudentDisciplineIncidentBehaviorAssociation>{WHO}<DisciplineIncidentReference ref="D1"/>
<Behavior>uri://ed-fi.org/BehaviorDescriptor#Other</Behavior><DisciplineIncidentParticipationCode>\
uri://ed-fi.org/DisciplineIncidentParticipationCodeDescriptor#Perpetrator\
</DisciplineIncidentParticipationCode></StudentDisciplineIncidentBehaviorAssociation>"""
ACTION = f"""
<DisciplineAction><DisciplineActionIdentifier>7</DisciplineActionIdentifier>
<Discipline>uri://ed-fi.org/DisciplineDescriptor#Detention</Discipline>
<DisciplineDate>2021-10-02</DisciplineDate>
<ActualDisciplineActionLength>0</ActualDisciplineActionLength>
<DisciplineActionLength>5</DisciplineActionLength>{WHO}<ResponsibilitySchoolReference>
<SchoolIdentity><SchoolId>101</SchoolId></SchoolIdentity></ResponsibilitySchoolReference>
<StudentDisciplineIncidentBehaviorAssociationReference>
<StudentDisciplineIncidentBehaviorAssociationIdentity>{WHO.replace("1 ", "{other}")}
<DisciplineIncidentReference><DisciplineIncidentIdentity>
<IncidentIdentifier>1</IncidentIdentifier>{WHERE}
</DisciplineIncidentIdentity></DisciplineIncidentReference>
</StudentDisciplineIncidentBehaviorAssociationIdentity>
</StudentDisciplineIncidentBehaviorAssociationReference></DisciplineAction>"""

TEST = "<AssessmentIdentifier>T</AssessmentIdentifier><Namespace>uri://t</Namespace>"
TEST_REFERENCE = f"""<AssessmentReference><AssessmentIdentity>{TEST}</AssessmentIdentity>
</AssessmentReference>"""
METADATA = f"""
<Assessment>{TEST}<AssessmentTitle>Spring</AssessmentTitle>
<AssessmentCategory>uri://ed-fi.org/AssessmentCategoryDescriptor#State summative assessment\
</AssessmentCategory><MaxRawScore>4</MaxRawScore></Assessment>
<AssessmentItem><IdentificationCode>I</IdentificationCode><MaxRawScore>2</MaxRawScore>
<LearningStandardReference><LearningStandardIdentity><LearningStandardId>{{standard}} \
</LearningStandardId></LearningStandardIdentity></LearningStandardReference>
{TEST_REFERENCE}</AssessmentItem>"""
RESULT = f"""
<StudentAssessment><StudentAssessmentIdentifier>R</StudentAssessmentIdentifier>
<AdministrationDate>2022-04-08T21:00:00</AdministrationDate><ScoreResult><Result>0</Result>
<AssessmentReportingMethod>uri://ed-fi.org/AssessmentReportingMethodDescriptor#Raw score\
</AssessmentReportingMethod></ScoreResult>{WHO}{TEST_REFERENCE}
<StudentAssessmentItem><RawScoreResult>0.00000</RawScoreResult><AssessmentItemReference>
<AssessmentItemIdentity><IdentificationCode>I</IdentificationCode>{TEST_REFERENCE}
</AssessmentItemIdentity></AssessmentItemReference></StudentAssessmentItem></StudentAssessment>"""

Write = Callable[..., list[Item]]


def interchange(kind: str, body: str) -> str:
    """Return a file of *kind* whose elements begin on line 2."""
    return f'<Interchange{kind} xmlns="http://ed-fi.org/6.1.0">{body}\n</Interchange{kind}>\n'


@pytest.fixture
def load(tmp_path: Path) -> Write:
    """Write files, read the folder."""
    learners = {("learner", f"state:{number}"): person_iri("learner", uuid4()) for number in "123"}

    def write_and_read(**files: str) -> list[Item]:
        files.setdefault("EducationOrganization", ORGANIZATIONS)
        files.setdefault("Student", STUDENT.format(id="1"))
        for kind, body in files.items():
            text = body if body.startswith("<?") else interchange(kind, body)
            (tmp_path / f"{kind}.xml").write_text(text, encoding="utf-8")
        return list(read(tmp_path, lambda kind, identifier: learners[kind, identifier]))

    return write_and_read


def faults(items: list[Item]) -> list[tuple[str, int, str]]:
    return [
        (item.source.file, item.source.line, item.rule)
        for item in items
        if isinstance(item, Problem)
    ]


def record(items: list[Item], category: URIRef) -> Graph:
    (found,) = (i.graph for i in items if isinstance(i, Record) and i.category == category)
    return found


def categories(items: list[Item]) -> set[URIRef]:
    return {item.category for item in items if isinstance(item, Record)}


def test_a_folder_without_faults_gives_no_problem(load: Write) -> None:
    items = load(
        StudentAttendance=EVENT,
        StudentDiscipline=INCIDENT + BEHAVIOR + ACTION.format(other="1"),
        AssessmentMetadata=METADATA.format(standard="CC.5.NBT.3"),
        StudentAssessment=RESULT,
    )
    assert faults(items) == []
    assert len([item for item in items if isinstance(item, Organization)]) == 2
    assert categories(items) == {
        BPC.identity,
        BPC.demographics,
        BPC.enrollment,
        BPC.attendance,
        BPC.behavior,
        BPC.assessment,
    }


def test_a_second_student_with_the_same_identifier_is_named_with_both_lines(load: Write) -> None:
    items = load(Student=STUDENT.format(id="1") + STUDENT.format(id="1").replace("Ada", "Eva"))
    assert faults(items) == [("Student.xml", 5, "duplicate learner")]
    (problem,) = (item for item in items if isinstance(item, Problem))
    assert "Student.xml:2" in problem.message
    assert set(record(items, BPC.identity).objects(None, SDO.givenName)) == {Literal("Ada")}


def test_a_row_of_a_learner_that_student_xml_does_not_have_is_named(load: Write) -> None:
    items = load(Student=STUDENT.format(id="2"), StudentAttendance=EVENT)
    assert faults(items) == [("StudentAttendance.xml", 2, "unknown learner")]
    assert BPC.attendance not in categories(items)


@pytest.mark.parametrize(
    ("file", "body", "without", "category"),
    [
        ("Student", STUDENT.format(id="1"), "<FirstName>Ada</FirstName>", BPC.identity),
        ("Student", STUDENT.format(id="1"), "<BirthDate>2010-12-10</BirthDate>", BPC.demographics),
        ("StudentAttendance", EVENT, WHO, BPC.attendance),
        ("StudentAttendance", EVENT, WHERE, BPC.attendance),
        ("StudentAttendance", EVENT, "<EventDate>2021-09-01</EventDate>", BPC.attendance),
        ("StudentAttendance", EVENT, "<SchoolYear>2021-2022</SchoolYear>", BPC.attendance),
    ],
)
def test_a_missing_element_is_named_and_its_row_leaves_nothing(
    load: Write, file: str, body: str, without: str, category: URIRef
) -> None:
    assert without in body
    items = load(**{file: body.replace(without, "")})
    assert faults(items) == [(f"{file}.xml", 2, "missing element")]
    assert category not in categories(items)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("2021-09-01", "2021-13-01", "date"),
        ("2021-09-01", "1 September", "date"),
        ("2021-2022", "2021-2023", "school year"),
        ("#Tardy", "#Asleep", "unknown code"),
        ("<SchoolId>101<", "<SchoolId>999<", "unknown organization"),
    ],
)
def test_a_wrong_value_is_named_and_its_row_leaves_nothing(
    load: Write, old: str, new: str, rule: str
) -> None:
    assert old in EVENT
    items = load(StudentAttendance=EVENT.replace(old, new))
    assert faults(items) == [("StudentAttendance.xml", 2, rule)]
    assert categories(items) == {BPC.identity, BPC.demographics}


def test_a_wrong_number_is_named_and_its_row_leaves_nothing(load: Write) -> None:
    action = ACTION.format(other="1").replace("Length>0<", "Length>NaN<")
    items = load(StudentDiscipline=INCIDENT + BEHAVIOR + action)
    assert [rule for _, _, rule in faults(items)] == ["number"]
    assert (None, RDF.type, BP.DisciplinaryAction) not in record(items, BPC.behavior)


def test_the_same_row_twice_is_named_with_the_first(load: Write) -> None:
    items = load(StudentAttendance=EVENT + EVENT)
    assert [rule for _, _, rule in faults(items)] == ["duplicate row"]
    (problem,) = (item for item in items if isinstance(item, Problem))
    assert "StudentAttendance.xml:2" in problem.message
    assert len(set(record(items, BPC.attendance).subjects())) == 1


def test_an_item_of_an_unknown_standard_is_named_and_the_test_is_loaded(load: Write) -> None:
    metadata = METADATA.format(standard="XX.9.Z")
    items = load(AssessmentMetadata=metadata, StudentAssessment=RESULT)
    (problem,) = (item for item in items if isinstance(item, Problem))
    assert problem.rule == "unknown standard"
    row = interchange("StudentAssessment", RESULT).splitlines()[problem.source.line - 1]
    assert row.startswith("<StudentAssessmentItem>")
    assert "'XX.9.Z'" in problem.message
    (named,) = (
        number
        for number, line in enumerate(interchange("", metadata).splitlines(), 1)
        if "XX.9.Z" in line
    )
    assert f"AssessmentMetadata.xml:{named})" in problem.message
    graph = record(items, BPC.assessment)
    assert len(set(graph.subjects())) == 1
    assert (None, BP.isAlignedTo, None) not in graph


def test_a_score_of_zero_is_a_score(load: Write) -> None:
    items = load(
        AssessmentMetadata=METADATA.format(standard="CC.5.NBT.3"), StudentAssessment=RESULT
    )
    graph = record(items, BPC.assessment)
    zero = Literal("0", datatype=XSD.decimal)
    results = set(graph.subjects(RDF.type, BP.StateAssessmentResult))
    assert {graph.value(result, BP.scoreValue) for result in results} == {zero}
    maxima = {str(graph.value(result, BP.maximumScore)) for result in results}
    assert (len(results), maxima) == (2, {"4", "2"})
    (aligned,) = graph.objects(None, BP.isAlignedTo)
    assert aligned == URIRef("http://corestandards.org/Math/Content/5/NBT/A/3")


def test_no_mastery_is_made_up_from_a_score(load: Write) -> None:
    items = load(
        AssessmentMetadata=METADATA.format(standard="CC.5.NBT.3"), StudentAssessment=RESULT
    )
    assert (None, BP.hasMasteryLevel, None) not in record(items, BPC.assessment)


def test_a_result_of_a_test_without_metadata_is_named(load: Write) -> None:
    assert faults(load(StudentAssessment=RESULT)) == [
        ("StudentAssessment.xml", 2, "unknown reference")
    ]


def test_behaviors_of_one_incident_are_one_item_without_its_reporter(load: Write) -> None:
    second = BEHAVIOR.replace("#Other", "#School Violation")
    items = load(StudentDiscipline=INCIDENT + BEHAVIOR + second + ACTION.format(other="1"))
    assert faults(items) == []
    graph = record(items, BPC.behavior)
    (incident,) = graph.subjects(RDF.type, BP.BehaviorIncident)
    behaviors = set(graph.objects(incident, BP.behaviorType))
    assert behaviors == {Literal("Other"), Literal("School Violation")}
    (action,) = graph.subjects(RDF.type, BP.DisciplinaryAction)
    assert set(graph.objects(action, BP.followsFrom)) == {incident}
    assert str(graph.value(action, BP.lengthInDays)) == "0"
    assert "Sneak" not in graph.serialize(format="nt")


def test_an_action_that_names_another_learner_is_refused(load: Write) -> None:
    items = load(
        Student=STUDENT.format(id="1") + STUDENT.format(id="2"),
        StudentDiscipline=INCIDENT + BEHAVIOR + ACTION.format(other="2"),
    )
    assert [rule for _, _, rule in faults(items)] == ["another learner"]
    assert (None, RDF.type, BP.DisciplinaryAction) not in record(items, BPC.behavior)


def test_an_action_without_its_incident_is_refused(load: Write) -> None:
    items = load(StudentDiscipline=INCIDENT + ACTION.format(other="1"))
    assert [rule for _, _, rule in faults(items)] == ["unknown reference"]
    assert BPC.behavior not in categories(items)


def test_a_malformed_file_gives_one_problem_and_none_of_its_rows(load: Write) -> None:
    items = load(StudentAttendance=EVENT + EVENT.replace("</EventDate>", "</EventDay>"))
    ((file, line, rule),) = faults(items)
    assert (file, rule) == ("StudentAttendance.xml", "well-formed XML")
    text = interchange("StudentAttendance", EVENT + EVENT.replace("</EventDate>", "</EventDay>"))
    assert "</EventDay>" in text.splitlines()[line - 1]
    (problem,) = (item for item in items if isinstance(item, Problem))
    assert "column" in problem.message
    assert categories(items) == {BPC.identity, BPC.demographics}


@pytest.mark.parametrize("text", ["<?xml version='1.0'?>", "<?php echo 1 ?>\n<html/>"])
def test_a_file_that_is_no_interchange_gives_one_problem(load: Write, text: str) -> None:
    items = load(StudentAttendance=text)
    ((file, line, rule),) = faults(items)
    assert file == "StudentAttendance.xml"
    assert line >= 1
    assert rule in {"well-formed XML", "Ed-Fi interchange"}
    assert BPC.identity in categories(items)


@pytest.mark.parametrize(
    "entity", ['SYSTEM "secret.txt"', '"aaaaaaaaaa"', 'SYSTEM "http://127.0.0.1:9/x"']
)
def test_a_file_with_entities_is_refused_unread(load: Write, tmp_path: Path, entity: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    text = f"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e {entity}>]>" + interchange(
        "Student", STUDENT.format(id="1").replace("Ada", "&e;")
    )
    items = load(Student=text)
    assert faults(items) == [("Student.xml", 1, "no document type")]
    assert categories(items) == set()


def test_a_path_without_files_is_a_problem(tmp_path: Path) -> None:
    def mint(kind: str, identifier: str) -> URIRef:
        raise AssertionError("nobody to mint")

    assert faults(list(read(tmp_path, mint))) == [(tmp_path.name, 1, "readable file")]
    assert faults(list(read(tmp_path / "gone.xml", mint))) == [("gone.xml", 1, "readable file")]


def test_learners_of_an_unnamed_district_are_named(load: Write) -> None:
    two = ORGANIZATIONS + ORGANIZATIONS.replace(">10<", ">20<").replace(">101<", ">201<")
    items = load(EducationOrganization=two)
    assert faults(items) == [("Student.xml", 2, "unknown organization")]
    assert categories(items) == set()


def test_a_school_of_an_unknown_district_is_named(load: Write) -> None:
    items = load(EducationOrganization=ORGANIZATIONS.replace(">10<", ">20<", 1))
    assert ("EducationOrganization.xml", 4, "unknown reference") in faults(items)


def test_elements_of_learners_without_a_class_are_named_once(load: Write) -> None:
    row = f"\n<StudentTranscript>{WHO}</StudentTranscript>"
    items = load(StudentTranscript=row * 3)
    assert faults(items) == [("StudentTranscript.xml", 2, "no place")]
    (problem,) = (item for item in items if isinstance(item, Problem))
    assert problem.message.startswith("3 StudentTranscript")


def test_an_enrollment_in_the_files_is_used_and_none_is_derived(load: Write) -> None:
    association = f"""
<StudentSchoolAssociation>{WHO}{WHERE}<EntryDate>2021-08-23</EntryDate>
<EntryGradeLevel>uri://ed-fi.org/GradeLevelDescriptor#Fifth grade</EntryGradeLevel>
<ExitWithdrawDate>2022-05-27</ExitWithdrawDate></StudentSchoolAssociation>"""
    items = load(StudentEnrollment=association, StudentAttendance=EVENT)
    assert faults(items) == []
    graph = record(items, BPC.enrollment)
    (enrollment,) = set(graph.subjects())
    said = {predicate: value for _, predicate, value in graph}
    assert said == {
        RDF.type: BP.Enrollment,
        BP.isRecordOf: graph.value(enrollment, ORG.member),
        BP.isHeldBy: organization_iri("101"),
        ORG.member: graph.value(enrollment, BP.isRecordOf),
        ORG.organization: organization_iri("101"),
        BP.schoolYear: Literal("2021-2022"),
        BP.hasGradeLevel: BPG["5"],
        BP.entryDate: Literal("2021-08-23", datatype=XSD.date),
        BP.exitDate: Literal("2022-05-27", datatype=XSD.date),
    }


@pytest.mark.parametrize(
    ("words", "support", "category"),
    [
        ("Special Education", BP.IndividualizedEducationProgram, BPC["special-education"]),
        ("Section 504 Placement", BP.Section504Plan, BPC["special-education"]),
        ("Bilingual Summer", BP.BilingualProgram, BPC.supports),
        ("Gifted and Talented", BP.GiftedProgram, BPC.supports),
        ("Chess", BP.OtherProgram, BPC.supports),
    ],
)
def test_a_plain_program_is_placed_by_its_type(
    load: Write, words: str, support: URIRef, category: URIRef
) -> None:
    organization = """<EducationOrganizationReference><EducationOrganizationIdentity>
<EducationOrganizationId>101 </EducationOrganizationId></EducationOrganizationIdentity>
</EducationOrganizationReference>"""
    items = load(
        StudentProgram=f"""
<StudentProgramAssociation>{WHO}<ProgramReference><ProgramIdentity>{organization}
<ProgramName>Block A</ProgramName><ProgramType>uri://ed-fi.org/ProgramTypeDescriptor#{words}\
</ProgramType></ProgramIdentity></ProgramReference><BeginDate>2021-08-30</BeginDate>
{organization}</StudentProgramAssociation>"""
    )
    assert faults(items) == []
    graph = record(items, category)
    assert set(graph.objects(None, BP.hasSupportType)) == {support}
    assert set(graph.objects(None, BP.isHeldBy)) == {organization_iri("101")}


def test_points_go_with_their_maximum_and_a_grade_with_none(load: Write) -> None:
    entries = "".join(
        f"""
<GradebookEntry><GradebookEntryIdentifier>{code}</GradebookEntryIdentifier>
<Namespace>n</Namespace><MaxPoints>20</MaxPoints></GradebookEntry>
<StudentGradebookEntry><GradebookEntryReference><GradebookEntryIdentity>
<GradebookEntryIdentifier>{code}</GradebookEntryIdentifier><Namespace>n</Namespace>
</GradebookEntryIdentity></GradebookEntryReference>{WHO}{mark}</StudentGradebookEntry>"""
        for code, mark in (
            ("A", "<PointsEarned>0</PointsEarned><NumericGradeEarned>50</NumericGradeEarned>"),
            ("B", "<NumericGradeEarned>90.00</NumericGradeEarned>"),
        )
    )
    items = load(StudentGradebook=entries)
    assert faults(items) == []
    graph = record(items, BPC.gradebook)
    marks = {
        (str(graph.value(item, BP.scoreValue)), str(graph.value(item, BP.maximumScore)))
        for item in set(graph.subjects())
    }
    assert marks == {("0", "20"), ("90", "None")}


@pytest.mark.parametrize("between", ["\n", ""])
def test_lines_are_counted_past_65535(load: Write, between: str) -> None:
    padding = "\n<Other>x</Other>" * 70_000
    event = EVENT.replace("#Tardy", "#Asleep").replace("\n", between)
    ((_, line, rule),) = faults(load(StudentAttendance=f"{padding}\n{event}"))
    text = interchange("StudentAttendance", f"{padding}\n{event}").splitlines()
    assert rule == "unknown code"
    assert text[line - 1].startswith("<StudentSchoolAttendanceEvent>")
