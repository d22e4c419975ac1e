"""The service as a process: stopped in order or at once, and honest when its disk is full."""

import json
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.serving import NotServing, Served, build, opened, until
from tests.web.asking import Response

SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }"
NEVER = "3600"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the services of all tests here are copies of."""
    folder = tmp_path_factory.mktemp("stop") / "source"
    folder.mkdir()
    build(folder, 8)
    return folder


@pytest.fixture
def served(request: pytest.FixtureRequest, source: Path, tmp_path: Path) -> Iterator[Served]:
    """A service with the test's settings."""
    served = Served(source, tmp_path / "served", request.param)
    served.start()
    try:
        yield served
    finally:
        served.close()


def settings(**values: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("served", [values], indirect=True, ids=[""])


class Asker(Thread):
    """Somebody whose slow query is being run when this returns."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self.served = served
        self.answer: Response | None = None
        self.start()
        assert until(lambda: running(served) > 0)

    def run(self) -> None:
        try:
            self.answer = self.served.query("state-agency", SLOW)
        except NotServing:
            self.answer = None


def running(served: Served) -> float:
    """Return how many queries are being run, as the service tells Prometheus."""
    told = served.send("GET", "/metrics").body.decode().splitlines()
    found = [line for line in told if line.startswith("backpack_queries_running{")]
    return sum(float(line.rpartition(" ")[2]) for line in found)


def ready(served: Served) -> tuple[int, list[str]]:
    answer = served.send("GET", "/readyz")
    return answer.status, answer.json.get("missing", [])


def tell(served: Served, number: int) -> None:
    """Send a signal, and wait until it was heard."""
    assert served._child is not None
    served._child.send_signal(number)
    assert until(lambda: ready(served)[0] == 503)


@settings(ANSWER_SECONDS="6", STOP_SECONDS=NEVER)
def test_what_is_under_way_ends_by_itself_and_nothing_new_begins(served: Served) -> None:
    asker = Asker(served)
    tell(served, signal.SIGTERM)
    assert ready(served) == (503, ["the service is stopping"])
    for path in ("/sparql?query=ASK%7B%7D", "/questions", "/nothing"):
        answer = served.send("GET", path)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "stopping" in answer.json["detail"]
    assert served.send("GET", "/healthz").status == 200
    assert served._child is not None
    assert served._child.wait(60) == 0
    asker.join(60)
    assert asker.answer is not None
    assert asker.answer.status == 503
    assert asker.answer.json["detail"].startswith("The answer was not complete in 6 seconds")
    assert until(lambda: not served.survivors())
    assert json.loads(served.log().splitlines()[-1])["message"] == "Stopped"


@settings(ANSWER_SECONDS=NEVER, STOP_SECONDS="1")
def test_when_the_grace_is_over_who_still_waits_is_told_and_the_service_ends(
    served: Served,
) -> None:
    asker = Asker(served)
    tell(served, signal.SIGINT)
    assert served._child is not None
    assert served._child.wait(60) == 0
    asker.join(60)
    assert asker.answer is not None
    assert asker.answer.status == 503
    assert until(lambda: not served.survivors())


@settings(ANSWER_SECONDS=NEVER, STOP_SECONDS=NEVER)
def test_a_second_signal_ends_the_grace_and_nothing_is_lost(served: Served) -> None:
    guardian = served.headers("guardian")
    (learner, *_) = served.send("GET", "/me", guardian).json["learners"]
    path = f"/learners/{learner}/policy/progress/state-agency"
    sent = guardian | {"Content-Type": "application/json"}
    epoch = served.send("PUT", path, sent, '{"level": "none"}').json["epoch"]
    asker = Asker(served)
    tell(served, signal.SIGTERM)
    assert served.stop() == 0
    asker.join(60)
    assert asker.answer is not None
    assert asker.answer.status == 503
    assert until(lambda: not served.survivors())
    served.start()
    assert served.send("GET", "/readyz").json["epoch"] == epoch
    assert "Traceback" not in served.log()


@settings()
def test_a_disk_without_room_is_told_before_anybody_s_word_is_lost(served: Served) -> None:
    redo = (served.folder / "store.redo").stat().st_size
    _, hard = resource.prlimit(served.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.pid, resource.RLIMIT_FSIZE, (redo + 1000, hard))
    status, missing = ready(served)
    assert status == 503
    assert "cannot be kept on disk" in missing[0]
    resource.prlimit(served.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert ready(served) == (200, [])
    assert (served.folder / "store.redo").stat().st_size == redo, "what was tried is out again"


@settings()
def test_a_template_that_is_gone_is_started_again_by_who_asks_whether_all_is_well(
    served: Served,
) -> None:
    assert ready(served)[0] == 200
    template = served.processes()[1]
    os.kill(template[0], signal.SIGKILL)
    assert until(lambda: ready(served)[0] == 200 and served.processes()[1] != template)
    assert len(served.processes()[1]) == 1


def test_a_service_over_an_empty_store_says_that_nothing_is_loaded(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with opened(source, create=True):
        pass
    served = Served(source, tmp_path / "served")
    try:
        served.start(wait=False)
        assert until(lambda: _answers(served))
        assert ready(served) == (503, ["nothing is loaded yet; run: backpack load"])
    finally:
        served.close()


def _answers(served: Served) -> bool:
    try:
        return served.send("GET", "/healthz").status == 200
    except NotServing:
        return False


def test_a_file_of_settings_is_read_by_the_server(source: Path, tmp_path: Path) -> None:
    file = tmp_path / "backpack.toml"
    file.write_text('https = true\ncors_origins = ["https://a.org"]')
    served = Served(source, tmp_path / "served", {"BACKPACK_CONFIG": str(file)})
    try:
        served.start()
        answer = served.send("GET", "/questions", {"Origin": "https://a.org"})
        assert answer.headers["strict-transport-security"]
        assert answer.headers["access-control-allow-origin"] == "https://a.org"
    finally:
        served.close()
