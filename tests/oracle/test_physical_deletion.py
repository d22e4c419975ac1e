"""The test that matters: an answer equals the answer over a store that holds nothing else.

For random learners, families' words, audiences and moments, the same queries are asked of the
service over a real socket (token, guard, log, a view's host and its worker in processes of their
own) and of a fresh store that was filled by an independent, naive reading of the policies. Then a
family changes its mind, time goes by, and the queries are asked again of the same live views.
"""

import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask import Flask
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.loaders.record import organization_iri
from databackpack.ontology.namespaces import BP, BPC, ID
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue, signing_key
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Level
from databackpack.service.records.graphs import CODES, REGISTRY, emergency_graph
from databackpack.service.records.terms import node, to_ox, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.rights import agreements, jurisdictions
from databackpack.service.views.process import Template
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context
from tests.oracle import naive
from tests.oracle.drawing import DRAWN
from tests.oracle.world import MOMENTS, Child, Notice, Word, World, notices, words, worlds
from tests.running import listening

SHARDS = 4
WORLDS = 110
"""Of each shard: as many as 2,000 cases need, with all that is asked of them below."""

MORE = 160
"""Of each shard in ``make soak``."""

PREFIXES = "PREFIX bp: <https://w3id.org/databackpack/ns#> PREFIX sdo: <https://schema.org/> "
VOCABULARY = frozenset(
    ox.Triple(node(BP[name]), node(BP.isPrerequisiteOf), node(BP[other]))
    for name, other in (("a", "b"), ("b", "c"))
)

TEMPLATE = Template(VOCABULARY)

# Every form of query; {learner} and {record} become IRIs of the world, visible or not.
BATTERY = [
    "SELECT * { ?s ?p ?o }",
    "SELECT ?x ?who ?name { ?x bp:isRecordOf ?who OPTIONAL { ?who sdo:givenName ?name } }",
    "SELECT ?x { ?x bp:isRecordOf ?w FILTER EXISTS { ?y bp:isRecordOf ?w ; bp:scoreValue ?v } }",
    "SELECT ?x { ?x a bp:MasteryState MINUS { ?x bp:isRecordOf ?w . ?w sdo:familyName ?n } }",
    "SELECT ?t (COUNT(DISTINCT ?w) AS ?n) (COUNT(*) AS ?m) { ?x a ?t ; bp:isRecordOf ?w } "
    "GROUP BY ?t HAVING (COUNT(*) > 0)",
    "SELECT (COUNT(*) AS ?n) (SUM(?v) AS ?sum) { ?x bp:scoreValue ?v }",
    "ASK { <{learner}> ?p ?o }",
    "ASK { ?x bp:isRecordOf <{learner}> ; bp:behaviorType ?b }",
    "CONSTRUCT { ?w bp:invented ?t } WHERE { ?x bp:isRecordOf ?w ; a ?t }",
    "DESCRIBE <{learner}>",
    "DESCRIBE ?x WHERE { ?x bp:isRecordOf <{learner}> }",
    "SELECT ?g ?s ?o { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH <{record}> { ?s ?p ?o } }",
    "SELECT * FROM <{record}> { ?s ?p ?o }",
    "SELECT * FROM NAMED <{record}> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?y { <{learner}> (^bp:isRecordOf|bp:isHeldBy)* ?y }",
    "SELECT ?y { <{learner}> (!bp:nothing|^!bp:nothing)* ?y }",
    "SELECT ?o { <{learner}> bp:nothing* ?o }",
    "SELECT ?w ?n { { SELECT ?w (COUNT(?x) AS ?n) { ?x bp:isRecordOf ?w } GROUP BY ?w } "
    "FILTER (?n > 1) }",
    "SELECT ?x ?w { VALUES ?w { <{learner}> bp:nobody } ?x bp:isRecordOf ?w }",
    "SELECT ?x { ?x bp:isRecordOf ?w FILTER NOT EXISTS { ?w sdo:birthDate ?b } }",
    "SELECT ?d { ?x ?p ?d FILTER (isLiteral(?d) && STRSTARTS(STR(?d), '2')) }",
]


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


class Service:
    """The whole service over one world, asked through its HTTP surface."""

    def __init__(self, world: World, moment: datetime, keys: Path, port: int) -> None:
        self.clock = Clock(moment)
        self.truth = TruthStore(None, self.clock)
        report = take_in(self.truth, world.items())
        refused = [w for w in world.words if not naive.may_be_said(world, w, moment)]
        assert [problem.rule for problem in report.problems] == ["no standing"] * len(refused)
        self.views = Views(self.truth, jurisdiction.read("us-default"), template=TEMPLATE)
        for school, place in world.places.items():
            jurisdictions.bind(self.views, school, place)
        if world.deals:
            agreements.add(self.views, deals(world))
        for child in world.children:
            if child.alarms:
                graph = emergency_graph(child.iri)
                change = Change(graph, to_triples(alarms(child)), learner=child.iri)
                self.truth.commit([change])
        for notice in world.notices:
            self.publish(notice)
        self.key = signing_key(keys)
        config = Config(store=None, keys=keys, clock=self.clock)
        self.app: Flask = create_app(config, Context(self.truth, self.views, self.key))
        self.connection = HTTPConnection("127.0.0.1", port)

    def publish(self, notice: Notice) -> None:
        """Let *notice* be all that is published for its audience."""
        self.truth.commit([Change(notice.iri, to_triples(notice.graph))])

    def close(self) -> None:
        self.connection.close()
        self.views.close()

    def headers(self, audience: str) -> dict[str, str]:
        known = self.views.audience(audience)
        (purpose,) = known.purposes
        token = issue(self.key, "oracle", known, purpose, self.clock(), timedelta(hours=1))
        accept = "application/sparql-results+json, application/n-triples"
        return {"Authorization": f"Bearer {token}", "Accept": accept}

    def send(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        """Return the status and the body; the media type and the epoch are in *self.told*."""
        self.connection.request(method, path, body.encode(), headers)
        response = self.connection.getresponse()
        self.told = response.headers
        return response.status, response.read().decode()

    def ask(self, query: str, headers: dict[str, str]) -> object:
        headers = headers | {"Content-Type": "application/sparql-query"}
        status, body = self.send("POST", "/sparql", query, headers)
        assert status == 200, body
        assert self.told["Consent-Epoch"] == str(self.truth.epoch)
        if self.told.get_content_type() == "application/n-triples":
            return sorted(body.splitlines())
        return comparable(json.loads(body))

    def codes(self, audience: str) -> dict[str, str]:
        pairs = self.truth.pairs(URIRef(f"{CODES}/{audience}"), BP.hasReleaseCode)
        return {str(iri): code for iri, code in pairs}

    def say(self, word: Word) -> int:
        """PUT *word* as its author does; who has not the right is refused."""
        learner = str(word.learner).rsplit("/", 1)[-1]
        assigner = "-".join(str(word.assigner).rsplit("/", 2)[-2:])
        body = {
            "level": word.level,
            "purpose": None if word.purpose is None else str(word.purpose),
            "until": None if word.until is None else word.until.isoformat(),
        }
        path = f"/learners/{learner}/policy/{word.category}/{word.audience}"
        headers = self.headers(assigner) | {"Content-Type": "application/json"}
        return self.send("PUT", path, json.dumps(body), headers)[0]


def deals(world: World) -> Graph:
    """Return the agreements of *world* as a custodian would bring them."""
    graph = Graph()
    for number, deal in enumerate(world.deals):
        values: list[tuple[URIRef, Node]] = [
            (RDF.type, BP.Agreement),
            (RDFS.label, Literal("Invented")),
            (BP.hasAgreementKind, BP[deal.kind]),
            (BP.isAgreementOf, ID[f"audience/{deal.audience}"]),
            (BP.hasPurpose, deal.purpose),
            (BP.hasScope, Literal("Invented")),
            (BP.grantsLevel, Level.of(deal.level).iri),
            (BP.representative, Literal("Invented")),
            (BP.validFrom, Literal(deal.since)),
            (BP.validUntil, Literal(deal.until)),
            (BP.destroyBy, Literal(deal.until.date())),
            *((BP.hasCategory, BPC[category]) for category in deal.categories),
            *((BP.coversOrganization, organization_iri(code)) for code in deal.organizations),
        ]
        for predicate, value in values:
            graph.add((ID[f"agreement/{number}"], predicate, value))
    return graph


def alarms(child: Child) -> Graph:
    """Return the emergencies declared about *child*, also those that are still to come."""
    graph = Graph()
    for number, alarm in enumerate(child.alarms):
        values: list[tuple[URIRef, Node]] = [
            (RDF.type, BP.Emergency),
            (BP.opensTo, ID[f"audience/{alarm.audience}"]),
            (BP.threat, Literal("Invented")),
            (BP.personKey, Literal("Invented")),
            (BP.validFrom, Literal(alarm.since)),
            (BP.validUntil, Literal(alarm.until)),
            *((BP.hasCategory, BPC[category]) for category in alarm.categories),
        ]
        for predicate, value in values:
            graph.add((ID[f"emergency/{number}"], predicate, value))
    return graph


class Codes(dict[str, str]):
    """Codes with one for everything: a view codes only what it shows."""

    def __missing__(self, iri: str) -> str:
        return f"{iri}/code"


def comparable(result: dict[str, object]) -> object:
    """Return a JSON result with its rows in an order of their own."""
    if "boolean" in result:
        return result["boolean"]
    rows = result["results"]["bindings"]  # type: ignore[index]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def physical(triples: set[tuple[Node, Node, Node]], truth: TruthStore) -> ox.Store:
    """Return a fresh store that holds *triples* and what is public, and nothing else."""
    store = ox.Store()
    public = VOCABULARY | truth.triples(REGISTRY)
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in public)
    store.extend(ox.Quad(*(to_ox(term) for term in triple)) for triple in triples)  # type: ignore[arg-type]
    return store


def expected(store: ox.Store, query: str) -> object:
    result = store.query(query)
    if isinstance(result, ox.QueryTriples):
        return sorted(
            (result.serialize(format=ox.RdfFormat.N_TRIPLES) or b"").decode().splitlines()
        )
    body = result.serialize(format=ox.QueryResultsFormat.JSON)
    return comparable(json.loads(body or b""))


def compare(
    service: Service, world: World, said: list[Word], audience: str, tally: Counter[str]
) -> None:
    """Ask every form of query as *audience*, of the service and of the physical store."""
    headers = service.headers(audience)
    service.ask("ASK {}", headers)  # makes the view, and with it the release codes
    left = naive.visible(world, said, audience, service.clock(), service.codes(audience))
    told = naive.published(world, audience, service.clock())
    store = physical(left | told, service.truth)
    record = world.children[0].records[0]
    for form in BATTERY:
        query = PREFIXES + form.replace("{learner}", str(record.learner)).replace(
            "{record}", str(record.iri)
        )
        assert service.ask(query, headers) == expected(store, query), (audience, form)
    role, party = naive.split(audience)
    population = sum(
        len(record.graph)
        for child in world.children
        for record in child.records
        if naive.concerns(child, record, role, party, service.clock())
    )
    tally["cases"] += 1
    tally["told statistics"] += bool(told)
    tally["not told any more"] += not told and any(n.audience == audience for n in world.notices)
    tally["agreements"] += any(deal.audience == audience for deal in world.deals)
    tally["another jurisdiction"] += bool(world.places)
    tally["standing documents"] += any(child.papers for child in world.children)
    tally["emergencies"] += any(
        alarm.audience == audience for child in world.children for alarm in child.alarms
    )
    tally["hiding"] += len(left) < population
    tally["about somebody"] += population > 0
    everything = sum(len(r.graph) for child in world.children for r in child.records)
    tally["leaving out"] += len(left) < everything
    tally["showing"] += bool(left)
    unheard = naive.visible(world, [], audience, service.clock(), Codes(service.codes(audience)))
    tally["opened"] += bool(left - unheard)
    tally["closed"] += bool(unheard - left)


def with_word(world: World, said: list[Word], word: Word) -> list[Word]:
    """Return what is on record after *word* is PUT.

    It replaces its author's words on the cell, and those of anybody who may decide no more.
    """
    role = next(role for role in naive.PURPOSE_OF_ROLE if word.audience.startswith(role))
    (child,) = (child for child in world.children if child.iri == word.learner)
    deciding = naive.deciding(child, word.since)

    def is_replaced(other: Word) -> bool:
        cell = (word.learner, word.category, word.audience)
        if (other.learner, other.category, other.audience) != cell:
            return False
        if other.assigner != word.assigner:
            return other.assigner not in deciding
        return naive.speaks_of(word, naive.PURPOSE_OF_ROLE[role])

    return [other for other in said if not is_replaced(other)] + [word]


def people(world: World) -> list[str]:
    """Return the names of the audiences of all guardians and learners."""
    ties = [guardian for child in world.children for guardian, _, _ in child.guardians]
    return [
        *(f"guardian-{str(guardian).rsplit('/', 1)[-1]}" for guardian in ties),
        *(f"learner-{str(child.iri).rsplit('/', 1)[-1]}" for child in world.children),
    ]


@pytest.mark.parametrize("number", [WORLDS, pytest.param(MORE, marks=pytest.mark.soak)])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_an_answer_equals_the_answer_over_a_store_that_holds_nothing_else(
    shard: int, number: int, tmp_path: Path
) -> None:
    tally: Counter[str] = Counter()

    @seed(shard)
    @settings(DRAWN, max_examples=number)
    @given(data=st.data(), world=worlds(), moment=st.sampled_from([*MOMENTS, *MOMENTS[1:6]]))
    def ask_before_and_after(data: st.DataObject, world: World, moment: datetime) -> None:
        with closing(Service(world, moment, tmp_path, port)) as service:
            served["now"] = service.app
            ask(data, world, moment, service)

    def ask(data: st.DataObject, world: World, moment: datetime, service: Service) -> None:
        said = [word for word in world.words if naive.may_be_said(world, word, moment)]
        tally["without standing"] += len(said) < len(world.words)
        asked = [*world.asked, data.draw(st.sampled_from(people(world)))]
        for audience in asked:
            compare(service, world, said, audience, tally)

        service.clock.moment = moment + timedelta(seconds=1)
        for _ in range(4):
            word = data.draw(words(world.children, world.asked))
            until = None if word.until is None else moment + timedelta(days=31)
            purpose = data.draw(st.sampled_from([word.purpose, None]))
            (child,) = (one for one in world.children if one.iri == word.learner)
            deciding = naive.deciding(child, service.clock())
            assigner = data.draw(st.sampled_from([word.assigner, *deciding, *deciding]))
            word = replace(
                word,
                since=service.clock.moment,
                until=until,
                purpose=purpose,
                assigner=assigner,
            )
            if service.say(word) == 200:
                said = with_word(world, said, word)
                tally["changed"] += 1
                break
        newer = notices(world.asked, f"{world.children[0].iri} again")
        for notice in newer:
            service.publish(notice)
        world = replace(world, notices=tuple({n.iri: n for n in (*world.notices, *newer)}.values()))
        for audience in asked:
            compare(service, world, said, audience, tally)

        later = [*(m for m in MOMENTS if m > moment), moment + timedelta(days=1)]
        service.clock.moment = data.draw(st.sampled_from(later))
        for audience in world.asked:
            compare(service, world, said, audience, tally)

    served: dict[str, Flask] = {}
    with listening(lambda environ, start: served["now"](environ, start)) as port:
        ask_before_and_after()
    assert tally["cases"] >= 2000 / SHARDS, tally
    assert tally["leaving out"] >= tally["cases"] / 2, tally
    assert tally["hiding"] >= tally["about somebody"] / 2, tally
    assert tally["about somebody"] >= tally["cases"] / 2, tally
    assert tally["showing"] >= tally["cases"] / 4, tally
    assert tally["opened"] >= 20, tally
    assert tally["closed"] >= 20, tally
    assert tally["changed"] >= 15, tally
    assert tally["told statistics"] >= 50, tally
    assert tally["not told any more"] >= 5, tally
    for fact in ("agreements", "another jurisdiction", "standing documents", "emergencies"):
        assert tally[fact] >= 5, tally
