"""OneRoster 1.2 folders: what the small right one in ``oneroster/`` says, however it is saved."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic

from databackpack.loaders.oneroster import read
from databackpack.loaders.record import (
    Guardianship,
    Hold,
    Item,
    Mint,
    Organization,
    Problem,
    Record,
    Setting,
    StandingDocument,
    item_iri,
    organization_iri,
)
from databackpack.ontology.namespaces import (
    BP,
    BPC,
    BPG,
    BPM,
    DPV,
    ORG,
    PREFIXES,
    RDF,
    RDFS,
    SDO,
    XSD,
)
from databackpack.shapes import validate_batch

Change = Callable[[str, str, str], None]


def _problems(items: list[Item]) -> list[str]:
    return [str(item) for item in items if isinstance(item, Problem)]


def _records(items: list[Item]) -> dict[tuple[str, str], Record]:
    """Return the first learner's records by category and the code of their holder."""
    learner = next(item.learner for item in items if isinstance(item, Record))
    codes = {organization_iri(code): code for code in ("elm", "oak")}
    return {
        (str(item.category).rpartition("#")[2], codes[item.holder]): item
        for item in items
        if isinstance(item, Record) and item.learner == learner
    }


def _turtle(body: str) -> Graph:
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    return Graph().parse(data=prefixes + body, format="turtle")


def test_a_right_folder_has_no_problem_and_its_records_conform(folder: Path, mint: Mint) -> None:
    items = list(read(folder, mint))
    assert _problems(items) == []
    records = [item for item in items if isinstance(item, Record)]
    reports = validate_batch(records)
    assert [str(report) for report in reports if not report.conforms] == []
    assert len({record.iri for record in records}) == len(records) == 13


def test_organizations_come_first_and_learners_one_by_one(folder: Path, mint: Mint) -> None:
    items = list(read(folder, mint))
    places = [isinstance(item, Organization) for item in items]
    assert places == sorted(places, reverse=True)
    of_learners = (Record, Guardianship, StandingDocument, Setting, Hold)
    learners = [item.learner for item in items if isinstance(item, of_learners)]
    assert len(learners) == sum(not isinstance(item, Organization | Problem) for item in items)
    assert sum(one != other for one, other in pairwise(learners)) == 1
    assert learners[0] == mint("learner", "state:S1")
    assert learners[-1] == mint("learner", "state:S2")


def test_an_organization_has_class_label_code_and_parent(folder: Path, mint: Mint) -> None:
    items = list(read(folder, mint))
    found = {item.iri: item.graph for item in items if isinstance(item, Organization)}
    codes = ("sample", "north", "elm", "oak", "lantern", "team")
    assert set(found) == {organization_iri(code) for code in codes}
    elm, team = organization_iri("elm"), organization_iri("team")
    assert set(found[elm]) == {
        (elm, RDF.type, BP.School),
        (elm, RDFS.label, Literal("Elm School")),
        (elm, BP.organizationCode, Literal("elm")),
        (elm, ORG.subOrganizationOf, organization_iri("north")),
    }
    assert (team, RDF.type, BP.ResearchTeam) in found[team]


def test_each_school_of_a_learner_holds_identity_and_demographics(folder: Path, mint: Mint) -> None:
    records = _records(list(read(folder, mint)))
    learner = mint("learner", "state:S1")
    expected = _turtle(
        f'<{learner}> a bp:Learner ; schema:givenName "Wim" ; schema:familyName "Thimble" ;'
        ' bp:learnerIdentifier "S1", "77" .'
    )
    assert isomorphic(records["identity", "elm"].graph, expected)
    assert isomorphic(records["identity", "oak"].graph, expected)
    graph = records["demographics", "elm"].graph
    item = item_iri(learner, "elm", "demographics")
    assert set(graph.objects(item, BP.homeLanguage)) == {Literal("es"), Literal("vi")}
    assert (item, SDO.birthDate, Literal("2016-03-01", datatype=XSD.date)) in graph
    assert (item, BP.isHeldBy, organization_iri("elm")) in graph
    assert (None, BP.homeLanguage, None) not in records["demographics", "oak"].graph


def test_users_of_one_learner_at_two_schools_are_one_person(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("users.csv", "u2,,", "u1b,,{state:S1},Wim,Thimble-Moth,,05\nu2,,")
    change("roles.csv", "r2,,u1,", "r2,,u1b,")
    change("enrollments.csv", "c4,o-oak,u1", "c4,o-oak,u1b")
    items = list(read(folder, mint))
    assert _problems(items) == []
    records = _records(items)
    names = records["identity", "oak"].graph.objects(None, SDO.familyName)
    assert list(names) == [Literal("Thimble-Moth")]
    assert {("identity", "elm"), ("enrollment", "elm"), ("enrollment", "oak")} < set(records)


def test_enrollments_in_classes_are_one_enrollment_a_school_and_year(
    folder: Path, mint: Mint
) -> None:
    records = _records(list(read(folder, mint)))
    learner, elm = mint("learner", "state:S1"), organization_iri("elm")
    expected = _turtle(
        f"<{item_iri(learner, 'elm', 'enrollment', '2026-2027')}> a bp:Enrollment ;"
        f" bp:isRecordOf <{learner}> ; org:member <{learner}> ; bp:isHeldBy <{elm}> ;"
        f' org:organization <{elm}> ; bp:schoolYear "2026-2027" ; bp:hasGradeLevel bpg:5 ;'
        ' bp:entryDate "2026-08-25"^^xsd:date .'
    )
    assert isomorphic(records["enrollment", "elm"].graph, expected)
    graph = records["enrollment", "oak"].graph
    item = item_iri(learner, "oak", "enrollment", "2025-2026")
    assert (item, BP.exitDate, Literal("2026-06-05", datatype=XSD.date)) in graph
    assert (item, BP.hasGradeLevel, BPG["4"]) in graph


def test_a_class_of_many_grades_leaves_the_grade_to_the_user_this_year_only(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("classes.csv", "Math 5,05,", 'Math 5,"05,06",')
    change("classes.csv", "Math 4,04,", 'Math 4,"03,04",')
    records = _records(list(read(folder, mint)))
    assert (None, BP.hasGradeLevel, BPG["5"]) in records["enrollment", "elm"].graph
    assert (None, BP.hasGradeLevel, None) not in records["enrollment", "oak"].graph


def test_results_carry_the_standards_of_line_item_and_result(folder: Path, mint: Mint) -> None:
    record = _records(list(read(folder, mint)))["gradebook", "elm"]
    learner, elm = mint("learner", "state:S1"), organization_iri("elm")
    common = f"a bp:GradebookItem ; bp:isRecordOf <{learner}> ; bp:isHeldBy <{elm}> ;"
    common += ' bp:schoolYear "2026-2027" ; bp:courseCode "ELM-MATH-5" ;'
    expected = _turtle(
        f'<{item_iri(learner, "elm", "result", "x1")}> {common} schema:name "Quiz" ;'
        ' bp:dateAssigned "2026-09-08"^^xsd:date ; bp:dueDate "2026-09-15"^^xsd:date ;'
        ' bp:maximumScore "20"^^xsd:decimal ; bp:scoreValue 17.5 ;'
        ' bp:hasMasteryLevel bpm:Met ; bp:entryMethod "teacher" ;'
        " bp:isAlignedTo <http://corestandards.org/Math/Content/5/NBT/A/1> ."
        f'<{item_iri(learner, "elm", "result", "x2")}> {common} schema:name "Practice" ;'
        ' bp:maximumScore "10"^^xsd:decimal ; bp:entryMethod "program" ;'
        " bp:isAlignedTo <http://corestandards.org/Math/Content/5/NBT/A/2> ."
    )
    assert isomorphic(record.graph, expected)


def test_a_record_says_the_row_that_it_begins_with(folder: Path, mint: Mint) -> None:
    records = _records(list(read(folder, mint)))
    assert str(records["gradebook", "elm"].source) == "results.csv:2"
    assert str(records["enrollment", "elm"].source) == "enrollments.csv:3"
    assert str(records["goals", "elm"].source) == "companion/goals.csv:2"


def test_reading_again_gives_the_same_graphs(folder: Path, mint: Mint) -> None:
    first, second = (
        [item for item in read(folder, mint) if isinstance(item, Record)] for _ in range(2)
    )
    assert [record.iri for record in first] == [record.iri for record in second]
    for one, other in zip(first, second, strict=True):
        assert set(one.graph) == set(other.graph)


def test_progress_names_the_goal_of_the_same_learner(folder: Path, mint: Mint) -> None:
    graph = _records(list(read(folder, mint)))["goals", "elm"].graph
    (goal,) = graph.objects(None, BP.measuresGoal)
    assert (goal, RDF.type, BP.Goal) in graph


def test_a_cell_may_list_standards_in_several_spellings(folder: Path, mint: Mint) -> None:
    graph = _records(list(read(folder, mint)))["portfolio", "elm"].graph
    base = "http://corestandards.org/Math/Content/5/NBT/A/"
    assert set(graph.objects(None, BP.isAlignedTo)) == {URIRef(base + "1"), URIRef(base + "2")}


def test_a_setting_says_who_what_whom_how_far_why_and_when(folder: Path, mint: Mint) -> None:
    block, grant = (item for item in read(folder, mint) if isinstance(item, Setting))
    mother = mint("guardian", "sample:G1")
    assert (block.assigner, grant.assigner) == (mother, mother)
    assert block.category == BPC["special-education"]
    assert (block.audience, block.level, block.purpose) == ("teacher-elm", "none", None)
    assert block.since == datetime(2026, 8, 31, 22, tzinfo=UTC)
    assert block.until is None
    assert (grant.level, grant.purpose) == ("deidentified", DPV.AcademicResearch)
    assert grant.until == datetime(2027, 6, 30, tzinfo=UTC)


def test_a_learner_speaks_by_the_own_identifier(folder: Path, change: Change, mint: Mint) -> None:
    change("companion/settings.csv", "2,S1,sample:G1", "2,S1,state:S1")
    _, own = (item for item in read(folder, mint) if isinstance(item, Setting))
    assert own.assigner == mint("learner", "state:S1")


def test_a_guardianship_has_its_span(folder: Path, mint: Mint) -> None:
    mother, father = (item for item in read(folder, mint) if isinstance(item, Guardianship))
    assert (mother.relation, mother.since, mother.until) == ("Mother", None, None)
    assert father.guardian == mint("guardian", "sample:G2")
    assert father.until == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_standing_document_has_its_kind_its_person_and_its_span(folder: Path, mint: Mint) -> None:
    order, paper = (item for item in read(folder, mint) if isinstance(item, StandingDocument))
    assert (order.identifier, order.kind, order.reference) == (
        "1",
        BP.CourtBarsInspection,
        "Case 12",
    )
    assert (order.learner, order.person) == (
        mint("learner", "state:S1"),
        mint("guardian", "sample:G2"),
    )
    assert (order.since, order.until) == (datetime(2025, 3, 1, tzinfo=UTC), None)
    assert (paper.kind, paper.person) == (BP.Emancipation, None)
    assert paper.since == datetime(2026, 1, 31, 22, tzinfo=UTC)
    assert paper.until == datetime(2026, 9, 1, tzinfo=UTC)


def test_identifiers_are_in_no_iri(folder: Path, mint: Mint) -> None:
    for item in read(folder, mint):
        if isinstance(item, Record):
            UUID(str(item.learner).rpartition("/")[2])
            for subject in item.graph.subjects():
                UUID(str(subject).rpartition("/")[2])


def _quoted(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in lines)


@pytest.mark.parametrize(
    "save",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        _quoted,
    ],
    ids=["byte order mark", "no final newline", "line ends of Windows", "blank rows", "all quoted"],
)
@pytest.mark.parametrize("name", ["roles", "demographics", "orgs", "resultLearningObjectiveIds"])
def test_how_a_file_is_saved_does_not_matter(
    name: str, save: Callable[[str], str], folder: Path, mint: Mint
) -> None:
    plain = [item for item in read(folder, mint) if isinstance(item, Record)]
    path = folder / f"{name}.csv"
    path.write_bytes(save(path.read_text(encoding="utf-8")).encode())
    items = list(read(folder, mint))
    assert _problems(items) == []
    saved = [item for item in items if isinstance(item, Record)]
    assert [set(record.graph) for record in saved] == [set(record.graph) for record in plain]


def test_columns_may_stand_in_any_order_with_others_between(folder: Path, mint: Mint) -> None:
    path = folder / "demographics.csv"
    lines = path.read_text(encoding="utf-8").split()
    turned = [",".join([*reversed(line.split(",")), "more"]) for line in lines]
    path.write_text("\n".join(turned), encoding="utf-8")
    records = _records(list(read(folder, mint)))
    assert (None, BP.gender, Literal("female")) in records["demographics", "elm"].graph


def test_a_letter_wrong_in_an_optional_header_is_forgiven(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("users.csv", "familyName,identifier", "familyName,prefferedGivenName")
    change("users.csv", "Thimble,77", "Thimble,Wimmy")
    items = list(read(folder, mint))
    assert _problems(items) == []
    graph = _records(items)["identity", "elm"].graph
    assert list(graph.objects(None, SDO.alternateName)) == [Literal("Wimmy")]


def test_rows_to_be_deleted_are_passed_over(folder: Path, change: Change, mint: Mint) -> None:
    change("results.csv", "x1,,", "x1,ToBeDeleted,")
    items = list(read(folder, mint))
    assert _problems(items) == []
    graph = _records(items)["gradebook", "elm"].graph
    assert list(graph.objects(None, SDO.name)) == [Literal("Practice")]


def test_an_absent_file_is_not_read_even_if_it_is_there(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("manifest.csv", "file.results,bulk", "file.results,absent")
    change("manifest.csv", "file.resultLearningObjectiveIds,bulk\n", "")
    items = list(read(folder, mint))
    assert _problems(items) == []
    assert ("gradebook", "elm") not in _records(items)


def test_a_folder_without_companion_is_read(folder: Path, mint: Mint) -> None:
    (folder / "companion").rename(folder / "elsewhere")
    items = list(read(folder, mint))
    assert _problems(items) == []
    assert ("gradebook", "elm") in _records(items)
    assert ("goals", "elm") not in _records(items)


def test_a_text_score_is_a_mastery_level_where_it_names_one(folder: Path, mint: Mint) -> None:
    graph = _records(list(read(folder, mint)))["gradebook", "elm"].graph
    assert list(graph.objects(None, BP.hasMasteryLevel)) == [BPM.Met]
