"""Ed-Fi's sample district: every row is loaded or named, and nothing else is in a record."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from lxml import etree
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.loaders.edfi import read
from databackpack.loaders.record import (
    Item,
    Mint,
    Organization,
    Problem,
    Record,
    organization_iri,
    person_iri,
)
from databackpack.ontology import graph as ontology
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, BPG, ORG, RDF, RDFS, SDO
from databackpack.ontology.standards import resolve
from databackpack.shapes import validate_batch

DISTRICT = organization_iri("255901")
SCHOOLS = {organization_iri(code) for code in ("255901001", "255901044", "255901107")}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "edfi_sample"


@pytest.fixture(scope="module")
def people() -> dict[tuple[str, str], URIRef]:
    return {}


@pytest.fixture(scope="module")
def mint(people: dict[tuple[str, str], URIRef]) -> Mint:
    return lambda kind, identifier: people.setdefault((kind, identifier), person_iri(kind, uuid4()))


@pytest.fixture(scope="module")
def items(folder: Path, mint: Mint) -> list[Item]:
    return list(read(folder, mint))


@pytest.fixture(scope="module")
def records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


@pytest.fixture(scope="module")
def problems(items: list[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


@pytest.fixture(scope="module")
def whole(records: list[Record]) -> Graph:
    graph = Graph()
    for record in records:
        graph += record.graph
    return graph


@pytest.fixture(scope="module")
def lines(folder: Path) -> Callable[[str, str], set[int]]:
    """The lines where elements of a name begin, found without our reader."""

    def find(file: str, name: str) -> set[int]:
        text = (folder / file).read_text(encoding="utf-8").splitlines()
        return {number for number, line in enumerate(text, 1) if re.search(f"<{name}[ >]", line)}

    return find


def texts(file: Path, path: str) -> Iterator[str]:
    """Yield the texts at *path*, read without our reader."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    for text in etree.parse(str(file)).xpath(f"/*/{steps}/text()"):
        yield str(text).strip()


def names(graph: Graph, predicate: URIRef) -> Counter[str]:
    """Return how often *predicate* names each term, by the term's last segment."""
    return Counter(local_name(URIRef(str(term))) for term in graph.objects(None, predicate))


def test_every_learner_is_loaded_with_names_and_identifier(
    folder: Path, records: list[Record], people: dict[tuple[str, str], URIRef]
) -> None:
    identities = [record for record in records if record.category == BPC.identity]
    loaded = {
        (
            str(record.graph.value(record.learner, BP.learnerIdentifier)),
            str(record.graph.value(record.learner, SDO.givenName)),
            str(record.graph.value(record.learner, SDO.familyName)),
        )
        for record in identities
    }
    student = folder / "Student.xml"
    paths = ("StudentUniqueId", "Name/FirstName", "Name/LastSurname")
    named = [texts(student, f"Student/{path}") for path in paths]
    assert loaded == set(zip(*named, strict=True))
    assert len(identities) == len(loaded) == len(people) == 960
    assert {record.holder for record in identities} == {DISTRICT}


def test_birth_dates_are_those_of_the_file(folder: Path, whole: Graph) -> None:
    dates = Counter(str(day) for day in whole.objects(None, SDO.birthDate))
    assert dates == Counter(texts(folder / "Student.xml", "Student/BirthData/BirthDate"))


def test_records_by_category(records: list[Record]) -> None:
    assert Counter(local_name(record.category) for record in records) == {
        "identity": 960,
        "demographics": 960,
        "enrollment": 262,
        "attendance": 227,
        "behavior": 21,
        "supports": 508,
        "special-education": 97,
        "gradebook": 25,
        "assessment": 163,
    }


def test_items_by_class(whole: Graph) -> None:
    assert names(whole, RDF.type) == {
        "Learner": 960,
        "Demographics": 960,
        "Enrollment": 262,
        "AttendanceEvent": 1_982,
        "BehaviorIncident": 23,
        "DisciplinaryAction": 25,
        "StudentSupport": 631,
        "SpecialEducationSupport": 100,
        "GradebookItem": 250,
        "LocalAssessmentResult": 3_278,
    }


def test_every_attendance_row_is_loaded_or_named(
    whole: Graph, problems: list[Problem], lines: Callable[[str, str], set[int]]
) -> None:
    daily = lines("StudentSchoolAttendance.xml", "StudentSchoolAttendanceEvent")
    tardy = lines("StudentSectionAttendance-Tardy.xml", "StudentSectionAttendanceEvent")
    named = [item for item in problems if "Attendance" in item.source.file]
    assert (len(daily), len(tardy)) == (1_917, 66)
    assert [(item.rule, item.source.line in daily) for item in named] == [("unknown code", True)]
    with_course = set(whole.subjects(BP.courseCode)) & set(whole.subjects(BP.eventDate))
    assert len(with_course) == len(tardy)
    assert len(set(whole.subjects(BP.eventDate))) == len(daily) + len(tardy) - len(named)
    assert names(whole, BP.hasAttendanceStatus) == {
        "ExcusedAbsence": 1_077,
        "UnexcusedAbsence": 773,
        "Tardy": 132,
    }


def test_every_program_row_is_a_support_of_its_type(folder: Path, whole: Graph) -> None:
    assert names(whole, BP.hasSupportType) == {
        "BilingualProgram": 40,
        "GiftedProgram": 86,
        "IndividualizedEducationProgram": 97,
        "CareerTechnicalProgram": 64,
        "TitleIProgram": 2,
        "MigrantEducationProgram": 275,
        "EnglishLearnerProgram": 38,
        "HomelessProgram": 11,
        "NeglectedOrDelinquentProgram": 8,
        "FoodServiceProgram": 82,
        "Section504Plan": 3,
        "Intervention": 25,
    }
    rows = re.findall(
        r"<Student\w*ProgramAssociation>", (folder / "StudentProgram.xml").read_text()
    )
    assert len(rows) + 25 == len(set(whole.subjects(BP.hasSupportType)))


def test_special_education_is_in_a_category_of_its_own(records: list[Record]) -> None:
    special = {BP.IndividualizedEducationProgram, BP.Section504Plan}
    for record in records:
        kinds = set(record.graph.objects(None, BP.hasSupportType))
        if record.category == BPC["special-education"]:
            assert kinds <= special
            assert kinds
        else:
            assert not kinds & special
            assert (None, BP.disabilityType, None) not in record.graph


def test_discipline_is_loaded_with_roles_and_causes(whole: Graph) -> None:
    roles = Counter(str(role) for role in whole.objects(None, BP.participationRole))
    assert roles == {"Perpetrator": 21, "Witness": 2}
    actions = set(whole.subjects(RDF.type, BP.DisciplinaryAction))
    assert len(actions) == 25
    for action in actions:
        (cause,) = whole.objects(action, BP.followsFrom)
        assert (cause, BP.isRecordOf, whole.value(action, BP.isRecordOf)) in whole
        assert (cause, BP.isHeldBy, whole.value(action, BP.isHeldBy)) in whole


def test_gradebook_items_carry_their_entries(folder: Path, whole: Graph) -> None:
    entries = set(whole.subjects(RDF.type, BP.GradebookItem))
    grades = Counter(Decimal(str(whole.value(entry, BP.scoreValue))) for entry in entries)
    earned = texts(folder / "StudentGradebook.xml", "StudentGradebookEntry/NumericGradeEarned")
    assert grades == Counter(map(Decimal, earned))
    assert Counter(str(whole.value(entry, SDO.name)) for entry in entries)["Quiz 1"] == 25
    assert {str(whole.value(entry, BP.courseCode)) for entry in entries} == {"ALG-1"}
    assert {whole.value(entry, BP.maximumScore) for entry in entries} == {None}


def test_every_test_result_and_every_part_is_loaded_or_named(
    whole: Graph, problems: list[Problem], lines: Callable[[str, str], set[int]]
) -> None:
    parts = set(whole.subjects(BP.isPartOfResult))
    wholes = set(whole.subjects(BP.assessmentIdentifier)) - parts
    benchmark = "StudentAssessment-Benchmarks-3rdGradeMath.xml"
    mastery = "StudentAssessment-LearningStandardsMastery.xml"
    assert [
        len(lines(file, "StudentAssessment"))
        for file in (benchmark, mastery, "StudentAssessmentSample.xml")
    ] == [160, 82, 2]
    assert len(wholes) == 160 + 82 + 2
    assert len(lines(mastery, "StudentAssessmentItem")) == 2_050
    assert len(lines(mastery, "StudentObjectiveAssessment")) == 984
    assert len(parts) == 2_050 + 984
    refused = {item.source.line for item in problems if item.source.file == benchmark}
    assert refused == lines(benchmark, "StudentAssessmentItem")
    assert len(refused) == 3_680


def test_common_core_alignments_are_those_of_the_metadata(folder: Path, whole: Graph) -> None:
    metadata = etree.parse(str(folder / "AssessmentMetadata-LearningStandardsMastery.xml"))
    expected = {
        (item.findtext("{*}IdentificationCode"), resolve(identifier.text))
        for item in metadata.iter("{*}AssessmentItem")
        for identifier in item.iter("{*}LearningStandardId")
    }
    loaded = Counter(
        (str(whole.value(result, BP.assessmentIdentifier)), standard)
        for result, standard in whole.subject_objects(BP.isAlignedTo)
    )
    assert set(loaded) == expected
    assert set(loaded.values()) == {82}
    assert len({standard for _, standard in expected}) == 11


def test_all_common_core_identifiers_of_the_standards_file_resolve(folder: Path) -> None:
    identifiers = set(texts(folder / "Standards-subset.xml", "LearningStandard/LearningStandardId"))
    common = {identifier for identifier in identifiers if identifier.startswith("CC.")}
    assert len({resolve(identifier) for identifier in common}) == len(common) == 196


def test_the_standards_that_no_framework_has_are_named(problems: list[Problem]) -> None:
    unknown = [item for item in problems if item.rule == "unknown standard"]
    identifiers = {
        found for item in unknown for found in re.findall(r"'(111\.[^']*)'", item.message)
    }
    assert len(unknown) == 3_680
    assert identifiers
    assert all(
        re.search(r"named at AssessmentMetadata-Benchmarks-3rdGradeMath\.xml:\d+", item.message)
        for item in unknown
    )


def test_the_scores_of_items_and_of_objectives_add_up_to_the_score_of_the_test(
    whole: Graph,
) -> None:
    sums: dict[tuple[Node, bool], Decimal] = defaultdict(Decimal)
    for part, result in whole.subject_objects(BP.isPartOfResult):
        is_item = (part, BP.isAlignedTo, None) in whole
        score = Decimal(str(whole.value(part, BP.scoreValue)))
        assert Decimal(0) <= score <= Decimal(str(whole.value(part, BP.maximumScore)))
        sums[result, is_item] += score
    assert len(sums) == 2 * 82
    for (result, _), total in sums.items():
        # The file writes scores of tests and of objectives without the half points of items.
        assert int(total) == Decimal(str(whole.value(result, BP.scoreValue)))
        assert str(whole.value(result, BP.maximumScore)) == "25.5"


def test_performance_levels_and_grades_are_on_the_results(whole: Graph) -> None:
    assert Counter(str(level) for level in whole.objects(None, BP.performanceLevel)) == {
        "Advanced": 9,
        "Met Standard": 13,
        "Below Basic": 9,
        "Well Below Basic": 52,
    }
    grades = Counter(whole.objects(None, BP.hasGradeLevel))
    assert grades == {BPG["3"]: 160, BPG["6"]: 82, BPG["11"]: 2}


def test_enrollments_are_derived_from_the_schools_that_rows_name(
    records: list[Record], whole: Graph
) -> None:
    named = {
        (record.learner, record.holder)
        for record in records
        if record.category in {BPC.attendance, BPC.behavior, BPC.gradebook}
    }
    enrolled = {
        (record.learner, record.holder) for record in records if record.category == BPC.enrollment
    }
    assert enrolled == named
    assert {holder for _, holder in enrolled} == SCHOOLS
    assert not list(whole.objects(None, BP.entryDate))


def test_schools_belong_to_the_district_and_come_first(items: list[Item]) -> None:
    organizations = [item for item in items if isinstance(item, Organization)]
    first = next(place for place, item in enumerate(items) if isinstance(item, Record))
    assert all(items.index(organization) < first for organization in organizations)
    graph = Graph()
    for organization in organizations:
        graph += organization.graph
    assert set(graph.subjects(ORG.subOrganizationOf, DISTRICT)) == SCHOOLS
    assert set(graph.subjects(RDF.type, BP.School)) == SCHOOLS
    assert set(graph.subjects(RDF.type, BP.District)) == {DISTRICT}
    assert (DISTRICT, RDFS.label, Literal("Grand Bend ISD")) in graph
    assert (DISTRICT, BP.organizationCode, Literal("255901")) in graph


def test_the_records_of_a_learner_stand_together(records: list[Record]) -> None:
    seen: list[URIRef] = []
    for record in records:
        if not seen or seen[-1] != record.learner:
            seen.append(record.learner)
    assert len(seen) == len(set(seen)) == 960
    assert len({record.iri for record in records}) == len(records)


def test_every_item_is_of_the_record_and_of_a_class_of_its_category(records: list[Record]) -> None:
    category_of = dict(ontology().subject_objects(BP.hasCategory))
    for record in records:
        for subject in set(record.graph.subjects()):
            assert isinstance(subject, URIRef)
            (kind,) = record.graph.objects(subject, RDF.type)
            assert category_of[kind] == record.category
            owners = list(record.graph.objects(subject, BP.isRecordOf))
            holders = list(record.graph.objects(subject, BP.isHeldBy))
            if subject == record.learner:
                assert not owners + holders
            else:
                assert (owners, holders) == ([record.learner], [record.holder])


def test_records_conform_to_the_shapes(records: list[Record]) -> None:
    some = records[::5]
    assert {record.category for record in some} == {record.category for record in records}
    for record, report in zip(some, validate_batch(some), strict=True):
        assert report.conforms, f"{record.source}: {report}"


def test_no_record_names_another_person(folder: Path, records: list[Record]) -> None:
    learners = set(texts(folder / "Student.xml", "Student/StudentUniqueId"))
    others = set(texts(folder / "StudentDiscipline.xml", "DisciplineIncident/ReporterName"))
    for part in ("FirstName", "LastSurname"):
        path = f"DisciplineIncident/DisciplineIncidentExternalParticipant/{part}"
        others |= set(texts(folder / "StudentDiscipline.xml", path))
    words = others | {word for name in others for word in name.split(", ")}
    for record in records:
        own = {str(text) for text in record.graph.objects(record.learner, BP.learnerIdentifier)}
        for subject, _, value in record.graph:
            tokens = set(re.findall(r"\w+", f"{subject} {value}"))
            assert not tokens & (learners - own)
            assert record.category != BPC.behavior or str(value) not in words


def test_reading_twice_gives_the_same_graphs(
    folder: Path, mint: Mint, records: list[Record]
) -> None:
    again = {item.iri: item for item in read(folder, mint) if isinstance(item, Record)}
    assert set(again) == {record.iri for record in records}
    for record in records:  # no blank nodes, so equal sets of triples are isomorphic graphs
        assert set(again[record.iri].graph) == set(record.graph)


def test_version_6_reads_like_version_5(folder: Path, mint: Mint, tmp_path: Path) -> None:
    read_as: list[dict[URIRef, set[object]]] = []
    for version in ("5.2.0", "6.1.0"):
        copy = tmp_path / version
        copy.mkdir()
        for name in (
            "EducationOrganization",
            "Student",
            "StudentDiscipline",
            "StudentIntervention",
        ):
            text = (folder / f"{name}.xml").read_text(encoding="utf-8")
            assert "http://ed-fi.org/5.2.0" in text
            (copy / f"{name}.xml").write_text(
                text.replace("http://ed-fi.org/5.2.0", f"http://ed-fi.org/{version}"),
                encoding="utf-8",
            )
        found = list(read(copy, mint))
        assert not [item for item in found if isinstance(item, Problem)]
        read_as.append({item.iri: set(item.graph) for item in found if isinstance(item, Record)})
    assert read_as[0] == read_as[1]
    assert len(read_as[0]) > 2 * 960
