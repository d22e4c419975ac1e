"""Each example of ``docs/ask.md``, run as it stands there: with the service, and with bad luck."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.web.asking import Web

PAGE = (Path(__file__).parents[2] / "docs" / "ask.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
(QUESTION,) = (text for language, text in BLOCKS if language == "sparql")
COMMANDS = {
    "javascript": ["node", "--input-type=module"],
    "python": [sys.executable],
    "r": ["Rscript", "-"],
    "sh": ["sh", "-eu"],
}
FILES = {
    match[1]: text
    for language, text in BLOCKS
    if language == "python" and (match := re.match(r"# (\w+\.py)\n", text))
}
EXAMPLES = [
    (language, text)
    for language, text in BLOCKS
    if language in COMMANDS and text not in FILES.values() and not text.startswith("export ")
]
NAMES = [f"{language} {number}" for number, (language, _) in enumerate(EXAMPLES)]
ASKING = [
    pytest.param(*example, id=name)
    for example, name in zip(EXAMPLES, NAMES, strict=True)
    if "mastery.rq" in example[1] and "Min-Consent-Epoch" not in example[1]
]
ROWS = "level,n\r\nhttps://w3id.org/databackpack/mastery#Met,7\r\n"
RESULTS = (
    '{"head": {"vars": ["level", "n"]}, "results": {"bindings": [{"level": {"type": "uri", '
    '"value": "https://w3id.org/databackpack/mastery#Met"}, "n": {"type": "literal", "value": "7"}}'
    "]}}"
)


def run(language: str, text: str, folder: Path, address: str, token: str) -> str:
    """Return what an example prints, run in *folder*; raises AssertionError when it fails."""
    command = COMMANDS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed here")
    for name, content in {**FILES, "mastery.rq": QUESTION}.items():
        (folder / name).write_text(content, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "BACKPACK": address, "TOKEN": token}
    done = subprocess.run(  # noqa: S603
        [*command, "-"] if language == "python" else command,
        input=text,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{text}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def rows(text: str) -> list[list[str]]:
    """Return the rows of a CSV text."""
    return [row for row in csv.reader(text.splitlines()) if row]


def test_the_page_has_examples_for_each_tool() -> None:
    languages = [language for language, _ in EXAMPLES]
    found = {language: languages.count(language) for language in COMMANDS}
    assert found == {"sh": 3, "python": 3, "r": 1, "javascript": 1}
    assert len(ASKING) == 6
    assert list(FILES) == ["polite.py"]


@pytest.mark.parametrize(("language", "text"), ASKING)
def test_an_example_prints_what_the_question_gives(
    web: Web, language: str, text: str, tmp_path: Path
) -> None:
    expected = rows(web.query("researcher", QUESTION, "text/csv").body.decode())
    assert len(expected) > 2
    token = web.running.token("researcher")
    assert rows(run(language, text, tmp_path, web.address, token)) == expected


def test_the_catalogue_is_asked_without_sparql(web: Web, tmp_path: Path) -> None:
    (example,) = (text for _, text in EXAMPLES if "/questions" in text)
    told = run("sh", example, tmp_path, web.address, web.running.token("researcher"))
    assert '"learners-meeting-standard"' in told.replace("name", "")
    assert "standard,school,learners,met" in told


def test_an_answer_is_asked_for_that_is_no_older(web: Web, tmp_path: Path) -> None:
    (example,) = (text for _, text in EXAMPLES if "Min-Consent-Epoch" in text)
    told = run("sh", example, tmp_path, web.address, web.running.token("researcher"))
    epoch = web.running.context.truth.epoch
    first, *others = told.splitlines()
    assert first == f"first.csv is of epoch {epoch}"
    assert rows("\n".join(others)) == rows((tmp_path / "first.csv").read_text())


@pytest.mark.parametrize(("language", "text"), ASKING)
def test_an_example_does_not_take_a_refusal_for_an_answer(
    web: Web, language: str, text: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError) as told:
        run(language, text, tmp_path, web.address, "no token")
    assert "level,n\nhttp" not in str(told.value)


@dataclass
class Stub:
    """What a server that has bad luck was sent, as the Authorization of each request."""

    address: str = ""
    seen: list[str | None] = field(default_factory=list)


@contextmanager
def stub(status: int, location: str = "") -> Iterator[Stub]:
    """Serve *status* to the first request, and a good answer to the second one."""
    found = Stub()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.seen.append(self.headers.get("Authorization"))
            is_first = len(found.seen) == 1
            accepts_csv = "text/csv" in self.headers.get("Accept", "")
            body = (ROWS if accepts_csv else RESULTS).encode()
            self.send_response(status if is_first else 200)
            kind = "text/csv" if accepts_csv else "application/sparql-results+json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if is_first and location:
                self.send_header("Location", location)
            elif is_first:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("language", "text"), ASKING)
def test_an_example_asks_again_when_it_is_told_to(
    language: str, text: str, status: int, tmp_path: Path
) -> None:
    with stub(status) as server:
        told = run(language, text, tmp_path, server.address, "secret")
    assert rows(told) == rows(ROWS)
    assert server.seen == ["Bearer secret"] * 2


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize(("language", "text"), ASKING)
def test_an_example_takes_its_token_to_no_other_server(
    language: str, text: str, status: int, tmp_path: Path
) -> None:
    with stub(200) as other, stub(status, f"{other.address}/sparql") as server:
        with suppress(AssertionError):  # some tell of it, some give back what came
            run(language, text, tmp_path, server.address, "secret")
        assert server.seen == ["Bearer secret"]
        assert other.seen == []
