"""What people get: a table, SKOS, a page; and what they decide is kept."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from rdflib import RDF, Graph

from databackpack.loaders.cell import safe
from databackpack.loaders.dictionary import CONFIRMED, Aligned, align
from databackpack.loaders.dictionary.report import page, skos, table
from databackpack.ontology.namespaces import CEDS, SEMAPV, SKOS, SSSOM

STATE = Path(__file__).parent / "state.csv"


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(aligned: Aligned) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(table(aligned))))


def test_the_table_has_each_element_in_both_vocabularies() -> None:
    found = rows(align(STATE))
    assert len(found) == 2 * 28
    (birth,) = (one for one in found if one["element"] == "DOB" and one["vocabulary"] == "CEDS")
    assert birth["target"] == str(CEDS.P000033)
    assert birth["status"] == "match"
    assert birth["reason"]


@pytest.mark.parametrize("start", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_of_the_table_is_a_formula(tmp_path: Path, start: str) -> None:
    assert safe(start)[0] == "'"
    path = written(tmp_path / "d.csv", f'table,element\n"{start}","{start} x"\n')
    for row in rows(align(path)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


def test_the_mappings_are_skos_with_their_justification() -> None:
    graph = Graph().parse(data=skos(align(STATE)), format="turtle")
    (birth,) = (one for one, name in graph.subject_objects(SKOS.notation) if str(name) == "DOB")
    mappings = [
        one
        for one in graph.subjects(RDF.type, SSSOM.Mapping)
        if (one, SSSOM.subject_id, birth) in graph and (one, SSSOM.object_id, CEDS.P000033) in graph
    ]
    (mapping,) = mappings
    assert graph.value(mapping, SSSOM.mapping_justification) == (
        SEMAPV.LexicalSimilarityThresholdMatching
    )
    assert not set(graph.subject_objects(SKOS.exactMatch)), "nobody confirmed anything"


def test_the_page_escapes_and_has_no_scripts(tmp_path: Path) -> None:
    path = written(
        tmp_path / "d.csv",
        "table,element,options\nT,<script>alert(1)</script>,\n"
        'T,ATTENDANCE_STATUS,"<b>=x; P=Present"\n',
    )
    text = page(align(path))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>" not in text


def test_what_people_decided_wins_on_the_next_run(tmp_path: Path) -> None:
    first = rows(align(STATE))
    for row in first:
        if row["vocabulary"] != "CEDS":
            continue
        if row["element"] == "MASCOT":
            row |= {"target": str(CEDS.P000204), "status": CONFIRMED, "decided_by": "A. Reader"}
        if row["element"] == "DOB":
            row["status"] = "rejected"
        if row["element"] == "GENDER":
            row |= {"target": "", "status": CONFIRMED}
    out = StringIO()
    writer = csv.DictWriter(out, first[0].keys())
    writer.writeheader()
    writer.writerows(first)
    confirmed = written(tmp_path / "decided.csv", out.getvalue())
    aligned = align(STATE, confirmed=confirmed)
    assert not aligned.problems
    again = {row["element"]: row for row in rows(aligned) if row["vocabulary"] == "CEDS"}
    assert again["MASCOT"]["target"] == str(CEDS.P000204)
    assert again["MASCOT"]["status"] == CONFIRMED
    assert again["MASCOT"]["decided_by"] == "A. Reader"
    assert again["DOB"]["target"] != str(CEDS.P000033)
    assert again["GENDER"]["target"] == ""
    assert again["GENDER"]["status"] == CONFIRMED
    graph = Graph().parse(data=skos(aligned), format="turtle")
    assert set(graph.objects(None, SKOS.exactMatch)) == {CEDS.P000204}


def test_two_decisions_on_one_element_are_told(tmp_path: Path) -> None:
    confirmed = written(
        tmp_path / "decided.csv",
        "table,element,vocabulary,target,status\n"
        f"Student,DOB,CEDS,{CEDS.P000033},confirmed\nStudent,DOB,CEDS,{CEDS.P000204},confirmed\n",
    )
    (problem,) = align(STATE, confirmed=confirmed).problems
    assert str(problem).startswith("decided.csv:3: contradicting decision: ")


def test_the_whole_ontology_of_the_user_gives_labels_of_option_values(shared_data: Path) -> None:
    aligned = align(STATE, ceds=shared_data / "ceds/ceds_subset_v13.ttl")
    assert not aligned.problems
    options = {
        one.option.code: [target.label for _, target in one.targets]
        for one in aligned.options["Enrollment", "ENTRY_GRD_LVL"]
    }
    assert options == {"KG": ["Kindergarten"], "01": ["First grade"], "02": ["Second grade"]}


BAD = {
    "empty": (b"", "1: no header"),
    "wrong delimiter": (b"table^element\nT^DOB\n", "1: missing column"),
    "no column of elements": (b"table,definition\nT,x\n", "1: missing column"),
    "no UTF-8": (b"table,element\nT,\xe9\n", "2: not-utf-8"),
    "truncated row": (b"table,element\nT,DOB\nT", "3: field count"),
    "nameless": (b"table,element\nT,DOB\nT,\n", "3: missing value"),
    "long name": (b"table,element\nT,DOB\nT," + b"x" * 1000 + b"\n", "3: too long"),
    "10 MB field": (b"table,element\nT,DOB\nT," + b"x" * 10_000_000 + b"\n", "3: malformed csv"),
    "twice": (b"table,element\nT,DOB\nT,DOB\n", "3: duplicate element"),
    "many options": (
        b'table,element,options\nT,DOB,\nT,X,"' + b"1;" * 6000 + b'"\n',
        "3: too many options",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_dictionary_is_told_and_the_rest_is_aligned(tmp_path: Path, name: str) -> None:
    text, told = BAD[name]
    aligned = align(written(tmp_path / "d.csv", text))
    assert [f"{one.source.line}: {one.rule}" for one in aligned.problems] == [told]
    assert len(aligned.elements) == (1 if told[0] == "3" else 0)


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("ceds.ttl", b"@prefix : <x", "malformed ontology"),
        ("ceds.ttl", b"<urn:a:b> a <urn:a:c> .", "no terms"),
        ("ceds.pdf", b"", "unknown format"),
    ],
)
def test_an_ontology_that_cannot_be_read_is_told(
    tmp_path: Path, name: str, text: bytes, rule: str
) -> None:
    aligned = align(STATE, ceds=written(tmp_path / name, text))
    assert [one.rule for one in aligned.problems] == [rule]
