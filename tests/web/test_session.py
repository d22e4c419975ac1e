"""Signing in with a browser: the cookie opens what its token opens, for as long, and only here."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie
from pathlib import Path
from random import Random
from typing import Any

import pytest
from joserfc import jwt

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue, issue_to_operator, signing_key
from databackpack.service.policy.audience import write
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change
from tests.running import Running
from tests.web.asking import Headers, Response, Web, cell

JSON = {"Content-Type": "application/json"}
ASK = "/sparql?query=ASK%7B%7D"


@dataclass(frozen=True)
class Session:
    """What a browser has after signing in: the cookie, as it came and as it goes, a CSRF token."""

    set_cookie: str
    cookie: str
    csrf: str

    @property
    def reading(self) -> Headers:
        return {"Cookie": self.cookie}

    @property
    def writing(self) -> Headers:
        return {"Cookie": self.cookie, "X-CSRF-Token": self.csrf}


def post(web: Web, token: object, headers: Headers | None = None) -> Response:
    return web.send("POST", "/session", JSON | (headers or {}), json.dumps({"token": token}))


def signed_in(web: Web, token: str, headers: Headers | None = None) -> Session:
    answer = post(web, token, headers)
    assert answer.status == 201, answer.body
    set_cookie = answer.headers["set-cookie"]
    return Session(set_cookie, set_cookie.partition(";")[0], answer.json["csrf_token"])


def without_number(answer: Response) -> tuple[int, Any]:
    body = answer.json
    body.pop("request_id", None)
    return answer.status, body


@pytest.fixture
def guardian(web: Web) -> Session:
    return signed_in(web, web.running.token("guardian"))


def test_signing_in_says_who_one_is_and_until_when(web: Web) -> None:
    token = web.running.token("guardian", timedelta(hours=3))
    told = post(web, token).json
    me = web.send("GET", "/me", {"Authorization": f"Bearer {token}"}).json
    assert {name: told[name] for name in ("subject", "audience", "purpose")} == {
        name: me[name] for name in ("subject", "audience", "purpose")
    }
    assert told["until"].startswith("2026-11-23T15:00:")


def test_the_cookie_opens_what_its_token_opens(web: Web) -> None:
    for persona in ("guardian", "teacher", "state-agency"):
        token = web.running.token(persona)
        bearer = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        cookie = signed_in(web, token).reading | {"Accept": "application/json"}
        for path in (
            *("/me", ASK, "/questions/learners-meeting-standard?standard=3.OA.A.1"),
            *("/disclosures", "/views", "/questions/nothing"),
        ):
            by_header, by_cookie = (web.send("GET", path, sent) for sent in (bearer, cookie))
            assert without_number(by_cookie) == without_number(by_header), path


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(guardian: Session) -> None:
    attributes = guardian.set_cookie.partition(";")[2]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(
        attributes.replace("; ", ";").split(";")
    )
    assert "Domain" not in attributes


@pytest.mark.parametrize(
    ("host", "is_secure"),
    [
        ("127.0.0.1:8080", False),
        ("localhost", False),
        ("[::1]:8080", False),
        ("backpack.example.org", True),
        ("127.0.0.1.example.org", True),
        ("10.0.0.7:8080", True),
        ("localhost.example.org", True),
    ],
)
def test_the_cookie_needs_tls_but_on_this_machine(web: Web, host: str, is_secure: bool) -> None:
    found = signed_in(web, web.running.token("teacher"), {"Host": host})
    assert ("; Secure" in found.set_cookie) is is_secure
    assert found.cookie.startswith("__Host-session=" if is_secure else "session=")
    elsewhere = {"Cookie": found.cookie, "Host": "localhost" if is_secure else "example.org"}
    assert web.send("GET", "/me", elsewhere).status == 401
    assert web.send("GET", "/me", {"Cookie": found.cookie, "Host": host}).status == 200


def test_behind_a_proxy_that_speaks_https_the_cookie_always_needs_tls(
    sample: Running, tmp_path: Path
) -> None:
    config = Config(store=None, keys=tmp_path, clock=sample.clock, https=True)
    other = replace(sample, app=create_app(config, sample.context))
    with other.listening() as address:
        found = signed_in(Web(other, address), sample.token("teacher"))
    assert found.cookie.startswith("__Host-session=") and "; Secure" in found.set_cookie


def test_the_cookie_lives_no_longer_than_its_token(web: Web) -> None:
    for lifetime in (timedelta(minutes=10), timedelta(days=2)):
        answer = post(web, web.running.token("teacher", lifetime))
        cookie = SimpleCookie(answer.headers["set-cookie"])["session"]
        ends = parsedate_to_datetime(cookie["expires"])
        sent = parsedate_to_datetime(answer.headers["date"])
        assert lifetime - timedelta(seconds=60) < ends - sent <= lifetime + timedelta(seconds=1)
    long = post(web, web.running.token("teacher", timedelta(days=300)))
    ends = parsedate_to_datetime(SimpleCookie(long.headers["set-cookie"])["session"]["expires"])
    assert ends - parsedate_to_datetime(long.headers["date"]) <= timedelta(days=31, seconds=1)


def test_a_cookie_kept_beyond_its_token_opens_nothing(web: Web) -> None:
    clock = web.running.clock
    kept = signed_in(web, web.running.token("teacher", timedelta(minutes=10)))
    before = clock.moment
    try:
        clock.moment += timedelta(minutes=9)
        assert web.send("GET", "/me", kept.reading).status == 200
        clock.moment += timedelta(minutes=2)
        refused = web.send("GET", "/me", kept.reading)
        assert refused.told == web.send("GET", "/me").told
        assert b'id="sign-in"' in web.send("GET", "/", kept.reading).body
    finally:
        clock.moment = before


def test_a_cookie_of_an_audience_that_left_the_registry_opens_nothing(web: Web) -> None:
    """Threat 48: whoever lost a role loses it at once, whatever the browser keeps."""
    context = web.running.context
    audience = context.views.audience("researcher-persistence")
    kept = signed_in(web, web.running.token("researcher-persistence"))
    assert web.send("GET", "/me", kept.reading).status == 200
    context.truth.commit([Change(AUDIENCES, [], subject=audience.iri)])
    try:
        assert web.send("GET", "/me", kept.reading).told == web.send("GET", "/me").told
    finally:
        context.truth.commit([Change(AUDIENCES, to_triples(write(audience)), subject=audience.iri)])


def test_signing_out_drops_the_cookie(web: Web, guardian: Session) -> None:
    answer = web.send("DELETE", "/session", guardian.writing)
    assert answer.status == 204
    cookie = SimpleCookie(answer.headers["set-cookie"])["session"]
    assert cookie.value == "" and cookie["max-age"] == "0"


def test_nobody_signs_another_out(web: Web, guardian: Session) -> None:
    answer = web.send("DELETE", "/session", guardian.reading)
    assert answer.status == 403 and "set-cookie" not in answer.headers


def test_an_answer_says_that_it_depends_on_the_cookie(web: Web, guardian: Session) -> None:
    """Threat 49: no cache between gives one visitor's page to another."""
    for path in ("/", "/session", "/me", ASK):
        answer = web.send("GET", path, guardian.reading)
        assert "Cookie" in answer.headers["vary"] and "no-store" in answer.headers["cache-control"]


BAD_TOKENS: dict[str, object] = {
    "nothing": "",
    "words": "let me in",
    "a number": 7,
    "none": None,
    "a list": ["x"],
}


@pytest.mark.parametrize("name", [*BAD_TOKENS, "expired", "an operator's", "another key's"])
def test_a_token_that_does_not_hold_signs_nobody_in(web: Web, tmp_path: Path, name: str) -> None:
    running = web.running
    moment = running.context.truth.clock()
    made: dict[str, object] = {
        "expired": lambda: running.token("teacher", timedelta(minutes=-5)),
        "an operator's": lambda: issue_to_operator(running.context.key, "somebody", moment),
        "another key's": lambda: issue_to_operator(signing_key(tmp_path), "somebody", moment),
    }
    chosen = made.get(name)
    answer = post(web, chosen() if callable(chosen) else BAD_TOKENS[name])
    assert answer.status in (400, 401)
    assert "set-cookie" not in answer.headers


def long_token(web: Web, size: int) -> str:
    """Return a token that holds, with *size* characters that cannot be made shorter."""
    key = web.running.context.key
    claims = dict(jwt.decode(web.running.token("teacher"), key, algorithms=["Ed25519"]).claims)
    claims["jti"] = Random(7).randbytes(size).hex()[:size]  # noqa: S311
    return jwt.encode({"alg": "Ed25519"}, claims, key, algorithms=["Ed25519"])


def test_a_token_too_long_for_a_cookie_is_told_and_kept_nowhere(web: Web) -> None:
    token = long_token(web, 2100)
    assert len(token) > 3000
    answer = post(web, token)
    assert (answer.status, "set-cookie" in answer.headers) == (400, False)
    assert "Authorization header" in answer.json["detail"]
    assert web.send("GET", "/me", {"Authorization": f"Bearer {token}"}).status == 200


def test_the_longest_token_that_is_kept_fits_a_cookie(web: Web) -> None:
    token = max(
        (made for size in range(1700, 2100, 2) if len(made := long_token(web, size)) <= 3000),
        key=len,
    )
    assert len(token) > 2990
    assert len(signed_in(web, token).cookie) < 4000


FORGED = {
    "the token itself": "session={token}",
    "a token in JSON": 'session="{{\\"token\\": \\"{token}\\"}}"',
    "unsigned": "session=eyJ0b2tlbiI6IngifQ.aaaa.bbbb",
    "under Flask's usual name, with the other's signature": "__Host-session={cookie}",
    "cut": "session={cut}",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_cookie_opens_nothing(web: Web, guardian: Session, name: str) -> None:
    value = guardian.cookie.partition("=")[2]
    token = web.running.token("guardian")
    sent = FORGED[name].format(token=token, cookie=value, cut=value[:-3])
    assert web.send("GET", "/me", {"Cookie": sent}).told == web.send("GET", "/me").told


def test_a_cookie_of_before_the_key_was_changed_opens_nothing(
    web: Web, sample: Running, tmp_path: Path, guardian: Session
) -> None:
    context = replace(sample.context, key=signing_key(tmp_path / "keys"))
    app = create_app(Config(store=None, keys=tmp_path, clock=sample.clock), context)
    with replace(sample, context=context, app=app).listening() as address:
        assert Web(sample, address).send("GET", "/me", guardian.reading).status == 401


def test_a_header_and_a_cookie_that_differ_are_refused(web: Web, guardian: Session) -> None:
    for value in (f"Bearer {web.running.token('teacher')}", "Basic abc", "Bearer x", ""):
        answer = web.send("GET", "/me", guardian.reading | {"Authorization": value})
        assert answer.status == 400, value
        assert "two tokens" in answer.json["detail"]


def test_a_header_and_a_cookie_of_the_same_token_are_one(web: Web, child: str) -> None:
    token = web.running.token("guardian")
    both = signed_in(web, token).reading | {"Authorization": f"Bearer {token}"}
    assert web.send("GET", "/me", both).status == 200
    path = f"/learners/{child}/preview/progress/state-agency"
    assert web.send("POST", path, both | JSON, '{"level": "none"}').status == 200


def test_a_cookie_writes_with_the_csrf_token_of_its_session(
    web: Web, child: str, guardian: Session
) -> None:
    path = cell(child, "progress", "state-agency")
    answer = web.send("PUT", path, guardian.writing | JSON, '{"level": "none"}')
    assert answer.status == 200, answer.body
    assert web.send("DELETE", path, guardian.reading).status == 403
    assert web.send("DELETE", path, guardian.writing).status == 200
    page = web.send("GET", "/", guardian.reading).body.decode()
    written = re.search('<meta name="csrf-token" content="([^"]+)">', page)
    assert written is not None
    told = web.send("GET", "/session", guardian.reading).json["csrf_token"]
    for csrf in (written[1], told):
        both = guardian.reading | {"X-CSRF-Token": csrf} | JSON
        preview = f"/learners/{child}/preview/progress/state-agency"
        assert web.send("POST", preview, both, '{"level": "none"}').status == 200


def csrf_tokens(web: Web, guardian: Session) -> Iterator[tuple[str, Headers]]:
    """Yield what an attacker might send in place of the CSRF token."""
    yield "none", {}
    yield "an empty one", {"X-CSRF-Token": ""}
    yield "words", {"X-CSRF-Token": "please"}
    other = signed_in(web, web.running.token("guardian"))
    yield "that of another session", {"X-CSRF-Token": other.csrf}
    yield "one cut short", {"X-CSRF-Token": guardian.csrf[:-1]}
    yield "in another header", {"X-Token": guardian.csrf}
    yield "in a cookie", {"Cookie": f"{guardian.cookie}; csrf_token={guardian.csrf}"}


TRICKS = {
    "a form": "application/x-www-form-urlencoded",
    "a form of parts": "multipart/form-data; boundary=x",
    "plain text": "text/plain",
    "plain text that says JSON": "text/plain; application/json",
    "JSON": "application/json",
    "nothing": "",
    "in capitals": "APPLICATION/X-WWW-FORM-URLENCODED",
    "a query": "application/sparql-query",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_threat_52_no_content_type_writes_or_asks_for_a_visitor_of_another_page(
    web: Web, child: str, guardian: Session, trick: str
) -> None:
    headers = {"Content-Type": TRICKS[trick]} if TRICKS[trick] else {}
    before = web.running.context.truth.epoch
    routes = [
        ("POST", "/sparql", "query=ASK%7B%7D"),
        ("POST", "/sparql?query=ASK%7B%7D", ""),
        ("POST", "/sparql?_method=GET", "query=ASK%7B%7D&_method=GET"),
        ("PUT", cell(child, "progress", "state-agency"), '{"level": "none"}'),
        ("POST", f"/learners/{child}/preview/progress/state-agency", '{"level": "none"}'),
        ("POST", f"/learners/{child}/policy", "x"),
        ("DELETE", cell(child, "progress", "state-agency"), ""),
        ("DELETE", "/session", ""),
    ]
    for sent in [more for _, more in csrf_tokens(web, guardian)] if trick == "a form" else [{}]:
        for method, path, body in routes:
            answer = web.send(method, path, guardian.reading | headers | sent, body)
            assert answer.status == 403, (method, path, sent)
            assert "CSRF" in answer.json["detail"]
            over = {"X-HTTP-Method-Override": "GET", "X-Requested-With": "XMLHttpRequest"}
            overridden = web.send(method, path, guardian.reading | headers | sent | over, body)
            assert overridden.status in (400, 403, 405)
    assert web.running.context.truth.epoch == before


@pytest.mark.parametrize("trick", [name for name in TRICKS if name != "JSON"])
def test_threat_52_no_form_of_another_page_signs_a_visitor_in(web: Web, trick: str) -> None:
    """Else whoever asks next would ask in the name of the attacker, who can read the log."""
    headers = {"Content-Type": TRICKS[trick]} if TRICKS[trick] else {}
    body = json.dumps({"token": web.running.token("teacher")})
    answer = web.send("POST", "/session", headers, body)
    assert answer.status == 415 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_threat_52_a_browser_that_comes_from_another_page_is_not_signed_in(
    web: Web, guardian: Session, site: str
) -> None:
    sent = {"Sec-Fetch-Site": site}
    assert web.send("GET", "/me", guardian.reading | sent).status == 401
    assert web.send("POST", "/sparql", guardian.writing | sent, "query=ASK%7B%7D").status == 401
    assert b'id="sign-in"' in web.send("GET", "/", guardian.reading | sent).body
    refused = post(web, web.running.token("teacher"), sent)
    assert refused.status == 403 and "set-cookie" not in refused.headers
    for own in ("same-origin", "none"):
        assert web.send("GET", "/me", guardian.reading | {"Sec-Fetch-Site": own}).status == 200


def test_a_program_with_a_token_needs_no_csrf_token_and_gets_no_cookie(
    web: Web, child: str
) -> None:
    headers = web.running.headers("guardian") | JSON
    path = f"/learners/{child}/preview/progress/state-agency"
    for answer in (
        web.send("POST", path, headers, '{"level": "none"}'),
        web.send("GET", "/me", headers),
        web.send("GET", "/session", headers),
        web.send("GET", "/", headers),
        web.send("GET", "/"),
    ):
        assert answer.status == 200 and "set-cookie" not in answer.headers


def test_signing_in_again_leaves_nothing_of_the_session_before(web: Web, guardian: Session) -> None:
    again = signed_in(web, web.running.token("teacher"), guardian.reading)
    assert web.send("GET", "/session", again.reading).json["audience"] == "teacher-elm"
    mixed = again.reading | {"X-CSRF-Token": guardian.csrf}
    assert web.send("DELETE", "/session", mixed).status == 403


def test_threat_53_the_page_shows_a_subject_as_text_and_no_one_frames_it(
    web: Web, sample: Running
) -> None:
    audience = sample.context.views.audience("teacher-elm")
    name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    moment, purpose = sample.clock(), min(audience.purposes)
    token = issue(sample.context.key, name, audience, purpose, moment, timedelta(hours=1))
    kept = signed_in(web, token)
    page = web.send("GET", "/", kept.reading)
    assert b"<script>alert" not in page.body and b"<img" not in page.body
    assert b"&lt;script&gt;alert(1)" in page.body
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert token.encode() not in page.body, "scripts could read it there"


def test_no_page_or_answer_shows_the_token(web: Web) -> None:
    token = web.running.token("guardian")
    kept = signed_in(web, token)
    for path in ("/", "/session", "/me"):
        answer = web.send("GET", path, kept.reading)
        assert token.rpartition(".")[2].encode() not in answer.body
