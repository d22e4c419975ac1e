"""What cannot be kept for good does not count, and whoever said it is told so."""

import pytest
from click.testing import CliRunner

from databackpack.service.cli import main
from databackpack.service.records.truth import NotKept
from tests.web.asking import Web, cell


def fail(*_: object, **__: object) -> int:
    raise NotKept("store.redo: No space left on device")


def test_a_word_that_the_redo_log_could_not_keep_is_not_acknowledged(
    web: Web, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = web.running.headers("guardian") | {"Content-Type": "application/json"}
    path = cell(child, "progress", "district")
    with monkeypatch.context() as broken:
        broken.setattr(web.running.context.truth, "commit", fail)
        answer = web.send("PUT", path, headers, '{"level": "none"}')
    assert answer.status == 503
    assert "does not count" in answer.json["detail"]
    assert "store.redo" not in answer.body.decode(), "where things lie is nobody's business"
    assert int(answer.headers["retry-after"]) > 0


def test_a_command_tells_of_a_full_disk_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("databackpack.service.cli.opened", fail)
    done = CliRunner().invoke(main, ["audience", "--store", "."])
    assert (done.exit_code, done.output) == (1, "Error: store.redo: No space left on device\n")
