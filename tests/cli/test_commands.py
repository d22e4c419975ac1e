"""The ``backpack`` command: what it prints, how it exits, and that it keeps nothing by halves."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from databackpack.loaders import sample
from databackpack.ontology.namespaces import BP
from databackpack.service.cli import main
from databackpack.service.records.graphs import INDEX
from databackpack.service.records.truth import TruthStore
from tests.commands import run
from tests.running import TODAY

Change = Callable[[str], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right folder of four learners, to be copied and spoilt."""
    made = tmp_path_factory.mktemp("cli") / "sample"
    sample.write(made, learners=4, today=TODAY)
    return made


def spoil(folder: Path, target: Path, file: str, change: Change) -> Path:
    shutil.copytree(folder, target)
    path = target / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return target


def first_row(text: str, old: str, new: str) -> str:
    """Replace *old* in the first row that has it."""
    assert old in text
    return text.replace(old, new, 1)


def test_a_right_folder_is_loaded_and_may_be_asked(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    loaded = run("load", "oneroster", folder, "--store", store)
    assert loaded.returncode == 0, loaded.stderr
    assert "4 learners" in loaded.stderr

    audiences = run("audience", "--store", store)
    assert audiences.returncode == 0
    assert "teacher-elm\tteacher\tStudentLearningNeedsAssessment" in audiences.stdout.splitlines()

    query = tmp_path / "count.rq"
    query.write_text(
        "SELECT (COUNT(*) AS ?n) { ?x <https://w3id.org/databackpack/ns#isRecordOf> ?l }"
    )
    counts = {}
    for audience in ("state-agency-sample", "teacher-elm", "provider-afterbell"):
        asked = run("query", query, "--store", store, "--audience", audience, "--format", "csv")
        assert asked.returncode == 0, asked.stderr
        counts[audience] = int(asked.stdout.split()[1])
    assert counts["teacher-elm"] > 0
    assert counts["state-agency-sample"] > 0
    assert counts["provider-afterbell"] == 0

    token = run("token", "--store", store, "--audience", "teacher-elm", "--subject", "T-1")
    assert token.returncode == 0
    assert token.stdout.count(".") == 2


BAD = {
    "a file that is no CSV": (
        "demographics.csv",
        lambda text: text + '"an open quote,1\n',
        ["demographics.csv:", "malformed csv"],
    ),
    "an unknown standard": (
        "companion/mastery-states.csv",
        lambda text: first_row(text, text.splitlines()[1].split(",")[3], "CCSS.Math.Content.99.ZZ"),
        ["companion/mastery-states.csv:2: unknown standard", "99.ZZ"],
    ),
    "a date that is none": (
        "demographics.csv",
        lambda text: first_row(text, text.splitlines()[1].split(",")[3], "2999-13-45"),
        ["demographics.csv:2: bad date", "2999-13-45"],
    ),
    "a record that fails its shape": (
        "companion/attendance-summaries.csv",
        lambda text: first_row(text, ",186,", ",1,"),
        ["attendance-summaries.csv:2: AttendanceSummary", "days"],
    ),
    "a duplicate id": (
        "users.csv",
        lambda text: text + text.splitlines()[1] + "\n",
        ["users.csv:", "duplicate identifier", "row 2"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_by_file_row_and_rule(name: str, folder: Path, tmp_path: Path) -> None:
    file, change, words = BAD[name]
    bad = spoil(folder, tmp_path / "bad", file, change)
    report = tmp_path / "report.txt"
    done = run("load", "oneroster", bad, "--store", tmp_path / "store", "--report", report)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    line = next(line for line in report.read_text().splitlines() if words[0] in line)
    for word in words:
        assert word in line
        assert word in " ".join(done.stderr.split())
    truth = TruthStore(tmp_path / "store")
    records = list(truth.pairs(INDEX, BP.isRecordOf))
    assert all(truth.triples(record) for record, _ in records), "a record is whole or not there"


def test_a_dry_run_keeps_nothing(folder: Path, tmp_path: Path) -> None:
    done = run("load", "oneroster", folder, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["load", "oneroster", "."],
        ["load", "parquet", ".", "--dry-run"],
        ["load", "oneroster", "nowhere", "--dry-run"],
        ["serve"],
        ["token", "--store", "x"],
        ["nothing"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_refusals_exit_with_1_and_say_what_to_do(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run("load", "oneroster", folder, "--store", store)
    query = tmp_path / "bad.rq"
    query.write_text("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")
    asked = run("query", query, "--store", store, "--audience", "teacher-elm")
    assert (asked.returncode, "SERVICE" in asked.stderr) == (1, True)
    unknown = run("token", "--store", store, "--audience", "nobody", "--subject", "x")
    assert (unknown.returncode, "see: backpack audience" in unknown.stderr) == (1, True)
    purpose = run(
        *("query", query, "--store", store, "--audience", "teacher-elm"),
        *("--purpose", "AcademicResearch"),
    )
    assert (purpose.returncode, "choose a --purpose" in purpose.stderr) == (1, True)


def test_the_installed_command_is_the_one_of_these_tests() -> None:
    backpack = str(Path(sys.executable).with_name("backpack"))
    for arguments in (["--help"], ["audience"]):
        installed = subprocess.run(  # noqa: S603
            [backpack, *arguments], capture_output=True, text=True, check=False
        )
        done = run(*arguments)
        assert (installed.returncode, installed.stdout, installed.stderr) == (
            done.returncode,
            done.stdout,
            done.stderr,
        )


@pytest.mark.parametrize("command", ["", *sorted(main.commands)])
def test_the_command_explains_itself(command: str) -> None:
    done = run(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: backpack")
    assert done.stderr == ""
