"""Bad CSV files by a mapping: each is told with place and rule, the rest of it is loaded."""

from collections.abc import Callable
from uuid import NAMESPACE_URL, uuid5

import pytest
from rdflib import Literal, URIRef

from databackpack.loaders.mapping import read
from databackpack.loaders.record import Item, Problem, Record, organization_iri, person_iri
from databackpack.ontology.namespaces import BP

MAPPING = """
values:
  mark: {codes: {"A": UnexcusedAbsence, "T": Tardy}}
  list: {split: ";"}
  part: {split: "/"}
mappings:
  attendance:
    s: row:$(_row)/attendance
    po:
      - [a, bp:AttendanceEvent]
      - [map:learner, $(Who)]
      - [map:heldBy, $(School)]
      - [bp:eventDate, $(Day)]
      - [bp:hasAttendanceStatus, $(Mark), map:mark]
      - [bp:courseCode, $(Course)]
  result:
    s: row:$(_row)/result
    po:
      - [a, bp:LocalAssessmentResult]
      - [map:learner, $(Who)]
      - [map:heldBy, $(School)]
      - [map:key, $(Test), map:part]
      - [bp:assessmentIdentifier, $(Test)]
      - [bp:resultDate, $(Day)]
      - [bp:scoreValue, $(Score)]
      - [bp:isAlignedTo, $(Standards), map:list]
"""
HEADER = "Who,School,Day,Mark,Course,Test,Score,Standards\n"
GOOD = "state:{0},elm,2026-09-0{0},T,M-5,,,\n"
GOOD_ROWS = GOOD.format(1) + GOOD.format(2)

# One row among good ones: the row, the rule, words of the message.
ROWS = {
    "unknown-code": ("state:3,elm,2026-09-03,Q,,,,", "unknown code", "Mark (bp:hasAttendanceS"),
    "bad-date": ("state:3,elm,2026-02-30,A,,,,", "bad date", "Day (bp:eventDate): '2026-02-30'"),
    "no-learner": (",elm,2026-09-03,A,,,,", "missing value", "Who is empty; map:learner needs"),
    "who-gave-it": ("605466,elm,2026-09-03,A,,,,", "bad identifier", "state:605466"),
    "another-iri": (
        "https://w3id.org/databackpack/id/learner/3f0a6a52-0000-4000-8000-000000000000"
        ",elm,2026-09-03,A,,,,",
        "bad identifier",
        "who gave the identifier",
    ),
    "no-school": ("state:3,,2026-09-03,A,,,,", "missing value", "School is empty"),
    "no-mark": ("state:3,elm,2026-09-03,,M-5,,,", "missing value", "Mark is empty"),
    "bad-number": ("state:3,elm,2026-09-03,A,,t,1e3,", "bad number", "Score (bp:scoreValue)"),
    "unknown-standard": (
        "state:3,elm,2026-09-03,A,,t,1,5.NBT.A.1;5.NBT.99",
        "unknown standard",
        "5.NBT.99",
    ),
    "two-keys": ("state:3,elm,2026-09-03,A,,a/b,1,", "two values", "map:key has 2 values"),
    "too-few": ("state:3,elm,2026-09-03,A", "field count", "4 fields where the header has 8"),
    "too-many": ("state:3,elm,2026-09-03,A,,,,,x", "field count", "9 fields"),
    "nul": ("state:3,elm,2026-09-03,A,M\0,,,", "control character", "NUL"),
}
# Whole files of which nothing is loaded: bytes, the row, the rule, words of the message.
TEXT = HEADER + GOOD_ROWS
WHOLE = {
    "utf-16": (TEXT.encode("utf-16"), 1, "not-utf-8", "it is UTF-16; save it as UTF-8"),
    "latin-1": (TEXT.replace("M-5", "Señal").encode("latin-1"), 1, "not-utf-8", "save the file"),
    "open-quote": (TEXT.replace("M-5", '"M-5', 1).encode(), 2, "malformed csv", "end of data"),
    "torn-quote": (TEXT.replace("M-5", '"M" 5').encode(), 2, "malformed csv", "no row of CSV"),
    "ten-megabytes": (
        TEXT.replace("M-5", "x" * 10_000_000, 1).encode(),
        2,
        "malformed csv",
        "field larger than field limit",
    ),
    "column-twice": (TEXT.replace("Course", "Mark").encode(), 1, "column-twice", "Mark"),
    "empty": (b"", 1, "missing header", "add a header"),
}
# Files that are only unusual: both good rows are loaded.
UNUSUAL: dict[str, Callable[[str], bytes]] = {
    "mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").rstrip().encode(),
    "empty-lines": lambda text: text.replace("\n", "\n\n,,,,,,,\n").encode(),
    "more-columns": lambda text: text.replace("\n", ",more\n").encode(),
    "quoted": lambda text: text.replace("M-5", '"M-5, ""b""\nc"').encode(),
    "braces": lambda text: text.replace("M-5", "{Who} $(Who) \\ ' <x>").encode(),
    "formula": lambda text: text.replace("M-5", "=HYPERLINK(1)").encode(),
    "nan": lambda text: text.replace("M-5", "nan").encode(),
}


def _mint(kind: str, identifier: str) -> URIRef:
    return person_iri(kind, uuid5(NAMESPACE_URL, identifier))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Item]]:
    """What is read of each file; they are all in one folder, each with a school of its own."""
    base = tmp_path_factory.mktemp("csv")
    folder = base / "files"
    folder.mkdir()
    (base / "mapping.yml").write_text(MAPPING, encoding="utf-8")
    for name, (row, _, _) in ROWS.items():
        text = HEADER + GOOD.format(1) + row + "\n" + GOOD.format(2)
        (folder / f"{name}.csv").write_text(text.replace(",elm,", f",{name},"), encoding="utf-8")
    for name, (data, _, _, _) in WHOLE.items():
        (folder / f"{name}.csv").write_bytes(data.replace(b",elm,", f",{name},".encode()))
    for name, save in UNUSUAL.items():
        (folder / f"{name}.csv").write_bytes(save(TEXT.replace(",elm,", f",{name},")))
    items: dict[str, list[Item]] = {}
    for item in read(folder, base / "mapping.yml", _mint):
        items.setdefault(item.source.file, []).append(item)
    return items


def _split(items: list[Item]) -> tuple[list[Problem], list[Record]]:
    return (
        [item for item in items if isinstance(item, Problem)],
        [item for item in items if isinstance(item, Record)],
    )


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_refused_alone(name: str, found: dict[str, list[Item]]) -> None:
    _, rule, words = ROWS[name]
    (problem, *others), records = _split(found[f"{name}.csv"])
    assert (str(problem.source), problem.rule) == (f"{name}.csv:3", rule)
    assert words in problem.message
    assert {other.source.line for other in others} <= {3}
    attended = {record.learner for record in records if record.source.line != 3}
    assert attended == {_mint("learner", f"state:{number}") for number in (1, 2)}
    assert {record.holder for record in records} == {organization_iri(name)}


@pytest.mark.parametrize("name", WHOLE)
def test_of_a_broken_file_nothing_is_loaded(name: str, found: dict[str, list[Item]]) -> None:
    _, row, rule, words = WHOLE[name]
    (problem,), records = _split(found[f"{name}.csv"])
    assert (str(problem.source), problem.rule) == (f"{name}.csv:{row}", rule)
    assert words in problem.message
    assert not records


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_file_that_is_only_unusual_is_loaded(name: str, found: dict[str, list[Item]]) -> None:
    problems, records = _split(found[f"{name}.csv"])
    assert not problems
    assert len(records) == 2
    expected = {
        "quoted": 'M-5, "b"\nc',
        "braces": "{Who} $(Who) \\ ' <x>",
        "formula": "=HYPERLINK(1)",
        "nan": "nan",
    }.get(name, "M-5")
    for record in records:
        assert list(record.graph.objects(None, BP.courseCode)) == [Literal(expected)]


def test_there_are_that_many_files(found: dict[str, list[Item]]) -> None:
    assert len(found) == len(ROWS) + len(WHOLE) + len(UNUSUAL) == 29
