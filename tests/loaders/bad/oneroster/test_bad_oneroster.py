"""Bad OneRoster files: each is told with place and rule, nothing crashes, the rest is loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Literal

from databackpack.loaders.oneroster import read
from databackpack.loaders.record import Item, Mint, Problem, Record
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import SDO

# How results.csv is spoiled, the row, the rule and words of what is told; nothing of it is loaded.
WHOLE: dict[str, tuple[Callable[[str], bytes], int, str, str]] = {
    "UTF-16": (lambda text: text.encode("utf-16"), 1, "not-utf-8", "save the file as UTF-8"),
    "Latin-1": (
        lambda text: text.replace("see me", "señor").encode("latin-1"),
        3,
        "not-utf-8",
        "save the file as UTF-8",
    ),
    "cut off within quotes": (
        lambda text: text.replace("see me", '"see me').encode(),
        3,
        "malformed csv",
        "unexpected end of data",
    ),
    "10 MB in a cell": (
        lambda text: text.replace("see me", "x" * 10_000_000).encode(),
        3,
        "malformed csv",
        "field larger than field limit",
    ),
    "semicolons": (lambda text: text.replace(",", ";").encode(), 1, "missing column", "lacks"),
    "empty": (lambda text: b"", 1, "missing column", "lacks"),
    "a zip": (lambda text: b"PK\x03\x04\x00\x00", 1, "missing column", "lacks"),
}


def _read(folder: Path, mint: Mint) -> tuple[list[Problem], list[Record]]:
    items: list[Item] = list(read(folder, mint))
    return (
        [item for item in items if isinstance(item, Problem)],
        [item for item in items if isinstance(item, Record)],
    )


@pytest.mark.parametrize("name", WHOLE)
def test_of_a_broken_file_nothing_is_loaded_and_of_the_others_all(
    name: str, folder: Path, mint: Mint
) -> None:
    spoil, row, rule, words = WHOLE[name]
    path = folder / "results.csv"
    path.write_bytes(spoil(path.read_text(encoding="utf-8")))
    (problem, *others), records = _read(folder, mint)
    assert (str(problem.source), problem.rule) == (f"results.csv:{row}", rule)
    assert words in problem.message
    assert {item.source.file for item in others} <= {"resultLearningObjectiveIds.csv"}
    categories = {local_name(record.category) for record in records}
    assert "gradebook" not in categories
    assert {"identity", "demographics", "enrollment", "goals"} <= categories


@pytest.mark.parametrize(
    "save",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n").rstrip("\r\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
    ],
    ids=["a mark", "CR for lines", "CR LF and no last end", "empty lines"],
)
def test_a_file_that_is_only_unusual_is_loaded(
    save: Callable[[str], bytes], folder: Path, mint: Mint
) -> None:
    expected = {record.iri: set(record.graph) for record in _read(folder, mint)[1]}
    for path in folder.rglob("*.csv"):
        path.write_bytes(save(path.read_text(encoding="utf-8")))
    problems, records = _read(folder, mint)
    assert not problems
    assert {record.iri: set(record.graph) for record in records} == expected


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("users.csv", "Orr", "O\0rr"),
        ("users.csv", "u2,,", "u2\0,,"),
        ("orgs.csv", "school,oak", "school,o\0ak"),
        ("results.csv", "x1,,", "x\0001,,"),
        ("companion/goals.csv", "7,S1", "7\0,S1"),
    ],
)
def test_a_row_with_a_nul_is_refused_and_the_others_are_loaded(
    file: str, old: str, new: str, folder: Path, change: Callable[[str, str, str], None], mint: Mint
) -> None:
    change(file, old, new)
    problems, records = _read(folder, mint)
    first = problems[0]
    assert (first.source.file, first.rule) == (file, "control character")
    assert "identity" in {local_name(record.category) for record in records}


def test_a_formula_is_a_text_like_any_other(
    folder: Path, change: Callable[[str, str, str], None], mint: Mint
) -> None:
    formula = "=HYPERLINK(1)"
    change("users.csv", "Orr", formula)
    problems, records = _read(folder, mint)
    assert not problems
    assert any((None, SDO.givenName, Literal(formula)) in record.graph for record in records)


@pytest.mark.parametrize("name", ["roster.zip", "manifest.csv"])
def test_a_path_that_is_no_folder_is_named(name: str, tmp_path: Path, mint: Mint) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04")
    (problem,), records = _read(path, mint)
    assert problem.source.file == "manifest.csv"
    assert problem.rule in ("unreadable-file", "missing file")
    assert not records
