"""What is not there and what is not for the asker look alike, byte for byte."""

import re
from urllib.parse import quote

import pytest

from databackpack.ontology.namespaces import BPC, ID
from databackpack.service.records.graphs import policy_graph
from tests.running import Running
from tests.web.asking import Response, Web, cell

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NUMBER = re.compile(rb'"request_id": "[0-9a-f-]{36}"')
BP = "PREFIX bp: <https://w3id.org/databackpack/ns#> "


def bytes_of(answer: Response) -> tuple[int, dict[str, str], bytes]:
    """Return everything that came back, but for the date and the request's own number."""
    own = "date", "x-request-id"
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status, headers, NUMBER.sub(b"", answer.body)


@pytest.fixture(scope="module")
def other(sample: Running) -> str:
    """A learner of another family."""
    return sample.person("learner", "state:S000004")


def test_a_learner_of_another_family_looks_like_nobody(web: Web, other: str) -> None:
    for persona in ("guardian", "teacher", "state-agency"):
        headers = web.running.headers(persona)
        for path in ("/learners/{}/policy", "/learners/{}", "/learners/{}/record"):
            theirs = web.send("GET", path.format(other), headers)
            nobodys = web.send("GET", path.format(UNKNOWN), headers)
            assert bytes_of(theirs) == bytes_of(nobodys)
            assert theirs.status == 404


def test_setting_a_level_for_another_family_s_learner_looks_like_nobody(
    web: Web, other: str
) -> None:
    for category, audience, body in (
        ("progress", "state-agency", '{"level": "none"}'),
        ("attendance", "state-agency", '{"level": "none"}'),
        ("nothing", "nobody", "{}"),
    ):
        theirs = web.put("guardian", cell(other, category, audience), body)
        nobodys = web.put("guardian", cell(UNKNOWN, category, audience), body)
        assert bytes_of(theirs) == bytes_of(nobodys)
        assert theirs.status == 404


def graphs(running: Running, learner: str) -> list[str]:
    """Return the names of graphs of the truth store, every one of them hidden from everybody."""
    iri = ID[f"learner/{learner}"]
    records = [record.iri for record in running.context.views.dossier(iri).records]
    assert records
    own = ["index", "journal", "audiences", "identity", "codes", "disclosures", "registry"]
    return [*map(str, records), str(policy_graph(iri)), *(str(ID[f"graph/{n}"]) for n in own)]


QUERIES = [
    "ASK { GRAPH <%s> { ?s ?p ?o } }",
    "ASK { GRAPH <%s> {} }",
    "SELECT * { GRAPH <%s> { ?s ?p ?o } }",
    "SELECT * FROM <%s> { ?s ?p ?o }",
    "SELECT * FROM NAMED <%s> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT (COUNT(*) AS ?n) FROM <%s> FROM NAMED <%s> { { ?s ?p ?o } UNION { GRAPH ?g {} } }",
    "CONSTRUCT { ?s ?p ?o } { GRAPH <%s> { ?s ?p ?o } }",
    "DESCRIBE <%s>",
    "SELECT * { <%s> <urn:p>* ?o }",
]


@pytest.mark.parametrize("text", QUERIES)
def test_a_graph_of_the_truth_store_looks_like_one_that_does_not_exist(
    web: Web, child: str, text: str
) -> None:
    for persona in ("state-agency", "guardian"):
        unknown = web.query(persona, text.replace("%s", str(ID[f"graph/{UNKNOWN}"])), "*/*")
        assert unknown.status == 200
        for name in graphs(web.running, child):
            found = web.query(persona, text.replace("%s", name), "*/*")
            expected = unknown.body.replace(str(ID[f"graph/{UNKNOWN}"]).encode(), name.encode())
            assert found.body == expected


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
def test_a_graph_named_by_the_protocol_looks_like_one_that_does_not_exist(
    web: Web, child: str, parameter: str
) -> None:
    text = quote("SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    headers = web.running.headers("state-agency")
    answers = {
        web.send("GET", f"/sparql?query={text}&{parameter}={quote(name, safe='')}", headers).body
        for name in [
            *graphs(web.running, child),
            str(ID[f"graph/{UNKNOWN}"]),
            "urn:x-arq:UnionGraph",
        ]
    }
    assert len(answers) == 1
    assert b'"bindings":[]' in answers.pop()


def test_a_learner_who_is_hidden_looks_like_nobody_to_every_form_of_query(
    web: Web, sample: Running
) -> None:
    """A teacher of one school asks about a learner of another."""
    hidden = sample.person("learner", "state:S000003")
    for text in (
        "DESCRIBE <%s>",
        "ASK { ?s ?p <%s> }",
        "SELECT * { <%s> ?p ?o }",
        "SELECT * { ?s (bp:isRecordOf|^bp:isRecordOf)* <%s> }",
        "SELECT (COUNT(*) AS ?n) { ?s bp:isRecordOf <%s> }",
        "SELECT ?x { ?x a bp:MasteryState MINUS { ?x bp:isRecordOf <%s> } }",
    ):
        there = web.query("teacher", BP + text % ID[f"learner/{hidden}"], "*/*")
        nobody = web.query("teacher", BP + text % ID[f"learner/{UNKNOWN}"], "*/*")
        assert there.status == 200
        assert there.body == nobody.body.replace(UNKNOWN.encode(), hidden.encode())


def test_views_hold_no_policy_no_key_and_no_disclosure(web: Web) -> None:
    dump = "\n".join(web.dump("state-agency"))
    for word in (
        "/id/policy/",
        "/id/disclosure/",
        'personKey> "learner',
        "sample:G0",
        'queryDigest> "',
    ):
        assert word not in dump
    assert "https://w3id.org/databackpack/ns#MasteryState" in dump
    assert str(BPC.progress) in dump
