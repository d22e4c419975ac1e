"""The door of the shapes: batches, ownership, and what shapes must cover."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import rdflib
from rdflib import Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.loaders.record import (
    Record,
    Source,
    item_iri,
    organization_iri,
)
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, BPC, BPG, BPM, ID, ODRL, RDF, SDO, XSD
from databackpack.shapes import validate, validate_batch, validate_policy
from databackpack.shapes.files import categories, names, policy_shapes, record_shapes

CASES = Path(__file__).parent
ANA = ID["learner/00000000-0000-4000-8000-000000000001"]
ORGANIZATIONS = [organization_iri(code) for code in ("101", "102")]
SOURCE = Source("test", 1)


def learner(number: int) -> URIRef:
    return ID[f"learner/00000000-0000-4000-8000-{number:012}"]


@dataclass(frozen=True)
class Case:
    """A case file read as a record of any learner, holder and category."""

    graph: Graph
    category: URIRef
    learner: URIRef = ANA
    holder: URIRef = ID["organization/00000000-0000-5000-8000-000000000101"]


def case(name: str, category: URIRef) -> Case:
    return Case(Graph().parse(CASES / f"{name}.ttl"), category)


def attendance(number: int, date: str = "2025-09-30", holder: int = 0) -> Record:
    """Return an attendance record of learner *number* with one event on *date*."""
    person, organization = learner(number), ORGANIZATIONS[holder]
    graph = Graph()
    item = item_iri(person, "event", str(organization))
    graph.add((item, RDF.type, BP.AttendanceEvent))
    graph.add((item, BP.isRecordOf, person))
    graph.add((item, BP.isHeldBy, organization))
    graph.add((item, BP.eventDate, Literal(date, datatype=XSD.date)))
    graph.add((item, BP.hasAttendanceStatus, BP.Tardy))
    return Record(person, organization, BPC.attendance, graph, SOURCE)


def identity(number: int, given: str = "Ana", holder: int = 0) -> Record:
    person = learner(number)
    graph = Graph()
    graph.add((person, RDF.type, BP.Learner))
    graph.add((person, SDO.givenName, Literal(given)))
    graph.add((person, SDO.familyName, Literal("Example")))
    graph.add((person, BP.learnerIdentifier, Literal(str(number))))
    return Record(person, ORGANIZATIONS[holder], BPC.identity, graph, SOURCE)


def rules(record: Record | Case) -> list[str]:
    return [result.rule for result in validate(record).results]


# Batches.


def test_a_batch_reports_on_each_record_as_if_it_were_alone() -> None:
    records: list[Record | Case] = [
        *(attendance(number) for number in range(1, 5)),
        attendance(5, date="2025-02-30"),
        attendance(6, date="never"),
        identity(1),
        identity(1, given=" ", holder=1),  # the same subject in another record
        identity(2),
        case("record-item/invalid.without-identifier", BPC.attendance),
        case("record-item/invalid.another-learner-as-subject", BPC.attendance),
        case("goal-progress/valid.full", BPC.goals),
        case("goal-progress/invalid.progress-of-progress", BPC.goals),
    ]
    records = records[::2] + records[1::2]
    reports = validate_batch(records)
    assert reports == [validate(record) for record in records]
    assert [report.conforms for report in reports].count(False) == 6


def test_a_goal_of_another_record_of_the_batch_does_not_count() -> None:
    progress = case("goal-progress/valid.minimal", BPC.goals)
    goal = next(progress.graph.subjects(RDF.type, BP.Goal))
    there = Graph()
    for triple in list(progress.graph.triples((goal, None, None))):
        progress.graph.remove(triple)
        there.add(triple)
    records = [progress, Case(there, BPC.goals)]
    assert [report.conforms for report in validate_batch(records)] == [False, True]
    assert set(rules(progress)) == {"GoalProgress-bp_measuresGoal", "Record-reference"}


def test_an_empty_batch_has_no_reports_and_an_empty_record_nothing_to_correct() -> None:
    assert validate_batch([]) == []
    assert validate(Case(Graph(), BPC.attendance)).conforms


def test_reports_are_the_same_at_every_run() -> None:
    record = case("record-item/invalid.of-two-learners", BPC.attendance)
    assert len(validate(record).results) > 1
    assert len({validate(record) for _ in range(5)}) == 1


def test_records_are_validated_in_many_threads_at_once() -> None:
    records = [attendance(number, "2025-09-30" if number % 2 else "never") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert [report.conforms for report in pool.map(validate, records)] == [False, True] * 20


# Ownership.


def test_an_upload_that_uses_another_learners_identifier_is_refused() -> None:
    record = attendance(1)
    record.graph.add((learner(2), SDO.givenName, Literal("Changed")))
    assert rules(record) == ["Record-subject"]


def test_an_item_that_says_it_is_another_learners_is_refused() -> None:
    theirs = attendance(2)
    record = Record(learner(1), theirs.holder, theirs.category, theirs.graph, SOURCE)
    assert rules(record) == ["Record-isRecordOf"]


def test_an_item_in_a_record_of_another_category_is_refused() -> None:
    theirs = attendance(1)
    record = Record(theirs.learner, theirs.holder, BPC.goals, theirs.graph, SOURCE)
    assert rules(record) == ["Record-category"]


def test_a_record_of_a_category_that_does_not_exist_is_refused() -> None:
    record = attendance(1)
    assert rules(Case(record.graph, BPC.everything, record.learner, record.holder)) == [
        "Record-category"
    ]


@pytest.mark.parametrize("segment", ["ana-example", "1", "../graph/x", "", "A" * 36])
def test_only_random_identifiers_are_identifiers_of_items(segment: str) -> None:
    graph = Graph()
    for _, predicate, value in attendance(1).graph:
        graph.add((ID[f"item/{segment}"], predicate, value))
    assert rules(Case(graph, BPC.attendance, learner(1), ORGANIZATIONS[0])) == ["Record-subject"]


# Values.


ODD = [
    Literal("NaN", datatype=XSD.decimal),
    Literal("-Infinity", datatype=XSD.decimal),
    Literal("INF", datatype=XSD.double),
    Literal("2025-02-30", datatype=XSD.date),
    Literal("2025-09-30T00:00:00", datatype=XSD.dateTime),
    Literal("2025-09-30T00:00:00Z", datatype=XSD.dateTime),
    Literal("P1D", datatype=XSD.duration),
    Literal("text"),
    Literal("text", lang="en"),
    Literal(True),
    Literal("x", datatype=URIRef("https://example.org/datatype")),
    URIRef("https://example.org/"),
]


@pytest.mark.parametrize(
    "name",
    ["enrollment", "attendance-summary", "goal-progress", "local-assessment-result", "goal"],
)
def test_no_odd_value_stops_a_validation_or_passes_as_date_number_or_text(name: str) -> None:
    valid = Graph().parse(CASES / name / "valid.full.ttl")
    category = vocabulary().value(next(valid.objects(None, RDF.type)), BP.hasCategory)
    assert isinstance(category, URIRef)
    checked = 0
    for subject, predicate, value in valid:
        if isinstance(value, Literal):
            for odd in ODD if value.datatype else [odd for odd in ODD if odd != Literal("text")]:
                graph = Graph() + valid
                graph.set((subject, predicate, odd))
                assert not validate(Case(graph, category)).conforms, (predicate, odd)
                checked += 1
    assert checked >= len(ODD)


def test_a_text_of_the_greatest_length_passes_and_one_more_character_does_not() -> None:
    record = identity(1)
    for length, found in ((2000, []), (2001, ["Learner-schema_givenName"])):
        record.graph.set((record.learner, SDO.givenName, Literal("é" * length)))
        assert rules(record) == found


def test_literals_are_normalised_after_a_validation_as_before() -> None:
    assert rdflib.NORMALIZE_LITERALS is True
    validate(attendance(1, date="never"))
    validate_policy(Graph().parse(CASES / "consent-policy" / "valid.permission.ttl"))
    assert rdflib.NORMALIZE_LITERALS is True
    assert str(Literal("01", datatype=XSD.integer)) == "1"
    assert Literal("1", datatype=XSD.boolean).value is True


def test_a_validation_does_not_change_the_record() -> None:
    record = attendance(1, date="never")
    before = set(record.graph)
    validate(record)
    assert set(record.graph) == before


def test_a_report_says_in_words_where_what_and_how() -> None:
    report = validate(attendance(1, date="09/30/2025"))
    [line] = report.text().splitlines()[1:]
    assert re.fullmatch(
        r"1\. [0-9a-f-]{36}, event date: An attendance event needs exactly one event date: "
        r"written like 2025-09-30\. Add or correct it\. Found: 09/30/2025\.",
        line,
    )


# Policies.


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("duty", ODRL.obligation),
        ("remedy", ODRL.remedy),
        ("another-operator", ODRL.gt),
        ("another-action", ODRL.distribute),
        ("refined-by-count", ODRL["count"]),
        ("conflict-permit", ODRL.perm),
        ("without-conflict", ODRL.conflict),
    ],
)
def test_a_refused_policy_is_told_which_term_is_wrong(name: str, term: URIRef) -> None:
    report = validate_policy(Graph().parse(CASES / "consent-policy" / f"invalid.{name}.ttl"))
    assert term in {found for result in report.results for found in (result.path, result.value)}


def test_a_policy_without_any_one_of_its_triples_is_refused() -> None:
    path = CASES / "consent-policy" / "valid.permission-for-one-audience.ttl"
    triples = sorted(Graph().parse(path))
    assert len(triples) > 30
    for removed in triples:
        policy = Graph()
        for triple in triples:
            if triple != removed:
                policy.add(triple)
        assert not validate_policy(policy).conforms, removed


def test_a_learner_without_policies_has_nothing_to_correct() -> None:
    assert validate_policy(Graph()).conforms


# What the shapes cover.


def listed(graph: Graph, path: URIRef) -> Iterator[tuple[str, set[Node]]]:
    """Yield the values that each property shape with *path* takes, alternatives included."""
    for shape in graph.subjects(SH.path, path):
        for holder in [
            shape,
            *(m for o in graph.objects(shape, SH["or"]) for m in Collection(graph, o)),
        ]:
            for values in graph.objects(holder, SH["in"]):
                yield local_name(URIRef(str(shape))), set(Collection(graph, values))


def all_record_shapes() -> Graph:
    merged = Graph()
    for category in set(categories().values()):
        merged += record_shapes(category)
    return merged


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        (BP.hasGradeLevel, BPG.Scheme),
        (BP.hasMasteryLevel, BPM.Scheme),
        (BP.hasAttendanceStatus, BP.AttendanceStatusScheme),
        (BP.hasGoalStatus, BP.GoalStatusScheme),
    ],
)
def test_a_shape_takes_the_concepts_of_the_scheme_and_no_others(
    path: URIRef, scheme: URIRef
) -> None:
    found = dict(listed(all_record_shapes(), path))
    assert found
    assert all(values == set(concepts(scheme)) for values in found.values())


def test_each_support_type_is_of_one_category() -> None:
    found = dict(listed(all_record_shapes(), BP.hasSupportType))
    supports = found["StudentSupport-bp_hasSupportType"]
    special = found["SpecialEducationSupport-bp_hasSupportType"]
    assert not supports & special
    assert supports | special == set(concepts(BP.SupportTypeScheme))


def test_a_policy_takes_the_concepts_of_its_schemes() -> None:
    shapes = policy_shapes()
    assert dict(listed(shapes, BP.hasCategory)) == {
        "Target-bp_hasCategory": set(concepts(BP.CategoryScheme))
    }
    assert dict(listed(shapes, ODRL.assignee)) == {
        "Rule-odrl_assignee": set(concepts(BP.AudienceRoleScheme))
    }
    right = dict(listed(shapes, ODRL.rightOperand))
    assert right["Constraint-odrl_rightOperand"] == set(concepts(BP.PurposeScheme))
    levels = {local_name(level) for level in concepts(BP.DetailLevelScheme)} - {"None"}
    assert {local_name(URIRef(str(level))) for level in right["Level-odrl_rightOperand"]} == levels


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


@pytest.mark.parametrize(
    "cls",
    sorted(
        {
            str(subject)
            for subject in vocabulary().subjects(BP.hasCategory)
            if str(subject).startswith(str(BP))
        }
    ),
)
def test_every_class_of_a_category_has_a_shapes_file_and_cases(cls: str) -> None:
    name = kebab(local_name(URIRef(cls)))
    assert name in names()
    assert len(list((CASES / name).glob("valid.*.ttl"))) >= 1
    assert len(list((CASES / name).glob("invalid.*.ttl"))) >= 2


def test_only_assessment_result_itself_has_no_shape() -> None:
    classes = {
        subject
        for subject in vocabulary().subjects(BP.hasCategory)
        if str(subject).startswith(str(BP))
    }
    assert classes - set(categories()) == {BP.AssessmentResult}


def test_every_property_of_an_item_is_in_a_shape_and_the_other_way_round() -> None:
    annotated = set(vocabulary().subjects(BP.hasIdentifiability))
    assert set(all_record_shapes().objects(None, SH.path)) == annotated


def test_every_shape_says_in_words_what_to_do() -> None:
    shapes = all_record_shapes() + policy_shapes()
    named = {
        shape
        for predicate in (SH.path, SH.targetClass, SH.targetObjectsOf)
        for shape in shapes.subjects(predicate)
        if isinstance(shape, URIRef)
    }
    assert set(record_shapes(BPC.goals).subjects(SH.closed)) < named
    for shape in named:
        [message] = shapes.objects(shape, SH.message)
        assert str(message).endswith("."), shape


def test_the_record_of_the_loaders_is_a_record_here() -> None:
    assert isinstance(attendance(1), Record)
    assert validate(attendance(1)).conforms
