"""``backpack cube``: published by the command or by the service that has the store."""

import csv
import shutil
import subprocess
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rdflib import Graph

from databackpack.ontology.namespaces import BP, QB, RDF
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.records.truth import TruthStore, now
from databackpack.service.statistics import schedule
from databackpack.service.web.context import Context
from tests.commands import run, told
from tests.running import listening
from tests.statistics.roster import ATLAS, NORTH, STATE, agreement, opened

CUBES = Path(__file__).parents[2] / "queries" / "cubes"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some learners, one team of which works under an agreement with a noise budget."""
    folder = tmp_path_factory.mktemp("cubes") / "store"
    truth = TruthStore(folder)
    views = opened(truth.clock, truth=truth)
    agreement(views, noiseBudget=Decimal(2))
    views.close()
    truth.flush()
    vars(truth).clear()  # the engine closes a store that nobody holds
    return folder


def cube(
    store: Path, *arguments: str | Path, audience: str = STATE
) -> "subprocess.CompletedProcess[str]":
    return run("cube", *arguments, "--store", store, "--audience", audience)


def test_what_may_be_counted_is_listed() -> None:
    lines = run("cube", "list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == sorted(
        path.stem for path in CUBES.glob("*.ttl")
    )
    assert "moves\t12 months\tschool year x from school x to school\tMoves between schools" in lines


def test_a_cube_of_ones_own_is_checked_and_published(store: Path, tmp_path: Path) -> None:
    for name in ("completeness.ttl", "completeness.rq"):
        shutil.copy(CUBES / name, tmp_path)
    own = tmp_path / "parts.ttl"
    text = (tmp_path / "completeness.ttl").read_text().replace("cube:completeness", "cube:parts")
    own.write_text(text)
    assert run("cube", "check", own).stdout.startswith("parts: Completeness of records; a share")
    done = cube(store, "publish", own)
    assert (done.returncode, done.stderr.count("learners")) == (0, 1), "a bar tells how far it is"
    assert done.stdout.startswith("parts: ")
    own.write_text(text.replace("bp:monthsBetweenReleases 3 ;", ""))
    assert "(Cube-bp_monthsBetweenReleases)" in told(run("cube", "check", own))


def test_what_is_published_is_shown_and_refused_until_it_is_due(store: Path) -> None:
    assert "no cube 'complete'; there is completeness" in told(cube(store, "publish", "complete"))
    assert "completeness is not published" in told(cube(store, "show", "completeness"))
    first = cube(store, "publish", "completeness")
    again = cube(store, "publish", "completeness")
    assert first.returncode == again.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    (line,) = [
        line
        for line in run("cube", "due", "--store", store).stdout.splitlines()
        if line.startswith(f"completeness\t{STATE}\t")
    ]
    assert "next on" in line
    rows = list(
        csv.DictReader(StringIO(cube(store, "show", "completeness", "--format", "csv").stdout))
    )
    attendance = {row["school"]: row for row in rows if row["part"] == "Attendance"}
    assert {school: row["learners"] for school, row in attendance.items()} == {
        "elm": "35",
        "fir": "25",
        "oak": "25",
        "all": "85",
    }
    table = cube(store, "show", "completeness").stdout
    assert all(word in table for word in ("part", "school", "learners", "elm", "Attendance"))
    graph = Graph().parse(data=cube(store, "show", "completeness", "--format", "ttl").stdout)
    assert len(list(graph.subjects(RDF.type, QB.Observation))) == len(rows)
    assert (None, BP.countedCell, None) not in graph


def test_noise_is_asked_for_and_paid(store: Path) -> None:
    assert "2 is left" in told(cube(store, "publish", "completeness", audience=ATLAS))
    done = cube(store, "publish", "completeness", "--epsilon", "1.5", audience=ATLAS)
    assert done.returncode == 0, done.stderr
    more = told(cube(store, "publish", "moves", "--epsilon", "1", audience=ATLAS))
    assert "of which 0.5 is left. (bp:noiseBudget)" in more


def test_a_running_service_publishes(tmp_path: Path) -> None:
    views = opened(now)
    keys = tmp_path / "store.keys"
    context = Context(views.truth, views, signing_key(keys))
    app = create_app(Config(store=None, keys=keys, clock=views.truth.clock), context)
    truth = TruthStore(tmp_path / "store")  # so that the command finds it in use
    with listening(app) as port:

        def asked(*arguments: str, audience: str = NORTH) -> "subprocess.CompletedProcess[str]":
            return run(
                "cube",
                "publish",
                *arguments,
                "--store",
                tmp_path / "store",
                "--audience",
                audience,
                HOST="127.0.0.1",
                PORT=str(port),
            )

        done = asked("completeness")
        assert done.returncode == 0, done.stderr
        (one,) = schedule.on_record(views.truth)
        assert done.stdout == f"completeness: 27 cells, the next on {one.next_day}\n"
        assert asked("completeness").stdout == done.stdout
        assert "no cube 'complete'" in told(asked("complete"))
        assert "nobody whom this audience may count" in told(asked("completeness", audience=ATLAS))
    assert schedule.on_record(views.truth) == [one]
    views.close()
    assert truth.epoch == 0
