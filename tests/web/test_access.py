"""Every surface, method and asker → the status, in one table; and what every answer carries."""

import re
from itertools import product

import pytest

from tests.web.asking import PERSONAS, Response, Web, cell

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
ANONYMOUS = ("nobody", "wrong token")
ASKERS = (*ANONYMOUS, *PERSONAS)

OWN_POLICY = "/learners/{child}/policy"
OWN_CELL = cell("{child}", "progress", "state-agency")
NOBODY = "00000000-0000-4000-8000-000000000000"

# Path → method → status for (anonymous, the child's guardian, everybody else). OPTIONS, which
# tells only the methods, is 200 wherever there is a path; a method that is not named here is 405.
TABLE: dict[str, dict[str, tuple[int, int, int]]] = {
    "/": {"GET": (200, 200, 200)},
    "/static/home.css": {"GET": (200, 200, 200)},
    "/static/home.js": {"GET": (200, 200, 200)},
    "/static/none.js": {"GET": (404, 404, 404)},
    "/static/../app.py": {"GET": (404, 404, 404)},
    "/healthz": {"GET": (200, 200, 200)},
    "/readyz": {"GET": (200, 200, 200)},
    "/questions": {"GET": (200, 200, 200)},
    "/questions/learners-meeting-standard": {"GET": (401, 400, 400)},
    "/questions/learners-meeting-standard?standard=3.OA.A.1": {"GET": (401, 200, 200)},
    "/questions/nothing": {"GET": (401, 404, 404)},
    "/sparql": {"GET": (401, 406, 406), "POST": (401, 415, 415)},
    "/sparql?query=ASK%7B%7D": {"GET": (401, 200, 200), "POST": (401, 415, 415)},
    "/graphs": {"GET": (401, 400, 400)},
    "/.well-known/void": {"GET": (401, 406, 406)},
    "/me": {"GET": (401, 200, 200)},
    OWN_POLICY: {"GET": (401, 200, 404), "POST": (401, 415, 404)},
    f"/learners/{NOBODY}/policy": {"GET": (401, 404, 404), "POST": (401, 404, 404)},
    OWN_CELL: {"PUT": (401, 400, 404), "DELETE": (401, 200, 404)},
    cell("{child}", "attendance", "state-agency"): {
        "PUT": (401, 400, 404),
        "DELETE": (401, 200, 404),
    },
    cell("{child}", "nothing", "state-agency"): {"PUT": (401, 404, 404), "DELETE": (401, 404, 404)},
    cell("{child}", "progress", "nobody"): {"PUT": (401, 404, 404), "DELETE": (401, 404, 404)},
    cell(NOBODY, "progress", "state-agency"): {"PUT": (401, 404, 404), "DELETE": (401, 404, 404)},
    f"{OWN_CELL}/requests": {"POST": (401, 404, 404)},
    "/learners/{child}/explanation": {"GET": (401, 200, 404)},
    f"/learners/{NOBODY}/explanation": {"GET": (401, 404, 404)},
    "/learners/{child}/preview/progress/state-agency": {"POST": (401, 400, 404)},
    f"/learners/{NOBODY}/preview/progress/state-agency": {"POST": (401, 404, 404)},
    "/learners/{child}/disclosures": {"GET": (401, 200, 404)},
    f"/learners/{NOBODY}/disclosures": {"GET": (401, 404, 404)},
    "/disclosures": {"GET": (401, 404, 404)},
    "/notices/nothing": {"GET": (401, 404, 404)},
    "/statistics": {"GET": (401, 200, 200)},
    "/statistics/moves": {"GET": (401, 404, 404)},
    "/statistics/moves.svg": {"GET": (401, 404, 404)},
    f"/learners/{NOBODY}/emergencies": {"POST": (401, 404, 404)},
    "/loads": {"POST": (401, 401, 401)},
    f"/loads/{NOBODY}": {"GET": (401, 401, 401)},
    f"/loads/{NOBODY}/report": {"GET": (401, 401, 401)},
    "/nothing": {},
    "/sparql/": {},
    "/learners": {},
    "/data": {},
    "/update": {},
}
ABSENT = {"/nothing", "/sparql/", "/learners", "/data", "/update"}

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def expected(path: str, method: str, asker: str) -> int:
    if path in ABSENT:
        return 404
    if method == "OPTIONS":
        return 200
    row = TABLE[path].get("GET" if method == "HEAD" else method)
    if row is None:
        return 405
    return row[0 if asker in ANONYMOUS else 1 if asker == "guardian" else 2]


def ask(web: Web, path: str, method: str, asker: str, child: str) -> Response:
    headers = {
        "nobody": {},
        "wrong token": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    }.get(asker)
    path = path.replace("{child}", child).replace("%7Bchild%7D", child)
    return web.send(method, path, web.running.headers(asker) if headers is None else headers)


@pytest.mark.parametrize("path", TABLE)
def test_each_method_by_each_asker_has_its_status(web: Web, child: str, path: str) -> None:
    for method, asker in product(METHODS, ASKERS):
        answer = ask(web, path, method, asker, child)
        assert answer.status == expected(path, method, asker), (method, asker, answer.body)
        assert_guarded(answer)
        is_tagged = path == OWN_POLICY or "?" in path or path.startswith("/static/")
        assert is_tagged or "etag" not in answer.headers
        if answer.status >= 400 and method != "HEAD":
            assert_problem(answer)
        if method == "HEAD":
            assert answer.body == b""


def assert_guarded(answer: Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] in {"private, no-store", "no-cache"}
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers
    etag = answer.headers.get("etag", "")
    is_static = answer.headers["cache-control"] == "no-cache"
    assert is_static or re.fullmatch(r'|"[0-9]+"|"[0-9a-f]{64}(:\w+)?"', etag)


def assert_problem(answer: Response) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json
    assert set(body) - {"detail"} == {"type", "title", "status", "request_id"}
    assert body["status"] == answer.status
    assert len(body["request_id"]) == 36
    for inside in (b"Traceback", b".py", b"pyoxigraph", b"rdflib", b"/graph/", b"lock"):
        assert inside not in answer.body
    if answer.status == 405:
        assert answer.headers["allow"]
    if answer.status == 401:
        assert answer.headers["www-authenticate"] == 'Bearer realm="databackpack"'


def test_the_override_of_a_method_is_not_heard(web: Web, child: str) -> None:
    headers = web.running.headers("guardian") | {"X-HTTP-Method-Override": "PUT"}
    path = cell(child, "progress", "state-agency")
    assert web.send("POST", path, headers, '{"level": "none"}').status == 405


def test_another_origin_is_told_nothing(web: Web) -> None:
    for origin in ("https://evil.example", "null"):
        headers = web.running.headers("guardian") | {"Origin": origin}
        for method in ("GET", "OPTIONS"):
            answer = web.send(method, "/me", headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]


FAULTS: dict[str, tuple[int, str, dict[str, str], str | None]] = {
    "no query": (400, "GET /sparql?default-graph-uri=urn:x", {}, None),
    "unknown parameter": (400, "GET /sparql?query=ASK{}&timeout=9", {}, None),
    "syntax": (400, "POST", {"Content-Type": "application/sparql-query"}, "ASK {"),
    "update": (400, "POST", {"Content-Type": "application/sparql-query"}, "CLEAR ALL"),
    "refused": (
        400,
        "POST",
        {"Content-Type": "application/sparql-query"},
        "ASK { SERVICE <http://127.0.0.1:1/> {} }",
    ),
    "type": (415, "POST", {"Content-Type": "text/plain"}, "ASK {}"),
    "encoding": (
        415,
        "POST",
        {"Content-Type": "application/sparql-query; charset=utf-16"},
        "ASK {}",
    ),
    "format": (406, "GET /sparql?query=ASK{}", {"Accept": "image/png"}, None),
    "long text": (413, "POST", {"Content-Type": "application/sparql-query"}, "#" * 40_000),
    "large body": (413, "POST", {"Content-Type": "application/sparql-query"}, "#" * 300_000),
    "large form": (
        413,
        "POST",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "query=" + "x" * 300_000,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_the_same_shape(web: Web, name: str) -> None:
    status, request, headers, body = FAULTS[name]
    method, _, path = request.partition(" ")
    path = (path or "/sparql").replace("{}", "%7B%7D")
    answer = web.send(method, path, web.running.headers("researcher") | headers, body)
    assert answer.status == status, answer.body
    assert_guarded(answer)
    assert_problem(answer)


def test_no_request_number_is_given_twice(web: Web) -> None:
    numbers = {web.send("GET", "/nothing").json["request_id"] for _ in range(20)}
    assert len(numbers) == 20
