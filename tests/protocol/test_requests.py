"""Requests to ``/sparql``: which are taken, and the status of each that is not."""

from urllib.parse import urlencode

import pytest

from tests.web.asking import Response, Web

FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
ASK = urlencode({"query": "ASK {}"})
OF_OTHER_SERVERS = [
    *("update", "using-graph-uri", "using-named-graph-uri", "using-union-graph", "user", "timeout"),
    *("union-default-graph", "access-token", "access_token", "infer", "reasoning", "debug", "send"),
    *("audience", "purpose", "apikey", "explain", "maxrows", "queryLn", "$x"),
]


def send(
    web: Web, method: str, query_string: str = "", body: bytes | str | None = None, **more: str
) -> Response:
    headers = web.running.headers("teacher", "*/*")
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return web.send(method, f"/sparql{query_string}", headers, body)


# What is sent → its status, and a word of what it is told.
REFUSED: dict[str, tuple[tuple[str | bytes, ...], dict[str, str], int, str]] = {
    "no query": (("GET", "?default-graph-uri=a:1"), {}, 400, "exactly one query"),
    "an empty query": (("GET", "?query="), {}, 400, "exactly one query"),
    "two queries": (("GET", f"?{ASK}&{ASK}"), {}, 400, "exactly one query"),
    "a format alone": (("GET", "?format=xml"), {}, 400, "exactly one query"),
    "an update as query": (("GET", "?query=DROP%20ALL"), {}, 400, ""),
    "a query and an update": (("GET", f"?{ASK}&update=DROP%20ALL"), {}, 400, "no update"),
    "an update behind a query": (("GET", "?query=ASK%7B%7D%3BDROP%20ALL"), {}, 400, ""),
    "a graph that is no iri": (("GET", f"?{ASK}&default-graph-uri=g"), {}, 400, "absolute IRI"),
    "a broken url": (("GET", "?query=ASK%7B%7D%23%FF"), {}, 400, "UTF-8"),
    "no type": (("POST", "", "ASK {}"), {}, 415, QUERY),
    "plain text": (("POST", "", "ASK {}"), {"Content_Type": "text/plain"}, 415, QUERY),
    "json": (("POST", "", '{"query": "ASK {}"}'), {"Content_Type": "application/json"}, 415, FORM),
    "an update": (
        ("POST", "", "DROP ALL"),
        {"Content_Type": "application/sparql-update"},
        415,
        "no update",
    ),
    "utf-16": (
        ("POST", "", "ASK {}".encode("utf-16")),
        {"Content_Type": f"{QUERY}; charset=UTF-16"},
        415,
        "UTF-8",
    ),
    "bytes that are none": (("POST", "", b"ASK {} #\xff"), {"Content_Type": QUERY}, 400, "UTF-8"),
    "an empty body": (("POST", "", ""), {"Content_Type": QUERY}, 400, "exactly one query"),
    "a query twice": (("POST", f"?{ASK}", ASK), {"Content_Type": FORM}, 400, "send one"),
    "a long query": (("POST", "", "#" * 40_000), {"Content_Type": QUERY}, 413, "bytes"),
    "a long body": (("POST", "", "#" * 300_000), {"Content_Type": QUERY}, 413, ""),
    "no format": (("GET", f"?{ASK}"), {"Accept": "image/png"}, 406, "text/csv"),
    "no format of the form": (("GET", f"?{ASK}"), {"Accept": "text/turtle"}, 406, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_request_gets_its_status_and_is_told_what_to_do(web: Web, name: str) -> None:
    sent, headers, status, words = REFUSED[name]
    answer = send(web, *sent, **headers)  # type: ignore[arg-type]
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json.get("detail", "")


@pytest.mark.parametrize("name", OF_OTHER_SERVERS)
def test_a_parameter_of_another_server_is_refused_wherever_it_stands(web: Web, name: str) -> None:
    more = urlencode({name: "1"})
    for answer in (
        send(web, "GET", f"?{ASK}&{more}"),
        send(web, "GET", f"?{more}"),
        send(web, "POST", "", f"{ASK}&{more}", Content_Type=FORM),
        send(web, "POST", f"?{more}", ASK, Content_Type=FORM),
        send(web, "POST", f"?{more}", "ASK {}", Content_Type=QUERY),
    ):
        assert answer.status == 400, answer.body
        assert name in answer.json["detail"]


def test_a_query_is_taken_in_each_way_that_the_protocol_has(web: Web) -> None:
    answers = [
        send(web, "GET", f"?{ASK}"),
        send(web, "POST", "", ASK, Content_Type=FORM),
        send(web, "POST", "", ASK, Content_Type=f"{FORM}; charset=utf-8"),
        send(web, "POST", "?default-graph-uri=a:1", ASK, Content_Type=FORM),
        send(web, "POST", "", "ASK {}", Content_Type=QUERY),
        send(web, "POST", "", "ASK {}", Content_Type=f'{QUERY}; charset="UTF-8"'),
        send(web, "GET", f"?{ASK}&format=json&output=json&results=json"),
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}


@pytest.mark.parametrize("query_string", ["", f"?{ASK}", "?query=ASK%7B", "?nothing=1"])
def test_head_is_get_without_a_body(web: Web, query_string: str) -> None:
    for accept in ("text/turtle, */*;q=0.1", "image/png"):
        whole = send(web, "GET", query_string, Accept=accept)
        head = send(web, "HEAD", query_string, Accept=accept)
        assert (head.status, head.body) == (whole.status, b"")
        for name in ("content-type", "content-length", "vary", "consent-epoch", "etag"):
            assert head.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/sparql", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/graphs", {"GET", "HEAD", "OPTIONS"}),
        ("/.well-known/void", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_tells_the_methods_and_any_other_is_refused(
    web: Web, path: str, methods: set[str]
) -> None:
    answer = web.send("OPTIONS", path)
    assert answer.status == 200
    assert set(answer.headers["allow"].split(", ")) == methods
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"} - methods:
        answer = web.send(method, path, web.running.headers("teacher"))
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == methods


def test_a_relative_iri_has_a_base_that_is_the_same_for_everybody(web: Web) -> None:
    base = b"https://w3id.org/databackpack/id/service/"
    for persona in ("teacher", "guardian"):
        answer = web.query(persona, "SELECT (<x> AS ?x) (<> AS ?y) {}", "text/csv")
        assert answer.body.split() == [b"x,y", base + b"x," + base + b"sparql"]
    answer = web.query("teacher", "BASE <a:b> SELECT (<#c> AS ?x) {}", "text/csv")
    assert answer.body.split() == [b"x", b"a:b#c"]
