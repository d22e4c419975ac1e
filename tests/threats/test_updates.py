"""Items 32 to 40: no query leaves the service or changes it, and no document does more than say."""

import json
from itertools import product
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
from rdflib import Graph, URIRef

from databackpack.ontology.namespaces import BPC, DPV, ID, PREFIXES
from databackpack.service.policy import profile
from databackpack.service.policy.model import Level, Statement
from databackpack.service.records.terms import to_triples
from tests.gate.outside import Outside
from tests.threats.twins import (
    ANN,
    ATLAS,
    BEN,
    BP_PREFIX,
    CAT,
    ELM,
    HIDDEN_GRAPHS,
    MIA,
    NOA,
    NOBODY,
    OLA,
    PAT,
    Twins,
    all_of,
    name_of,
)
from tests.web.asking import Response, Web, cell

SERVICES = {
    "plainly": "SELECT * { SERVICE <%s> { ?s ?p ?o } }",
    "silently": "SELECT * { SERVICE SILENT <%s> { ?s ?p ?o } }",
    "in mixed case": "SELECT * { sErViCe SiLeNt <%s> { ?s ?p ?o } }",
    "behind a comment": "SELECT * { SERVICE # <urn:x>\n <%s> { ?s ?p ?o } }",
    "in a subquery": "SELECT * { { SELECT * { SERVICE <%s> { ?s ?p ?o } } } }",
    "in EXISTS": "SELECT * { ?a ?b ?c FILTER EXISTS { SERVICE <%s> { ?s ?p ?o } } }",
    "in OPTIONAL": "SELECT * { ?a ?b ?c OPTIONAL { SERVICE <%s> { ?s ?p ?c } } }",
    "in MINUS": "SELECT * { ?a ?b ?c MINUS { SERVICE <%s> { ?a ?p ?c } } }",
    "in GRAPH": "SELECT * { GRAPH ?g { SERVICE <%s> { ?s ?p ?o } } }",
    "by a variable": "SELECT * { VALUES ?e { <%s> } SERVICE ?e { ?s ?p ?o } }",
    "by BIND": "SELECT * { BIND(IRI('%s') AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "by a prefix": "PREFIX e: <%s> SELECT * { SERVICE e: { ?s ?p ?o } }",
    "by a base": "BASE <%s> ASK { SERVICE <> { ?s ?p ?o } }",
    "glued": "ASK{?s ?p true.SERVICE<%s>{}}",
    "in a CONSTRUCT": "CONSTRUCT { ?s ?p ?o } { SERVICE <%s> { ?s ?p ?o } }",
    "in a DESCRIBE": "DESCRIBE ?s { SERVICE <%s> { ?s ?p ?o } }",
    "with an escape": "ASK { \\u0053ERVICE <%s> {} }",
}


@pytest.mark.parametrize("how", SERVICES)
def test_32_no_query_asks_another_service(twins: Twins, outside: Outside, how: str) -> None:
    for accept in ("application/json", "text/csv", "text/turtle"):
        answer = twins.query(ELM, SERVICES[how] % outside.iri, accept)
        assert answer.status == 400, answer.body
        assert outside.iri.encode() not in answer.body


def test_33_a_port_that_listens_and_one_that_does_not_are_told_the_same(
    twins: Twins, outside: Outside
) -> None:
    told = set()
    for address in (
        outside.iri,
        "http://127.0.0.1:1/",
        "http://nowhere.invalid/",
        "urn:x",
        "file:///",
    ):
        for text in ("ASK { SERVICE <%s> {} }", "ASK { SERVICE SILENT <%s> {} }"):
            status, body = twins.query(ELM, text % address).told
            told.add((status, json.dumps(body)))
    assert len(told) == 1


def in_each_place(twins: Twins, text: str) -> list[Response]:
    """Return the answers to *text* as an update and as a query, wherever one may be sent."""
    found = []
    for path in ("/sparql", "/update", "/"):
        for media_type in ("application/sparql-update", "application/sparql-query"):
            found.append(twins.send(ELM, "POST", path, text, {"Content-Type": media_type}))
        for name in ("update", "query", "request"):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            found.append(twins.send(ELM, "POST", path, urlencode({name: text}), form))
            if path == "/sparql":
                found.append(twins.send(ELM, "GET", f"{path}?{urlencode({name: text})}"))
    return found


def check_unchanged(twins: Twins, texts: list[str]) -> None:
    before = [all_of(twins.whole, asker) for asker in (ELM, NOA)]
    epoch = twins.whole.running.context.truth.epoch
    for text in texts:
        for answer in in_each_place(twins, text):
            assert answer.status in {400, 404, 405, 415}, (text, answer.status, answer.body)
    assert [all_of(twins.whole, asker) for asker in (ELM, NOA)] == before
    assert twins.whole.running.context.truth.epoch == epoch


def test_34_nothing_is_loaded(twins: Twins, outside: Outside) -> None:
    places = ("file:///etc/passwd", outside.iri)
    forms = ("LOAD <%s>", "LOAD SILENT <%s>", "LOAD <%s> INTO GRAPH <urn:x>")
    check_unchanged(twins, [form % place for form, place in product(forms, places)])


def test_35_an_update_behind_a_query_is_malformed(twins: Twins) -> None:
    check_unchanged(twins, ["SELECT * { ?s ?p ?o } ; DROP ALL", "DROP ALL", "ASK {} ; CLEAR ALL"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (
        "query=ASK%7B%7D&query=ASK%7B%7D",
        "query=ASK%7B%7D&update=DROP+ALL",
        "update=DROP+ALL&query=ASK%7B%7D",
    ):
        assert twins.send(ELM, "POST", "/sparql", body, form).status == 400
        assert twins.send(ELM, "GET", f"/sparql?{body}").status == 400
    two = twins.send(
        ELM,
        "POST",
        "/sparql?query=ASK%7B%7D",
        "ASK {}",
        {"Content-Type": "application/sparql-query"},
    )
    assert two.status == 400


def test_36_no_way_in_takes_an_update(twins: Twins) -> None:
    texts = [
        f"INSERT {{ GRAPH <urn:a> {{ ?s ?p ?o }} }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        for graph in HIDDEN_GRAPHS[-2:]
    ]
    check_unchanged(
        twins, [*texts, "INSERT DATA { <urn:a> <urn:b> 1 }", "DELETE WHERE { ?s ?p ?o }"]
    )
    path = cell(name_of(BEN), "behavior", "teacher")
    update = "INSERT DATA { <urn:a> <urn:b> 1 }"
    for method, where in product(
        ("PATCH", "PUT", "POST"), (path, f"/learners/{name_of(BEN)}/policy")
    ):
        sent = {"Content-Type": "application/sparql-update"}
        assert twins.send(NOA, method, where, update, sent).status in {400, 405, 415}


INJECTIONS = (
    "S1' } UNION { ?s ?p ?o } #",
    'S1" } UNION { ?s ?p ?o } #',
    "> } UNION { ?learner ?p ?o",
    "SZephyrine\\",
    '"^^<urn:x>',
    "S1 } # \n { GRAPH ?g { ?s ?p ?o } ",
    "?identifier",
    "<urn:x>",
)


@pytest.mark.parametrize("value", INJECTIONS)
def test_37_what_is_given_to_a_question_stays_one_term(twins: Twins, value: str) -> None:
    unknown = twins.send(NOA, "GET", "/questions/mastered-elsewhere?identifier=nobody")
    assert unknown.status == 200
    found = twins.send(
        NOA, "GET", f"/questions/mastered-elsewhere?identifier={quote(value, safe='')}"
    )
    assert found.body == unknown.body
    for name in (
        "learners-meeting-standard?standard",
        "standards-without-evidence?schoolYear=2026-2027&within",
    ):
        answer = twins.send(ELM, "GET", f"/questions/{name}={quote(value, safe='')}")
        assert answer.status == 400


def statement(web: Web, **changes: object) -> Statement:
    """Return a permission that the guardian of Ben may give."""
    said: dict[str, object] = {
        "iri": ID["policy/3f0c7f0a-5bb1-4b43-9d6c-2b6a7a1b6d11"],
        "learner": BEN,
        "category": BPC.attendance,
        "audience": ID[f"audience/{ATLAS}"],
        "level": Level.FULL,
        "assigner": ID[f"guardian/{NOA.removeprefix('guardian-')}"],
        "since": web.running.context.truth.clock(),
        "purpose": DPV.AcademicResearch,
        "until": None,
    }
    return Statement(**(said | changes))  # type: ignore[arg-type]


def written(graph: Graph) -> str:
    prefixes = {name: str(iri) for name, iri in PREFIXES.items()}
    body = ox.serialize(to_triples(graph), format=ox.RdfFormat.TURTLE, prefixes=prefixes)
    return (body or b"").decode()


def post(web: Web, guardian: str, learner: URIRef, body: str, media_type: str) -> Response:
    headers = web.running.headers(guardian) | {"Content-Type": media_type}
    return web.send("POST", f"/learners/{name_of(learner)}/policy", headers, body.encode())


ENTITIES = '<!DOCTYPE r [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>'


def test_38_a_document_is_read_offline_into_no_graph_but_ours(web: Web, outside: Outside) -> None:
    """Records are not uploaded yet (issue 6): the one document that is taken is a policy."""
    documents = [
        (json.dumps({"@context": outside.iri, "@id": "urn:p"}), "application/ld+json"),
        (json.dumps({"@context": {"@import": outside.iri}, "@id": "urn:p"}), "application/ld+json"),
        (
            json.dumps({"@graph": [{"@id": "urn:p"}], "@id": HIDDEN_GRAPHS[0]}),
            "application/ld+json",
        ),
        (f"<{HIDDEN_GRAPHS[0]}> {{ {written(profile.write(statement(web)))} }}", "text/turtle"),
        ("[" * 100_000, "application/ld+json"),
        ("(" * 100_000, "text/turtle"),
        (f"<{HIDDEN_GRAPHS[0]}> {{ <urn:a> <urn:b> 1 }}", "application/trig"),
        (f"<urn:a> <urn:b> <urn:c> <{HIDDEN_GRAPHS[-1]}> .", "application/n-quads"),
        (ENTITIES, "application/rdf+xml"),
    ]
    epoch = web.running.context.truth.epoch
    for body, media_type in documents:
        assert post(web, NOA, BEN, body, media_type).status in {400, 415}, body[:80]
        for path in (f"/learners/{name_of(BEN)}/records/attendance", f"/learners/{name_of(BEN)}"):
            headers = web.running.headers(ELM) | {"Content-Type": media_type}
            assert web.send("PUT", path, headers, body).status in {404, 405}
    assert web.running.context.truth.epoch == epoch


def test_39_nobody_writes_about_a_learner_who_is_not_theirs(web: Web) -> None:
    """Records are not uploaded yet (issue 6): this is of words about another's learner."""
    told = set()
    for learner in (ANN, CAT, NOBODY):
        said = written(profile.write(statement(web, learner=learner)))
        assert post(web, NOA, BEN, said, "text/turtle").status == 400
        there = post(web, NOA, learner, said, "text/turtle")
        told.add(json.dumps(there.told))
        assert there.status == 404
    assert len(told) == 1
    assert str(ANN) not in all_of(web, NOA)


def test_40_a_word_is_its_guardians_said_once_and_the_lower_counts(web: Web) -> None:
    said = written(profile.write(statement(web)))
    for stranger in (MIA, OLA):
        assert post(web, stranger, BEN, said, "text/turtle").status == 404
        assert post(web, stranger, ANN, said, "text/turtle").status in {400, 403, 404}
    forged = written(profile.write(statement(web, assigner=ID[f"guardian/{MIA[9:]}"])))
    assert post(web, NOA, BEN, forged, "text/turtle").status == 403
    assert post(web, NOA, BEN, said, "text/turtle").status == 200
    seen = f"{BP_PREFIX}ASK {{ ?x a bp:AttendanceEvent ; bp:isRecordOf <{BEN}> }}"
    assert web.query(ATLAS, seen).json["boolean"] is True
    path = cell(name_of(BEN), "attendance", ATLAS)
    web.say(PAT, path, "none")
    assert web.query(ATLAS, seen).json["boolean"] is False, "two guardians do not agree"
    assert web.send("DELETE", path, web.running.headers(PAT)).status == 200
    assert web.query(ATLAS, seen).json["boolean"] is True
    web.say(NOA, path, "none")
    assert post(web, NOA, BEN, said, "text/turtle").status == 409, "it was said before"
    assert web.query(ATLAS, seen).json["boolean"] is False
