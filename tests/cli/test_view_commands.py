"""``backpack view``: what it asks the running service, what it prints, and how it exits."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest

from databackpack.loaders import sample
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.gate.credentials import issue_to_operator, signing_key
from databackpack.service.records.terms import node
from databackpack.service.views.engine import to_n_triples
from databackpack.service.views.live import Live
from tests import commands
from tests.running import TODAY, Running, run_sample
from tests.views.hosting import until
from tests.web.asking import Web, cell

BACKPACK = str(Path(sys.executable).with_name("backpack"))
NEEDS = "StudentLearningNeedsAssessment"
TEACHER = ("--audience", "teacher-elm", "--purpose", NEEDS)


class Served:
    """A service in this process, asked by the command as if it had the store in *folder*."""

    def __init__(self, running: Running, address: str, folder: Path) -> None:
        self.web = Web(running, address)
        self.store = folder / "store"
        self.port = str(urlsplit(address).port)
        self.store.mkdir()
        shutil.copytree(folder / "keys", folder / "store.keys")

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return run("view", *arguments, "--store", str(self.store), PORT=self.port, **environment)

    def live(self, audience: str) -> Live:
        views = self.web.running.context.views
        (found,) = (live for live in views.live() if str(live.audience.iri).endswith(audience))
        return found


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return commands.run(*arguments, **{"HOST": "127.0.0.1"} | environment)


def told(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what was told of a mistake: one message and the code for it."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    return done.stderr.removeprefix("Error: ").strip()


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("view")
    running = run_sample(folder, learners=24)
    running.context.truth.set_clock(lambda: datetime.now(UTC))  # the command's own
    with running.listening() as address:
        yield Served(running, address, folder)
    running.context.views.close()


@pytest.fixture(autouse=True)
def nothing_live(request: pytest.FixtureRequest) -> None:
    """Let each test begin with no live view."""
    if "served" in request.fixturenames:
        found: Served = request.getfixturevalue("served")
        views = found.web.running.context.views
        for live in views.live():
            live.view.close()
        views.tend()
        assert views.live() == []


def test_the_list_is_a_table_of_what_is_live(served: Served) -> None:
    empty = served.run("list")
    assert (empty.returncode, empty.stdout) == (
        0,
        "no view is live; each is built when it is first asked\n",
    )
    for persona in ("district", "teacher"):
        served.web.query(persona, "ASK {}")
    done = served.run("list")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == [
        *("audience", "purpose", "triples", "epoch", "changes", "memory", "processes", "used"),
    ]
    assert [row.split()[:2] for row in rows] == [
        ["teacher-elm", NEEDS],
        ["district-north", "StudentPerformanceMonitoring"],
    ]
    columns = [head.index(name) for name in head.split()]
    assert all(row[start - 1] == " " != row[start] for row in rows for start in columns[1:])
    teacher = served.live("teacher-elm").view
    assert f"{len(teacher):,}" in rows[0]


def test_all_live_views_are_rebuilt_one_after_the_other(served: Served) -> None:
    for persona in ("district", "teacher"):
        served.web.query(persona, "ASK {}")
    old = [live.view for live in served.web.running.context.views.live()]
    done = served.run("rebuild")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"teacher-elm {NEEDS}",
        "district-north StudentPerformanceMonitoring",
    ]
    assert f"{len(old[0]):,} triples at epoch {old[0].epoch}, in " in lines[0]
    assert lines[0].endswith(" triples/s)")
    assert all(view.is_closed for view in old)
    served.live("teacher-elm")
    served.live("district-north")


@pytest.mark.parametrize(
    "chosen",
    [("--audience", "teacher-elm"), ("--purpose", NEEDS), TEACHER],
    ids=["by its audience", "by its purpose", "by both"],
)
def test_one_view_may_be_chosen(served: Served, chosen: tuple[str, ...]) -> None:
    for persona in ("district", "teacher"):
        served.web.query(persona, "ASK {}")
    other, old = served.live("district-north").view, served.live("teacher-elm").view
    done = served.run("rebuild", *chosen)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1), done.stderr
    assert (other.is_closed, old.is_closed) == (False, True)


def test_a_view_that_is_not_live_is_built_when_it_is_named_in_full(served: Served) -> None:
    assert "name both --audience and --purpose" in told(
        served.run("rebuild", "--audience", "teacher-elm")
    )
    (purpose,) = served.web.running.context.views.audience("teacher-elm").purposes
    done = served.run("rebuild", "--audience", "teacher-elm", "--purpose", str(purpose))
    assert done.returncode == 0, done.stderr
    assert len(served.live("teacher-elm").view) > 0


def test_a_check_is_equal_after_a_dozen_changes_of_consent(served: Served) -> None:
    web = served.web
    for persona in ("teacher", "state-agency", "guardian"):
        web.query(persona, "ASK {}")
    child = web.running.person("learner", "state:S000001")
    for level in ("none", "aggregate", "full", "none"):
        for category, audience in (
            ("progress", "state-agency"),
            ("gradebook", "teacher"),
            ("behavior", "teacher-elm"),
        ):
            web.say("guardian", cell(child, category, audience), level)
    assert any(live.view.changes for live in web.running.context.views.live())
    done = served.run("check")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(": equals a rebuild, " in line for line in lines)


def test_a_check_finds_a_view_that_was_tampered_with_and_the_view_is_right_again(
    served: Served,
) -> None:
    for persona in ("district", "teacher"):
        served.web.query(persona, "ASK {}")
    right = served.web.dump("teacher")
    view = served.live("teacher-elm").view
    stranger = node(ID["learner/stranger"])
    wrong = {ox.Triple(node(ID["item/hidden"]), node(BP.isRecordOf), stranger)}
    view.replace([([stranger], to_n_triples(wrong))], view.epoch, view.state)
    done = served.run("check")
    assert done.returncode == 1
    assert sorted(done.stdout.splitlines()) == [
        f"district-north StudentPerformanceMonitoring: equals a rebuild, "
        f"{len(served.live('district-north').view):,} triples",
        f"teacher-elm {NEEDS}: DIFFERS, 1 triples only in the live view, "
        f"0 only in the rebuild, {len(right):,} in both",
    ]
    assert "1 of the views differed" in done.stderr
    assert "built anew when it is next asked" in done.stderr
    assert view.is_closed
    assert served.web.dump("teacher") == right
    assert served.run("check").returncode == 0


def test_what_is_not_there_is_told_in_words(served: Served) -> None:
    unknown = ("--audience", "nobody", "--purpose", NEEDS)
    assert "no audience 'nobody'" in told(served.run("check", *unknown))
    other = ("--audience", "teacher-elm", "--purpose", "EducationManagement")
    assert f"it has: {NEEDS}" in told(served.run("check", *other))
    none = ("--audience", "teacher-elm", "--purpose", "Curiosity")
    assert "'Curiosity' is no purpose of this service" in told(served.run("check", *none))
    for operation in ("rebuild", "check"):
        done = served.run(operation)
        assert (done.returncode, done.stdout.startswith("no view is live")) == (0, True)


def test_a_second_operation_is_told_to_wait(served: Served) -> None:
    context = served.web.running.context
    token = issue_to_operator(context.key, "somebody", context.truth.clock())
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/views/teacher-elm/{NEEDS}/rebuild"
    first = HTTPConnection("127.0.0.1", int(served.port), timeout=60)
    with closing(first), context.truth.writing():
        first.request("POST", path, headers=headers)
        assert first.getresponse().readline()
        assert "Another rebuild or check is under way" in told(served.run("check", *TEACHER))
    assert until(lambda: served.run("check", *TEACHER).returncode == 0)


def test_who_sits_at_a_terminal_sees_how_far_it_is_and_the_outcome_stays_clean(
    served: Served,
) -> None:
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    shown = bytearray()

    def is_shown(word: bytes) -> bool:
        with suppress(BlockingIOError):
            shown.extend(os.read(ours, 65536))
        return word in shown

    with served.web.running.context.truth.writing():
        done = subprocess.Popen(  # noqa: S603
            [BACKPACK, "view", "rebuild", "--store", str(served.store), *TEACHER],
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            env=os.environ | {"HOST": "127.0.0.1", "PORT": served.port, "TERM": "xterm"},
        )
        assert until(lambda: is_shown(b"1/1 teacher-elm") and is_shown(b"learners"))
    output, _ = done.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0
    assert output.startswith(f"teacher-elm {NEEDS}: ")
    assert len(output.splitlines()) == 1


def test_no_service_is_told_with_what_to_do(served: Served) -> None:
    port = str(free_port())
    for host, shown in (
        ("127.0.0.1", "127.0.0.1"),
        ("no.such.host.invalid",) * 2,
        ("::1", "[::1]"),
    ):
        done = run("view", "list", "--store", str(served.store), HOST=host, PORT=port)
        assert told(done) == (
            f"no service answers at http://{shown}:{port}; "
            f"start it: backpack serve --store {served.store}"
        )
    message = told(run("view", "check", "--store", str(served.store), PORT="http"))
    assert message.startswith("PORT is 'http'")


def test_a_store_that_no_service_ever_had_is_left_as_it_is(served: Served, tmp_path: Path) -> None:
    (tmp_path / "stroe").mkdir()
    done = run("view", "list", "--store", str(tmp_path / "stroe"), PORT=served.port)
    assert "stroe" in told(done)
    assert [path.name for path in tmp_path.iterdir()] == ["stroe"]
    assert run("view", "list", "--store", str(tmp_path / "no"), PORT=served.port).returncode == 2


def test_a_service_of_another_store_is_told(served: Served, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    signing_key(tmp_path / "store.keys")
    for operation in ("list", "rebuild", "check"):
        done = run("view", operation, "--store", str(tmp_path / "store"), PORT=served.port)
        message = told(done)
        assert f"is not that of {tmp_path / 'store'}" in message
        assert "HOST and PORT" in message


STRANGE = {
    "a page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>Hello</h1>",
    "a page that is not there": b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\nNo",
    "another's refusal": b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n\r\nNo",
    "other json": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[1, 2]",
}
SILENT = {
    "no http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
    "no result": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n"
        b'{"done": 1, "learners": 2, "triples": 3}\n'
    ),
    "a result cut short": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'29\r\n{"done": 1, "learners": 2, "triples": 3}\n\r\n'
    ),
}


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Answer each connection with *body* and close it; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(body)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield str(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("name", STRANGE)
def test_something_else_that_answers_is_told(served: Served, name: str) -> None:
    with answering(STRANGE[name]) as port:
        for arguments in (("list",), ("rebuild", *TEACHER)):
            done = run("view", *arguments, "--store", str(served.store), PORT=port)
            assert "is no backpack service" in told(done)


@pytest.mark.parametrize("name", SILENT)
def test_a_service_that_stops_answering_is_told(served: Served, name: str) -> None:
    with answering(SILENT[name]) as port:
        done = run("view", "check", *TEACHER, "--store", str(served.store), PORT=port)
        assert "stopped answering before it was done" in told(done)


def test_the_service_as_it_runs_for_people_is_listed_rebuilt_checked_and_stopped(
    tmp_path: Path,
) -> None:
    sample.write(tmp_path / "sample", learners=4, today=TODAY)
    store = str(tmp_path / "store")
    assert run("load", "oneroster", str(tmp_path / "sample"), "--store", store).returncode == 0
    port = str(free_port())
    assert "start it: backpack serve" in told(run("view", "list", "--store", store, PORT=port))
    service = subprocess.Popen(  # noqa: S603
        [BACKPACK, "serve", "--store", store],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HOST": "127.0.0.1", "PORT": port},
    )
    try:
        assert service.stderr is not None
        assert any("Serving on" in line for line in service.stderr)
        rebuilt = run("view", "rebuild", *TEACHER, "--store", store, PORT=port)
        assert rebuilt.stdout.startswith(f"teacher-elm {NEEDS}: "), rebuilt.stderr
        assert f"teacher-elm  {NEEDS}  " in run("view", "list", "--store", store, PORT=port).stdout
        checked = run("view", "check", "--store", store, PORT=port)
        assert (checked.returncode, "equals a rebuild" in checked.stdout) == (0, True)
        service.send_signal(signal.SIGTERM)
        _, errors = service.communicate(timeout=60)
        assert service.returncode == 0, errors
        assert "Traceback" not in errors
    finally:
        service.kill()
        service.communicate()
    assert "start it: backpack serve" in told(run("view", "list", "--store", store, PORT=port))


@pytest.mark.parametrize("command", ["", "list", "rebuild", "check"])
def test_each_command_explains_itself(command: str) -> None:
    done = run("view", *([command] if command else []), "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: backpack view")
