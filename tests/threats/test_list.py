"""docs/threats.md is of these tests: each number has a row and a test, each file named is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (\d+) \| (.*) \| (.*) \| (.*)\|$",
    (ROOT / "docs" / "threats.md").read_text(),
    re.MULTILINE,
)
TESTS = [
    (int(number), bool(skipped), path.name)
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    for skipped, number in re.findall(
        r'^(@pytest\.mark\.skip\(reason="issue \d+: [^\n]+\)\n)?def test_(\d\d)_',
        path.read_text(),
        re.MULTILINE,
    )
]
SECTIONS = {
    range(1, 10): {"test_dataset.py"},
    range(10, 21): {"test_operators.py"},
    range(21, 32): {"test_inference.py"},
    range(32, 41): {"test_updates.py"},
    range(41, 55): {"test_http.py", "test_tokens.py"},
    range(55, 63): {"test_availability.py"},
    range(63, 73): {"test_time.py", "test_operations.py"},
}


def test_each_of_the_72_has_a_row_and_a_test_in_the_file_of_its_section() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 73))
    assert {number for number, *_ in TESTS} == set(range(1, 73))
    for number, _, name in TESTS:
        assert any(number in part and name in files for part, files in SECTIONS.items())


def test_what_is_skipped_is_marked_in_the_table_with_its_issue() -> None:
    skipped = {number for number, is_skipped, _ in TESTS if is_skipped}
    marked = {int(number) for number, *cells in ROWS if cells[-1].strip() == "skipped"}
    assert skipped == marked
    assert all("issue 7" in held for number, _, held, _ in ROWS if int(number) in skipped)


def test_each_file_that_the_table_names_is_there() -> None:
    for number, *cells in ROWS:
        for name in re.findall(r"`((?:service|tests|queries|loaders)/[^`]*)`", " ".join(cells)):
            assert (ROOT / name).exists(), (number, name)
