"""Whatever a client sends, it is told of its own mistake: no answer begins with a 5."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.views.view import Limits
from tests.running import Running
from tests.web.asking import Response, Web, cell

SEGMENTS = (
    *(
        "a%20b",
        "%3C",
        "%22",
        "%3E",
        "%7B%7D",
        "%5C",
        "%5E",
        "%60",
        "%7C",
        "%00",
        "%0A",
        "%25",
        "%C3",
    ),
    *("%ED%A0%80", "..", "%2E%2E", "a%2Fb", "nobody", "1" * 5000, "%F0%9F%8E%92", "%3Fx%3Dy%23z"),
    *(
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        "%7B00000000-0000-0000-0000-000000000000%7D",
    ),
)
PERSONAS = ("guardian", "teacher", "state-agency", "registrar-elm")


def told(answer: Response) -> Response:
    assert answer.status < 500, (answer.status, answer.body[:300])
    return answer


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_segment_that_makes_no_iri_is_not_found(web: Web, child: str, segment: str) -> None:
    fine = (child, "progress", "state-agency")
    spoilt = [(*fine[:place], segment, *fine[place + 1 :]) for place in range(3)]
    for persona in PERSONAS:
        headers = web.running.headers(persona) | {"Content-Type": "application/json"}
        for form in ("policy", "explanation", "disclosures"):
            found = told(web.send("GET", f"/learners/{segment}/{form}", headers))
            assert found.status in (308, 404)
        for parts in spoilt:
            for method, path in (
                ("PUT", "/learners/{}/policy/{}/{}"),
                ("DELETE", "/learners/{}/policy/{}/{}"),
                ("POST", "/learners/{}/policy/{}/{}/requests"),
                ("POST", "/learners/{}/preview/{}/{}"),
            ):
                answer = told(web.send(method, path.format(*parts), headers, '{"level": "none"}'))
                assert answer.status in (308, 404, 405), (method, path, parts)
        for path in (f"/learners/{segment}/policy", f"/learners/{segment}/emergencies"):
            assert told(web.send("POST", path, headers, "{}")).status in (308, 404, 405)
        assert told(web.send("GET", f"/questions/{segment}", headers)).status in (308, 404)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_parameter_that_makes_no_iri_is_told(web: Web, child: str, segment: str) -> None:
    headers = web.running.headers("guardian")
    for names in ("category={0}", "audience={0}", "category={0}&audience={0}", "moment={0}"):
        path = f"/learners/{child}/explanation?{names.format(segment)}"
        assert told(web.send("GET", path, headers)).status in (200, 400, 404)
    for name in ("since", "basis", "outcome", "log"):
        told(web.send("GET", f"/learners/{child}/disclosures?{name}={segment}", headers))
    told(web.send("GET", f"/questions/learners-meeting-standard?standard={segment}", headers))
    for name in ("query", "default-graph-uri", "named-graph-uri"):
        path = f"/sparql?query=ASK%7B%7D&{name}={segment}"
        assert told(web.send("GET", path, headers)).status in (200, 400)


MOMENTS = (
    *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-23:59"),
    *("2027-02-30T00:00:00Z", "2027-01-01T24:00:01Z", "2027-W53-7T00:00:00Z", "", "never", "1e9"),
    *("2027-01-01T00:00:00+24:00", "9" * 5000, "\u0662\u0660\u0662\u0667-01-01T00:00:00Z"),
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_end_beyond_all_time_is_malformed(web: Web, child: str, moment: str) -> None:
    path = cell(child, "progress", "state-agency")
    answer = web.put("guardian", path, f'{{"level": "none", "until": "{moment}"}}'.encode())
    assert told(answer).status == 400
    assert answer.json["detail"].startswith("until is")


@pytest.mark.parametrize(
    "moment", [*MOMENTS, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]
)
def test_a_moment_beyond_all_time_is_told(web: Web, child: str, moment: str) -> None:
    headers, sent = web.running.headers("guardian"), quote(moment)
    for path in (f"explanation?moment={sent}", f"disclosures?since={sent}"):
        assert told(web.send("GET", f"/learners/{child}/{path}", headers)).status in (200, 400)


DEEP = 100_000
BODIES = {
    "lists": "[" * DEEP,
    "objects": '{"level":' * 25_000,
    "a deep level": '{"level": ' + "[" * DEEP + "}",
    "closed lists": "[" * 90_000 + "]" * 90_000,
    "no json": "level=none",
    "nothing": "",
    "a number": "1" * 5000,
    "not utf-8": '{"level": "\u00ff"}',
    "a list": '["level"]',
    "a level of a list": '{"level": ["none"]}',
    "a level of nothing": '{"level": null}',
    "a surrogate": '{"level": "\\ud800"}',
    "a purpose of a surrogate": '{"level": "none", "purpose": "\\ud800"}',
    "a purpose that is no IRI": '{"level": "none", "purpose": "a b<>"}',
    "an end of a number": '{"level": "none", "until": 1e400}',
    "another key": '{"level": "none", "\\u0000": 1}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_used_is_malformed(web: Web, child: str, name: str) -> None:
    fine = f"/learners/{child}/"
    paths = {
        "PUT": [f"{fine}policy/progress/state-agency"],
        "POST": [
            f"{fine}policy/progress/state-agency/requests",
            f"{fine}preview/progress/state-agency",
            f"{fine}emergencies",
        ],
    }
    body = BODIES[name].encode("latin-1")
    for persona, method in product(PERSONAS, paths):
        headers = web.running.headers(persona) | {"Content-Type": "application/json"}
        for path in paths[method]:
            answer = told(web.send(method, path, headers, body))
            assert answer.status in (400, 403, 404), (persona, method, path)
    assert web.put("guardian", paths["PUT"][0], body).status == 400


@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json"])
@pytest.mark.parametrize("name", BODIES)
def test_a_policy_that_cannot_be_read_is_malformed(
    web: Web, child: str, name: str, media_type: str
) -> None:
    headers = web.running.headers("guardian") | {"Content-Type": media_type}
    body = BODIES[name].encode("latin-1")
    assert told(web.send("POST", f"/learners/{child}/policy", headers, body)).status == 400


def test_a_function_that_nobody_has_is_the_clients_mistake(web: Web) -> None:
    answer = web.query("teacher", "SELECT (<urn:f>(1) AS ?x) {}")
    assert answer.status == 400
    assert "urn:f" in answer.json["detail"]


FORMATS = {
    "text/csv": "text/csv; charset=utf-8",
    "text/tab-separated-values": "text/tab-separated-values; charset=utf-8",
    "application/sparql-results+json": "application/sparql-results+json",
    "application/sparql-results+xml": "application/sparql-results+xml; charset=utf-8",
}


@pytest.mark.parametrize("accept", FORMATS)
def test_an_answers_media_type_has_its_charset_once(web: Web, accept: str) -> None:
    answer = web.query("teacher", "SELECT * {} LIMIT 1", accept)
    assert answer.headers["content-type"] == FORMATS[accept]


@contextmanager
def limited(running: Running, limits: Limits, folder: Path) -> Iterator[Web]:
    """The same service with other limits on one answer."""
    context = replace(running.context, limits=limits)
    app = create_app(Config(store=None, keys=folder, clock=running.clock), context)
    other = replace(running, context=context, app=app)
    with other.listening() as address:
        yield Web(other, address)


PRODUCT = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_an_answer_that_grows_too_large_is_refused_and_not_cut(
    sample: Running, tmp_path: Path
) -> None:
    with limited(sample, Limits(most_bytes=1_000_000), tmp_path) as web:
        answer = web.query("state-agency", PRODUCT)
        assert answer.status == 400
        assert "1000000 bytes" in answer.json["detail"]
        assert "LIMIT" in answer.json["detail"]
        whole = web.query("state-agency", "SELECT * { ?a ?b ?c } LIMIT 1000", "text/csv")
        assert (whole.status, whole.body.count(b"\r\n")) == (200, 1001)
        path = "/questions/learners-meeting-standard?standard=3.OA.A.1"
        assert web.send("GET", path, web.running.headers("state-agency")).status == 200


def test_an_answer_that_takes_too_long_is_unavailable(sample: Running, tmp_path: Path) -> None:
    with limited(sample, Limits(seconds=0.3), tmp_path) as web:
        answer = web.query("state-agency", PRODUCT)
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert "0.3 seconds" in answer.json["detail"]
