"""Pages of others, encodings and verbs: what the browser is told, and what no request may do."""

import gzip
from collections.abc import Iterator
from dataclasses import replace

import brotli  # type: ignore[import-untyped]
import pytest

from databackpack.service.app import create_app
from databackpack.service.config import Config
from tests.running import Running
from tests.web.asking import Headers, Response, Web

TOOLS = "https://tools.example.org"
OTHER = "http://dash.example.org:8000"
QUESTION = "/questions/learners-meeting-standard?standard=3.OA.A.1"
READING = ["/questions", QUESTION, "/graphs?default", "/sparql?query=ASK%7B%7D"]
CROSS = "access-control-"


@pytest.fixture(scope="module")
def shared(sample: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The service over the sample as pages of two other origins may ask it, behind TLS."""
    keys = tmp_path_factory.mktemp("keys")
    config = Config(store=None, keys=keys, clock=sample.clock, origins=(TOOLS, OTHER), https=True)
    running = replace(sample, app=create_app(config, sample.context))
    with running.listening() as address:
        yield Web(running, address)


def cross(answer: Response) -> Headers:
    return {name: value for name, value in answer.headers.items() if name.startswith(CROSS)}


def preflight(web: Web, path: str, origin: str, method: str = "GET") -> Headers:
    """Return what a browser is told before it sends a token from a page of *origin*."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,min-consent-epoch",
    }
    answer = web.send("OPTIONS", path, headers)
    assert answer.status == 200
    return cross(answer)


@pytest.mark.parametrize("path", READING)
@pytest.mark.parametrize("origin", [TOOLS, OTHER])
def test_a_page_on_the_list_may_ask_and_read_what_it_needs(
    shared: Web, path: str, origin: str
) -> None:
    told = preflight(shared, path, origin)
    assert told["access-control-allow-origin"] == origin
    assert "GET" in told["access-control-allow-methods"].split(", ")
    allowed = told["access-control-allow-headers"].lower()
    assert {"authorization", "min-consent-epoch"} <= set(allowed.split(", "))
    headers = shared.running.headers("state-agency", "*/*") | {"Origin": origin}
    answer = shared.send("GET", path, headers)
    assert answer.status == 200
    assert cross(answer)["access-control-allow-origin"] == origin
    exposed = cross(answer)["access-control-expose-headers"].split(", ")
    assert set(exposed) == {"Consent-Epoch", "ETag", "Link", "Retry-After", "X-Request-Id"}
    assert "Origin" in answer.headers["vary"]


def test_a_page_on_the_list_reads_refusals_too(shared: Web) -> None:
    answer = shared.send("GET", "/sparql?query=ASK%7B%7D", {"Origin": TOOLS})
    assert (answer.status, cross(answer)["access-control-allow-origin"]) == (401, TOOLS)


@pytest.mark.parametrize("path", READING)
@pytest.mark.parametrize(
    "origin",
    [
        *("null", "https://evil.example.org", f"{TOOLS}.evil.org", "http://tools.example.org"),
        *(f"{TOOLS}:8443", "https://toolsxexample.org", "https://a.tools.example.org", "*"),
    ],
)
def test_no_other_page_is_told_anything(shared: Web, path: str, origin: str) -> None:
    assert preflight(shared, path, origin) == {}
    headers = shared.running.headers("state-agency", "*/*") | {"Origin": origin}
    answer = shared.send("GET", path, headers)
    assert cross(answer) == {}
    assert origin not in answer.headers.values()


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/me", "GET"),
        ("/learners/x/policy", "GET"),
        ("/learners/x/policy/progress/state-agency", "PUT"),
        ("/disclosures", "GET"),
        ("/session", "POST"),
        ("/metrics", "GET"),
        ("/", "GET"),
    ],
)
def test_what_families_and_operators_use_is_for_no_other_page(
    shared: Web, path: str, method: str
) -> None:
    assert preflight(shared, path, TOOLS, method) == {}


def test_a_page_on_the_list_may_post_a_query_and_write_nothing(shared: Web) -> None:
    may = preflight(shared, "/sparql", TOOLS, "POST")["access-control-allow-methods"]
    assert set(may.split(", ")) <= {"GET", "HEAD", "POST"}
    for path in READING[:3]:
        told = preflight(shared, path, TOOLS, "DELETE").get("access-control-allow-methods", "")
        assert not {"PUT", "POST", "DELETE", "PATCH"} & set(told.split(", "))


def test_no_cookie_goes_with_a_request_of_another_page(shared: Web) -> None:
    headers = shared.running.headers("state-agency") | {"Origin": TOOLS}
    for answer in (
        preflight(shared, "/sparql", TOOLS),
        cross(shared.send("GET", QUESTION, headers)),
    ):
        assert "access-control-allow-credentials" not in answer


def test_without_a_list_no_page_is_told_anything(web: Web) -> None:
    for path in READING:
        assert preflight(web, path, TOOLS) == {}


def test_behind_tls_answers_say_so_and_else_they_do_not(shared: Web, web: Web) -> None:
    for path in ("/healthz", "/nothing", "/sparql", "/static/home.css"):
        told = shared.send("GET", path).headers
        assert told["strict-transport-security"] == "max-age=31536000"
        assert "camera=()" in told["permissions-policy"]
        assert "strict-transport-security" not in web.send("GET", path).headers


DUMP = "/sparql?query=CONSTRUCT%20WHERE%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"
TYPES = ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"]


def decoded(answer: Response) -> bytes:
    match answer.headers.get("content-encoding"):
        case "gzip":
            return gzip.decompress(answer.body)
        case "br":
            return bytes(brotli.decompress(answer.body))
        case None:
            return answer.body
        case encoding:
            return pytest.fail(f"{encoding} was not asked for")


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_long_answer_is_compressed_and_is_the_same(web: Web, encoding: str) -> None:
    for media_type in TYPES:
        headers = web.running.headers("researcher", media_type)
        plain = web.send("GET", DUMP, headers)
        short = web.send("GET", DUMP, headers | {"Accept-Encoding": encoding})
        assert short.headers["content-encoding"] == encoding
        assert len(short.body) < len(plain.body) / 3
        assert sorted(decoded(short).split()) == sorted(plain.body.split()) or encoding == "br"
        assert int(short.headers["content-length"]) == len(short.body)
        for answer in (plain, short):
            assert {"Accept", "Authorization", "Accept-Encoding"} <= set(
                answer.headers["vary"].replace(" ", "").split(",")
            )
        head = web.send("HEAD", DUMP, headers | {"Accept-Encoding": encoding})
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-encoding"] == encoding


def test_zstandard_is_there_for_browsers_and_what_is_refused_is_not_sent(web: Web) -> None:
    headers = web.running.headers("researcher", "text/turtle")
    for accepted, sent in {
        "gzip, deflate, br, zstd": "zstd",
        "zstd;q=0.5, gzip": "gzip",
        "deflate": None,
        "gzip;q=0": None,
        "br;q=0, zstd;q=0, identity": None,
        "": None,
    }.items():
        answer = web.send("GET", DUMP, headers | {"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == sent, accepted


def test_short_answers_pages_and_streams_are_sent_as_they_are(web: Web) -> None:
    accepted = {"Accept-Encoding": "gzip, br, zstd"}
    for path, accept in [("/healthz", "*/*"), ("/", "text/html"), ("/questions", "text/html")]:
        answer = web.send("GET", path, {"Accept": accept} | accepted)
        assert answer.status == 200
        assert "content-encoding" not in answer.headers


def test_a_version_read_from_a_compressed_answer_is_that_version(web: Web, child: str) -> None:
    headers = web.running.headers("guardian") | {"Accept-Encoding": "gzip"}
    path = f"/learners/{child}/policy"
    etag = web.send("GET", path, headers).headers["etag"]
    assert etag.endswith(':gzip"')
    cell = f"{path}/progress/state-agency"
    body, sent = '{"level": "full"}', {"Content-Type": "application/json"}
    assert web.send("PUT", cell, headers | sent | {"If-Match": etag}, body).status == 200
    assert web.send("PUT", cell, headers | sent | {"If-Match": etag}, body).status == 412


def test_an_answer_that_the_client_has_is_not_sent_again_compressed_or_not(web: Web) -> None:
    headers = web.running.headers("researcher", "text/turtle")
    plain = web.send("GET", DUMP, headers).headers["etag"]
    short = web.send("GET", DUMP, headers | {"Accept-Encoding": "gzip"}).headers["etag"]
    assert plain != short
    for etag, encoding in ((plain, "identity"), (short, "gzip")):
        known = headers | {"Accept-Encoding": encoding, "If-None-Match": etag}
        answer = web.send("GET", DUMP, known)
        assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "identity, gzip", "x"])
def test_a_body_that_is_compressed_is_refused_unread(web: Web, encoding: str) -> None:
    bomb = gzip.compress(b"ASK{}" + b" " * 10_000_000)
    headers = web.running.headers("state-agency") | {
        "Content-Type": "application/sparql-query",
        "Content-Encoding": encoding,
    }
    for path in ("/sparql", "/learners/x/policy", "/nothing"):
        answer = web.send("POST", path, headers, bomb)
        assert answer.told[0] == 415
        assert "Content-Encoding" in answer.json["detail"]


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_makes_one_verb_another(web: Web, child: str, name: str) -> None:
    headers = web.running.headers("guardian") | {"Content-Type": "application/json"}
    for method, path in [
        ("POST", f"/learners/{child}/policy"),
        ("GET", "/me"),
        ("POST", "/sparql?query=ASK%7B%7D"),
    ]:
        answer = web.send(method, path, headers | {name: "DELETE"}, '{"level": "none"}')
        assert answer.status == 405
        assert {method, "OPTIONS"} <= set(answer.headers["allow"].split(", "))


def test_each_route_has_the_verbs_it_names_and_no_other(web: Web, child: str) -> None:
    values = {"name": child, "category": "progress", "audience": "state-agency", "purpose": "x"}
    verbs = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}
    for rule in web.running.app.url_map.iter_rules():
        path = (
            rule.rule.replace("path:", "").replace("uuid:", "").replace("<", "{").replace(">", "}")
        )
        path = path.format(**{**values, "filename": "home.css", "form": "csv"})
        rules = [r for r in web.running.app.url_map.iter_rules() if r.rule == rule.rule]
        known = {method for one in rules for method in one.methods or ()}
        for verb in verbs - known:
            answer = web.send(verb, path, web.running.headers("guardian"))
            assert answer.status == 405, (verb, path)
            assert set(answer.headers["allow"].split(", ")) == known
        asked = web.send("OPTIONS", path, web.running.headers("guardian"))
        assert (asked.status, asked.body) == (200, b"") or path.startswith("/views")
        if "GET" in known:
            headers = web.running.headers("guardian", "*/*")
            head, get = web.send("HEAD", path, headers), web.send("GET", path, headers)
            assert (head.status, head.body) == (get.status, b""), path
            assert head.headers.get("content-type") == get.headers.get("content-type")
