"""The OpenAPI document against the running service: every route, and each answer as it says."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import requests
import schemathesis
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from databackpack.service.gate.credentials import issue_to_operator
from databackpack.service.policy import profile
from databackpack.service.records.terms import to_triples
from databackpack.service.rights import agreements
from tests.rights.test_agreements import TEXT
from tests.running import Running, run_sample
from tests.views.hosting import until
from tests.web import publications
from tests.web.asking import Response, Web
from tests.web.test_policies import Family

DOCUMENT = Path(__file__).parents[2] / "service" / "web" / "openapi.yaml"
SPARQL = {"/sparql", "/graphs", "/.well-known/void"}
"""What the SPARQL standards and the service description describe."""

CHECKS = [
    *(status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance),
]
schema = schemathesis.openapi.from_path(DOCUMENT)


@dataclass(frozen=True)
class Ask:
    """A request to one operation of the document, as a persona, and its status."""

    operation: str
    status: int
    persona: str | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    accept: str = "application/json"
    media_type: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.operation} {self.status} {self.accept}"


CHILD = {"learner": "CHILD"}
CELL = {**CHILD, "category": "progress", "audience": "state-agency"}
STATE = {**CELL, "audience": "state-agency-sample"}
FIXED = {**CHILD, "category": "attendance", "audience": "state-agency"}
NEEDS = {"audience": "teacher-elm", "purpose": "StudentLearningNeedsAssessment"}
QUESTION = {"question": "learners-meeting-standard"}
STANDARD = {"standard": "3.OA.A.1"}
MOVES = {"name": "moves"}
PUBLISH = "POST /views/{audience}/{purpose}/publish"
GUARDIAN, FULL = "guardian", {"level": "full"}
DANGER = {
    "audience": "provider-lantern",
    "categories": ["identity", "supports"],
    "threat": "A gas leak at the school.",
    "hours": 2,
}
NOBODY = "00000000-0000-4000-8000-000000000000"
STUDY, NOTICE = "researcher-persistence", {"name": "sample-study"}
MENU, CELLS = "/learners/{learner}/policy", "/learners/{learner}/policy/{category}/{audience}"

ASKED = [
    Ask("GET /", 200, accept="text/html"),
    Ask("GET /static/{filename}", 200, path={"filename": "home.css"}, accept="*/*"),
    Ask("GET /static/{filename}", 404, path={"filename": "x"}, accept="*/*"),
    Ask("GET /openapi.yaml", 200, accept="*/*"),
    Ask("GET /healthz", 200),
    Ask("GET /readyz", 200),
    Ask("GET /metrics", 200, accept="*/*"),
    Ask("GET /metrics", 401, accept="*/*", more={"Via": "1.1 proxy"}),
    Ask("GET /questions", 200),
    Ask("GET /questions", 200, accept="text/html"),
    *(
        Ask("GET /questions/{question}", 200, "teacher", QUESTION, STANDARD, accept=accept)
        for accept in (
            *("application/sparql-results+json", "application/sparql-results+xml", "text/html"),
            *("text/csv", "text/tab-separated-values"),
        )
    ),
    Ask("GET /questions/{question}", 400, "teacher", QUESTION),
    Ask("GET /questions/{question}", 400, "teacher", QUESTION, {"x": "y"}, accept="text/html"),
    Ask("GET /questions/{question}", 401, None, QUESTION, STANDARD),
    Ask("GET /questions/{question}", 404, "teacher", {"question": "x"}),
    Ask("GET /questions/{question}", 403, GUARDIAN, {"question": "mastery-file"}),
    Ask("GET /questions/{question}", 406, "teacher", QUESTION, STANDARD, accept="image/png"),
    Ask("GET /me", 200, GUARDIAN),
    Ask("GET /me", 401),
    Ask("GET /session", 200, GUARDIAN),
    Ask("GET /session", 401),
    Ask("POST /session", 201, body={"token": "TOKEN"}),
    Ask("POST /session", 401, body={"token": "x"}),
    Ask("POST /session", 400, body={}),
    Ask("DELETE /session", 403),
    *(
        Ask(f"GET {MENU}", 200, GUARDIAN, CHILD, accept=accept)
        for accept in ("application/json", "text/turtle", "application/ld+json")
    ),
    Ask(f"GET {MENU}", 404, "researcher", CHILD),
    Ask(f"GET {MENU}", 406, GUARDIAN, CHILD, accept="image/png"),
    Ask(f"POST {MENU}", 200, GUARDIAN, CHILD, body="TURTLE", media_type="text/turtle"),
    Ask(f"POST {MENU}", 400, GUARDIAN, CHILD, body="x", media_type="text/turtle"),
    Ask(f"PUT {CELLS}", 200, GUARDIAN, CELL, body=FULL),
    Ask(f"PUT {CELLS}", 400, GUARDIAN, CELL, body={"level": "some"}),
    Ask(f"PUT {CELLS}", 403, GUARDIAN, FIXED, body=FULL),
    Ask(f"PUT {CELLS}", 404, "teacher", CELL, body=FULL),
    Ask(f"PUT {CELLS}", 412, GUARDIAN, CELL, body=FULL, more={"If-Match": '"x"'}),
    Ask(f"PUT {CELLS}", 415, GUARDIAN, CELL, body=FULL, more={"Content-Encoding": "gzip"}),
    Ask(f"DELETE {CELLS}", 200, GUARDIAN, CELL),
    Ask(f"POST {CELLS}/requests", 200, "registrar-elm", STATE, body=FULL),
    Ask(f"POST {CELLS}/requests", 404, "teacher", CELL, body=FULL),
    Ask("GET /learners/{learner}/explanation", 200, GUARDIAN, CHILD),
    Ask("GET /learners/{learner}/explanation", 200, GUARDIAN, CHILD, accept="text/turtle"),
    Ask("GET /learners/{learner}/explanation", 400, GUARDIAN, CHILD, {"moment": "x"}),
    Ask("POST /learners/{learner}/preview/{category}/{audience}", 200, GUARDIAN, CELL, body=FULL),
    Ask("POST /learners/{learner}/emergencies", 200, "registrar-elm", CHILD, body=DANGER),
    Ask("POST /learners/{learner}/emergencies", 404, "researcher", CHILD, body=DANGER),
    Ask("POST /learners/{learner}/emergencies", 400, "registrar-elm", CHILD, body={"hours": 2}),
    Ask("GET /learners/{learner}/disclosures", 200, GUARDIAN, CHILD),
    Ask("GET /learners/{learner}/disclosures", 200, GUARDIAN, CHILD, accept="text/turtle"),
    Ask("GET /disclosures", 200, "auditor-sample"),
    Ask("GET /disclosures", 404, "teacher"),
    *(
        Ask("GET /notices/{name}", 200, STUDY, NOTICE, accept=accept)
        for accept in ("text/plain", "text/html", "text/turtle", "application/ld+json")
    ),
    Ask("GET /notices/{name}", 401, None, NOTICE),
    Ask("GET /notices/{name}", 404, "teacher", NOTICE),
    Ask("GET /notices/{name}", 406, STUDY, NOTICE, accept="image/png"),
    Ask("GET /statistics", 200, "state-agency"),
    Ask("GET /statistics", 200, "state-agency", accept="text/html"),
    Ask("GET /statistics", 401),
    Ask("GET /statistics/{name}", 200, "state-agency", MOVES, accept="text/html"),
    Ask("GET /statistics/{name}", 400, "state-agency", MOVES, {"rows": "x"}, accept="text/html"),
    Ask("GET /statistics/{name}", 404, "teacher", MOVES),
    *(
        Ask("GET /statistics/{name}.{form}", 200, "state-agency", {**MOVES, "form": form})
        for form in ("svg", "png", "csv")
    ),
    Ask("GET /statistics/{name}.{form}", 400, "state-agency", {**MOVES, "form": "csv"}, {"x": "y"}),
    Ask("GET /statistics/{name}.{form}", 404, "teacher", {**MOVES, "form": "svg"}),
    Ask("GET /audiences", 200, "operator"),
    Ask("GET /audiences", 401, "teacher"),
    Ask(
        "POST /loads", 202, "operator", query={"format": "edfi"}, body="XML", media_type="text/xml"
    ),
    Ask("POST /loads", 400, "operator", query={"format": "x"}, body="x", media_type="text/xml"),
    Ask("POST /loads", 401, "teacher", query={"format": "edfi"}, body="x", media_type="text/xml"),
    Ask("GET /loads/{load}", 200, "operator", {"load": "LOAD"}),
    Ask("GET /loads/{load}", 404, "operator", {"load": NOBODY}),
    *(
        Ask("GET /loads/{load}/report", 200, "operator", {"load": "LOAD"}, accept=accept)
        for accept in ("text/plain", "text/turtle", "text/html")
    ),
    Ask("GET /views", 200, "operator"),
    Ask("GET /views", 401, "teacher"),
    Ask("POST /views/{audience}/{purpose}/rebuild", 200, "operator", NEEDS, accept="*/*"),
    Ask("POST /views/{audience}/{purpose}/check", 200, "operator", NEEDS, accept="*/*"),
    Ask("POST /views/{audience}/{purpose}/check", 404, "operator", {**NEEDS, "purpose": "x"}),
    Ask(PUBLISH, 200, "operator", NEEDS, {"cube": "completeness"}, accept="*/*"),
    Ask(PUBLISH, 400, "operator", NEEDS, {"cube": "x"}),
    Ask(PUBLISH, 401, "teacher", NEEDS, {"cube": "moves"}),
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A service whose policies these tests may change."""
    running = run_sample(tmp_path_factory.mktemp("openapi"), learners=24)
    agreements.add(running.context.views, agreements.parse(TEXT.encode()))
    publications.put(running, "state-agency", publications.MOVES)
    with running.listening() as address:
        yield Web(running, address)


def paths(running: Running) -> set[tuple[str, str]]:
    """Return each verb and route of the service, parameters without their names."""
    return {
        (verb, re.sub("<[^>]*>", "{}", rule.rule))
        for rule in running.app.url_map.iter_rules()
        for verb in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def loaded(asked: Web) -> str:
    """Return the name of a load that is done, of the operator who asks here."""
    key, clock = asked.running.context.key, asked.running.context.truth.clock

    def send(verb: str, path: str) -> Response:
        token = issue_to_operator(key, "x", clock())
        body = b"<x/>" if verb == "POST" else None
        return asked.send(verb, path, {"Authorization": f"Bearer {token}"}, body)

    begun: list[Response] = []

    def has_begun() -> bool:
        begun.append(send("POST", "/loads?format=edfi&name=x.xml"))
        return begun[-1].status == 202

    assert until(has_begun), begun[-1].body
    place = begun[-1].headers["location"]
    assert until(lambda: send("GET", place).json["state"] == "done")
    return str(begun[-1].json["id"])


def documented() -> dict[str, Any]:
    """Return the operations of the document by verb and path."""
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    return {f"{one.method.upper()} {one.path}": one for one in found}


def test_every_route_is_in_the_document_or_is_sparql_and_nothing_else_is(asked: Web) -> None:
    told = {
        (verb, re.sub("{[^}]*}", "{}", path))
        for verb, path in (one.split(" ") for one in documented())
    }
    there = paths(asked.running)
    assert {path for _, path in there} >= SPARQL
    assert told == {(verb, path) for verb, path in there if path not in SPARQL}


def test_the_document_is_a_valid_one_and_is_what_the_service_gives(asked: Web) -> None:
    schema.validate()
    answer = asked.send("GET", "/openapi.yaml")
    assert answer.body == DOCUMENT.read_bytes()
    assert answer.headers["content-type"] == "application/yaml"


def test_each_operation_is_tried_below_and_answers_as_meant_at_least_once() -> None:
    right = {one.operation for one in ASKED if one.status < 300}
    assert right == set(documented()) - {"DELETE /session"}, "which needs a cookie"


@pytest.mark.parametrize("ask", ASKED, ids=str)
def test_an_answer_is_as_the_document_says(asked: Web, ask: Ask) -> None:
    running = asked.running
    child = running.person("learner", "state:S000001")
    case = documented()[ask.operation].Case(
        path_parameters={
            k: loaded(asked) if v == "LOAD" else v.replace("CHILD", child)
            for k, v in ask.path.items()
        },
        query=dict(ask.query),
    )
    headers = {"Accept": ask.accept, **ask.more}
    if ask.persona == "operator":
        token = issue_to_operator(running.context.key, "x", running.context.truth.clock())
        headers["Authorization"] = f"Bearer {token}"
    elif ask.persona is not None:
        headers |= running.headers(ask.persona, ask.accept)
    body = ask.body
    if body == {"token": "TOKEN"}:
        body = {"token": running.token(GUARDIAN)}
    if body == "TURTLE":
        said = Family(asked, child, "guardian sample:G00001").statement()
        body = ox.serialize(to_triples(profile.write(said)), format=ox.RdfFormat.TURTLE)
    if ask.media_type is not None:
        headers["Content-Type"] = ask.media_type
    elif body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body)
    response = requests.request(  # noqa: S113
        case.method,
        asked.address + case.formatted_path,
        params=ask.query,
        data=body,
        headers=headers,
    )
    assert response.status_code == ask.status, response.text
    case.validate_response(response, checks=CHECKS)
