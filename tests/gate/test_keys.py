"""Tokens of another issuer: believed for the keys that it published, and for nothing else."""

import base64
import hmac
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from databackpack.service.app import create_app, open_context
from databackpack.service.config import Config
from databackpack.service.gate import issuer as issuer_module
from databackpack.service.gate.credentials import ISSUER, OPERATIONS
from databackpack.service.gate.issuer import Issuer
from databackpack.service.gate.keys import verified
from databackpack.service.policy.audience import write
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change
from tests.running import Running
from tests.web.asking import Response, Web

NAME, RECEIVER = "https://login.example.org/realms/schools", "https://backpack.example.org"
AUDIENCE = "state-agency-sample"

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
SECRET = b"a secret that was published by mistake"
KEYS: dict[str, Key] = {
    "rsa": RSA,
    "pss": RSAKey.generate_key(2048, {"kid": "pss", "alg": "PS256"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
    "okp": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
    "rsa for secrets": RSAKey.generate_key(2048, {"kid": "rsa for secrets", "use": "enc"}),
    "wide ec": ECKey.generate_key("P-384", {"kid": "wide ec"}),
    "secret": OctKey.import_key(SECRET, {"kid": "secret"}),
}
STRANGER: dict[str, Key] = {
    "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
}
SIGNING = {"rsa": "RS256", "pss": "PS256", "ec": "ES256", "okp": "EdDSA"}


def jwks(*names: str, keys: dict[str, Key] = KEYS) -> bytes:
    """Return what an issuer publishes; a symmetric key is there only by its mistake."""
    found = [keys[name].as_dict(private=keys[name].key_type == "oct") for name in names]
    return json.dumps({"keys": found}).encode()


def claims(running: Running, **changes: object) -> dict[str, Any]:
    audience = running.context.views.audience(AUDIENCE)
    now = int(running.clock().timestamp())
    found = {
        **{"iss": NAME, "aud": RECEIVER, "sub": "A-7", "iat": now, "exp": now + 600},
        **{"audience": AUDIENCE, "purpose": str(min(audience.purposes))},
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def signed(key: Key, header: dict[str, Any], body: dict[str, Any]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc: EdDSA has a newer name
        return jwt.encode(header, body, key, algorithms=[header["alg"]])


def token(running: Running, name: str = "rsa", **changes: object) -> str:
    """Return a token that holds, but for *changes* of its claims; None leaves a claim out."""
    return signed(KEYS[name], {"alg": SIGNING[name], "kid": name}, claims(running, **changes))


def coded(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def with_hmac(running: Running, secret: bytes, kid: str = "rsa") -> str:
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    text = f"{coded(header)}.{coded(claims(running))}"
    return f"{text}.{coded(hmac.digest(secret, text.encode(), 'sha256'))}"


@pytest.fixture(scope="module")
def trusting(sample: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The service over the sample, which believes the issuer's file of keys."""
    file = tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_bytes(jwks(*KEYS))
    with believing(sample, Issuer(NAME, RECEIVER, str(file))) as web:
        yield web


@contextmanager
def believing(sample: Running, issuer: Issuer) -> Iterator[Web]:
    context = replace(sample.context, issuer=issuer)
    app = create_app(Config(store=None, keys=Path(), clock=sample.clock), context)
    running = replace(sample, context=context, app=app)
    with running.listening() as address:
        yield Web(running, address)


def me(web: Web, text: str) -> Response:
    return web.send("GET", "/me", {"Authorization": f"Bearer {text}"})


@pytest.mark.parametrize("name", SIGNING)
def test_a_token_of_the_issuer_opens_its_own_audience(trusting: Web, name: str) -> None:
    answer = me(trusting, token(trusting.running, name))
    assert answer.status == 200, answer.body
    assert (answer.json["subject"], answer.json["audience"]) == ("A-7", AUDIENCE)
    assert me(trusting, token(trusting.running, name, aud=[RECEIVER])).status == 200


def test_the_service_s_own_tokens_hold_beside_them(trusting: Web) -> None:
    assert me(trusting, trusting.running.token(AUDIENCE)).status == 200


def test_without_an_issuer_its_tokens_hold_nowhere(sample: Running, address: str) -> None:
    assert me(Web(sample, address), token(sample)).status == 401


BAD: dict[str, Callable[[Running], str]] = {
    "alg none": lambda r: f"{coded({'alg': 'none', 'kid': 'rsa'})}.{coded(claims(r))}.",
    "alg none in capitals": lambda r: f"{coded({'alg': 'NONE'})}.{coded(claims(r))}.",
    "hs256 of the public pem": lambda r: with_hmac(r, RSA.as_pem(private=False)),
    "hs256 of the public jwk": lambda r: with_hmac(
        r, json.dumps(KEYS["rsa"].as_dict(private=False)).encode()
    ),
    "hs256 of a key that was published by mistake": lambda r: with_hmac(r, SECRET, "secret"),
    "hs256 of nothing": lambda r: with_hmac(r, b""),
    "a stranger's key under a known name": lambda r: signed(
        STRANGER["rsa"], {"alg": "RS256", "kid": "rsa"}, claims(r)
    ),
    "a stranger's key in the header": lambda r: signed(
        STRANGER["rsa"],
        {"alg": "RS256", "kid": "rsa", "jwk": STRANGER["rsa"].as_dict(private=False)},
        claims(r),
    ),
    "no kid among several keys": lambda r: signed(KEYS["rsa"], {"alg": "RS256"}, claims(r)),
    "an unknown kid": lambda r: signed(KEYS["rsa"], {"alg": "RS256", "kid": "x"}, claims(r)),
    "a kid that is a path": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "../../../dev/null"}, claims(r)
    ),
    "a kid that is SQL": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "' OR 1=1 --"}, claims(r)
    ),
    "a kid that is a list": lambda r: (
        f"{coded({'alg': 'RS256', 'kid': ['rsa']})}.{coded(claims(r))}.AA"
    ),
    "the kid of a key of another type": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "ec"}, claims(r)
    ),
    "another algorithm of the same key": lambda r: signed(
        KEYS["rsa"], {"alg": "RS384", "kid": "rsa"}, claims(r)
    ),
    "an algorithm that the key is not for": lambda r: signed(
        RSAKey.import_key(
            {k: v for k, v in KEYS["pss"].as_dict(private=True).items() if k != "alg"}
        ),
        {"alg": "RS256", "kid": "pss"},
        claims(r),
    ),
    "a key that is for secrets": lambda r: signed(
        RSAKey.import_key(
            {k: v for k, v in KEYS["rsa for secrets"].as_dict(private=True).items() if k != "use"}
        ),
        {"alg": "RS256", "kid": "rsa for secrets"},
        claims(r),
    ),
    "a curve that is not ours": lambda r: signed(
        KEYS["wide ec"], {"alg": "ES384", "kid": "wide ec"}, claims(r)
    ),
    "the algorithm of the service's own key": lambda r: signed(
        KEYS["okp"], {"alg": "Ed25519", "kid": "okp"}, claims(r)
    ),
    "the service's own key in the issuer's name": lambda r: signed(
        r.context.key, {"alg": "Ed25519"}, claims(r)
    ),
    "the issuer's key in the service's name": lambda r: signed(
        KEYS["okp"],
        {"alg": "Ed25519", "kid": "okp"},
        claims(r, iss=ISSUER, aud=ISSUER, nbf=int(r.clock().timestamp())),
    ),
    "a critical header": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": True}, claims(r)
    ),
    "another kind of token": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}, claims(r)
    ),
    "claims changed afterwards": lambda r: tampered(token(r), claims(r, sub="A-8")),
    "no signature": lambda r: token(r).rpartition(".")[0] + ".",
    "another issuer": lambda r: token(r, iss="https://login.example.org/realms/other"),
    "no issuer": lambda r: token(r, iss=None),
    "a list of issuers": lambda r: token(r, iss=[NAME]),
    "for another service": lambda r: token(r, aud="https://mail.example.org"),
    "for this and another service": lambda r: token(r, aud=[RECEIVER, "account"]),
    "for nobody": lambda r: token(r, aud=None),
    "for operations": lambda r: token(r, aud=OPERATIONS),
    "for the service's own name": lambda r: token(r, aud=ISSUER),
    "expired": lambda r: token(r, exp=int(r.clock().timestamp()) - 60),
    "without an end": lambda r: token(r, exp=None),
    "with an end beyond all time": lambda r: token(r, exp=10**18),
    "with an end in words": lambda r: token(r, exp="2027-01-01"),
    "not yet valid": lambda r: token(r, nbf=int(r.clock().timestamp()) + 60),
    "issued in the future": lambda r: token(r, iat=int(r.clock().timestamp()) + 600),
    "nobody's": lambda r: token(r, sub=None),
    "somebody's without a name": lambda r: token(r, sub=""),
    "a number's": lambda r: token(r, sub=7),
    "of a very long name": lambda r: token(r, sub="x" * 256),
    "an unknown audience": lambda r: token(r, audience="teacher-nowhere"),
    "two audiences": lambda r: token(r, audience=[AUDIENCE, "teacher-elm"]),
    "no audience": lambda r: token(r, audience=None),
    "another audience's purpose": lambda r: token(r, purpose="AcademicResearch"),
    "no purpose": lambda r: token(r, purpose=None),
    "claims of a thousand lists": lambda r: (
        f"{coded({'alg': 'RS256', 'kid': 'rsa'})}.{coded(b'[' * 2500)}.AA"
    ),
}


def tampered(text: str, body: dict[str, Any]) -> str:
    header, _, signature = text.split(".")
    return f"{header}.{coded(body)}.{signature}"


@pytest.mark.parametrize("name", BAD)
def test_threat_45_every_token_that_does_not_hold_gets_the_same_answer(
    trusting: Web, name: str
) -> None:
    assert me(trusting, BAD[name](trusting.running)).told == trusting.send("GET", "/me").told


def test_a_token_of_the_issuer_never_opens_operations(trusting: Web) -> None:
    for receiver in (RECEIVER, OPERATIONS):
        headers = {"Authorization": f"Bearer {token(trusting.running, aud=receiver)}"}
        assert trusting.send("GET", "/views", headers).status == 401


def test_what_is_remembered_of_a_token_is_its_signature_alone(trusting: Web) -> None:
    """The second time its end and the registry count as the first time."""
    context, clock = trusting.running.context, trusting.running.clock
    text, before = token(trusting.running), clock.moment
    audience = context.views.audience(AUDIENCE)
    assert me(trusting, text).status == 200
    try:
        clock.moment += timedelta(seconds=700)
        assert me(trusting, text).status == 401
    finally:
        clock.moment = before
    assert me(trusting, text).status == 200
    context.truth.commit([Change(AUDIENCES, [], subject=audience.iri)])
    try:
        assert me(trusting, text).status == 401
    finally:
        context.truth.commit([Change(AUDIENCES, to_triples(write(audience)), subject=audience.iri)])
    assert me(trusting, text).status == 200


def test_refused_tokens_take_no_place_in_the_memory_of_good_ones(trusting: Web) -> None:
    assert me(trusting, token(trusting.running)).status == 200
    before = verified.cache_info()
    for number in range(20):
        assert me(trusting, token(trusting.running) + str(number)).status == 401
    assert verified.cache_info().currsize == before.currsize
    assert before.maxsize is not None and before.maxsize <= 4096


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


def until(is_so: Callable[[], bool], seconds: float = 20) -> bool:
    end = monotonic() + seconds
    while not (found := is_so()) and monotonic() < end:
        sleep(0.02)
    return found


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
    sample: Running, trusting: Web, published: Published
) -> None:
    published.document = jwks("rsa", keys=STRANGER)
    for more in (
        {"jku": published.url},
        {"x5u": published.url},
        {"jku": published.url, "x5u": published.url, "crit": ["jku"]},
        {"jku": f"file://{Path(__file__)}"},
    ):
        header = {"alg": "RS256", "kid": published.url, **more}
        parts = (coded(header), coded(claims(sample)))
        assert me(trusting, f"{'.'.join(parts)}.AAAA").status == 401
    for place in (claims(sample, iss=published.url), claims(sample, aud=published.url)):
        header = {"alg": "RS256", "kid": "rsa"}
        assert me(trusting, signed(STRANGER["rsa"], header, place)).status == 401
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
