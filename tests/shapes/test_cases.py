"""Each case file is a test: valid ones conform, invalid ones fail for the approved reason only.

``invalid.<case>.ttl.approved.txt`` holds what the report of the case must say, and
``valid.<case>.ttl.approved.txt`` the warnings and notes on a case that may be stored all the same.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import SH

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, PREFIXES, RDF
from databackpack.shapes import (
    Report,
    Result,
    validate,
    validate_agreement,
    validate_consent,
    validate_crosswalk,
    validate_cube,
    validate_framework,
    validate_organization,
    validate_policy,
)
from databackpack.shapes.files import VOCABULARY, categories, names, record_shapes

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*/*.ttl"))
LEARNER = ID["learner/00000000-0000-4000-8000-000000000001"]
HOLDER = ID["organization/00000000-0000-5000-8000-000000000101"]


@dataclass(frozen=True)
class Case:
    """The record that a case file holds."""

    graph: Graph
    category: URIRef
    learner: URIRef = LEARNER
    holder: URIRef = HOLDER


def record(graph: Graph) -> Case:
    """Return a record of the category that the first item's class belongs to."""
    typed = sorted(graph.subject_objects(RDF.type), key=lambda pair: str(pair[0]))
    categories = [vocabulary().value(cls, BP.hasCategory) for _, cls in typed]
    category = next(found for found in categories if isinstance(found, URIRef))
    return Case(graph, category)


def report(path: Path) -> Report:
    graph = Graph().parse(path)
    match path.parent.name:
        case "consent-policy":
            return validate_policy(graph)
        case "consent-record":
            return validate_consent(graph)
        case "agreement":
            return validate_agreement(graph)
        case "alignment":
            return validate_crosswalk(graph)
        case "cube":
            return validate_cube(graph)
        case "framework":
            return validate_framework(graph)
        case "organization":
            return validate_organization(graph)
        case _:
            return validate(record(graph))


def short(iri: URIRef) -> str:
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(str(namespace)):
            return f"{prefix}:{iri.removeprefix(str(namespace))}"
    return f"<{iri}>"


def approvable(result: Result) -> str:
    path = "" if result.path is None else f"\n  at {short(result.path)}"
    return f"{result.severity} {result.rule}{path}\n  {result.message}\n"


def named(expectation: str) -> list[Path]:
    return [path for path in CASES if path.name.startswith(f"{expectation}.")]


def identifier(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", named("valid"), ids=identifier)
def test_a_valid_case_conforms(path: Path) -> None:
    assert report(path).text() == "Nothing to correct."


@pytest.mark.parametrize("path", named("valid"), ids=identifier)
def test_a_valid_case_has_the_approved_warnings_and_no_others(path: Path) -> None:
    expected = path.with_name(f"{path.name}.approved.txt")
    approved = expected.read_text(encoding="utf-8") if expected.exists() else ""
    assert "\n".join(approvable(result) for result in report(path).results) == approved


@pytest.mark.parametrize("path", named("invalid"), ids=identifier)
def test_an_invalid_case_fails_for_the_approved_reason(path: Path) -> None:
    approved = path.with_name(f"{path.name}.approved.txt").read_text(encoding="utf-8")
    assert "\n".join(approvable(result) for result in report(path).results) == approved


def test_every_case_is_valid_or_invalid_and_every_approved_report_has_its_case() -> None:
    names = {path.name for path in CASES}
    assert {name.partition(".")[0] for name in names} == {"valid", "invalid"}
    for approved in FOLDER.glob("*/*.approved.txt"):
        assert approved.with_name(approved.name.removesuffix(".approved.txt")) in CASES
        assert approved.read_text(encoding="utf-8").strip()


def test_every_warning_and_every_code_has_its_case() -> None:
    shapes = Graph()
    for category in set(categories().values()):
        shapes += record_shapes(category)
    named = {
        *(local_name(URIRef(str(shape))) for shape in shapes.subjects(SH.severity)),
        *(local_name(URIRef(str(shape))) for shape in shapes.subjects(SH["in"])),
    }
    shown = {
        result.rule
        for path in CASES
        for result in report(path).results
        if result.layer == VOCABULARY or result.severity != "Violation"
    }
    assert named <= shown


def test_every_shapes_file_has_valid_and_invalid_cases() -> None:
    for name in names():
        found = {path.name.partition(".")[0] for path in CASES if path.parent.name == name}
        assert found == {"valid", "invalid"}, name
