"""The tag of an answer: good for asking again, and for nothing else."""

from urllib.parse import urlencode

import pytest

from databackpack.service.records import disclosures
from tests.protocol.test_requests import QUERY
from tests.running import Running
from tests.web.asking import PERSONAS, Response, Web, cell

SAME_FOR_ALL = "SELECT (1 AS ?one) {}"
JSON = "application/sparql-results+json"


def ask(
    web: Web, persona: str = "teacher", text: str = SAME_FOR_ALL, accept: str = JSON, **more: str
) -> Response:
    headers = web.running.headers(persona, accept)
    headers |= {"If-None-Match": more.pop("tag")} if "tag" in more else {}
    sent = urlencode({"query": text, **{name.replace("_", "-"): v for name, v in more.items()}})
    return web.send("GET", f"/sparql?{sent}", headers)


def tag(answer: Response) -> str:
    assert answer.status == 200, answer.body
    return answer.headers["etag"]


def test_the_same_answer_to_the_same_audience_has_the_same_tag(web: Web) -> None:
    assert tag(ask(web)) == tag(ask(web))


def test_the_same_bytes_have_another_tag_for_each_audience(web: Web) -> None:
    answers = [ask(web, persona) for persona in PERSONAS]
    assert len({answer.body for answer in answers}) == 1
    assert len({tag(answer) for answer in answers}) == len(PERSONAS)


def test_each_query_dataset_and_format_has_its_own_tag(web: Web) -> None:
    answers = [
        ask(web),
        ask(web, text=f"{SAME_FOR_ALL} # again"),
        ask(web, default_graph_uri="a:1"),
        ask(web, named_graph_uri="a:1"),
        ask(web, named_graph_uri="a:2"),
    ]
    assert len({answer.body for answer in answers}) == 1
    others = [ask(web, accept=accept) for accept in ("application/xml", "text/csv", "text/html")]
    assert len({tag(answer) for answer in answers + others}) == len(answers + others)


def test_what_is_never_the_same_has_never_the_same_tag(web: Web) -> None:
    for text in ("SELECT (UUID() AS ?x) {}", "SELECT (RAND() AS ?x) {}"):
        assert tag(ask(web, text=text)) != tag(ask(web, text=text))


def test_whoever_has_the_answer_is_told_so_and_gets_no_body(web: Web) -> None:
    first = ask(web)
    again = ask(web, tag=tag(first))
    assert (again.status, again.body) == (304, b"")
    for name in ("etag", "vary", "cache-control", "consent-epoch"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["cache-control"] == "private, no-store"
    assert {"Accept", "Authorization"} <= set(again.headers["vary"].split(", "))


def test_the_tag_of_one_audience_is_nothing_to_another(web: Web) -> None:
    assert ask(web, "guardian", tag=tag(ask(web, "teacher"))).status == 200


def test_an_answer_that_is_not_sent_again_is_logged_as_one(web: Web, sample: Running) -> None:
    known = tag(ask(web))
    before = list(disclosures.entries(sample.context.truth))
    assert ask(web, tag=known).status == 304
    added = list(disclosures.entries(sample.context.truth))
    assert len(added) == len(before) + 1


def test_a_tag_opens_nothing(web: Web) -> None:
    sent = urlencode({"query": SAME_FOR_ALL})
    for value in (tag(ask(web)), "*"):
        answer = web.send("GET", f"/sparql?{sent}", {"If-None-Match": value, "Accept": JSON})
        assert answer.status == 401
        assert "etag" not in answer.headers


def test_a_change_of_anything_changes_the_tag(web: Web, child: str) -> None:
    known = tag(ask(web))
    path = cell(child, "progress", "state-agency")
    web.say("guardian", path, "none")
    try:
        changed = ask(web, tag=known)
        assert changed.status == 200
        assert tag(changed) != known
    finally:
        assert web.send("DELETE", path, web.running.headers("guardian")).status == 200


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void", "/graphs?graph=%s"])
def test_descriptions_and_graphs_have_tags_too(web: Web, path: str) -> None:
    path = path.replace("%s", "http://corestandards.org/Math")
    headers = {persona: web.running.headers(persona, "text/turtle") for persona in PERSONAS[:2]}
    tags = [tag(web.send("GET", path, one)) for one in headers.values()]
    assert len(set(tags)) == 2
    for one, known in zip(headers.values(), tags, strict=True):
        assert web.send("GET", path, one | {"If-None-Match": known}).status == 304


def test_a_post_is_answered_whole(web: Web) -> None:
    headers = web.running.headers("teacher", JSON) | {"Content-Type": QUERY}
    first = web.send("POST", "/sparql", headers, SAME_FOR_ALL)
    again = web.send("POST", "/sparql", headers | {"If-None-Match": tag(first)}, SAME_FOR_ALL)
    assert (again.status, again.body) == (200, first.body)


def test_the_tag_of_a_compressed_answer_is_good_for_asking_again(web: Web) -> None:
    headers = web.running.headers("teacher", "text/turtle") | {"Accept-Encoding": "gzip"}
    path = "/graphs?graph=http://corestandards.org/Math"
    first = web.send("GET", path, headers)
    assert first.headers["content-encoding"] == "gzip"
    assert int(first.headers["content-length"]) == len(first.body)
    again = web.send("GET", path, headers | {"If-None-Match": tag(first)})
    assert (again.status, again.body) == (304, b"")
    assert web.send("HEAD", path, headers).headers["etag"] == tag(first)
