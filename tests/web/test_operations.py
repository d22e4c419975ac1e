"""What operators see: readiness, metrics and logs, none of which says who asked or what."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run
from uuid import UUID, uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue_to_operator, signing_key
from databackpack.service.policy import jurisdiction
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.process import Template
from databackpack.service.views.registry import Views
from tests.running import Running
from tests.serving import Served, build
from tests.web.asking import Web, cell

SECRET = "plantedsecret"  # noqa: S105
LABELS = {"method", "route", "status", "role", "kind", "cause", "le", "generation"}
PYTHON = {"implementation", "major", "minor", "patchlevel", "version"}


@pytest.fixture
def apart(sample: Running, tmp_path: Path) -> Iterator[Web]:
    """A service over the sample with views and a state of its own."""
    truth = sample.context.truth
    template = Template(())
    views = Views(truth, jurisdiction.read("us-default"), template=template)
    context = replace(sample.context, views=views, stopping=type(sample.context.stopping)())
    config = Config(store=None, keys=tmp_path, clock=sample.clock)
    running = replace(sample, context=context, app=create_app(config, context))
    with running.listening() as address:
        yield Web(running, address)
    views.close()
    template.close()


def metrics(web: Web) -> dict[tuple[str, ...], float]:
    """Return the value of each sample, by its name and labels."""
    answer = web.send("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_a_service_that_stops_says_so_and_takes_nothing_new(apart: Web) -> None:
    assert apart.send("GET", "/readyz").status == 200
    apart.running.context.stopping.set()
    answer = apart.send("GET", "/readyz")
    assert answer.status == 503
    assert answer.json == {"status": "not ready", "missing": ["the service is stopping"]}
    for path in ("/", "/questions", "/sparql?query=ASK%7B%7D", "/nothing", "/openapi.yaml"):
        refused = apart.send("GET", path, apart.running.headers("teacher"))
        assert (refused.status, refused.headers["retry-after"]) == (503, "5"), path
    assert apart.send("GET", "/healthz").status == apart.send("GET", "/metrics").status == 200


def test_a_service_that_cannot_start_processes_is_not_ready(
    apart: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    for _ in range(2):
        answer = apart.send("GET", "/readyz")
        assert answer.status == 503
        assert "cannot be started" in answer.json["missing"][0]
        assert "/nowhere" not in answer.body.decode()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert apart.send("GET", "/readyz").status == 503
    monkeypatch.undo()
    assert apart.send("GET", "/readyz").status == 200


def test_a_service_over_nothing_says_what_to_do(sample: Running, tmp_path: Path) -> None:
    truth = TruthStore(None, sample.clock)
    views = Views(truth, jurisdiction.read("us-default"))
    context = replace(sample.context, truth=truth, views=views)
    app = create_app(Config(store=None, keys=tmp_path), context)
    with replace(sample, app=app).listening() as address:
        answer = Web(sample, address).send("GET", "/readyz")
    assert answer.status == 503
    assert answer.json["missing"] == ["nothing is loaded yet; run: backpack load"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/sparql", "/me", "/static/x", "/%"])
def test_each_answer_has_a_number_that_is_ours(web: Web, path: str) -> None:
    theirs = str(uuid4())
    seen = set()
    for method in ("GET", "HEAD", "OPTIONS", "POST", "BREW"):
        answer = web.send(method, path, {"X-Request-Id": theirs})
        number = answer.headers["x-request-id"]
        assert str(UUID(number)) == number != theirs
        seen.add(number)
        if answer.headers.get("content-type") == "application/problem+json" and answer.body:
            assert answer.json["request_id"] == number
    assert len(seen) == 5


def test_metrics_count_by_route_and_role(apart: Web) -> None:
    before = metrics(apart)
    for _ in range(3):
        assert apart.query("teacher", "ASK {}").status == 200
    assert apart.query("teacher", "ASK {").status == 400
    assert apart.send("GET", "/learners/x/policy", apart.running.headers("guardian")).status == 404
    after = metrics(apart)

    def more(*key: str) -> float:
        return after[key] - before.get(key, 0)

    asked = "backpack_requests_total"
    assert more(asked, *sorted(["POST", "/sparql", "200", "teacher"])) == 3
    assert more(asked, *sorted(["POST", "/sparql", "400", "teacher"])) == 1
    route = "/learners/<name>/policy"
    assert more(asked, *sorted(["GET", route, "404", "guardian"])) == 1
    assert more("backpack_refusals_total", "MalformedQuery") == 1
    assert more("backpack_request_seconds_count", "/sparql") == 4
    assert more("backpack_view_build_seconds_count") >= 1
    assert after["backpack_views", "teacher"] == 1
    assert after["backpack_queries_running", "teacher"] == 0
    assert after[("backpack_epoch",)] == apart.running.context.truth.epoch


def test_a_worker_that_is_lost_is_counted_by_what_ended_it(apart: Web) -> None:
    limits = replace(apart.running.context.limits, seconds=1.0)
    context = replace(apart.running.context, limits=limits)
    app = create_app(Config(store=None, keys=Path("unused")), context)
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }"
    with replace(apart.running, app=app).listening() as address:
        web = Web(apart.running, address)
        before = metrics(web).get(("backpack_workers_lost_total", "limit"), 0)
        assert web.query("teacher", slow).status == 503
        assert metrics(web)["backpack_workers_lost_total", "limit"] == before + 1


def test_no_label_of_a_metric_names_anybody_or_anything_asked(apart: Web, child: str) -> None:
    for persona in ("guardian", "teacher", "researcher", f"learner {'state:S000038'}"):
        apart.query(persona, f"SELECT * {{ ?s ?p '{SECRET}' }}")
        for path in (f"/learners/{child}/policy", f"/{SECRET}", f"/questions/{SECRET}?{SECRET}=x"):
            apart.send(SECRET.upper(), path, apart.running.headers(persona))
            apart.send("GET", path, apart.running.headers(persona))
    text = apart.send("GET", "/metrics").body.decode()
    assert SECRET not in text.lower()
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert set(sample.labels) <= LABELS | PYTHON, sample
            assert not {"teacher-elm", "state-agency-sample"} & set(sample.labels.values())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service as people run it, whose log is a file."""
    source = tmp_path_factory.mktemp("log") / "source"
    source.mkdir()
    build(source, 8)
    served = Served(source, source.parent / "served", {"ANSWER_SECONDS": "2"})
    served.start()
    yield served
    served.close()


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "x-forwarded-host"]
)
def test_metrics_that_a_proxy_passes_on_are_for_operators(served: Served, header: str) -> None:
    passed = {header: "127.0.0.1"}
    assert served.send("GET", "/metrics").status == 200
    assert served.send("GET", "/metrics", passed).status == 401
    for persona in ("state-agency", "guardian"):
        assert served.send("GET", "/metrics", served.headers(persona) | passed).status == 401
    key = signing_key(served.folder / "store.keys", create=False)
    token = issue_to_operator(key, "somebody", datetime.now(UTC))
    answer = served.send("GET", "/metrics", passed | {"Authorization": f"Bearer {token}"})
    assert answer.status == 200


def lines(served: Served) -> list[dict[str, object]]:
    """Return the whole log; each line of it is JSON."""
    return [json.loads(line) for line in (served.folder / "log").read_text().splitlines()]


def ask_all_kinds_of_things(served: Served, learner: str) -> None:
    """Send what has a secret in each place that a request has."""
    for persona in ("state-agency", "teacher", "guardian", "researcher"):
        headers = served.headers(persona) | {"X-Request-Id": SECRET, "User-Agent": SECRET}
        served.query(persona, f"SELECT * {{ ?s ?p '{SECRET}' }}")
        served.query(persona, f"SELECT {SECRET} {{")
        served.query(persona, f"SELECT * {{ SERVICE <http://{SECRET}/> {{}} }}")
        served.query(persona, f"ASK {{ ?s ?p ?o . ?a ?b ?c . ?d ?e ?f FILTER(?o = '{SECRET}') }}")
        for path in (
            f"/sparql?query=ASK%7B%7D&user={SECRET}",
            f"/questions/{SECRET}",
            f"/questions/learners-meeting-standard?standard={SECRET}",
            "/questions/learners-meeting-standard?standard=3.OA.A.1",
            f"/learners/{learner}/policy",
            f"/learners/{learner}/explanation?category={SECRET}",
            f"/learners/{SECRET}/disclosures",
            f"/views/{SECRET}/{SECRET}/check",
            f"/{SECRET}",
            f"/static/{SECRET}",
        ):
            for method in ("GET", "HEAD", "POST", "DELETE", SECRET.upper()):
                served.send(method, path, headers)
        body = f'{{"level": "{SECRET}"}}'
        sent = headers | {"Content-Type": "application/json"}
        served.send("PUT", cell(learner, "progress", "state-agency"), sent, body)
        served.send("POST", f"/learners/{learner}/policy", sent, body)
    for token in (f"Bearer {SECRET}", f"Basic {SECRET}", f"Bearer e30.{SECRET}.x"):
        served.send("GET", "/me", {"Authorization": token})


def test_the_log_of_all_kinds_of_requests_has_nothing_of_what_was_asked(served: Served) -> None:
    (learner, *_) = served.send("GET", "/me", served.headers("guardian")).json["learners"]
    ask_all_kinds_of_things(served, learner)
    log = (served.folder / "log").read_text()
    told = [line for line in lines(served) if line.get("message") == "answered"]
    assert len(told) > 150
    assert SECRET not in log.lower()
    assert learner not in log
    for persona in ("state-agency", "teacher", "guardian", "researcher"):
        assert served.headers(persona)["Authorization"].partition(" ")[2][:40] not in log
    assert not re.search(r"eyJ[\w-]{8}", log), "no token of anybody"
    said = [str({**line, "request_id": None}) for line in lines(served)]
    assert not [line for line in said if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", line)]
    assert any("built a view for a guardian" in line for line in said)
    assert "teacher-elm" not in {str(line.get("role")) for line in told}


def test_a_line_says_what_an_operator_needs(served: Served) -> None:
    headers = served.headers("teacher")
    path = "/questions/learners-meeting-standard?standard=3.OA.A.1"
    number = served.send("GET", path, headers).headers["x-request-id"]
    (line,) = [line for line in lines(served) if line.get("request_id") == number]
    assert (line["method"], line["route"]) == ("GET", "/questions/<name>")
    assert (line["status"], line["role"]) == (200, "teacher")
    assert line["question"] == "learners-meeting-standard"
    assert isinstance(line["seconds"], float)
    assert isinstance(line["bytes"], int)
    assert line["level"] == "INFO"


LOGGING = """
import logging
from databackpack.service import log
log.configure()
try:
    try:
        raise ValueError("plantedsecret")
    except ValueError as error:
        raise KeyError("plantedsecret") from error
except KeyError:
    logging.getLogger("databackpack.service.app").exception("request %s failed", 7)
    logging.getLogger("waitress").exception("Exception while serving /learners/plantedsecret")
logging.getLogger("rdflib.term").warning("no such value: %s", "plantedsecret")
logging.getLogger("waitress").info("said for nothing")
"""


def test_a_traceback_has_its_places_and_no_values_and_libraries_quote_nothing() -> None:
    done = run([sys.executable, "-c", LOGGING], capture_output=True, text=True, check=True)  # noqa: S603
    ours, theirs, warning = map(json.loads, done.stderr.splitlines())
    assert ours["message"] == "request 7 failed"
    assert "KeyError" in ours["exc_info"]
    assert "because of ValueError" in ours["exc_info"]
    assert "<string>:9" in ours["exc_info"]
    assert theirs["message"] == "Exception while serving /…"
    assert warning["message"] == "no such value: %s"
    assert SECRET not in done.stderr
