"""``/loads``: files that operators send, over a real socket: what is taken, told and refused."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from threading import Event, Lock
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from databackpack.loaders import sample
from databackpack.ontology.namespaces import BP
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue_to_operator
from databackpack.service.intake.load import load
from databackpack.service.intake.package import Sizes
from databackpack.service.records.graphs import INDEX
from tests.loading import Empty, run_empty
from tests.running import TODAY
from tests.views.hosting import until
from tests.web.asking import Response, Web

LOAD = "databackpack.service.web.loads.load"
SIZES = Sizes(sent=2_000_000, unpacked=4_000_000)


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right folder of six learners."""
    made = tmp_path_factory.mktemp("delivery") / "sample"
    sample.write(made, learners=6, today=TODAY)
    return made


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A service with nothing in it, whose temporary files are below ``tmp_path/tmp``."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    empty = run_empty(tmp_path, TODAY)
    context = replace(empty.context, sizes=SIZES, stopping=Event(), turn=Lock())
    app = create_app(Config(store=None, keys=tmp_path / "keys", clock=empty.clock), context)
    running = Empty(context, app, empty.identities, empty.clock)
    with running.listening() as address:
        yield Web(running, address)
    context.views.close()


def packed(folder: Path, below: str = "") -> bytes:
    body = io.BytesIO()
    with ZipFile(body, "w", ZIP_DEFLATED) as package:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                package.write(file, f"{below}{file.relative_to(folder)}")
    return body.getvalue()


def ask(
    web: Web, method: str, path: str, body: bytes | None = None, who: str = "ops", **more: str
) -> Response:
    context = web.running.context
    token = issue_to_operator(context.key, who, context.truth.clock())
    return web.send(method, path, {"Authorization": f"Bearer {token}", **more}, body)


def finished(web: Web, begun: Response) -> dict[str, Any]:
    """Return what is told of a load that was begun, when it is over."""
    assert begun.status == 202, begun.body
    place = begun.headers["location"]
    assert until(lambda: ask(web, "GET", place).json["state"] != "loading")
    return dict(ask(web, "GET", place).json)


def left() -> list[Path]:
    """Return what lies in the temporary folder."""
    return list(Path(gettempdir()).iterdir())


def test_a_package_is_loaded_as_the_command_loads_its_folder(web: Web, delivery: Path) -> None:
    told = finished(web, ask(web, "POST", "/loads?format=oneroster", packed(delivery)))
    report = told["report"]
    assert (told["state"], told["learners"], told["total"]) == ("done", 6, 6)
    assert (report["problems"], report["learners"]) == (0, 6)
    assert report["changed"] == sum(report["records"].values()) > 6
    truth = web.running.context.truth
    assert len(list(truth.pairs(INDEX, BP.isRecordOf))) == report["changed"]
    assert left() == []


def test_the_same_package_again_changes_nothing_and_makes_no_epoch(
    web: Web, delivery: Path
) -> None:
    body = packed(delivery, "a folder/")
    finished(web, ask(web, "POST", "/loads?format=oneroster", body))
    epoch = web.running.context.truth.epoch
    told = finished(web, ask(web, "POST", "/loads?format=oneroster", body))
    assert (told["state"], told["report"]["changed"]) == ("done", 0)
    assert web.running.context.truth.epoch == epoch


def test_live_views_follow_what_is_sent(web: Web, delivery: Path) -> None:
    finished(web, ask(web, "POST", "/loads?format=oneroster", packed(delivery)))
    running = web.running
    assert isinstance(running, Empty)
    before = running.seen("teacher-elm")
    assert before
    changed = delivery.with_name("changed")
    sample.write(changed, learners=12, today=TODAY)
    finished(web, ask(web, "POST", "/loads?format=oneroster", packed(changed)))
    assert running.seen("teacher-elm") > before


def test_what_is_wrong_is_told_with_its_place_and_rule_and_the_rest_is_loaded(
    web: Web, delivery: Path, tmp_path: Path
) -> None:
    bad = (delivery / "demographics.csv").read_text().splitlines()
    cells = bad[1].split(",")
    cells[3] = "2999-13-45"
    body = io.BytesIO(packed(delivery))
    spoilt = io.BytesIO()
    with ZipFile(body) as old, ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            text = "\n".join([bad[0], ",".join(cells), *bad[2:]]).encode()
            new.writestr(name, text if name == "demographics.csv" else old.read(name))
    begun = ask(web, "POST", "/loads?format=oneroster", spoilt.getvalue())
    told = finished(web, begun)
    (rule,) = [one for one in told["report"]["rules"] if one["rule"] == "bad date"]
    assert (rule["file"], rule["count"]) == ("demographics.csv", 1)
    assert rule["examples"][0].startswith("demographics.csv:2: bad date")
    assert told["learners"] == 6
    place = begun.headers["location"]
    for media_type in ("text/plain", "text/turtle", "text/html"):
        report = ask(web, "GET", f"{place}/report", Accept=media_type)
        assert report.headers["content-type"].startswith(media_type)
        assert b"2999-13-45" in report.body


def test_nobody_else_sees_a_load_and_its_report(web: Web) -> None:
    place = ask(web, "POST", "/loads?format=edfi&name=a.xml", b"<a/>").headers["location"]
    assert until(lambda: ask(web, "GET", place).json["state"] == "done")
    for path in (place, f"{place}/report"):
        assert ask(web, "GET", path, who="another").status == 404


def test_one_load_at_a_time(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go = Event()

    def slow(*args: Any, **more: Any) -> Any:
        assert may_go.wait(20)
        return load(*args, **more)

    monkeypatch.setattr(LOAD, slow)
    begun = ask(web, "POST", "/loads?format=edfi&name=a.xml", b"<a/>")
    assert ask(web, "POST", "/loads?format=edfi", b"<a/>").status == 409
    assert ask(web, "GET", f"{begun.headers['location']}/report").status == 404
    may_go.set()
    assert finished(web, begun)["state"] == "done"
    assert finished(web, ask(web, "POST", "/loads?format=edfi&name=a.xml", b"<a/>"))


def test_a_stop_ends_a_load_between_two_commits_and_sending_it_again_goes_on(
    web: Web, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    sample.write(folder, learners=60, today=TODAY)
    context = web.running.context
    truth = context.truth

    def stop(_: object) -> None:
        context.stopping.set()

    truth.subscribe(stop)
    begun = ask(web, "POST", "/loads?format=oneroster", packed(folder))
    assert begun.status == 202
    assert until(lambda: context.turn.acquire(blocking=False))
    context.turn.release()
    context.stopping.clear()
    told = ask(web, "GET", begun.headers["location"]).json
    assert (told["state"], 0 <= told["learners"] < 60) == ("stopped", True)
    assert "send it again" in told["problem"]
    truth._listeners.remove(stop)
    told = finished(web, ask(web, "POST", "/loads?format=oneroster", packed(folder)))
    assert (told["state"], told["learners"]) == ("done", 60)


def test_a_failure_tells_the_client_nothing_and_the_log_no_row(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Ann Example, born 2015-02-03")

    monkeypatch.setattr(LOAD, fail)
    told = finished(web, ask(web, "POST", "/loads?format=edfi&name=a.xml", b"<a/>"))
    assert (told["state"], told["problem"]) == ("failed", "The service failed; its log says how.")
    assert "RuntimeError" in caplog.text
    assert "Ann Example" not in caplog.text
    assert left() == []


def test_a_package_that_nobody_should_unpack_is_refused_and_the_next_one_taken(web: Web) -> None:
    body = io.BytesIO()
    with ZipFile(body, "w", ZIP_DEFLATED) as made:
        made.writestr("users.csv", b"0" * 3_900_000)
    for bad, reason in ((body.getvalue(), "200 times as large"), (b"", "nothing in it")):
        answer = ask(web, "POST", "/loads?format=oneroster", bad)
        assert (answer.status, reason in answer.json["detail"]) == (400, True), answer.body
        assert left() == []
    assert finished(web, ask(web, "POST", "/loads?format=edfi&name=a.xml", b"<a/>"))


def test_what_is_larger_than_the_limit_is_not_taken(web: Web) -> None:
    answer = ask(web, "POST", "/loads?format=oneroster", os.urandom(SIZES.sent + 1))
    assert answer.status == 413
    assert left() == []


@pytest.mark.parametrize(
    "query", ["", "format=", "format=parquet", "format=csv", "format=edfi&name=../x.xml"]
)
def test_a_format_or_name_that_is_none_is_refused(web: Web, query: str) -> None:
    answer = ask(web, "POST", f"/loads?{query}", b"<a/>")
    assert answer.status == 400
    assert ("it may be: " in answer.json["detail"]) == ("name" not in query)
    assert left() == []
