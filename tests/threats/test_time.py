"""Items 63 to 65 and 69 to 72: nothing is told by time, by errors or by words of families."""

import json
from datetime import timedelta
from functools import partial
from http.client import HTTPResponse, IncompleteRead
from io import BytesIO
from itertools import product

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.loaders.record import organization_iri
from databackpack.ontology.namespaces import BP, DPV, ID, ODRL, ORG, PROV
from databackpack.service.records.graphs import REGISTRY, policy_graph
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change
from databackpack.service.views.view import Limits
from tests.bench.isolation import Probe, connected, ratio, through
from tests.threats import raw
from tests.threats.twins import (
    ANN,
    ASKERS,
    ATLAS,
    BEN,
    BP_PREFIX,
    CAT,
    ELM,
    HIDDEN_GRAPHS,
    MIA,
    NOA,
    NOBODY,
    NORTH,
    STATE,
    Twins,
    name_of,
    own,
    served_with,
)
from tests.web.asking import Response, Web, cell

ROUNDS, TRIES, MOST = 100, 6, 1.5
"""As in tests/web/test_timing.py, but shorter and so less sharp: there is the figure."""


@pytest.mark.parametrize(
    ("hidden", "nowhere"),
    [
        ("ASK { ?s <urn:decoy:p> ?o }", "ASK { ?s <urn:decoy:q> ?o }"),
        (f"ASK {{ <{own(CAT, 'behavior', 'fir')}> ?p ?o }}", f"ASK {{ <{own(CAT, 'x')}> ?p ?o }}"),
        ('ASK { ?s ?p "Marigold" }', 'ASK { ?s ?p "Marigolf" }'),
    ],
)
def test_63_what_is_hidden_takes_as_long_as_what_is_nowhere(
    twins: Twins, hidden: str, nowhere: str
) -> None:
    running = twins.whole.running
    audience = running.context.views.audience(ELM)
    view = running.context.views.view(audience, next(iter(audience.purposes)))
    ratios: list[float] = []
    with connected(twins.whole.address) as connection:
        ask = partial(through, connection, running.headers(ELM))
        while len(ratios) < TRIES:
            ratios.append(ratio(ask, Probe(view, hidden, nowhere), ROUNDS))
            if 1 / MOST < ratios[-1] < MOST:
                return
    pytest.fail(f"hidden ÷ nowhere: {ratios}")


WRONG = {
    "syntax": "SELECT * { ?s ?p ",
    "an unbound group": "SELECT ?x { ?s ?p ?o } GROUP BY ?s",
    "a prefix that is not declared": "SELECT * { ?s x:y ?o }",
    "an IRI that is none": "SELECT * { <a b> ?p ?o }",
    "a hidden graph in FROM": f"ASK FROM <{HIDDEN_GRAPHS[0]}> {{",
    "a function": "SELECT (<urn:f>(?s) AS ?x) { ?s ?p ?o }",
    "a service": "ASK { SERVICE <http://127.0.0.1:1/> {} }",
    "depth": "ASK " + "{" * 70 + "}" * 70,
    "a null byte": "ASK { ?s ?p '\\u0000' } \x00",
}
INSIDE = (
    b"Traceback",
    b".py",
    b"oxigraph",
    b"rdflib",
    b"/graph/",
    b"RocksDB",
    b"thread",
    b"panick",
)


@pytest.mark.parametrize("name", WRONG)
def test_64_an_error_tells_of_the_request_and_nothing_of_the_inside(
    twins: Twins, name: str
) -> None:
    answer = twins.query(ELM, WRONG[name])
    assert answer.status == 400
    assert set(answer.json) == {"type", "title", "status", "detail", "request_id"}
    assert not [word for word in INSIDE if word in answer.body], answer.body


def test_64_not_for_you_and_not_there_are_one_answer(twins: Twins) -> None:
    """Ann is at the school of ELM and in the district of NORTH, so they are told of her."""
    forms = ("policy", "explanation", "disclosures", "record", "emergencies")
    for asker, form, verb in product((ELM, NOA, NORTH), forms, ("GET", "POST")):
        learners = (CAT, NOBODY, *((ANN,) if asker == NOA else ()))
        answers = [twins.send(asker, verb, f"/learners/{name_of(one)}/{form}") for one in learners]
        told = {json.dumps(answer.told) for answer in answers}
        assert len(told) == 1, told


FORMATS = {
    "application/sparql-results+json": "SELECT",
    "application/sparql-results+xml": "SELECT",
    "text/csv": "SELECT",
    "text/tab-separated-values": "SELECT",
    "text/turtle": "CONSTRUCT",
    "application/n-triples": "CONSTRUCT",
    "application/rdf+xml": "CONSTRUCT",
    "application/ld+json": "CONSTRUCT",
}
ROWS = {
    "SELECT": "SELECT * { ?s ?p ?o } LIMIT 500",
    "CONSTRUCT": "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 500",
}


@pytest.mark.parametrize("accept", FORMATS)
def test_65_half_an_answer_is_not_taken_for_a_whole_one(twins: Twins, accept: str) -> None:
    text = ROWS[FORMATS[accept]]
    whole = twins.query(ELM, text, accept)
    assert (whole.status, whole.headers["content-length"]) == (200, str(len(whole.body)))
    limits = Limits(most_bytes=len(whole.body) // 2)
    with served_with(twins.whole.running, limits=limits) as web:
        cut = web.query(ELM, text, accept)
        assert cut.status == 400
        assert cut.headers["content-type"] == "application/problem+json"
    with pytest.raises(IncompleteRead):
        cut_on_its_way(twins.whole, text, accept)


class Cut:
    """A connection over which the first part of what was sent came, and then its end."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent

    def makefile(self, _: str) -> BytesIO:
        return BytesIO(self._sent)


def cut_on_its_way(web: Web, text: str, accept: str) -> bytes:
    """Return what a client makes of an answer whose connection ends halfway."""
    headers = [("Accept", accept), ("Content-Type", "application/sparql-query")]
    headers += [("Content-Length", str(len(text))), ("Connection", "close")]
    asked = raw.request(web, ELM, "POST /sparql HTTP/1.1", headers, text.encode())
    sent = raw.bytes_of_answer(web, asked)
    answer = HTTPResponse(Cut(sent[: len(sent) // 2]))  # type: ignore[arg-type]
    answer.begin()
    return answer.read()


def shows(web: Web, asker: str, kind: str, learner: URIRef) -> bool:
    text = f"{BP_PREFIX}ASK {{ ?x a bp:{kind} ; bp:isRecordOf <{learner}> }}"
    return bool(web.query(asker, text).json["boolean"])


def test_69_what_has_an_end_is_not_seen_after_it_though_nothing_happens(web: Web) -> None:
    end = web.running.clock.moment + timedelta(hours=1)
    seen = f"{BP_PREFIX}SELECT ?x {{ ?x a bp:AttendanceEvent }}"

    def rows() -> int:
        return len(web.query(ATLAS, seen).json["results"]["bindings"])

    assert rows() == 0
    path = cell(name_of(BEN), "attendance", ATLAS)
    said = {"level": "full", "purpose": str(DPV.AcademicResearch), "until": end.isoformat()}
    assert web.put(NOA, path, json.dumps(said)).status == 200
    assert rows() == 1
    web.running.clock.moment = end - timedelta(seconds=1)
    assert rows() == 1
    web.running.clock.moment = end
    assert rows() == 0
    web.running.clock.moment = end - timedelta(minutes=30)
    assert rows() == 0 or web.running.context.truth.clock() < end, "a clock that was put back"


STRANGE = {
    "a duty": f"<{ODRL.duty}> <urn:x>",
    "a remedy": f"<{ODRL.remedy}> <urn:x>",
    "another policy's terms": f"<{ODRL.inheritFrom}> <urn:x>",
    "a term of nobody": "<urn:odd> 1",
}


def test_70_a_term_that_is_not_known_is_refused_and_hides_where_it_is_on_record(web: Web) -> None:
    truth, graph = web.running.context.truth, policy_graph(BEN)
    held = truth.triples(graph)
    policy = next(t.subject for t in held if t.object == node(ODRL.Agreement))
    lines = [f"{triple} ." for triple in held if str(policy)[1:-1] in str(triple.subject)]
    headers = web.running.headers(NOA) | {"Content-Type": "text/turtle"}
    for strange in STRANGE.values():
        said = f"{policy} {strange} ."
        sent = "\n".join([*lines, said]).encode()
        answer = web.send("POST", f"/learners/{name_of(BEN)}/policy", headers, sent)
        assert answer.status == 400
        assert truth.triples(graph) == held
        assert shows(web, ELM, "MasteryState", BEN)
        (quad,) = ox.parse(said, format=ox.RdfFormat.TURTLE)
        truth.commit([Change(graph, held | {quad.triple}, learner=BEN)])
        for asker in (ATLAS, ELM, NORTH):
            assert not shows(web, asker, "MasteryState", BEN)
        assert shows(web, ELM, "MasteryState", ANN), "and nobody else is hidden by it"
        truth.commit([Change(graph, held, learner=BEN)])


def test_71_a_heap_of_rules_and_a_circle_of_places_end_nothing(web: Web) -> None:
    headers = web.running.headers(NOA) | {"Content-Type": "text/turtle"}
    path = f"/learners/{name_of(BEN)}/policy"
    for count, statuses in ((500, {400}), (100_000, {413})):
        rules = "".join(
            f"<urn:p{n}> a <http://www.w3.org/ns/odrl/2/Agreement> .\n" for n in range(count)
        )
        assert web.send("POST", path, headers, rules.encode()).status in statuses
    word = cell(name_of(BEN), "behavior", "teacher")
    for level in ("none", "full") * 10:
        web.say(NOA, word, level)
    assert shows(web, ELM, "BehaviorIncident", BEN)
    truth = web.running.context.truth
    held, parents = truth.triples(REGISTRY), node(ORG.subOrganizationOf)
    state = node(organization_iri("state"))
    circle = {ox.Triple(state, parents, t.subject) for t in held if t.predicate == parents}
    truth.commit([Change(REGISTRY, held | circle)])
    for asker in (ELM, NORTH, STATE, ATLAS):
        assert web.query(asker, "ASK {}").status == 200
    assert shows(web, ELM, "BehaviorIncident", BEN)


OF_CONSENT = [
    *(ODRL.Agreement, ODRL.Permission, ODRL.Prohibition, BP.ConsentEvent, BP.Guardianship),
    *(BP.StandingDocument, BP.Audience, BP.Disclosure, BP.Emergency, BP.Agreement, PROV.Activity),
]


def test_72_no_view_tells_what_a_family_said(twins: Twins) -> None:
    kinds = " ".join(f"<{term}>" for term in OF_CONSENT)
    for asker in (*ASKERS, MIA, STATE, ATLAS, "auditor-state"):
        for text in ("?x a ?kind", "GRAPH ?g { ?x a ?kind }", "?x ?kind ?y"):
            asked = f"SELECT * {{ VALUES ?kind {{ {kinds} }} {text} }}"
            assert twins.whole.query(asker, asked).json["results"]["bindings"] == []
        opted = f"""SELECT ?x {{ ?x ?p ?y FILTER(STRSTARTS(STR(?x), "{ID["policy/"]}")
            || STRSTARTS(STR(?y), "{ID["guardian/"]}")) }}"""
        assert twins.whole.query(asker, opted).json["results"]["bindings"] == []


def test_72_what_one_family_said_is_read_by_that_family_alone(twins: Twins) -> None:
    """Only where the twins differ: Ann's family said something in one of them."""

    def told(asker: str) -> list[Response]:
        paths = (f"/learners/{name_of(ANN)}/policy", f"/learners/{name_of(ANN)}/explanation")
        return [twins.whole.send("GET", path, twins.whole.running.headers(asker)) for path in paths]

    assert all(answer.status == 200 for answer in told(MIA))
    for asker in (*ASKERS, ATLAS, STATE, "auditor-state"):
        assert all(answer.status == 404 for answer in told(asker))
