"""``/views``: operators see what is live, rebuild and check it, while questions are answered."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue_to_operator
from databackpack.service.policy import jurisdiction
from databackpack.service.records.terms import node
from databackpack.service.views.engine import to_n_triples
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.live import Live
from databackpack.service.views.process import ProcessLost
from databackpack.service.views.registry import Views
from databackpack.service.views.view import ViewBuilding
from tests.running import Running, run_sample
from tests.views.hosting import until
from tests.web.asking import Headers, Response, Web, cell

NEEDS = "StudentLearningNeedsAssessment"
TEACHER = f"/views/teacher-elm/{NEEDS}"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """What the services of all tests here are over."""
    return run_sample(tmp_path_factory.mktemp("views"), learners=24)


@pytest.fixture
def web(store: Running, tmp_path: Path) -> Iterator[Web]:
    """A service on a real socket, of which nothing was asked yet."""
    context = replace(
        store.context, views=Views(store.context.truth, jurisdiction.read("us-default"))
    )
    app = create_app(Config(store=None, keys=tmp_path), context)
    running = replace(store, context=context, app=app)
    with running.listening() as address:
        yield Web(running, address)
    context.views.close()


def as_operator(running: Running) -> Headers:
    token = issue_to_operator(running.context.key, "somebody", running.context.truth.clock())
    return {"Authorization": f"Bearer {token}"}


def listed(web: Web, what: str = "views") -> list[dict[str, Any]]:
    answer = web.send("GET", "/views", as_operator(web.running))
    assert answer.status == 200, answer.body
    return list(answer.json[what])


def operate(web: Web, path: str) -> list[dict[str, Any]]:
    """Return all lines that an operation told, which begins when the one before is over."""
    answers: list[Response] = []

    def has_begun() -> bool:
        answers.append(web.send("POST", path, as_operator(web.running)))
        return answers[-1].status != 503

    assert until(has_begun)
    answer = answers[-1]
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


@contextmanager
def opened(web: Web, path: str) -> Iterator[HTTPResponse]:
    """Begin an operation, to be read or left."""
    parts = urlsplit(web.address)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    try:
        connection.request("POST", path, headers=as_operator(web.running))
        yield connection.getresponse()
    finally:
        connection.close()


def live(web: Web, audience: str) -> Live:
    (found,) = (
        x for x in web.running.context.views.live() if str(x.audience.iri).endswith(audience)
    )
    return found


def count(web: Web, persona: str) -> int:
    answer = web.query(persona, COUNT)
    assert answer.status == 200, answer.body
    return int(answer.json["results"]["bindings"][0]["n"]["value"])


def has(found: list[object], number: int) -> bool:
    return len(found) >= number


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_list_is_of_what_was_asked_the_last_one_first(web: Web) -> None:
    assert listed(web) == []
    counts = {name: count(web, name) for name in ("teacher", "district", "teacher")}
    teacher, district = listed(web)
    assert (teacher["audience"], teacher["purpose"]) == ("teacher-elm", NEEDS)
    assert district["audience"] == "district-north"
    for told, persona in ((teacher, "teacher"), (district, "district")):
        assert set(told) == {
            *("audience", "purpose", "epoch", "triples", "changes", "memory", "processes", "used"),
        }
        assert told["triples"] == counts[persona]
        assert told["epoch"] == web.running.context.truth.epoch
        assert told["changes"] == 0
        assert told["memory"] > 0
        assert len(told["processes"]) == 3
        assert all(map(is_alive, told["processes"]))
    assert count(web, "district")
    assert [told["audience"] for told in listed(web)] == ["district-north", "teacher-elm"]
    assert not set(teacher["processes"]) & set(district["processes"])


def test_the_list_counts_what_changed_since_a_view_was_built(web: Web) -> None:
    count(web, "teacher")
    child = web.running.person("learner", "state:S000001")
    epoch = web.say("guardian", cell(child, "progress", "teacher"), "none")
    teacher = next(told for told in listed(web) if told["audience"] == "teacher-elm")
    assert teacher["epoch"] == epoch
    assert teacher["changes"] > 0
    operate(web, f"{TEACHER}/rebuild")
    teacher = next(told for told in listed(web) if told["audience"] == "teacher-elm")
    assert teacher["changes"] == 0


def test_a_rebuild_changes_the_processes_and_no_answer(web: Web) -> None:
    before = web.dump("teacher")
    (old,) = listed(web)
    *_, last = operate(web, f"{TEACHER}/rebuild")
    (new,) = listed(web)
    assert last == {"epoch": old["epoch"], "triples": len(before)}
    assert not set(old["processes"]) & set(new["processes"])
    assert until(lambda: not any(map(is_alive, old["processes"])))
    assert web.dump("teacher") == before


def test_a_view_that_is_not_live_is_built(web: Web) -> None:
    *_, last = operate(web, f"{TEACHER}/rebuild")
    assert [told["triples"] for told in listed(web)] == [last["triples"]]
    assert count(web, "teacher") == last["triples"]


def test_questions_are_answered_while_their_view_is_built_anew(web: Web) -> None:
    expected, enough = count(web, "teacher"), Event()
    answers: list[object] = []

    def hammer() -> None:
        while not enough.is_set():
            answer = web.query("teacher", COUNT)
            is_right = answer.status == 200 and f'"{expected}"'.encode() in answer.body
            answers.append(True if is_right else (answer.status, answer.body))

    thread = Thread(target=hammer)
    thread.start()
    try:
        for _ in range(5):
            operate(web, f"{TEACHER}/rebuild")
            more = len(answers) + 2
            assert until(partial(has, answers, more))
    finally:
        enough.set()
        thread.join()
    assert answers == [True] * len(answers)


def test_every_live_view_equals_a_rebuild_after_a_dozen_changes_of_consent(web: Web) -> None:
    personas = ("teacher", "state-agency", "researcher", "guardian")
    for persona in personas:
        count(web, persona)
    child = web.running.person("learner", "state:S000001")
    researcher = web.running.audience("researcher")
    for level in ("none", "aggregate", "full"):
        for category, audience in (
            ("progress", "state-agency"),
            ("gradebook", "teacher"),
            ("motivation", researcher),
            ("behavior", "teacher-elm"),
        ):
            web.say("guardian", cell(child, category, audience), level)
    told = listed(web)
    assert len(told) == len(personas)
    assert any(one["changes"] for one in told)
    for one in told:
        *_, last = operate(web, f"/views/{one['audience']}/{one['purpose']}/check")
        assert last == {"same": one["triples"], "only_live": 0, "only_rebuilt": 0}
    assert [one["processes"] for one in listed(web)] == [one["processes"] for one in told]


def test_a_view_that_shows_what_it_should_not_is_found_and_given_up(web: Web) -> None:
    right = web.dump("teacher")
    stranger, item = node(ID["learner/stranger"]), node(ID["item/hidden"])
    wrong = {
        ox.Triple(item, node(BP.isRecordOf), stranger),
        ox.Triple(item, node(BP.scoreValue), ox.Literal("12")),
    }
    view = live(web, "teacher-elm").view
    view.replace([([stranger], to_n_triples(wrong))], view.epoch, view.state)
    assert len(web.dump("teacher")) == len(right) + 2, "the view now shows a stranger"
    *_, last = operate(web, f"{TEACHER}/check")
    assert last == {"same": len(right), "only_live": 2, "only_rebuilt": 0}
    assert view.is_closed
    assert listed(web) == []
    assert web.dump("teacher") == right
    *_, last = operate(web, f"{TEACHER}/check")
    assert last == {"same": len(right), "only_live": 0, "only_rebuilt": 0}


def test_a_view_that_lacks_what_it_should_show_is_found(web: Web) -> None:
    right = web.dump("teacher")
    view = live(web, "teacher-elm").view
    learner = node(ID[f"learner/{web.running.person('learner', 'state:S000001')}"])
    view.replace([([learner], b"")], view.epoch, view.state)
    lost = len(right) - len(web.dump("teacher"))
    assert lost > 0
    *_, last = operate(web, f"{TEACHER}/check")
    assert last == {"same": len(right) - lost, "only_live": 0, "only_rebuilt": lost}
    assert web.dump("teacher") == right


def test_what_time_changed_and_nobody_asked_for_yet_is_no_difference(web: Web) -> None:
    truth, now = web.running.context.truth, web.running.context.truth.clock()
    before = count(web, "provider-lantern")
    (told,) = listed(web)
    truth.set_clock(lambda: now + timedelta(days=365))
    *_, last = operate(web, f"/views/{told['audience']}/{told['purpose']}/check")
    assert last == {"same": count(web, "provider-lantern"), "only_live": 0, "only_rebuilt": 0}
    truth.set_clock(web.running.clock)
    assert last["same"] < before


def test_a_check_of_a_view_whose_host_is_gone_builds_it_first(web: Web) -> None:
    right = web.dump("teacher")
    live(web, "teacher-elm").view.close()
    *_, last = operate(web, f"{TEACHER}/check")
    assert last == {"same": len(right), "only_live": 0, "only_rebuilt": 0}


def test_whoever_waits_is_told_at_each_beat_that_the_service_is_there(web: Web) -> None:
    nothing = {"done": 0, "learners": 0, "triples": 0}
    with ExitStack() as lock:
        lock.enter_context(web.running.context.truth.writing())
        with opened(web, f"{TEACHER}/rebuild") as answer:
            assert [json.loads(answer.readline()) for _ in range(3)] == [nothing] * 3
            lock.close()
            *_, last = [json.loads(line) for line in answer]
    assert last["triples"] == count(web, "teacher")


def test_what_is_being_built_is_listed_with_its_progress(web: Web) -> None:
    views = web.running.context.views
    audience = views.audience("teacher-elm")
    (purpose,) = audience.purposes
    begun, go_on = Event(), Event()

    def hold(*_: int) -> None:
        begun.set()
        assert go_on.wait(60)

    thread = Thread(target=views.rebuild, args=(audience, purpose, hold))
    thread.start()
    try:
        assert begun.wait(60)
        (told,) = listed(web, "building")
        assert listed(web) == []
    finally:
        go_on.set()
        thread.join()
    assert (told["audience"], told["purpose"]) == ("teacher-elm", NEEDS)
    assert told["done"] == told["learners"] == 24
    assert 0 < told["triples"] < len(views.view(audience, purpose)), "without what is public"
    assert listed(web, "building") == []


def test_one_operation_goes_on_at_a_time(web: Web) -> None:
    with web.running.context.truth.writing(), opened(web, f"{TEACHER}/rebuild") as answer:
        assert json.loads(answer.readline())["done"] == 0
        for operation in ("rebuild", "check"):
            other = web.send("POST", f"{TEACHER}/{operation}", as_operator(web.running))
            assert other.told == (
                503,
                {
                    "type": "about:blank",
                    "title": "Not available now",
                    "status": 503,
                    "detail": "Another rebuild or check is under way.",
                },
            )
            assert int(other.headers["retry-after"]) > 0
        assert web.send("GET", "/views", as_operator(web.running)).status == 200
    assert until(lambda: listed(web) and not listed(web, "building"))
    assert operate(web, f"{TEACHER}/check")[-1]["only_live"] == 0


def test_a_client_that_goes_away_ends_nothing(web: Web) -> None:
    right = web.dump("teacher")
    old = listed(web)[0]["processes"]
    with web.running.context.truth.writing(), opened(web, f"{TEACHER}/rebuild") as answer:
        answer.readline()
    assert until(lambda: listed(web)[0]["processes"] != old), "it was built all the same"
    assert web.dump("teacher") == right
    assert operate(web, f"{TEACHER}/check")[-1]["same"] == len(right)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ViewBuilding(), "given up"),
        (ProcessLost(), "given up"),
        (RuntimeError("/secret/path"), "its log says how"),
    ],
)
def test_an_operation_that_fails_is_told_in_its_last_line(
    web: Web, monkeypatch: pytest.MonkeyPatch, failure: Exception, words: str
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(web.running.context.views, "rebuild", fail)
    (last,) = operate(web, f"{TEACHER}/rebuild")
    assert set(last) == {"problem"}
    assert words in last["problem"]
    assert "secret" not in last["problem"]
    monkeypatch.undo()
    assert operate(web, f"{TEACHER}/rebuild")[-1]["triples"] > 0, "the next one has its turn"


UNKNOWN = {
    f"/views/nobody/{NEEDS}": "There is no audience 'nobody'.",
    f"/views/teacher/{NEEDS}": "There is no audience 'teacher'.",
    f"/views/a%20b/{NEEDS}": "There is no audience 'a b'.",
    "/views/teacher-elm/Curiosity": f"teacher-elm has no purpose 'Curiosity'; it has: {NEEDS}.",
    "/views/teacher-elm/EducationManagement": (
        f"teacher-elm has no purpose 'EducationManagement'; it has: {NEEDS}."
    ),
}


@pytest.mark.parametrize("operation", ["rebuild", "check"])
@pytest.mark.parametrize("path", UNKNOWN)
def test_an_audience_or_purpose_that_is_none_is_told(web: Web, path: str, operation: str) -> None:
    answer = web.send("POST", f"{path}/{operation}", as_operator(web.running))
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.json["detail"]) == (404, UNKNOWN[path])


ROUTES = [
    ("GET", "/views"),
    ("POST", f"{TEACHER}/rebuild"),
    ("POST", f"{TEACHER}/check"),
    ("POST", f"/views/nobody/{NEEDS}/rebuild"),
]


@pytest.mark.parametrize("route", ROUTES)
def test_no_asker_opens_operations(web: Web, route: tuple[str, str]) -> None:
    nobody = web.send(*route)
    assert nobody.headers["www-authenticate"] == 'Bearer realm="databackpack"'
    for persona in ("state-agency", "teacher", "guardian", "researcher", "district"):
        answer = web.send(*route, web.running.headers(persona))
        assert answer.told == nobody.told
        assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/views"), ("GET", f"{TEACHER}/rebuild"), ("DELETE", "/views")]
)
def test_other_methods_are_refused_as_everywhere(web: Web, method: str, path: str) -> None:
    answer = web.send(method, path, as_operator(web.running))
    assert answer.status == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"]


def test_a_path_below_that_is_none_is_not_found(web: Web) -> None:
    for path in (f"{TEACHER}/dump", TEACHER, "/views/"):
        answer = web.send("POST", path, as_operator(web.running))
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_of_learners_is_in_what_operators_are_told(web: Web) -> None:
    count(web, "state-agency")
    known = {web.running.person("learner", f"state:S{number:06}") for number in range(1, 25)}
    names = known | {"sample:", "state:S"}
    told = [
        web.send("GET", "/views", as_operator(web.running)).body,
        *(
            json.dumps(operate(web, f"{TEACHER}/{operation}")).encode()
            for operation in ("rebuild", "check")
        ),
    ]
    assert not any(name.encode() in body for name in names for body in told)


def test_responses_are_not_to_be_kept(web: Web) -> None:
    answers: list[Response] = [
        web.send("GET", "/views", as_operator(web.running)),
        web.send("POST", f"{TEACHER}/rebuild", as_operator(web.running)),
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}
    assert isinstance(live(web, "teacher-elm").view, HostedView)
