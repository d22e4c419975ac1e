"""``backpack load --service``: files to a running service, which is a process of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from databackpack.loaders import sample
from databackpack.ontology.namespaces import PROV, SDO
from databackpack.service.cli import main
from databackpack.service.records.graphs import INDEX, RUNS
from databackpack.service.records.truth import TruthStore
from tests.commands import run
from tests.running import TODAY
from tests.serving import Served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sending") / "sample"
    sample.write(made, learners=4, today=TODAY)
    return made


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service over a store that has four learners."""
    made = tmp_path_factory.mktemp("served")
    assert run("load", "oneroster", folder, "--store", made / "source" / "store").returncode == 0
    service = Served(made / "source", made / "served")
    service.start()
    yield service
    service.close()


@pytest.fixture
def token(served: Served, tmp_path: Path) -> Path:
    done = run("operator-token", "--store", served.folder / "store", "--subject", "ops")
    assert done.returncode == 0, done.stderr
    (tmp_path / "token").write_text(done.stdout)
    return tmp_path / "token"


def address(served: Served) -> str:
    return f"http://127.0.0.1:{served.port}"


def test_files_are_sent_to_a_service_that_runs_and_their_report_comes_back(
    served: Served, token: Path, folder: Path, tmp_path: Path
) -> None:
    bad, report = tmp_path / "bad", tmp_path / "report.txt"
    shutil.copytree(folder, bad)
    lines = (bad / "demographics.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[3] = "2999-13-45"
    (bad / "demographics.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]))
    to = ("--service", address(served), "--token-file", token)
    done = run("load", "oneroster", bad, *to, "--report", report)
    assert done.returncode == 1, done.stderr
    assert "demographics.csv:2: bad date" in done.stderr
    assert "demographics.csv:2: bad date" in report.read_text()
    again = run("load", "oneroster", folder, *to)
    assert again.returncode == 0, again.stderr
    assert "4 learners" in again.stderr


def test_a_service_that_is_stopped_keeps_what_was_sent(
    served: Served, token: Path, folder: Path
) -> None:
    assert served.stop() == 0
    truth = TruthStore(served.folder / "store", create=False, redo=served.folder / "store.redo")
    assert {name for name in (path.name for path in folder.iterdir()) if name.endswith(".csv")} <= {
        name for _, name in truth.pairs(RUNS, SDO.name)
    }
    assert len({one for _, one in truth.pairs(INDEX, PROV.wasGeneratedBy)}) >= 1
    vars(truth).clear()
    done = run("load", "edfi", folder, "--service", address(served), "--token-file", token)
    assert (done.returncode, "does not answer" in done.stderr) == (1, True), done.stderr
    served.start()


def test_a_token_that_does_not_hold_is_told_and_how_to_make_one(
    served: Served, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("x.y.z")
    to = ("--service", address(served), "--token-file", tmp_path / "token")
    done = run("load", "oneroster", folder, *to)
    assert (done.returncode, "backpack operator-token" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("more", [["--store", "x"], ["--dry-run"], ["--mapping", __file__]])
def test_a_service_is_no_store_and_no_rehearsal(more: list[str], folder: Path) -> None:
    to = ["--service", "http://127.0.0.1:1", "--token-file", __file__]
    done = CliRunner().invoke(main, ["load", "oneroster", str(folder), *to, *more])
    assert (done.exit_code, "takes a --token-file" in done.stderr) == (2, True)
