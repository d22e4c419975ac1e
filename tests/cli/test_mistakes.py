"""Mistakes at the command line: each is told in words, nothing is made, nothing is lost."""

import errno
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from databackpack.loaders import sample
from databackpack.service import delivery
from databackpack.service.cli import main
from tests.commands import run, told
from tests.running import TODAY

BACKPACK = str(Path(sys.executable).with_name("backpack"))
ASKING = ("--audience", "teacher-elm")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four learners, with its key."""
    folder = tmp_path_factory.mktemp("mistakes")
    sample.write(folder / "sample", learners=4, today=TODAY)
    loaded = run("load", "oneroster", folder / "sample", "--store", folder / "store")
    assert loaded.returncode == 0, loaded.stderr
    assert run("audience", "--store", folder / "store").returncode == 0
    return folder / "store"


@pytest.fixture
def query(tmp_path: Path) -> Path:
    file = tmp_path / "ask.rq"
    file.write_text("ASK {}", encoding="utf-8")
    return file


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize("port", ["abc", "99999", "0", "-1", "80 80", "8080.0", "\uff19"])
def test_a_port_that_is_none_is_named(store: Path, port: str) -> None:
    message = told(run("serve", "--store", store, PORT=port))
    assert "PORT is" in message
    assert "from 1 to 65535" in message


@pytest.mark.parametrize(
    "name", ["ANSWER_BYTES", "ANSWER_SECONDS", "ANSWER_MEMORY", "VIEWS_MEMORY", "VIEW_WORKERS"]
)
def test_a_limit_that_is_none_is_named(store: Path, query: Path, name: str) -> None:
    done = run("query", query, "--store", store, *ASKING, **{name: "lots"})
    assert f"{name} is 'lots'" in told(done)


def test_a_limit_of_the_environment_holds(store: Path, tmp_path: Path) -> None:
    everything = tmp_path / "all.rq"
    everything.write_text("SELECT * { ?s ?p ?o }")
    assert run("query", everything, "--store", store, *ASKING).returncode == 0
    done = run("query", everything, "--store", store, *ASKING, ANSWER_BYTES="1000")
    assert "more than 1000 bytes" in told(done)


def test_a_port_in_use_is_named_before_anything_is_built(store: Path, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        message = told(run("serve", "--store", store, PORT=port))
        assert f"PORT {port}" in message
        assert "in use" in message
        assert "set PORT" in message
        assert "in use" in told(run("demo", tmp_path / "demo", PORT=port))
        assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "1.2.3.4.5", "\u00fc" * 80])
def test_a_host_that_does_not_resolve_is_named(store: Path, host: str) -> None:
    message = told(run("serve", "--store", store, HOST=host, PORT=str(free_port())))
    assert "HOST is" in message


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"kty": "OKP"}', "\u00ff"])
def test_a_broken_key_is_named_and_kept(store: Path, query: Path, content: str) -> None:
    key = store.with_name("store.keys") / "signing-key.json"
    whole = key.read_bytes()
    key.write_text(content, encoding="latin-1")
    try:
        message = told(run("query", query, "--store", store, *ASKING))
        assert str(key) in message
        assert "remove it" in message
        assert key.read_text(encoding="latin-1") == content
    finally:
        key.write_bytes(whole)


def test_the_key_is_its_owners_alone_and_whole(store: Path) -> None:
    folder = store.with_name("store.keys")
    (key,) = folder.iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert json.loads(key.read_text())["kty"] == "OKP"


def test_a_query_that_is_not_in_utf_8_is_named(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "latin.rq"
    file.write_bytes("ASK { ?s ?p 'Jos\u00e9' }".encode("latin-1"))
    message = told(run("query", file, "--store", store, *ASKING))
    assert "latin.rq is not in UTF-8 (byte 17)" in message


def test_a_byte_order_mark_is_no_mistake(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "bom.rq"
    file.write_bytes(b"\xef\xbb\xbfASK {}")
    done = run("query", file, "--store", store, *ASKING)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("place", ["nonexist/report.txt", ".", "file/report.txt"])
def test_a_report_that_cannot_be_written_is_told_before_loading(tmp_path: Path, place: str) -> None:
    sample.write(tmp_path / "sample", learners=4, today=TODAY)
    (tmp_path / "file").write_text("a file")
    store = tmp_path / "store"
    load = ("load", "oneroster", tmp_path / "sample", "--store", store)
    assert "--report" in told(run(*load, "--report", tmp_path / place))
    assert not store.exists()


@pytest.mark.parametrize("place", ["file/store", "file", "/proc/store", "/dev/null/store", "full"])
def test_a_place_that_can_hold_no_store_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("not ours")
    sample.write(tmp_path / "sample", learners=4, today=TODAY)
    done = run("load", "oneroster", tmp_path / "sample", "--store", tmp_path / place)
    assert Path(place).name in told(done)
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["letter.txt"]


COMMANDS = {
    "query": ("query", "QUERY", *ASKING),
    "audience": ("audience",),
    "token": ("token", *ASKING, "--subject", "T-1"),
    "serve": ("serve",),
}


@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_slip_in_the_stores_name_makes_no_store(
    tmp_path: Path, query: Path, command: str, is_folder: bool
) -> None:
    slip = tmp_path / "stroe"
    if is_folder:
        slip.mkdir()
    before = sorted(tmp_path.rglob("*"))
    words = [str(query) if word == "QUERY" else word for word in COMMANDS[command]]
    message = told(run(*words, "--store", slip, PORT=str(free_port())))
    assert "stroe" in message
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_store_without_a_name_of_its_own_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    done = subprocess.run(  # noqa: S603
        [BACKPACK, "audience", "--store", name],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path / "inner",
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "store" in done.stderr


def test_a_store_is_its_owners_alone(store: Path) -> None:
    assert store.stat().st_mode & 0o777 == 0o700


def test_a_store_in_use_is_told(store: Path) -> None:
    with serving(store):
        assert "another process" in told(run("audience", "--store", store))


@contextmanager
def serving(store: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve *store* in a process of its own, once it says that it does."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603
        [BACKPACK, "serve", "--store", str(store)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PORT": str(port)} | settings,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "Serving on" in line:
                break
        yield process, port
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_stop_ends_in_order(store: Path, number: int) -> None:
    with serving(store) as (process, _):
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Aborted" not in errors
    assert "Traceback" not in errors


def test_a_server_stops_once_when_told_again_and_again_and_while_it_is_asked(store: Path) -> None:
    token = run("token", "--store", store, *ASKING, "--subject", "T-1").stdout.strip()
    long = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }"
    with serving(store, STOP_SECONDS="3") as (process, port):  # signals may be heard as one
        Thread(target=ask, args=(port, token, long), daemon=True).start()
        assert ask(port, token, "ASK {}") == 200
        for _ in range(3):
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Aborted" not in errors
    assert "Traceback" not in errors


def ask(port: int, token: str, text: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {token}"}
        connection.request("GET", f"/sparql?query={quote(text)}", headers=headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
    ],
    ids=str,
)
def test_a_full_folder_for_temporary_files_is_told(
    tmp_path: Path, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(delivery, "load", fail)
    arguments = ["load", "oneroster", str(tmp_path), "--store", str(tmp_path / "store")]
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 1
    assert fault.args[-1] in answer.output
    assert "the folder for temporary files" in answer.output
    assert "let TMPDIR name another folder, and load again" in answer.output
