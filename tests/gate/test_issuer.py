"""Where the keys of another issuer come from, and what becomes of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from databackpack.service.app import open_context
from databackpack.service.config import Config
from databackpack.service.gate import issuer as issuer_module
from databackpack.service.gate.credentials import ISSUER
from databackpack.service.gate.issuer import Issuer
from tests.gate.issuing import (
    AUDIENCE,
    KEYS,
    NAME,
    RECEIVER,
    STRANGER,
    believing,
    claims,
    coded,
    jwks,
    me,
    signed,
    token,
)
from tests.running import Running
from tests.serving import until
from tests.web.asking import Web


@dataclass
class Published:
    """What an issuer's server answers, and what it was asked."""

    document: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    slow: Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/certs"


@pytest.fixture
def published() -> Iterator[Published]:
    """An issuer's server on a real socket."""
    told = Published(jwks("rsa"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                while told.slow is not None and not told.slow.wait(0.05):
                    self.wfile.write(b" ")
                self.wfile.write(told.document)
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield told
        if told.slow is not None:
            told.slow.set()
        server.shutdown()
        thread.join()


@dataclass
class Seconds:
    """A clock that stands until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_keys_of_a_url_are_fetched_when_needed_and_once(
    sample: Running, published: Published
) -> None:
    with believing(sample, Issuer(NAME, RECEIVER, published.url, Seconds())) as web:
        assert me(web, sample.token(AUDIENCE)).status == 200
        assert published.asked == []
        assert [me(web, token(sample)).status for _ in range(3)] == [200, 200, 200]
        assert published.asked == ["/certs"]


def test_an_unknown_key_has_the_keys_fetched_again_once_a_minute(
    sample: Running, published: Published
) -> None:
    clock = Seconds()
    with believing(sample, Issuer(NAME, RECEIVER, published.url, clock)) as web:
        assert me(web, token(sample)).status == 200
        published.document = jwks("rsa", "ec")
        clock.now += 59
        assert me(web, token(sample, "ec")).status == 401
        for number in range(20):
            stranger = {"alg": "RS256", "kid": f"k{number}"}
            assert me(web, signed(STRANGER["rsa"], stranger, claims(sample))).status == 401
        assert len(published.asked) == 1
        clock.now += 2
        assert me(web, token(sample, "ec")).status == 200
        assert len(published.asked) == 2


def test_a_key_that_was_taken_away_counts_no_longer_than_ten_minutes(
    sample: Running, published: Published
) -> None:
    clock = Seconds()
    issuer = Issuer(NAME, RECEIVER, published.url, clock)
    with believing(sample, issuer) as web:
        text = token(sample)
        assert me(web, text).status == 200
        published.document = jwks("ec")
        clock.now += 601
        assert until(lambda: me(web, text).status == 401)
        assert me(web, token(sample, "ec")).status == 200
        assert len(published.asked) == 2


def fails(told: Published) -> None:
    told.status = 500


def is_nonsense(told: Published) -> None:
    told.document = b"<html>"


def is_empty(told: Published) -> None:
    told.document = b'{"keys": []}'


def is_of_secrets(told: Published) -> None:
    told.document = jwks("secret", "rsa for secrets", "wide ec")


def is_long(told: Published) -> None:
    told.document += b" " * 300_000


def redirects(told: Published) -> None:
    told.status, told.headers = 302, {"Location": "/elsewhere"}


def is_a_list(told: Published) -> None:
    told.document = b"[" * 100_000


def has_no_end(told: Published) -> None:
    told.slow = Event()


TROUBLES = [fails, is_nonsense, is_empty, is_of_secrets, is_long, redirects, is_a_list, has_no_end]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_last_good_keys_stay_when_a_fetch_comes_to_nothing(
    sample: Running,
    published: Published,
    trouble: Callable[[Published], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(issuer_module, "_TIMEOUT", 0.3)
    clock = Seconds()
    with believing(sample, Issuer(NAME, RECEIVER, published.url, clock)) as web:
        assert me(web, token(sample)).status == 200
        trouble(published)
        clock.now += 61
        assert me(web, token(sample, "ec")).status == 401
        assert published.asked == ["/certs", "/certs"]
        assert me(web, token(sample)).status == 200
    assert f"the keys of {NAME} stay as they were" in caplog.text


def test_a_service_starts_while_its_issuer_is_away(sample: Running, published: Published) -> None:
    clock = Seconds()
    published.status = 503
    with believing(sample, Issuer(NAME, RECEIVER, published.url, clock)) as web:
        assert me(web, sample.token(AUDIENCE)).status == 200
        assert me(web, token(sample)).status == 401
        published.status = 200
        clock.now += 61
        assert me(web, token(sample)).status == 200


def test_threat_45_no_header_makes_the_service_fetch_anything(
    sample: Running, tmp_path: Path, published: Published
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(*KEYS))
    with believing(sample, Issuer(NAME, RECEIVER, str(file))) as web:
        check_nothing_is_fetched(web, published)


def check_nothing_is_fetched(web: Web, published: Published) -> None:
    sample = web.running
    published.document = jwks("rsa", keys=STRANGER)
    for more in (
        {"jku": published.url},
        {"x5u": published.url},
        {"jku": published.url, "x5u": published.url, "crit": ["jku"]},
        {"jku": f"file://{Path(__file__)}"},
    ):
        header = {"alg": "RS256", "kid": published.url, **more}
        parts = (coded(header), coded(claims(sample)))
        assert me(web, f"{'.'.join(parts)}.AAAA").status == 401
    for place in (claims(sample, iss=published.url), claims(sample, aud=published.url)):
        header = {"alg": "RS256", "kid": "rsa"}
        assert me(web, signed(STRANGER["rsa"], header, place)).status == 401
    assert published.asked == []


def test_one_key_needs_no_name(sample: Running, published: Published) -> None:
    nameless = signed(KEYS["rsa"], {"alg": "RS256"}, claims(sample))
    with believing(sample, Issuer(NAME, RECEIVER, published.url)) as web:
        assert me(web, nameless).status == 200


def test_a_file_is_read_again_too(sample: Running, tmp_path: Path) -> None:
    file, clock = tmp_path / "jwks.json", Seconds()
    file.write_bytes(jwks("rsa"))
    with believing(sample, Issuer(NAME, RECEIVER, str(file), clock)) as web:
        assert me(web, token(sample, "ec")).status == 401
        file.write_bytes(jwks("rsa", "ec"))
        clock.now += 61
        assert me(web, token(sample, "ec")).status == 200


WRONG = {
    "ftp": (NAME, RECEIVER, "ftp://127.0.0.1/certs"),
    "http to another machine": (NAME, RECEIVER, "http://login.example.org/certs"),
    "http to a name that begins as ours": (NAME, RECEIVER, "http://127.0.0.1.example.org/certs"),
    "a password": (NAME, RECEIVER, "https://me:secret@login.example.org/certs"),
    "no host": (NAME, RECEIVER, "https:///certs"),
    "a port that is none": (NAME, RECEIVER, "https://login.example.org:x/certs"),
    "a file scheme": (NAME, RECEIVER, "file:///etc/passwd"),
    "no file": (NAME, RECEIVER, "nowhere.json"),
    "a folder": (NAME, RECEIVER, "."),
    "a file of something else": (NAME, RECEIVER, __file__),
    "no keys": (NAME, RECEIVER, ""),
    "no receiver": (NAME, "", "nowhere.json"),
    "no name": ("", RECEIVER, "nowhere.json"),
    "ourselves": (ISSUER, RECEIVER, "nowhere.json"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_told_before_the_service_runs(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="ISSUER") as told:
        open_context(Config(store=None, keys=tmp_path, issuer=WRONG[name]))
    assert "Traceback" not in str(told.value) and len(str(told.value)) < 300
