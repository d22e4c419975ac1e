"""``backpack quarantine`` over a store with what a spoilt folder left in it."""

import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from rdflib import Graph, URIRef
from rdflib.namespace import SH

from databackpack.loaders import sample
from databackpack.ontology.namespaces import BP
from databackpack.service.cli import main
from databackpack.service.records.graphs import INDEX, QUARANTINE
from databackpack.service.records.truth import TruthStore
from tests.commands import run as run_command
from tests.running import TODAY


@dataclass(frozen=True)
class Done:
    """What a command left: its code and what it told."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str | Path) -> Done:
    """Run ``backpack`` in this process, where it takes a tenth of the time."""
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    done = Done(result.exit_code, result.stdout, result.stderr)
    del result  # it has the frames of the command, and they the store
    gc.collect()
    return done


def told(done: Done) -> str:
    """Return what was told of a mistake."""
    assert done.returncode in (1, 2), done
    assert done.stdout == ""
    return done.stderr


RULE = "AttendanceSummary-bp_daysAbsent"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store into which a spoilt folder was loaded."""
    folder = tmp_path_factory.mktemp("quarantine")
    sample.write(folder / "sample", learners=4, today=TODAY)
    shutil.copytree(folder / "sample", folder / "spoilt")
    (sheet,) = folder.glob("spoilt/**/attendance-summaries.csv")
    header, first, *others = sheet.read_text(encoding="utf-8").splitlines()
    enrolled = header.split(",").index("daysEnrolled")
    cells, second = first.split(","), others[0].split(",")
    cells[enrolled], second[enrolled] = "1", "many"
    lines = [header, ",".join(cells), ",".join(second), *others[1:]]
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run_command("load", "oneroster", folder / "spoilt", "--store", folder / "store")
    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture
def store(loaded: Path, tmp_path: Path) -> Path:
    """A store of one's own."""
    shutil.copytree(loaded / "store", tmp_path / "store")
    shutil.copy(loaded / "store.redo", tmp_path / "store.redo")
    return tmp_path / "store"


def names(store: Path, *options: str) -> list[list[str]]:
    done = run("quarantine", "list", "--store", store, *options)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


@contextmanager
def opened(store: Path) -> Iterator[TruthStore]:
    truth = TruthStore(store, create=False)
    try:
        yield truth
    finally:
        vars(truth).clear()  # the engine closes a store that nobody holds


def test_records_and_rows_are_listed_with_source_and_rule(loaded: Path) -> None:
    record, rows = names(loaded / "store")
    assert record[1:] == ["attendance", "companion/attendance-summaries.csv:2", RULE]
    assert rows[1:] == ["1 rows", "companion/attendance-summaries.csv", "bad number"]
    assert names(loaded / "store", "--rule", "bad number") == [rows]
    assert names(loaded / "store", "--rule", RULE) == [record]
    assert names(loaded / "store", "--file", "users.csv") == []


def test_a_record_is_shown_as_turtle_with_its_report_as_comments(loaded: Path) -> None:
    record, rows = names(loaded / "store")
    shown = run("quarantine", "show", record[0], "--store", loaded / "store").stdout
    comments = [line for line in shown.splitlines() if line.startswith("#")]
    assert any("companion/attendance-summaries.csv:2" in line for line in comments)
    assert any(f"Violation, {RULE} (structure)" in line for line in comments)
    graph = Graph().parse(data=shown, format="turtle")
    assert list(graph.subjects(BP.daysAbsent))
    shown = run("quarantine", "show", rows[0], "--store", loaded / "store").stdout
    assert "attendance-summaries.csv:3: " in shown


def test_an_edited_record_is_loaded_and_leaves_the_quarantine(store: Path, tmp_path: Path) -> None:
    record, rows = names(store)
    shown = run("quarantine", "show", record[0], "--store", store).stdout
    file = tmp_path / "mended.ttl"
    mended = Graph().parse(data=shown, format="turtle")
    for subject in list(mended.subjects(BP.daysAbsent)):
        mended.remove((subject, BP.daysAbsent, None))
        mended.add((subject, BP.daysAbsent, next(mended.objects(subject, BP.daysEnrolled))))
    mended.serialize(file, format="turtle")
    again = run("quarantine", "retry", record[0], "--store", store)
    assert again.returncode == 1
    assert RULE in again.stderr
    done = run("quarantine", "retry", record[0], file, "--store", store)
    assert done.returncode == 0, done.stderr
    assert names(store) == [rows]
    with opened(store) as truth:
        (item,) = mended.subjects(BP.daysAbsent)
        assert list(truth.objects(URIRef(str(item)), BP.daysAbsent)) == ["1"]


def test_all_are_tried_again_and_what_is_still_wrong_is_told(store: Path) -> None:
    done = run("quarantine", "retry", "--all", "--store", store)
    assert done.returncode == 1
    assert RULE in done.stderr
    assert "0 of 1 records are loaded now" in done.stderr
    assert len(names(store)) == 2


def test_loading_the_mended_folder_empties_the_quarantine(loaded: Path, store: Path) -> None:
    done = run_command("load", "oneroster", loaded / "sample", "--store", store)
    assert done.returncode == 0, done.stderr
    assert names(store) == []


def test_a_dropped_entry_is_gone_with_a_reason_on_record(store: Path) -> None:
    record, rows = names(store)
    assert "--reason" in told(run("quarantine", "drop", record[0], "--store", store))
    done = run("quarantine", "drop", record[0], "--store", store, "--reason", "sent by mistake")
    assert done.returncode == 0, done.stderr
    assert names(store) == [rows]
    with opened(store) as truth:
        assert [reason for _, reason in truth.pairs(QUARANTINE, BP.dropReason)] == [
            "sent by mistake"
        ]


def test_the_summary_is_text_turtle_or_a_page(loaded: Path, tmp_path: Path) -> None:
    summary = ("quarantine", "summary", "--store", loaded / "store")
    shown = run(*summary).stdout
    assert f"1  {RULE} (Violation, structure)" in shown
    for name, word in (("s.ttl", str(SH.ValidationReport)), ("s.html", "<!doctype html>")):
        assert run(*summary, "--report", tmp_path / name).returncode == 0
        assert word in (tmp_path / name).read_text(encoding="utf-8")
    assert "--report" in told(run(*summary, "--report", tmp_path / "no" / "s.txt"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", ""),
        ("drop", "nothing", "--reason", "because"),
        ("retry",),
    ],
)
def test_a_wrong_name_is_told(loaded: Path, arguments: tuple[str, ...]) -> None:
    told(run("quarantine", *arguments, "--store", loaded / "store"))


def test_a_file_that_is_no_turtle_is_told_and_nothing_changes(store: Path, tmp_path: Path) -> None:
    record, _ = names(store)
    file = tmp_path / "bad.ttl"
    file.write_text("@prefix bp: <", encoding="utf-8")
    assert "bad.ttl" in told(run("quarantine", "retry", record[0], file, "--store", store))
    assert len(names(store)) == 2


def test_while_a_service_has_the_store_the_commands_say_so(store: Path) -> None:
    with opened(store) as truth:
        assert list(truth.pairs(INDEX, BP.isRecordOf))
        refused = run_command("quarantine", "list", "--store", store)
    assert refused.returncode == 1
    message = " ".join(refused.stderr.split())
    assert "one writer" in message
    assert "stop the service" in message
