"""Items 41 to 44 and 49 to 54: no form of HTTP request tells more or does more than it should."""

import gzip
import json
import re
from itertools import product
from urllib.parse import quote

import pytest

from tests.threats import raw
from tests.threats.twins import ASKERS, BEN, BP_PREFIX, ELM, MIA, NOA, NORTH, Twins, name_of
from tests.web.asking import Headers, Response, Web, cell

QUERY = {"Content-Type": "application/sparql-query"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ASK = "/sparql?query=ASK%7B%7D"
SAID = f"{BP_PREFIX}SELECT ?said {{ ?x bp:behaviorType ?said }}"


def test_41_a_verb_does_what_it_says_and_no_header_changes_it(twins: Twins) -> None:
    for verb in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "query", "LINK"):
        answer = twins.send(ELM, verb, ASK)
        assert answer.status in {400, 405}, (verb, answer.status)
        assert answer.status == 400 or "GET" in answer.headers["allow"]
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        path = cell(name_of(BEN), "behavior", "teacher")
        answer = twins.send(NOA, "POST", path, '{"level": "none"}', {name: "PUT"})
        assert answer.status == 405
        assert twins.send(ELM, "GET", f"{ASK}&_method=DELETE").status == 400
    assert twins.whole.send("HEAD", ASK).status == twins.whole.send("GET", ASK).status == 401
    head, get = twins.send(ELM, "HEAD", ASK), twins.send(ELM, "GET", ASK)
    assert (head.status, head.body) == (200, b"")
    assert head.headers.get("consent-epoch") == get.headers["consent-epoch"]


BODIES: dict[str, tuple[list[tuple[str, str]], bytes, set[int]]] = {
    "no type": ([], b"ASK {}", {415}),
    "text": ([("Content-Type", "text/plain")], b"ASK {}", {415}),
    "utf-16": (
        [("Content-Type", "application/sparql-query; charset=UTF-16")],
        "ASK {}".encode("utf-16"),
        {415},
    ),
    "latin-1": ([("Content-Type", "application/sparql-query; charset=latin-1")], b"ASK {}", {415}),
    "not utf-8": ([("Content-Type", "application/sparql-query")], b"ASK { ?s ?p '\xe9' }", {400}),
    "multipart": (
        [("Content-Type", "multipart/form-data; boundary=b")],
        b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nASK {}\r\n--b--\r\n',
        {415},
    ),
    "two types": (
        [("Content-Type", "application/sparql-query"), ("Content-Type", "text/plain")],
        b"ASK {}",
        {400, 415},
    ),
    "json": ([("Content-Type", "application/json")], b'{"query": "ASK {}"}', {415}),
    "packed": (
        [("Content-Type", "application/sparql-query"), ("Content-Encoding", "gzip")],
        gzip.compress(b"ASK {}" + b" " * 50_000_000),
        {400, 415},
    ),
    "too long": ([("Content-Type", "application/sparql-query")], b"#" * 400_000, {413}),
    "a form too long": (
        [("Content-Type", "application/x-www-form-urlencoded")],
        b"query=" + b"x" * 400_000,
        {413},
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_42_a_body_of_another_kind_is_refused_for_what_it_is(twins: Twins, name: str) -> None:
    headers, body, statuses = BODIES[name]
    sized = [*headers, ("Content-Length", str(len(body)))]
    sent = raw.request(twins.whole, ELM, "POST /sparql HTTP/1.1", sized, body)
    answer = raw.answer_to(twins.whole, sent)
    assert answer.status in statuses, (answer.status, answer.body)


def chunked(twins: Twins, length: int) -> Response:
    headers = [*QUERY.items(), ("Transfer-Encoding", "chunked")]
    text = b"ASK {}".ljust(length)
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
    sent = raw.request(twins.whole, ELM, "POST /sparql HTTP/1.1", headers, body)
    return raw.answer_to(twins.whole, sent)


def test_42_a_body_without_a_length_has_the_same_limit(twins: Twins) -> None:
    assert chunked(twins, 10).status == 200
    assert chunked(twins, 400_000).status == 413
    many = [*QUERY.items(), *QUERY.items(), ("Content-Length", "6")]
    sent = raw.request(twins.whole, ELM, "POST /sparql HTTP/1.1", many, b"ASK {}")
    assert raw.answer_to(twins.whole, sent).status in {200, 400, 415}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        *(("text/html", 200), ("*/*", 200), ("", 200), ("image/png", 406), ("text/x-none", 406)),
        *(("application/json;q=0", 406), ("*/*;q=0", 406), (";;;,q=,=", 406)),
        *(("text/html,*/*;q=0.1", 200), ("application/json;q=2", 200), ("a/b," * 2_500, 406)),
    ],
)
def test_43_what_is_accepted_decides_the_form_and_nothing_runs_as_a_page(
    twins: Twins, accept: str, status: int
) -> None:
    answer = twins.query(ELM, SAID, accept)
    assert answer.status == status, answer.body
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.headers["content-type"].startswith("text/html"):
        assert b"<script>alert" not in answer.body
        assert b"&lt;script&gt;alert" in answer.body


def test_44_a_formula_is_a_value_as_it_was_written_and_no_spreadsheets_page(twins: Twins) -> None:
    """It is told in docs/threats.md; a client that opens it in a spreadsheet must know."""
    for accept, quotes in (("text/csv", '"'), ("text/tab-separated-values", "")):
        answer = twins.query(ELM, SAID, accept)
        assert answer.headers["content-type"].startswith(f"{accept};")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-disposition" not in answer.headers, "it is not offered as a file to open"
        assert f'{quotes}=HYPERLINK({quotes}"'.encode() in answer.body.replace(b'\\"', b'"')


def test_49_no_cache_between_keeps_an_answer_or_gives_it_to_another(twins: Twins) -> None:
    text = f"{BP_PREFIX}SELECT ?x {{ ?x a bp:Enrollment }} ORDER BY ?x"
    told = {asker: twins.query(asker, text).body for asker in (*ASKERS, MIA)}
    assert len({told[asker] for asker in (MIA, NOA, ELM)}) == 3
    assert {asker: twins.query(asker, text).body for asker in reversed(told)} == told
    for asker, accept in product(told, ("application/json", "text/csv", "text/turtle")):
        path = f"/sparql?query={quote(text)}"
        for verb in ("GET", "HEAD"):
            answer = twins.send(asker, verb, path, headers={"Accept": accept})
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.status == 406 or {"Accept", "Authorization"} <= {
                name.strip() for name in answer.headers["vary"].split(",")
            }
            if answer.status == 200:
                assert accept.partition("/")[2] in answer.headers["content-type"]
    forged = ("audience", "aud=a|q", f"{ELM}|ASK {{}}")
    for name in forged:
        assert twins.send(ELM, "GET", f"{ASK}&{quote(name)}=x").status == 400


def tag(web: Web, asker: str, path: str, *tags: str) -> Response:
    headers = web.running.headers(asker, "*/*")
    return web.send("GET", path, headers | ({"If-None-Match": ", ".join(tags)} if tags else {}))


def test_50_an_etag_of_one_audience_says_nothing_to_another(web: Web) -> None:
    """Both audiences get the same bytes for each of these, and must not find that out."""
    for text in (
        "ASK {}",
        "SELECT * { ?s <urn:none> ?o }",
        f"{BP_PREFIX}ASK {{ ?x a bp:Learner }}",
    ):
        path = f"/sparql?query={quote(text)}"
        tags = {asker: tag(web, asker, path).headers.get("etag", "") for asker in (ELM, NORTH)}
        assert not any(tags.values()) or tags[ELM] != tags[NORTH]
        assert tag(web, NORTH, path, tags[ELM], f"W/{tags[ELM]}").status == 200
        if tags[ELM]:
            assert tag(web, ELM, path, tags[ELM]).status == 304
            assert web.send("GET", path, {"If-None-Match": tags[ELM]}).status == 401
    before = tag(web, ELM, path).headers.get("etag", "")
    web.say(NOA, cell(name_of(BEN), "behavior", "teacher"), "none")
    assert tag(web, ELM, path, before).status == 200, "a new epoch is a new answer"


ORIGINS = ("https://evil.example", "null", "http://127.0.0.1", "https://w3id.org", "*", "")


@pytest.mark.parametrize("origin", ORIGINS)
def test_51_no_origin_that_was_not_named_may_ask(twins: Twins, origin: str) -> None:
    for verb, path in product(("GET", "OPTIONS", "POST"), (ASK, "/me", "/questions", "/readyz")):
        preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        preflight |= {"Access-Control-Request-Headers": "authorization"}
        answer = twins.send(ELM, verb, path, headers=preflight)
        assert not [name for name in answer.headers if name.startswith("access-control-allow")]


def test_52_a_form_of_another_page_does_nothing_with_a_browsers_cookies(twins: Twins) -> None:
    token = twins.whole.running.token(NOA)
    path = cell(name_of(BEN), "behavior", "teacher")
    cookies = ("session={0}", "token={0}", "__Host-session={0}", "Authorization=Bearer {0}")
    for cookie in (*cookies, "access_token={0}; session={0}"):
        headers = {"Cookie": cookie.format(token), "Origin": "https://evil.example"}
        for sent in (FORM, {"Content-Type": "text/plain"}, {}):
            asked = twins.whole.send("POST", "/sparql", headers | sent, "query=ASK%7B%7D")
            said = twins.whole.send("PUT", path, headers | sent, '{"level": "none"}')
            assert asked.status in {400, 401, 403}
            assert said.status in {400, 401, 403}
            assert "set-cookie" not in asked.headers
    assert b"HYPERLINK" in twins.query(ELM, SAID).body


def test_52_a_session_is_no_use_to_the_page_of_another_site(twins: Twins) -> None:
    """The browser sends the cookie of whoever is signed in; the page knows no CSRF token."""
    web, path = twins.whole, cell(name_of(BEN), "behavior", "teacher")
    sent = json.dumps({"token": web.running.token(NOA)})
    signed_in = web.send("POST", "/session", {"Content-Type": "application/json"}, sent)
    assert signed_in.status == 201
    cookie = signed_in.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    own = {"Cookie": cookie.partition(";")[0]}
    me = web.send("GET", "/me", own)
    assert me.json["audience"] == NOA
    kinds: tuple[Headers, ...] = (
        {},
        FORM,
        QUERY,
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json"},
    )
    sites: tuple[Headers, ...] = (
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
    )
    for kind, site in product(kinds, sites):
        for verb in ("PUT", "DELETE", "POST"):
            answer = web.send(verb, path, own | kind | site, '{"level": "none"}')
            assert answer.status in {401, 403, 405}, (verb, kind, site, answer.status)
        asked = web.send("POST", "/sparql", own | kind | site, "query=ASK%7B%7D")
        assert asked.status in {401, 403}
    for site in sites[1:3]:
        assert web.send("GET", ASK, own | site).status == 401
    forged = own["Cookie"][:-3] + ("AAA" if own["Cookie"][-3:] != "AAA" else "BBB")
    assert web.send("GET", ASK, {"Cookie": forged}).status == 401
    assert b"HYPERLINK" in twins.query(ELM, SAID).body, "nothing was set"


PAGES = ("/", "/questions", f"/sparql?query={quote(SAID)}", "/nothing", "/me")


@pytest.mark.parametrize("path", PAGES)
def test_53_no_page_runs_what_it_shows_or_stands_in_another_page(twins: Twins, path: str) -> None:
    answer = twins.send(ELM, "GET", path, headers={"Accept": "text/html,*/*;q=0.1"})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for inline in (rb"<script(?![^>]* src=)", rb" on\w+\s*=", rb"javascript:", rb"<script>alert"):
        if answer.headers["content-type"].startswith("text/html"):
            assert re.search(inline, answer.body) is None
    shared = twins.send(ELM, "GET", f"/?query={quote(SAID)}", headers={"Accept": "text/html"})
    assert b"behaviorType" not in shared.body, "a shared link does not ask by itself"


SMUGGLED = b"GET /me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
AMBIGUOUS: dict[str, list[tuple[str, str]]] = {
    "both lengths": [("Content-Length", "6"), ("Transfer-Encoding", "chunked")],
    "two lengths": [("Content-Length", "6"), ("Content-Length", str(6 + len(SMUGGLED)))],
    "a signed length": [("Content-Length", "+6")],
    "an odd coding": [("Transfer-Encoding", "xchunked")],
    "codings twice": [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "identity")],
    "a space before the colon": [("Content-Length ", "6")],
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_54_a_request_of_two_readings_is_not_two_requests(twins: Twins, name: str) -> None:
    headers = [*QUERY.items(), *AMBIGUOUS[name]]
    sent = raw.request(twins.whole, ELM, "POST /sparql HTTP/1.1", headers, b"ASK {}" + SMUGGLED)
    told = raw.answers(twins.whole, sent, 3)
    assert told[0].status in {400, 401, 411, 501}, told
    assert len([one for one in told if one.status == 200]) == 0


def test_54_an_oversized_request_is_refused_before_it_is_read(twins: Twins) -> None:
    for path, headers in (
        (f"/sparql?query=ASK%7B%7D%23{'x' * 300_000}", {}),
        ("/me", {"X-Long": "x" * 300_000}),
    ):
        answer = raw.answer_to(
            twins.whole,
            raw.request(twins.whole, ELM, f"GET {path} HTTP/1.1", list(headers.items())),
        )
        assert answer.status in {400, 413, 414, 431}, answer.status
    assert twins.send(ELM, "GET", ASK).status == 200
