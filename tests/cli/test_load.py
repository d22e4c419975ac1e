"""``backpack load``: what it would change, what it changed, and what happens the second time."""

import shutil
import stat
from pathlib import Path

import pytest
from rdflib import URIRef

from databackpack.loaders import sample
from databackpack.ontology.namespaces import BP, DCTERMS, PROV, SDO
from databackpack.service.records.graphs import INDEX, RUNS
from databackpack.service.records.terms import text
from databackpack.service.records.truth import TruthStore
from tests.commands import run
from tests.running import TODAY

DEMOGRAPHICS = "demographics.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right folder of four learners, to be copied and changed."""
    made = tmp_path_factory.mktemp("load") / "sample"
    sample.write(made, learners=4, today=TODAY)
    return made


@pytest.fixture(scope="module")
def loaded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that has them, and with its redo log."""
    made = tmp_path_factory.mktemp("loaded")
    assert run("load", "oneroster", folder, "--store", made / "store").returncode == 0
    return made


@pytest.fixture
def store(loaded: Path, tmp_path: Path) -> Path:
    """A copy of it, of which a test may do what it likes."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    return tmp_path / "store"


@pytest.fixture
def changed(folder: Path, tmp_path: Path) -> Path:
    """The folder with another birth date in one row."""
    made = tmp_path / "changed"
    shutil.copytree(folder, made)
    lines = (made / DEMOGRAPHICS).read_text().splitlines()
    cells = lines[1].split(",")
    cells[3] = "2015-02-03"
    (made / DEMOGRAPHICS).write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    return made


def content(store: Path) -> set[str]:
    truth = TruthStore(store, create=False)
    found = {str(quad) for quad in truth._store}
    vars(truth).clear()
    return found


def test_the_same_files_a_second_time_change_nothing_at_all(store: Path, folder: Path) -> None:
    before = content(store)
    done = run("load", "oneroster", folder, "--store", store)
    assert done.returncode == 0, done.stderr
    assert "0 of the records are new or differ" in done.stderr
    assert content(store) == before


def test_every_record_names_the_run_that_brought_it_and_the_run_its_files(loaded: Path) -> None:
    truth = TruthStore(loaded / "store", create=False)
    (run_of_all,) = {name for _, name in truth.pairs(INDEX, PROV.wasGeneratedBy)}
    records = {record for record, _ in truth.pairs(INDEX, BP.isRecordOf)}
    assert {record for record, _ in truth.pairs(INDEX, PROV.wasGeneratedBy)} == records
    assert {record for record, _ in truth.pairs(INDEX, SDO.sha256)} == records
    about = {text(t.predicate): text(t.object) for t in truth.triples(RUNS, URIRef(run_of_all))}
    assert about[str(DCTERMS["format"])] == "oneroster"
    assert about[str(PROV.startedAtTime)] < about[str(PROV.endedAtTime)]
    names = [name for _, name in truth.pairs(RUNS, SDO.name)]
    assert DEMOGRAPHICS in names
    assert not [name for name in names if "/" in name]
    hashes = {digest for _, digest in truth.pairs(RUNS, SDO.sha256)}
    assert all(len(digest) == 64 for digest in hashes)
    vars(truth).clear()


def test_a_file_that_changed_changes_its_records_and_names_the_new_run_for_them_alone(
    store: Path, changed: Path
) -> None:
    before = content(store)
    done = run("load", "oneroster", changed, "--store", store)
    assert done.returncode == 0, done.stderr
    assert "1 of the records are new or differ" in done.stderr
    truth = TruthStore(store, create=False)
    runs = [name for _, name in truth.pairs(INDEX, PROV.wasGeneratedBy)]
    assert sorted(runs.count(one) for one in set(runs))[0] == 1
    assert len(set(runs)) == 2
    vars(truth).clear()
    assert any("2015-02-03" in quad for quad in content(store) - before)


def test_a_dry_run_over_a_store_tells_what_would_change_and_changes_nothing(
    store: Path, changed: Path
) -> None:
    before, beside = content(store), {path.name for path in store.parent.iterdir()}
    done = run("load", "oneroster", changed, "--store", store, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "1 of the records are new or differ" in done.stderr
    assert "nothing was kept" in done.stderr
    assert content(store) == before
    assert {path.name for path in store.parent.iterdir()} == beside


def test_a_dry_run_over_a_store_that_is_not_there_makes_none(folder: Path, tmp_path: Path) -> None:
    done = run("load", "oneroster", folder, "--store", tmp_path / "none", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_is_told_by_its_name(folder: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(folder, spoilt)
    (spoilt / DEMOGRAPHICS).unlink()
    (spoilt / DEMOGRAPHICS).symlink_to(tmp_path / "nothing")
    done = run("load", "oneroster", spoilt, "--store", tmp_path / "store")
    assert done.returncode == 1
    assert DEMOGRAPHICS in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_is_its_owners_alone(loaded: Path) -> None:
    assert stat.S_IMODE((loaded / "store").stat().st_mode) == 0o700
