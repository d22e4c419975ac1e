"""``backpack token``: what it hands out opens the service that runs, and nothing else does."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from tests.cli.test_view_commands import run, told
from tests.running import Running
from tests.serving import Served, build
from tests.web.asking import Response, Web

WHO = ("--subject", "T-1")
ELM = ("--audience", "teacher-elm")
NEEDS = "StudentLearningNeedsAssessment"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that runs over a store of its own, so that no command can open the store."""
    folder = tmp_path_factory.mktemp("token")
    build(folder / "source", 4)
    made = Served(folder / "source", folder / "copy")
    try:
        made.start()
        yield made
    finally:
        made.close()


def ask(served: Served, *arguments: str, port: int = 0) -> "subprocess.CompletedProcess[str]":
    store = str(served.folder / "store")
    return run("token", "--store", store, *arguments, PORT=str(port or served.port))


def me(served: Served, token: str) -> Response:
    return served.send("GET", "/me", {"Authorization": f"Bearer {token}"})


def test_a_token_is_handed_out_while_the_service_runs_and_opens_it(served: Served) -> None:
    done = ask(served, *ELM, *WHO)
    assert done.returncode == 0, done.stderr
    answer = me(served, done.stdout.strip())
    assert answer.status == 200
    assert (answer.json["subject"], answer.json["audience"]) == ("T-1", "teacher-elm")
    assert done.stderr.startswith(f"for teacher-elm, {NEEDS}, until 2")
    named = ask(served, *ELM, *WHO, "--purpose", NEEDS)
    assert me(served, named.stdout.strip()).status == 200


def test_a_link_brings_the_token_after_the_hash_where_no_server_sees_it(served: Served) -> None:
    done = ask(served, *ELM, *WHO, "--link", "https://backpack.example.org/")
    address, _, token = done.stdout.strip().partition("#token=")
    assert address == "https://backpack.example.org/"
    assert me(served, token).status == 200
    sent = served.send(
        "POST", "/session", {"Content-Type": "application/json"}, json.dumps({"token": token})
    )
    assert sent.status == 201


def test_a_wrong_name_is_told_with_those_that_are_near(served: Served) -> None:
    message = told(ask(served, "--audience", "techer-elm", *WHO))
    assert "no audience 'techer-elm'" in message and "teacher-elm" in message
    assert "backpack audience" in message
    message = told(ask(served, *ELM, *WHO, "--purpose", "Marketing"))
    assert NEEDS in message


@pytest.mark.parametrize(
    "arguments",
    [
        (*ELM, "--subject", ""),
        (*ELM, "--subject", "x" * 256),
        (*ELM, "--subject", "two\nlines"),
        (*ELM, *WHO, "--hours", "0"),
        (*ELM, *WHO, "--hours", "9999"),
        (*ELM, *WHO, "--link", "backpack.example.org"),
        (*ELM, *WHO, "--link", "javascript:alert(1)"),
        ELM,
        WHO,
    ],
)
def test_wrong_usage_is_told_before_anything_is_opened(
    served: Served, arguments: tuple[str, ...]
) -> None:
    done = ask(served, *arguments)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_store_that_another_command_has_is_told_as_such(served: Served) -> None:
    message = told(ask(served, *ELM, *WHO, port=1))
    assert "is open in another process" in message and "no service answers" in message


def test_a_new_key_ends_all_tokens_and_sessions_of_the_old_one(
    sample: Running, tmp_path: Path
) -> None:
    """The steps of docs/identity.md: stop, take the key away, start."""
    old = sample.token("teacher")
    context = replace(sample.context, key=signing_key(tmp_path / "keys"))
    app = create_app(Config(store=None, keys=tmp_path, clock=sample.clock), context)
    running = replace(sample, context=context, app=app)
    with running.listening() as address:
        web = Web(running, address)
        assert web.send("GET", "/me", {"Authorization": f"Bearer {old}"}).status == 401
        new = running.token("teacher", timedelta(hours=1))
        assert web.send("GET", "/me", {"Authorization": f"Bearer {new}"}).status == 200
