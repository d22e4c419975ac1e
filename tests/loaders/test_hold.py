"""Whoever lost a word of the family on the way is held back; whoever lost none is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from databackpack.loaders.oneroster import read
from databackpack.loaders.record import Hold, Mint, Record

Change = Callable[[str, str, str], None]

SETTING, GUARDIAN, PAPER = (
    f"companion/{name}.csv" for name in ("settings", "guardianships", "standing")
)
BLOCK = "1,S1,sample:G1,special-education,teacher-elm,none,,2026-09-01T00:00:00+02:00,"


def _held(folder: Path, mint: Mint) -> dict[str, str]:
    """Return the identifiers of learners who are held back, with where a word was refused."""
    names = {mint("learner", f"state:{name}"): name for name in ("S1", "S2")}
    holds = [item for item in read(folder, mint) if isinstance(item, Hold)]
    assert {names[hold.learner] for hold in holds} == set(names.values()), "each learner has one"
    assert len(holds) == len(names)
    return {names[hold.learner]: str(hold.source) for hold in holds if hold.is_held}


def test_nobody_is_held_back_where_nothing_was_refused(folder: Path, mint: Mint) -> None:
    assert _held(folder, mint) == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "row"),
    [
        (SETTING, "2026-09-01T00:00:00+02:00", "2026-09-31T00:00:00Z", 2),
        (SETTING, "2026-09-01T00:00:00+02:00", "soon", 2),
        (SETTING, "2,S1", "1,S1", 3),
        (SETTING, "teacher-elm", "everyone", 2),
        (SETTING, ",none,", ",nothing,", 2),
        (SETTING, "1,S1,sample:G1", "1,S1,sample:G7", 2),
        (SETTING, "1,S1,sample:G1", ",S1,sample:G1", 2),
        (SETTING, "2027-06-30", "2026-06-30", 3),
        (GUARDIAN, "2026-01-01T", "2024-01-01T", 3),
        (GUARDIAN, "sample:G2", "G2", 3),
        (PAPER, "bars-inspection", "bars-all", 2),
        (PAPER, "Case 31", "", 3),
    ],
)
def test_a_refused_row_holds_back_its_learner_alone(
    file: str, old: str, new: str, row: int, folder: Path, change: Change, mint: Mint
) -> None:
    change(file, old, new)
    assert list(_held(folder, mint)) == ["S1"]
    if file != GUARDIAN:  # there, what leans on the guardian is refused in the other files too
        assert _held(folder, mint)["S1"] == f"{file}:{row}"


@pytest.mark.parametrize("name", ["S9", "", "s1", "S 1"])
def test_a_refused_row_that_names_nobody_may_be_anybody_s(
    name: str, folder: Path, change: Change, mint: Mint
) -> None:
    change(SETTING, BLOCK, BLOCK.replace("S1", name))
    assert _held(folder, mint) == dict.fromkeys(("S1", "S2"), f"{SETTING}:2")


@pytest.mark.parametrize("file", [SETTING, GUARDIAN, PAPER])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("learner", "pupil", 1),
        lambda text: text + "9,S1\n",
        lambda text: text + '"',
        lambda text: text.replace(",", ";"),
        lambda _: "",
    ],
    ids=["a column is missing", "a short row", "an open quote", "other separators", "empty"],
)
def test_a_malformed_file_holds_everybody_back(
    file: str, spoil: Callable[[str], str], folder: Path, mint: Mint
) -> None:
    path = folder / file
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert set(_held(folder, mint)) == {"S1", "S2"}


def test_a_family_file_in_another_encoding_holds_everybody_back(folder: Path, mint: Mint) -> None:
    path = folder / SETTING
    path.write_bytes(path.read_bytes() + "3,S2,sample:Ñ,goals,teacher,none,,,\n".encode("latin-1"))
    assert _held(folder, mint) == dict.fromkeys(("S1", "S2"), f"{SETTING}:1")


def test_a_folder_without_family_files_says_nothing_of_holds(folder: Path, mint: Mint) -> None:
    for file in (SETTING, GUARDIAN, PAPER):
        (folder / file).unlink()
    items = list(read(folder, mint))
    assert [item for item in items if isinstance(item, Hold)] == []
    assert [item for item in items if isinstance(item, Record)] != []


@pytest.mark.parametrize("kept", [SETTING, GUARDIAN, PAPER])
def test_any_family_file_says_of_everybody_whether_they_are_held_back(
    kept: str, folder: Path, mint: Mint
) -> None:
    for file in {SETTING, GUARDIAN, PAPER} - {kept}:
        (folder / file).unlink()
    # Settings and documents name guardians, who are in none of the files that are left.
    assert list(_held(folder, mint)) == ([] if kept == GUARDIAN else ["S1"])


def test_a_record_that_was_refused_is_no_word_of_a_family(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("companion/goals.csv", "Open", "Started")
    assert _held(folder, mint) == {}
