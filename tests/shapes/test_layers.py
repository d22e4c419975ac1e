"""The two layers of the shapes, their severities, and the door's verdicts beside pySHACL's own."""

from pathlib import Path

import pyshacl
import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, RDF
from databackpack.shapes import Report, Result, validate
from databackpack.shapes.files import BPS, LAYERS, STRUCTURE, VOCABULARY, categories, record_shapes
from tests.shapes.test_cases import CASES, identifier, record

SEVERITIES = {"Violation", "Warning", "Info"}
ITEMS = [
    path
    for path in CASES
    if path.parent.name == "record-item"
    or set(Graph().parse(path).objects(None, RDF.type)) & set(categories())
]
FOLDER = Path(__file__).parent


def shapes_of(layer: str | None) -> Graph:
    merged = Graph()
    for category in set(categories().values()):
        merged += record_shapes(category, layer)
    return merged


def plain(data: Graph, shapes: Graph) -> set[tuple[Node | None, ...]]:
    """Return focus, path, shape and severity of the results of pySHACL's own validate."""
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
    assert isinstance(report, Graph)
    return {
        (
            report.value(node, SH.focusNode),
            report.value(node, SH.resultPath),
            Literal(local_name(URIRef(str(report.value(node, SH.sourceShape))))),
            Literal(local_name(URIRef(str(report.value(node, SH.resultSeverity))))),
        )
        for node in report.objects(None, SH.result)
    }


def is_comparable(path: Path) -> bool:
    """Tell whether pySHACL can take the case as it is: no blank nodes, every value of its type."""
    nodes = [node for triple in Graph().parse(path) for node in triple]
    literals = [node for node in nodes if isinstance(node, Literal)]
    odd = any(literal.ill_typed or str(literal) == "NaN" for literal in literals)
    return not odd and not any(isinstance(node, BNode) for node in nodes)


COMPARABLE = [path for path in ITEMS if is_comparable(path)]


@pytest.mark.parametrize("path", COMPARABLE, ids=identifier)
def test_the_door_finds_what_plain_pyshacl_finds(path: Path) -> None:
    case = record(Graph().parse(path))
    found = {
        (result.focus, result.path, Literal(result.rule), Literal(result.severity))
        for result in validate(case).results
        if not result.rule.startswith("Record-")
    }
    assert found == plain(case.graph, record_shapes(case.category))


def test_most_cases_are_compared_with_plain_pyshacl() -> None:
    assert len(COMPARABLE) > 0.8 * len(ITEMS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_by_itself_finds_its_part_of_what_both_find(layer: str) -> None:
    found = set()
    for path in COMPARABLE:
        case = record(Graph().parse(path))
        both = plain(case.graph, record_shapes(case.category))
        alone = plain(case.graph, record_shapes(case.category, layer))
        assert alone <= both, path
        found |= alone
    assert found


def test_the_layers_have_no_shape_in_common_and_are_all_there_is() -> None:
    layers = {layer: set(shapes_of(layer).subjects(SH.path)) for layer in LAYERS}
    for layer, shapes in layers.items():
        assert all(str(shape).startswith(BPS[layer]) for shape in shapes)
    assert not layers[STRUCTURE] & layers[VOCABULARY]
    assert layers[STRUCTURE] | layers[VOCABULARY] == set(shapes_of(None).subjects(SH.path))


def test_lists_of_codes_are_in_the_vocabulary_layer_and_counts_in_the_structure() -> None:
    structure, codes = shapes_of(STRUCTURE), shapes_of(VOCABULARY)
    assert not set(structure.subjects(SH["in"]))
    for parameter in (SH.minCount, SH.maxCount, SH.datatype, SH.nodeKind, SH.closed):
        assert set(structure.subjects(parameter))
        assert not set(codes.subjects(parameter))


def test_a_shape_of_codes_says_the_same_as_the_shape_of_its_structure() -> None:
    structure, codes = shapes_of(STRUCTURE), shapes_of(VOCABULARY)
    for shape in codes.subjects(SH.path):
        twin = BPS[STRUCTURE][local_name(URIRef(str(shape)))]
        for predicate in (SH.path, SH.message):
            assert codes.value(shape, predicate) == structure.value(twin, predicate), shape


def test_an_unknown_code_and_a_missing_one_are_of_different_layers() -> None:
    unknown = record(Graph().parse(FOLDER / "goal" / "invalid.unknown-status.ttl"))
    (result,) = validate(unknown).results
    assert (result.rule, result.layer, result.component) == (
        "Goal-bp_hasGoalStatus",
        VOCABULARY,
        "In",
    )
    goal = next(unknown.graph.subjects(RDF.type, BP.Goal))
    unknown.graph.remove((goal, BP.hasGoalStatus, None))
    (result,) = validate(unknown).results
    assert (result.rule, result.layer, result.component) == (
        "Goal-bp_hasGoalStatus",
        STRUCTURE,
        "MinCount",
    )


def test_a_value_that_both_layers_refuse_is_one_result_of_the_structure() -> None:
    wrong = record(Graph().parse(FOLDER / "goal" / "valid.full.ttl"))
    goal = next(wrong.graph.subjects(RDF.type, BP.Goal))
    wrong.graph.set((goal, BP.authorRole, Literal(7)))
    (result,) = validate(wrong).results
    assert (result.layer, result.component) == (STRUCTURE, "Datatype")


def test_a_warning_lets_a_record_in_and_is_not_among_what_is_to_be_corrected() -> None:
    report = validate(record(Graph().parse(FOLDER / "gradebook-item" / "valid.extra-credit.ttl")))
    assert report.conforms
    assert report.text() == "Nothing to correct."
    assert [note.severity for note in report.notes] == ["Warning"]
    assert report.violations == ()


def test_a_violation_keeps_a_record_out_whatever_else_is_said() -> None:
    note = Result(BP.x, None, None, "x", "m", "Warning")
    refusal = Result(BP.x, None, None, "y", "m")
    report = Report((note, refusal))
    assert not report.conforms
    assert (report.violations, report.notes) == ((refusal,), (note,))
    assert report.text().startswith("1 thing to correct:")


def test_every_severity_is_used_and_no_other() -> None:
    said = {local_name(URIRef(str(one))) for one in shapes_of(None).objects(None, SH.severity)}
    assert said | {"Violation"} == SEVERITIES
