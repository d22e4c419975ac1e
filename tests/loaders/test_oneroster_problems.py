"""OneRoster and companion files with one thing wrong: which file, which row, which rule."""

from collections.abc import Callable
from pathlib import Path

import pytest

from databackpack.loaders.oneroster import read
from databackpack.loaders.record import Item, Mint, Problem, Record, organization_iri
from databackpack.ontology.namespaces import BPC

Change = Callable[[str, str, str], None]

ELM = organization_iri("elm")
UUID = "urn:uuid:6b9c1708-d7cc-11e8-824f-0242ac160002"  # 5.NBT.A.1
ZONED = "2026-09-01T00:00:00+02:00"

# Of each file: what it has, what it has instead, in which row, the rule, words of the message.
ROWS = {
    "orgs.csv": [
        ("school,oak,", "skool,oak,", 5, "unknown code", "'skool' is none of school"),
        ("school,oak,", "school,elm,", 5, "duplicate identifier", "'elm'"),
        ("north,o-state", "north,o-no", 3, "unknown reference", "loaded from orgs.csv"),
        ("Oak School", "", 5, "missing value", "name is empty"),
    ],
    "academicSessions.csv": [
        ("06-05,2027", "06-05,next", 3, "bad number", "schoolYear: 'next'"),
    ],
    "classes.csv": [
        ("Math 5,05,", "Math 5,55,", 2, "unknown code", "grades: '55'"),
        ("co5,o-oak", "co5,o-dep", 4, "no holder", "name its school"),
        ("05,co5,o-elm,s27\nc5e", "05,co9,o-elm,s27\nc5e", 2, "unknown reference", "courses.csv"),
        ("o-oak,s26", "o-oak,s99", 4, "unknown reference", "termSourcedIds 's99'"),
    ],
    "users.csv": [
        ("u2,,", "u1,,", 3, "duplicate identifier", "row 2 (users.csv:2)"),
        ("Pocket", "", 3, "missing value", "familyName is empty"),
    ],
    "roles.csv": [
        ("primary,teacher", "primary,pupil", 5, "unknown code", "role: 'pupil'"),
        ("u2,primary", "u9,primary", 4, "unknown reference", "userSourcedId 'u9'"),
    ],
    "demographics.csv": [
        ("2016-03-01", "03/01/2016", 2, "bad date", "birthDate: '03/01/2016'"),
        ("2016-03-01", "2016-02-30", 2, "bad date", "write it as 2026-09-01"),
        ("female", "f", 2, "unknown code", "sex: 'f' is none of male"),
        ("u1,,2016", "u9,,2016", 2, "unknown reference", "sourcedId 'u9'"),
        ("u1,,2016", "t1,,2016", 2, "no learner", "'t1'"),
    ],
    "enrollments.csv": [
        ("e3,,c5e", "e3,,c9", 4, "unknown reference", "classSourcedId 'c9'"),
        ("e3,,", "e2,,", 4, "duplicate identifier", "row 3 (enrollments.csv:3)"),
        ("e3,,", "e3,gone,", 4, "unknown code", "status: 'gone'"),
        ("2026-10-01", "2026-13-01", 4, "bad date", "endDate"),
    ],
    "lineItems.csv": [
        ("c5,20,", "c5,twenty,", 2, "bad number", "resultValueMax: 'twenty'"),
        ("program", "robot", 3, "unknown code", "metadata.entryMethod: 'robot'"),
    ],
    "lineItemLearningObjectiveIds.csv": [
        (UUID, "5.NBT.A.1", 2, "no case identifier", "is no urn:uuid:"),
        (UUID, UUID.replace("6b9c", "0000"), 2, "unknown standard", "learningObjectiveId: "),
        ("lo1,,l1", "lo1,,l9", 2, "unknown reference", "loaded from lineItems.csv"),
    ],
    "results.csv": [
        ("17.5", "1e3", 2, "bad number", "score: '1e3'"),
        ("not submitted", "lost", 3, "unknown code", "scoreStatus: 'lost'"),
        ("x3,,l2", "x1,,l2", 4, "duplicate identifier", "row 2 (results.csv:2)"),
        ("x3,,l2", "x3,,l7", 4, "unknown reference", "lineItemSourcedId 'l7'"),
    ],
    "resultLearningObjectiveIds.csv": [
        ("x2,", "x9,", 2, "unknown reference", "loaded from results.csv"),
        ("5.NBT.2", "5.NBT.99", 2, "unknown standard", "nearest known codes"),
    ],
    "companion/organizations.csv": [
        ("research-team", "team", 3, "unknown code", "provider, research-team"),
        ("team,The", "elm,The", 3, "duplicate identifier", "'elm'"),
    ],
    "companion/guardianships.csv": [
        ("sample:G2", "G2", 3, "bad identifier", "who gave it"),
        ("S1,sample:G2", "S9,sample:G2", 3, "unknown reference", "'S9'"),
        ("2026-01-01T", "2024-01-01T", 3, "bad span", "not after since"),
    ],
    "companion/standing.csv": [
        ("bars-inspection", "bars-everything", 2, "unknown code", "kind: 'court-bars-everything'"),
        ("sample:G2,court", ",court", 2, "missing value", "person is empty"),
        ("sample:G2,court", "sample:G7,court", 2, "unknown person", "guardianships.csv"),
        (",,emancipation", ",sample:G2,emancipation", 3, "unknown person", "leave the cell empty"),
        ("2025-03-01T00:00:00Z", "2025-03-01", 2, "bad moment", "with its zone"),
        ("2025-03-01T00:00:00Z", "", 2, "missing value", "since is empty"),
        ("2026-09-01T", "2025-09-01T", 3, "bad span", "not after since"),
        ("Case 31", "", 3, "missing value", "document is empty"),
        ("Case 31", "Whereas " * 20, 3, "long reference", "never its text"),
        ("2,S1", "1,S1", 3, "duplicate identifier", "row 2 (companion/standing.csv:2)"),
        ("1,S1", "1,S9", 2, "unknown reference", "'S9'"),
    ],
    "companion/settings.csv": [
        ("special-education", "specials", 2, "unknown code", "category: 'specials'"),
        (",none,", ",nothing,", 2, "unknown code", "level: 'nothing'"),
        ("teacher-elm", "teacher-lantern", 2, "unknown audience", "'teacher-lantern'"),
        ("teacher-elm", "everyone", 2, "unknown audience", "such as teacher-elm"),
        ("dpv:AcademicResearch", "dpv:Fun", 3, "unknown code", "purpose: 'dpv:Fun'"),
        (ZONED, "2026-09-01", 2, "bad moment", "with its zone"),
        (ZONED, "", 2, "missing value", "since is empty"),
        ("1,S1,sample:G1", "1,S1,sample:G7", 2, "unknown assigner", "sample:G7"),
        ("1,S1,sample:G1", "1,S9,sample:G1", 2, "unknown reference", "'S9'"),
    ],
    "companion/goals.csv": [
        ("7,S1", "7,S9", 2, "unknown reference", "users.csv"),
        ("Open", "Started", 2, "unknown code", "status: 'Started'"),
    ],
    "companion/goal-progress.csv": [
        ("elm,7,", "elm,8,", 2, "unknown reference", "loaded from companion/goals.csv"),
        ("elm,7,", "oak,7,", 2, "unknown reference", "of another learner or organization"),
    ],
    "companion/home-languages.csv": [
        ("elm,vi", "elm,Vietnamese", 3, "unknown code", "language: 'Vietnamese'"),
        ("2,S1", "1,S1", 3, "duplicate identifier", "id '1' is already in row 2"),
        ("2,S1,elm", "2,S1,ash", 3, "unknown reference", "organization 'ash'"),
    ],
    "companion/attendance-summaries.csv": [
        ("2026-2027", "2026-2028", 2, "bad school year", "such as 2025-2026"),
        ("60", "", 2, "missing value", "daysEnrolled is empty"),
    ],
    "companion/service.csv": [("true", "yes", 2, "bad boolean", "isVouchedFor: 'yes'")],
}

# What rows that lean on a refused row are refused for.
CONSEQUENCES = {
    *("unknown reference", "no learner", "no holder", "unknown audience", "unknown person"),
}


def _problems(items: list[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


def _categories(items: list[Item]) -> set[str]:
    return {
        str(item.category).removeprefix(str(BPC))
        for item in items
        if isinstance(item, Record) and item.holder == ELM
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "rule", "words"),
    [(file, *case) for file, cases in ROWS.items() for case in cases],
)
def test_a_wrong_row_is_named_with_its_rule_and_the_rest_is_loaded(
    file: str,
    old: str,
    new: str,
    row: int,
    rule: str,
    words: str,
    folder: Path,
    change: Change,
    mint: Mint,
) -> None:
    change(file, old, new)
    items = list(read(folder, mint))
    (named,) = (item for item in _problems(items) if str(item.source) == f"{file}:{row}")
    assert named.rule == rule
    assert words in named.message
    assert {item.rule for item in _problems(items) if item is not named} <= CONSEQUENCES
    assert "identity" in _categories(items)


@pytest.mark.parametrize(
    ("old", "new", "row", "rule", "words"),
    [
        ("studentSourcedId", "student", 1, "missing column", "lacks studentSourcedId"),
        (
            "9,\n",
            "9,\nx4,,l2\nx5,,l2\n",
            5,
            "field count",
            "3 fields where the header has 7",
        ),
        ("see me", "see, me", 3, "field count", "quote cells that hold commas"),
        ("see me", '"see" me', 3, "malformed csv", "no row of CSV"),
        (",score,", ",scoreStatus,", 1, "column-twice", "scoreStatus"),
    ],
)
def test_nothing_of_a_malformed_file_is_loaded(
    old: str, new: str, row: int, rule: str, words: str, folder: Path, change: Change, mint: Mint
) -> None:
    change("results.csv", old, new)
    items = list(read(folder, mint))
    fault, *others = _problems(items)
    assert (str(fault.source), fault.rule) == (f"results.csv:{row}", rule)
    assert words in fault.message
    assert {item.source.file for item in others} == {"resultLearningObjectiveIds.csv"}
    assert "gradebook" not in _categories(items)
    assert "enrollment" in _categories(items)


def test_an_empty_file_lacks_its_columns(folder: Path, mint: Mint) -> None:
    (folder / "demographics.csv").write_bytes(b"")
    (problem,) = _problems(list(read(folder, mint)))
    assert (str(problem.source), problem.rule) == ("demographics.csv:1", "missing column")


def test_a_file_in_another_encoding_is_named_with_the_row(folder: Path, mint: Mint) -> None:
    path = folder / "companion" / "goals.csv"
    path.write_bytes(path.read_bytes() + "8,S1,elm,Señal,Open\n".encode("latin-1"))
    items = list(read(folder, mint))
    fault, orphan = _problems(items)
    assert str(fault) == "companion/goals.csv:3: not-utf-8: not UTF-8; save the file as UTF-8"
    assert str(orphan.source) == "companion/goal-progress.csv:2"
    assert "goals" not in _categories(items)


def test_a_file_that_the_manifest_names_must_be_there(folder: Path, mint: Mint) -> None:
    (folder / "demographics.csv").unlink()
    (problem,) = _problems(list(read(folder, mint)))
    assert (str(problem.source), problem.rule) == ("demographics.csv:1", "missing file")


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("oneroster.version,1.2", "oneroster.version,1.0", "unsupported version", "is not 1.2"),
        ("file.results,bulk", "file.results,delta", "delta-not-supported", "file.results"),
        ("file.results,bulk", "file.results,full", "unknown code", "absent, bulk, delta"),
    ],
)
def test_the_manifest_must_promise_what_can_be_read(
    old: str, new: str, rule: str, words: str, folder: Path, change: Change, mint: Mint
) -> None:
    change("manifest.csv", old, new)
    first = _problems(list(read(folder, mint)))[0]
    assert (first.source.file, first.rule) == ("manifest.csv", rule)
    assert words in first.message


def test_of_another_version_nothing_is_loaded(folder: Path, change: Change, mint: Mint) -> None:
    change("manifest.csv", "oneroster.version,1.2", "oneroster.version,1.0")
    assert [type(item) for item in read(folder, mint)] == [Problem]


def test_without_a_manifest_nothing_is_loaded(tmp_path: Path, mint: Mint) -> None:
    (problem,) = _problems(list(read(tmp_path / "nowhere", mint)))
    assert (str(problem.source), problem.rule) == ("manifest.csv:1", "missing file")


def test_a_goal_that_was_refused_takes_its_progress_with_it(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("companion/goals.csv", "Open", "Started")
    assert {str(item.source): item.rule for item in _problems(list(read(folder, mint)))} == {
        "companion/goals.csv:2": "unknown code",
        "companion/goal-progress.csv:2": "unknown reference",
    }
