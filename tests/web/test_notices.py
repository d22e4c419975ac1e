"""Data-use notices: with every answer under an agreement, to nobody else, in words and in ODRL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import XSD

from databackpack.ontology.namespaces import BP, DPV, ID, ODRL
from databackpack.service.records.graphs import AGREEMENTS
from databackpack.service.records.terms import to_graph
from databackpack.service.records.truth import Change
from databackpack.service.rights import agreements, document, notices
from tests.rights.test_agreements import TEXT
from tests.web.asking import Response, Web

STUDY, OTHER = "researcher-persistence", "researcher-mobility"
NOTICE = "/notices/sample-study"
LINK = f'<{NOTICE}>; rel="terms-of-service"'
ANSWERS = [
    f"/sparql?query={quote('ASK {}')}",
    "/sparql",
    "/graphs?default",
    "/.well-known/void",
    "/questions/learners-meeting-standard?standard=3.OA.A.1",
    "/me",
    "/statistics",
]
ACCEPT = "text/turtle, application/sparql-results+json, application/json"


@pytest.fixture(autouse=True)
def _agreement(web: Web) -> Iterator[None]:
    context = web.running.context
    agreements.add(context.views, agreements.parse(TEXT.encode()))
    yield
    context.truth.commit([Change(AGREEMENTS, [])])


def get(web: Web, path: str, persona: str = STUDY, accept: str = ACCEPT) -> Response:
    return web.send("GET", path, web.running.headers(persona, accept))


def test_each_answer_under_an_agreement_carries_its_notice_and_no_other_does(web: Web) -> None:
    for path in ANSWERS:
        answer = get(web, path)
        assert answer.status == 200, (path, answer.body)
        assert answer.headers["link"] == LINK, path
        for persona in (OTHER, "teacher"):
            assert "link" not in get(web, path, persona).headers, path


def test_a_refusal_an_answer_to_nobody_and_one_after_the_end_carry_none(web: Web) -> None:
    assert "link" not in get(web, "/sparql?query=x").headers
    assert "link" not in web.send("GET", "/questions").headers
    agreements.end(web.running.context.views, ID["agreement/sample-study"])
    assert "link" not in get(web, ANSWERS[0]).headers
    assert get(web, NOTICE).status == 200, "what was received is still to be destroyed"


def test_an_answer_that_is_there_already_carries_it_too(web: Web) -> None:
    first = get(web, ANSWERS[0])
    headers = web.running.headers(STUDY, ACCEPT) | {"If-None-Match": first.headers["etag"]}
    again = web.send("GET", ANSWERS[0], headers)
    assert (again.status, again.headers["link"]) == (304, LINK)


def test_a_notice_of_somebody_else_is_like_none(web: Web) -> None:
    for persona in (OTHER, "teacher", "guardian", "auditor-sample"):
        assert get(web, NOTICE, persona).told == get(web, "/notices/none", persona).told
        assert get(web, NOTICE, persona).status == 404
    assert get(web, "/notices/none").status == 404
    assert get(web, "/notices/sample%2Fstudy").status == 404


def test_the_notice_says_what_for_whom_not_to_and_until_when(web: Web) -> None:
    text = get(web, NOTICE, accept="*/*")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    told = text.body.decode()
    for word in (
        *("Sample study of moving between schools", "Sample Principal Investigator"),
        *("AcademicResearch", "to improve instruction", "attendance, progress", "North"),
        *("2027-06-30", "2027-12-31", "99.33(a)(1)", "99.33(a)(2)", "99.31(a)(6)(iii)(B)"),
        *("de-identified", "Do not try to find out who anybody"),
    ):
        assert word in told, word
    assert "None" not in told
    assert "  " not in told.replace("\n", "x")
    assert "\n\n\n" not in told
    page = get(web, NOTICE, accept="text/html").body.decode()
    assert page.count("<p>") == told.strip().count("\n\n")
    assert "<details" not in page


def test_words_of_an_agreement_are_no_markup(web: Web) -> None:
    context = web.running.context
    text = TEXT.replace("Sample study of", "<script>alert(1)</script>")
    graph = agreements.parse(text.replace("sample-study", "study-2").encode())
    agreements.add(context.views, graph)
    for path in ("/notices/study-2", ANSWERS[0]):
        page = get(web, path, accept="text/html").body.decode()
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page


@pytest.mark.parametrize("form", ["text/turtle", "application/ld+json"])
def test_the_notice_in_odrl_says_the_same(web: Web, form: str) -> None:
    answer = get(web, NOTICE, accept=form)
    assert answer.headers["content-type"].startswith(form)
    parsed = ox.parse(answer.body, format=document.FORMATS[form])
    graph = to_graph({quad.triple for quad in parsed})
    policy = ID["notice/sample-study"]
    assert (policy, RDF.type, ODRL.Set) in graph
    (use,) = graph.objects(policy, ODRL.permission)
    assert graph.value(use, ODRL.action) == ODRL.use
    assert graph.value(use, ODRL.assignee) == ID[f"audience/{STUDY}"]
    purpose = graph.value(use, ODRL.constraint)
    assert set(graph.objects(purpose, ODRL.rightOperand)) == {DPV.AcademicResearch}
    duty = graph.value(use, ODRL.duty)
    assert graph.value(duty, ODRL.action) == ODRL.delete
    end = graph.value(duty, ODRL.constraint)
    assert graph.value(end, ODRL.operator) == ODRL.lteq
    assert graph.value(end, ODRL.rightOperand) == Literal("2027-12-31", datatype=XSD.date)
    forbidden = graph.objects(policy, ODRL.prohibition)
    actions = {graph.value(rule, ODRL.action) for rule in forbidden}
    assert actions == {ODRL.distribute, BP.reidentify}
    rules = [*graph.objects(policy, ODRL.permission), *graph.objects(policy, ODRL.prohibition)]
    assert {graph.value(rule, ODRL.target) for rule in rules} == {URIRef(f"{policy}#received")}


def test_where_names_are_received_only_those_who_do_the_work_may_know_them(web: Web) -> None:
    context = web.running.context
    text = TEXT.replace("bpl:DeIdentified", "bpl:Full").replace("StudyAgr", "AuditAgr")
    agreements.add(context.views, agreements.parse(text.replace("sample-study", "x").encode()))
    told = get(web, "/notices/x", accept="text/plain").body.decode()
    assert "Let nobody but those who do this work" in told
    assert "99.35(b)(2)" in told
    graph = Graph().parse(data=get(web, "/notices/x", accept="text/turtle").body, format="turtle")
    assert BP.reidentify not in set(graph.objects(None, ODRL.action))


def test_pages_of_answers_have_it_at_their_foot(web: Web) -> None:
    for path in (ANSWERS[0], ANSWERS[4], "/graphs?default"):
        page = get(web, path, accept="text/html").body.decode()
        assert page.count('<details class="notice">') == 1, path
        assert page.index("<h1>") < page.index("<details") < page.index("34 CFR 99.33(a)(1)")
        assert "<details" not in get(web, path, OTHER, "text/html").body.decode()


def test_the_page_for_people_tells_who_is_signed_in_of_its_notice(web: Web) -> None:
    client = web.running.app.test_client()
    assert b"<details" not in client.get("/").data
    client.post("/session", json={"token": web.running.token(STUDY)})
    assert b'<details class="notice">' in client.get("/").data
    assert b"Data-use notice" in client.get(NOTICE, headers={"Accept": "text/html"}).data


def test_several_agreements_in_force_have_a_notice_each(web: Web) -> None:
    context = web.running.context
    for name in ("study-2", "study-3"):
        text = TEXT.replace("sample-study", name)
        agreements.add(context.views, agreements.parse(text.encode()))
    audience = context.views.audience(STUDY)
    names = notices.in_force(audience, DPV.AcademicResearch, context.truth.clock())
    assert names == ["sample-study", "study-2", "study-3"]
    assert notices.in_force(audience, BP.RightOfAccess, context.truth.clock()) == []
    for moment in (datetime(2026, 10, 31, tzinfo=UTC), datetime(2027, 6, 30, tzinfo=UTC)):
        assert notices.in_force(audience, DPV.AcademicResearch, moment) == []
    links = web.running.app.test_client().get(
        ANSWERS[0], headers=web.running.headers(STUDY, ACCEPT)
    )
    assert links.headers.getlist("Link") == [
        f'</notices/{name}>; rel="terms-of-service"' for name in names
    ]
