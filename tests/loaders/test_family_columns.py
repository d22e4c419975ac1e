"""Family files have all their columns: without ``until`` a grant would never end."""

from pathlib import Path
from shutil import copytree

import pytest

from databackpack.loaders import oneroster
from databackpack.loaders.record import Hold, Mint, Problem, Setting

HERE = Path(__file__).parent / "oneroster"


@pytest.mark.parametrize(
    ("file", "column"),
    [("settings", "until"), ("settings", "purpose"), ("guardianships", "until")],
)
def test_a_family_file_without_a_column_is_refused_and_everybody_held_back(
    tmp_path: Path, mint: Mint, file: str, column: str
) -> None:
    folder = copytree(HERE, tmp_path / "oneroster")
    path = folder / "companion" / f"{file}.csv"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    place = lines[0].index(column)
    path.write_text("".join(",".join(c[:place] + c[place + 1 :]) + "\n" for c in lines))
    items = list(oneroster.read(folder, mint))
    problems = [item for item in items if isinstance(item, Problem)]
    assert any(column in problem.message and file in problem.source.file for problem in problems)
    holds = [item for item in items if isinstance(item, Hold)]
    assert holds
    assert all(hold.is_held for hold in holds)
    assert file != "settings" or not [item for item in items if isinstance(item, Setting)]
