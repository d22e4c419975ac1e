"""``backpack load csv``: the guide as it is written, from the files to the question."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from databackpack.ontology.namespaces import PROV, SDO
from databackpack.service.records.graphs import RUNS
from databackpack.service.records.truth import TruthStore
from tests.commands import run

GUIDE = Path(__file__).parents[3] / "docs" / "mapping.md"


@pytest.fixture(scope="module")
def store(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the worked example."""
    store = tmp_path_factory.mktemp("mapped") / "store"
    folder = examples / "lantern"
    done = run("load", "csv", folder, "--mapping", folder / "mapping.yml", "--store", store)
    assert done.returncode == 0, done.stderr
    return store


def test_the_question_of_the_guide_has_the_answer_of_the_guide(store: Path, tmp_path: Path) -> None:
    (question,) = re.findall(r"```sparql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "unexcused.rq"
    file.write_text(question, encoding="utf-8")
    audience = ("--audience", "teacher-elm", "--format", "csv")
    done = run("query", file, "--store", store, *audience)
    assert done.stdout.split() == ["name,absences", "Wim,1"]


def test_the_guide_shows_lines_of_the_worked_example(examples: Path) -> None:
    folder = examples / "lantern"
    shown = (folder / "mapping.yml").read_text(encoding="utf-8")
    shown += (folder / "attendance.csv").read_text(encoding="utf-8")
    lines = {line.strip() for line in shown.splitlines()}
    for block in re.findall(r"```(?:csv|yaml)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S):
        for line in block.splitlines():
            said = line.split("  #")[0].strip()
            name, _, inner = said.partition("{")
            is_there = said in lines or (name.strip() in lines and inner.rstrip("}") in shown)
            assert is_there, said


def test_a_second_load_changes_nothing_and_the_run_names_the_mapping(
    store: Path, examples: Path
) -> None:
    folder = examples / "lantern"
    before = TruthStore(store, create=False).epoch
    done = run("load", "csv", folder, "--mapping", folder / "mapping.yml", "--store", store)
    assert "0 of the records are new" in done.stderr
    truth = TruthStore(store, create=False)
    assert truth.epoch == before
    ((_, plan),) = truth.pairs(RUNS, PROV.hadPlan)
    hashes = {str(name): value for name, value in truth.pairs(RUNS, SDO.sha256)}
    vars(truth).clear()  # the engine closes a store that nobody holds
    assert hashes[plan] == sha256((folder / "mapping.yml").read_bytes()).hexdigest()


@pytest.mark.parametrize("form", ["csv", "edfi"])
def test_a_mapping_goes_with_csv_and_with_nothing_else(form: str, examples: Path) -> None:
    given = () if form == "csv" else ("--mapping", examples / "cepi.yml")
    done = run("load", form, examples, *given, "--dry-run")
    assert done.returncode == 2
    assert "--mapping for csv" in done.stderr


def test_a_faulty_mapping_loads_nothing_and_says_why(examples: Path, tmp_path: Path) -> None:
    text_of = (examples / "cepi.yml").read_text(encoding="utf-8")
    mapping = tmp_path / "mine.yml"
    mapping.write_text(text_of.replace("bp:District", "bp:Distrikt"), encoding="utf-8")
    done = run("load", "csv", examples / "lantern", "--mapping", mapping, "--dry-run")
    assert done.returncode == 1
    line = text_of.splitlines().index("      - [a, bp:District]") + 1
    assert f"mine.yml:{line}: unknown term: bp:Distrikt is no class" in done.stderr
    assert "did you mean bp:District?" in done.stderr
    assert "Traceback" not in done.stderr
