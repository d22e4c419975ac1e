"""Any CSV by a mapping: what the shipped mappings make of their files."""

import csv
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from rdflib import Literal, URIRef

from databackpack.loaders import mapping
from databackpack.loaders.mapping import chunks, read
from databackpack.loaders.record import (
    Item,
    Organization,
    Problem,
    Record,
    organization_iri,
    person_iri,
)
from databackpack.ontology.namespaces import BP, BPC, BPM, ORG, RDF, RDFS
from databackpack.ontology.standards import resolve
from databackpack.shapes import validate_batch


def _mint(kind: str, identifier: str) -> URIRef:
    return person_iri(kind, uuid5(NAMESPACE_URL, identifier))


def _records(items: list[Item], category: URIRef | None = None) -> dict[URIRef, set[object]]:
    return {
        item.iri: set(item.graph)
        for item in items
        if isinstance(item, Record) and category in (None, item.category)
    }


def _problems(items: list[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


@pytest.fixture(scope="module")
def lantern(examples: Path) -> list[Item]:
    return list(read(examples / "lantern", examples / "lantern" / "mapping.yml", _mint))


def test_the_worked_example_gives_records_that_conform(lantern: list[Item]) -> None:
    assert not _problems(lantern)
    records = [item for item in lantern if isinstance(item, Record)]
    assert {(str(item.source), item.category) for item in records} == {
        *(
            (f"students.csv:{row}", kind)
            for row in (2, 3)
            for kind in (BPC.identity, BPC.enrollment)
        ),
        ("attendance.csv:2", BPC.attendance),
        ("attendance.csv:4", BPC.attendance),
        ("results.csv:2", BPC.assessment),
        ("results.csv:3", BPC.assessment),
    }
    assert {item.holder for item in records} == {organization_iri("elm")}
    assert [report for report in validate_batch(records) if not report.conforms] == []
    places = [item for item in lantern if isinstance(item, Organization)]
    assert [str(item.source) for item in places] == ["schools.csv:2", "schools.csv:3"]
    assert [item.iri for item in places] == [organization_iri("north"), organization_iri("elm")]
    assert places[1].graph.value(places[1].iri, ORG.subOrganizationOf) == places[0].iri


def test_cells_are_read_as_the_shapes_say(lantern: list[Item]) -> None:
    result = next(
        item
        for item in lantern
        if isinstance(item, Record)
        and item.learner == _mint("learner", "state:9001")
        and item.category == BPC.assessment
    ).graph
    (item,) = result.subjects(RDF.type, BP.LocalAssessmentResult)
    assert result.value(item, BP.scoreValue) == Literal(Decimal("17.5"))
    assert result.value(item, BP.hasMasteryLevel) == BPM.Met
    assert set(result.objects(item, BP.isAlignedTo)) == {
        resolve("5.NBT.A.1"),
        resolve("5.NBT.A.2"),
    }


def test_no_cell_is_in_an_iri_and_no_scratch_name_is_in_a_record(lantern: list[Item]) -> None:
    terms = {
        term
        for item in lantern
        if isinstance(item, Record)
        for triple in item.graph
        for term in triple
    }
    iris = {str(term) for term in terms if isinstance(term, URIRef)}
    assert len(iris) > 10
    assert Literal("9001") in terms
    assert not [iri for iri in iris if "9001" in iri or "/row/" in iri or "mapping#" in iri]


def test_rml_in_turtle_says_what_yarrrml_says(
    examples: Path, lantern: list[Item], tmp_path: Path
) -> None:
    turtle = Path(__file__).with_name("attendance.ttl")
    items = list(read(examples / "lantern" / "attendance.csv", turtle, _mint))
    assert not _problems(items)
    assert _records(items) == _records(lantern, BPC.attendance)
    assert len(_records(items)) == 2


def test_rows_in_another_order_and_in_small_pieces_give_the_same(
    examples: Path, lantern: list[Item], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "ROWS", 1)
    folder = examples / "lantern"
    header, *rows = (folder / "attendance.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "attendance.csv"
    path.write_text("\n".join([header, *reversed(rows)]), encoding="utf-8")
    items = list(read(path, folder / "mapping.yml", _mint))
    assert not _problems(items)
    assert _records(items) == _records(lantern, BPC.attendance)


@pytest.fixture(scope="module")
def cepi(examples: Path, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    folder = tmp_path_factory.mktemp("cepi")
    for name in ("k12school", "lea", "organization"):
        sample = f"{name}_sample.csv"
        shutil.copy(shared_data / "ceds" / "cepi" / name / sample, folder / sample)
    return list(read(folder, examples / "cepi.yml", _mint))


def _ragged(file: Path) -> Iterator[int]:
    with file.open(encoding="utf-8", newline="") as opened:
        header, *rows = csv.reader(opened)
        yield from (place for place, row in enumerate(rows, 2) if len(row) != len(header))


def test_organizations_of_the_cepi_samples_are_loaded_or_their_rows_named(
    cepi: list[Item], shared_data: Path
) -> None:
    found = [item for item in cepi if isinstance(item, Organization)]
    by_file = {
        name: sorted(item.source.line for item in found if item.source.file.startswith(name))
        for name in ("k12school", "lea", "organization")
    }
    # Most rows of two of the samples have a cell less than the header: nobody can tell which.
    assert [len(lines) for lines in by_file.values()] == [1, 30, 1]
    refused = {(item.source.file, item.source.line): item.rule for item in _problems(cepi)}
    assert set(refused.values()) == {"field count"}
    assert len(refused) == len(_problems(cepi)) == 29 + 0 + 30
    assert set(refused) == {
        (f"{name}_sample.csv", line)
        for name in by_file
        for line in _ragged(shared_data / "ceds" / "cepi" / name / f"{name}_sample.csv")
    }


def test_an_organization_of_a_row_has_class_code_and_name(
    cepi: list[Item], shared_data: Path
) -> None:
    kinds = {"k12school": BP.School, "lea": BP.District, "organization": BP.School}
    columns = {"k12school": "SchoolName", "lea": "LEAName", "organization": "OrgName"}
    for item in cepi:
        if isinstance(item, Organization):
            name = item.source.file.removesuffix("_sample.csv")
            file = shared_data / "ceds" / "cepi" / name / item.source.file
            with file.open(encoding="utf-8", newline="") as opened:
                row = list(csv.DictReader(opened))[item.source.line - 2]
            assert item.graph.value(item.iri, RDF.type) == kinds[name]
            assert str(item.graph.value(item.iri, RDFS.label)) == row[columns[name]]


def test_without_morph_kgc_the_message_says_how_to_install_it(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "is_installed", lambda: False)
    (problem,) = read(examples, examples / "cepi.yml", _mint)
    assert isinstance(problem, Problem)
    assert problem.rule == "not installed"
    assert "--group mapping" in problem.message


NUMBERED = """
prefixes:
  grel: http://users.ugent.be/~bjdmeest/function/grel.ttl#
mappings:
  summary:
    s: row:$(_row)/summary
    po:
      - [a, bp:AttendanceSummary]
      - [map:learner, state:$(Who)]
      - [map:heldBy, elm]
      - [bp:schoolYear, 2026-2027]
      - [bp:daysEnrolled, "60"]
      - p: bp:daysAbsent
        o: {function: grel:string_toNumber, parameters: [[grel:p_any_e, $(Days)]]}
"""


def test_a_row_at_which_a_function_fails_is_left_out_alone(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(NUMBERED, encoding="utf-8")
    days = ["1", "2", "three", "4", "5"]
    rows = "".join(f"{place},{text}\n" for place, text in enumerate(days))
    (tmp_path / "days.csv").write_text(f"Who,Days\n{rows}", encoding="utf-8")
    items = list(read(tmp_path / "days.csv", tmp_path / "m.yml", _mint))
    (problem,) = _problems(items)
    assert (str(problem.source), problem.rule) == ("days.csv:4", "mapping failed")
    assert "three" in problem.message
    absent = {
        str(item.source): str(value)
        for item in items
        if isinstance(item, Record)
        for value in item.graph.objects(None, BP.daysAbsent)
    }
    assert absent == {f"days.csv:{row}": f"{row - 1}.0" for row in (2, 3, 5, 6)}


def test_where_a_function_fails_at_every_row_the_file_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "_MOST_FAILURES", 2)
    (tmp_path / "m.yml").write_text(NUMBERED, encoding="utf-8")
    rows = "".join(f"{place},x\n" for place in range(8))
    (tmp_path / "days.csv").write_text(f"Who,Days\n{rows}", encoding="utf-8")
    items = list(read(tmp_path / "days.csv", tmp_path / "m.yml", _mint))
    assert [str(problem.source) for problem in _problems(items)] == [
        *(f"days.csv:{row}" for row in (2, 3, 4, 6)),
    ]
    assert _problems(items)[-1].message.endswith("(rows 6 to 9)")
    assert len(items) == 4
