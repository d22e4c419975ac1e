"""Spoilt crosswalks: each is told with its row and rule, and the rest of the file is loaded."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.loaders.alignments.reading import read

GOOD = "urn:ohio:9,3.OA.A.1,exact\n"
HEADER = "from,to,relation\n"

BAD_ROWS = {
    "truncated": ("urn:ohio:1,3.OA", "3: field count"),
    "unclosed quote": ('"urn:ohio:1,3.OA.A.1,exact\n', "3: malformed csv"),
    "unknown strength": ("urn:ohio:1,3.OA.A.1,sort of\n", "3: unknown relation"),
    "no strength": ("urn:ohio:1,3.OA.A.1,\n", "3: missing value"),
    "same on both sides": ("3.OA.A.1,CCSS.Math.Content.3.OA.A.1,exact\n", "3: aligned to itself"),
    "unknown code": ("urn:ohio:1,3.XX.Z.99,exact\n", "3: unknown standard"),
    "formula": ("=cmd|' /C calc'!A0,3.OA.A.1,exact\n", "3: unknown standard"),
    "sameAs": ("urn:ohio:1,3.OA.A.1,owl:sameAs\n", "3: refused relation"),
    "contradiction": ("3.OA.A.1,urn:ohio:9,related\n", "3: contradicting strength"),
    "empty side": (",3.OA.A.1,exact\n", "3: missing value"),
    "a learner": (
        "https://w3id.org/databackpack/id/learner/1,3.OA.A.1,exact\n",
        "3: no standard",
    ),
    "space in an IRI": ("https://example.org/a b,3.OA.A.1,exact\n", "3: unknown standard"),
    "10 MB field": (f"urn:ohio:{'1' * 10_000_000},3.OA.A.1,exact\n", "3: malformed csv"),
    "long identifier": (f"urn:ohio:{'1' * 100_000},3.OA.A.1,exact\n", "3: too long"),
    "NUL": ("urn:ohio:\0,3.OA.A.1,exact\n", "3: unknown standard"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_told_and_the_rest_is_loaded(tmp_path: Path, name: str) -> None:
    row, told = BAD_ROWS[name]
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + GOOD + row, encoding="utf-8")
    found = read(path)
    assert found.told == [told]
    assert len(found.alignments) == 1
    (problem,) = found.problems
    assert problem.source.file == "bad.csv"
    assert len(problem.message) < 1_000


BAD_FILES = {
    "empty": (b"", "1: no header"),
    "wrong delimiter": (b"from^to^relation\nurn:ohio:1^3.OA.A.1^exact\n", "1: missing column"),
    "missing column": (b"from,relation\nurn:ohio:1,exact\n", "1: missing column"),
    "column twice": (b"from,to,to,relation\n1,2,3,4\n", "1: column-twice"),
    "Latin-1": ("from,to,relation\nurn:ohio:é,3.OA.A.1,exact\n".encode("latin-1"), "2: not-utf-8"),
    "UTF-16": ("from,to,relation\n".encode("utf-16"), "1: not-utf-8"),
    "bad metadata": (b"#a: [\n" + HEADER.encode() + GOOD.encode(), "2: bad metadata"),
    "metadata are a list": (b"#- a\n" + HEADER.encode() + GOOD.encode(), "1: bad metadata"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_told_and_nothing_of_it_is_loaded(tmp_path: Path, name: str) -> None:
    text, told = BAD_FILES[name]
    path = tmp_path / "bad.csv"
    path.write_bytes(text)
    found = read(path)
    assert found.told == [told]
    assert found.crosswalks == []


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.replace(",", ";").encode(),
    ],
    ids=["BOM", "CR only", "CR LF", "tabs", "semicolons"],
)
def test_other_spellings_of_a_table_are_read(tmp_path: Path, spell: object) -> None:
    assert callable(spell)
    path = tmp_path / "t.csv"
    path.write_bytes(spell(HEADER + GOOD))
    found = read(path)
    assert found.told == []
    assert len(found.alignments) == 1


BAD_JSON = {
    "truncated": ('{"CFAssociations": [', "1: malformed-json"),
    "deep": ("[" * 200_000, "1: malformed-json"),
    "no package": ("[]", "1: no crosswalk"),
    "no end": ('{"CFAssociations": [{"associationType": "exactMatchOf"}]}', "1: missing value"),
    "unknown type": (
        '{"CFAssociations": [{"associationType": "likes", "originNodeURI": "urn:ohio:1", '
        '"destinationNodeURI": "urn:ohio:2"}]}',
        "1: unknown relation",
    ),
    "dangling edge": ('{"nodes": [], "edges": [{"label": "supports"}]}', "1: unknown reference"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_bad_json_is_told(tmp_path: Path, name: str) -> None:
    text, told = BAD_JSON[name]
    path = tmp_path / "bad.json"
    path.write_text(text)
    assert read(path).told == [told]


def test_entities_of_xml_are_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_text(
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><InterchangeStandards>'
        "<LearningStandardEquivalenceAssociation><SourceLearningStandardReference>"
        "<LearningStandardId>&e;</LearningStandardId></SourceLearningStandardReference>"
        "<LearningStandardEquivalenceStrength>Equivalent</LearningStandardEquivalenceStrength>"
        "</LearningStandardEquivalenceAssociation></InterchangeStandards>"
    )
    assert read(path).told == ["1: missing value"]


def test_xml_that_breaks_off_gives_what_stands_before(tmp_path: Path, shared_data: Path) -> None:
    whole = (shared_data / "edfi_sample/Standards-subset.xml").read_bytes()
    path = tmp_path / "bad.xml"
    path.write_bytes(whole[: whole.rindex(b"<LearningStandardEquivalenceAssociation>") + 50])
    found = read(path)
    assert [problem.rule for problem in found.problems] == ["malformed-xml"]
    assert len(found.alignments) == 3


def test_a_row_that_repeats_another_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(HEADER + GOOD + GOOD + "3.OA.A.1,urn:ohio:9,exact\n")
    found = read(path)
    assert found.told == []
    assert len(found.alignments) == 1


def test_a_code_of_another_framework_is_not_taken_for_the_common_core(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"source framework,{HEADER}Ohio,3.OA.A.2,3.OA.A.1,exact\n")
    assert read(path).told == ["2: ambiguous code"]


def test_aliases_in_metadata_are_not_expanded(tmp_path: Path) -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    bomb = "#a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"#{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(names)
    )
    path = tmp_path / "t.csv"
    path.write_text(bomb + f"#mapping_set_title: *{names[-1]}\n" + HEADER + GOOD)
    found = read(path)
    assert found.told == []
    assert len(found.alignments) == 1
