"""Policies as documents, consent as a history, explanations and previews, over a real socket."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, URIRef

from databackpack.ontology.namespaces import BP, BPA, BPC, DPV, EDU, ID, ODRL, PREFIXES, PROV
from databackpack.service.policy import profile
from databackpack.service.policy.model import Level, Statement
from databackpack.service.records.graphs import (
    AUDIENCES,
    CODES,
    DISCLOSURES,
    EXPOSURES,
    policy_graph,
)
from databackpack.service.records.terms import to_graph, to_triples
from tests.running import Running
from tests.web.asking import Response, Web, cell

TURTLE, JSON_LD = ox.RdfFormat.TURTLE, ox.RdfFormat.JSON_LD


@pytest.fixture
def family(web: Web) -> Iterator["Family"]:
    """A guardian and her child; every word said here is taken back afterwards."""
    found = Family(web, web.running.person("learner", "state:S000005"), "guardian sample:G00010")
    yield found
    for category in ("goals", "progress", "motivation"):
        for audience in ("provider-lantern", "provider-afterbell", "state-agency", "provider"):
            found.delete(category, audience)


class Family:
    """What one guardian sends."""

    def __init__(self, web: Web, child: str, guardian: str) -> None:
        self.web, self.child, self.guardian = web, child, guardian
        self.party = ID[f"guardian/{web.running.person('guardian', guardian.split()[1])}"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        sent = self.web.running.headers(self.guardian) | headers
        if isinstance(body, dict):
            sent, body = sent | {"Content-Type": "application/json"}, json.dumps(body)
        return self.web.send(method, path, sent, body)

    def put(self, category: str, audience: str, level: str, **more: Any) -> Response:
        return self.send("PUT", cell(self.child, category, audience), {"level": level, **more})

    def delete(self, category: str, audience: str) -> Response:
        return self.send("DELETE", cell(self.child, category, audience))

    def policy(self, form: ox.RdfFormat) -> Graph:
        answer = self.send("GET", f"/learners/{self.child}/policy", Accept=form.media_type)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(form.media_type)
        return to_graph({quad.triple for quad in ox.parse(answer.body, format=form)})

    def post(self, graph: Graph, form: ox.RdfFormat = TURTLE) -> Response:
        prefixes = {name: str(iri) for name, iri in PREFIXES.items()}
        body = ox.serialize(to_triples(graph), format=form, prefixes=prefixes)
        path = f"/learners/{self.child}/policy"
        return self.send("POST", path, body, **{"Content-Type": form.media_type})

    def statement(self, **more: Any) -> Statement:
        moment = self.web.running.context.truth.clock()
        said: dict[str, Any] = {
            "iri": ID[f"policy/{uuid4()}"],
            "learner": ID[f"learner/{self.child}"],
            "category": BPC.goals,
            "audience": ID["audience/provider-afterbell"],
            "level": Level.FULL,
            "assigner": self.party,
            "since": moment,
            "until": moment + timedelta(days=30),
            "purpose": EDU.StudentLearningFeedbackManagement,
        }
        return Statement(**(said | more))


def shows(web: Web, persona: str, child: str, kind: str) -> bool:
    text = f"ASK {{ ?x a <{BP[kind]}> ; <{BP.isRecordOf}> <{ID[f'learner/{child}']}> }}"
    return bool(web.query(persona, text).json["boolean"])


@pytest.mark.parametrize("form", [TURTLE, JSON_LD])
def test_a_policy_is_written_and_read_back_the_same(
    web: Web, family: Family, form: ox.RdfFormat
) -> None:
    said = family.statement()
    answer = family.post(profile.write(said), form)
    assert answer.status == 200, answer.body
    assert shows(web, "provider-afterbell", family.child, "Goal")
    for other in (TURTLE, JSON_LD):
        graph = family.policy(other)
        assert profile.read(graph, said.iri) == said
        (event,) = graph.subjects(PROV.generated, said.iri)
        assert graph.value(event, DPV.hasConsentStatus) in {DPV.ConsentGiven, RENEWED}


RENEWED = DPV.RenewedConsentGiven
STRANGE: dict[str, tuple[str, str]] = {
    "duty": (f"<{ODRL.duty}> <urn:x:duty>", "duty"),
    "remedy": (f"<{ODRL.remedy}> <urn:x:remedy>", "remedy"),
    "inherit": (f"<{ODRL.inheritFrom}> <urn:x:parent>", "inherit from"),
    "another profile": ("<urn:x:odd> <urn:x:value>", "odd"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_term_outside_the_profile_is_refused_and_named(
    web: Web, family: Family, name: str
) -> None:
    predicate, told = STRANGE[name]
    said = family.statement()
    body = ox.serialize(to_triples(profile.write(said)), format=TURTLE) or b""
    body += f"<{said.iri}> {predicate} .".encode()
    epoch = web.running.context.truth.epoch
    path = f"/learners/{family.child}/policy"
    answer = family.send("POST", path, body, **{"Content-Type": "text/turtle"})
    assert answer.status == 400
    assert told in answer.json["detail"]
    assert web.running.context.truth.epoch == epoch


BROKEN: dict[str, bytes] = {
    "no turtle": b"<urn:x",
    "nothing": b"",
    "two policies": b"<urn:a> a <http://www.w3.org/ns/odrl/2/Agreement> ."
    b"<urn:b> a <http://www.w3.org/ns/odrl/2/Agreement> .",
    "a blank policy": b"[] a <http://www.w3.org/ns/odrl/2/Agreement> .",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_policy_is_malformed(family: Family, name: str) -> None:
    path = f"/learners/{family.child}/policy"
    answer = family.send("POST", path, BROKEN[name], **{"Content-Type": "text/turtle"})
    assert answer.status == 400, answer.body
    assert answer.json["detail"]


def test_a_remote_context_and_a_named_graph_are_not_read(family: Family) -> None:
    path = f"/learners/{family.child}/policy"
    for body in (
        b'{"@context": "http://127.0.0.1:1/context", "@id": "urn:x:a"}',
        b'{"@id": "urn:x:g", "@graph": [{"@id": "urn:x:a", "urn:x:b": 1}]}',
    ):
        answer = family.send("POST", path, body, **{"Content-Type": "application/ld+json"})
        assert answer.status == 400, answer.body


def test_an_old_policy_cannot_be_said_again(web: Web, family: Family) -> None:
    said = family.statement()
    graph = profile.write(said)
    assert family.post(graph).status == 200
    assert family.put("goals", "provider-afterbell", "none").status == 200
    answer = family.post(graph)
    assert answer.status == 409
    renamed = profile.write(family.statement(since=said.since, iri=ID[f"policy/{uuid4()}"]))
    assert family.post(renamed).status == 409, "it is older than what was said last"
    assert not shows(web, "provider-afterbell", family.child, "Goal")


def test_a_policy_is_in_one_s_own_name_about_one_s_own_child(web: Web, family: Family) -> None:
    other = ID[f"guardian/{web.running.person('guardian', 'sample:G00011')}"]
    assert family.post(profile.write(family.statement(assigner=other))).status == 403
    stranger = ID[f"learner/{web.running.person('learner', 'state:S000001')}"]
    assert family.post(profile.write(family.statement(learner=stranger))).status == 400


def test_a_policy_that_begins_before_it_was_signed_or_is_signed_tomorrow_is_refused(
    web: Web, family: Family
) -> None:
    now = web.running.context.truth.clock()
    early = family.statement(since=now - timedelta(days=9), issued=now)
    late = family.statement(since=now + timedelta(days=1), issued=now + timedelta(days=1))
    for said in (early, late):
        answer = family.post(profile.write(said))
        assert answer.status == 400, answer.body
        assert "34 CFR 99.30" in answer.json["detail"]


def test_a_word_about_a_purpose_that_the_audience_never_asks_for_is_refused(
    web: Web, family: Family
) -> None:
    """It would change nothing, and a family would believe that it had."""
    assert family.put("progress", "state-agency", "none").status == 200
    for level in ("none", "aggregate", "full"):
        answer = family.put("progress", "state-agency", level, purpose="AcademicResearch")
        assert answer.status == 400
        assert "EducationManagement" in answer.json["detail"]
    assert not shows(web, "state-agency", family.child, "MasteryState")


@pytest.mark.parametrize("purpose", ["Marketing", "Advertising", "NonSchoolProfiling"])
def test_nobody_consents_to_a_prohibited_purpose(family: Family, purpose: str) -> None:
    answer = family.put("goals", "provider-afterbell", "full", purpose=purpose)
    assert answer.status in (400, 403)
    assert "34" in answer.json["detail"]


def test_each_change_gives_a_receipt_that_leads_to_the_record(web: Web, family: Family) -> None:
    answer = family.put("goals", "provider-afterbell", "full")
    receipt = answer.json["receipt"]
    assert datetime.fromisoformat(receipt["issued"]).tzinfo is not None
    graph = family.policy(TURTLE)
    iri = ID[f"receipt/{receipt['id']}"]
    assert (iri, RDF.type, DPV.ConsentReceipt) in graph
    assert graph.value(iri, PROV.wasDerivedFrom) == URIRef(receipt["record"])
    again = family.put("goals", "provider-afterbell", "none").json["receipt"]
    assert again["id"] != receipt["id"]
    assert again["record"] == receipt["record"]
    assert (receipt["status"], again["status"]) in {
        ("ConsentGiven", "ConsentWithdrawn"),
        ("RenewedConsentGiven", "ConsentWithdrawn"),
    }


def test_what_is_on_record_is_only_added_to(web: Web, family: Family) -> None:
    truth = web.running.context.truth
    graph = policy_graph(ID[f"learner/{family.child}"])
    held = truth.triples(graph)
    for level in ("full", "deidentified", "none", None):
        if level is None:
            answer = family.delete("goals", "provider-afterbell")
        else:
            answer = family.put("goals", "provider-afterbell", level)
        assert answer.status == 200
        now = truth.triples(graph)
        assert held < now
        held = now


def test_a_word_taken_back_gives_the_law_its_place_again(web: Web, family: Family) -> None:
    assert shows(web, "state-agency", family.child, "MasteryState")
    family.put("progress", "state-agency", "none")
    assert not shows(web, "state-agency", family.child, "MasteryState")
    family.delete("progress", "state-agency")
    assert shows(web, "state-agency", family.child, "MasteryState")
    epoch = web.running.context.truth.epoch
    answer = family.delete("progress", "state-agency")
    assert answer.json == {"epoch": epoch}, "nothing is left to take back"


def test_a_change_that_was_written_on_old_knowledge_is_refused(family: Family) -> None:
    path = f"/learners/{family.child}/policy"
    tag = family.send("GET", path).headers["etag"]
    setting = {"level": "full"}
    where = cell(family.child, "goals", "provider-afterbell")
    assert family.send("PUT", where, setting, **{"If-Match": tag}).status == 200
    assert family.send("PUT", where, setting, **{"If-Match": tag}).status == 412
    assert family.send("DELETE", where, **{"If-Match": tag}).status == 412
    assert family.send("PUT", where, setting).status == 200


def test_a_request_is_shown_to_those_who_decide_and_opens_nothing(web: Web, family: Family) -> None:
    where = f"{cell(family.child, 'motivation', 'provider-afterbell')}/requests"
    body = json.dumps({"level": "full"})
    headers = {"Content-Type": "application/json"}
    registrar = web.running.headers("registrar-elm") | headers
    assert web.send("POST", where, registrar, body).status == 200
    other = web.running.headers("registrar-fern") | headers
    assert web.send("POST", where, other, body).status == 404
    path = f"/learners/{family.child}/policy"
    for guardian in (family.guardian, "guardian sample:G00011"):
        asked = web.send("GET", path, web.running.headers(guardian)).json["requests"]
        assert [(a["category"], a["audience"]) for a in asked] == [
            ("motivation", "provider-afterbell")
        ]
    assert not shows(web, "provider-afterbell", family.child, "MotivationMeasure")
    family.put("motivation", "provider-afterbell", "none")
    assert family.send("GET", path).json["requests"] == []


def explanations(family: Family, query: str = "") -> list[dict[str, Any]]:
    answer = family.send("GET", f"/learners/{family.child}/explanation{query}")
    assert answer.status == 200, answer.body
    return list(answer.json["explanations"])


def test_an_explanation_says_in_words_what_made_it_so(family: Family) -> None:
    (made,) = explanations(family, "?category=progress&audience=state-agency-sample")
    assert made["level"] == "full"
    told = " ".join(made["words"])
    assert "State Agency (Sample State Education Agency) see in full progress" in told
    assert "34 CFR 99.35" in told
    assert "may change this" in told
    family.put("progress", "state-agency", "aggregate")
    (made,) = explanations(family, "?category=progress&audience=state-agency-sample")
    told = " ".join(made["words"])
    assert "see only published statistics about progress" in told
    assert "A guardian said on 2026-11-23: aggregate" in told
    (fixed,) = explanations(family, "?category=attendance&audience=state-agency-sample")
    assert "no choice" in " ".join(fixed["words"])


def test_an_explanation_of_another_moment_is_of_that_moment(web: Web, family: Family) -> None:
    before = web.running.context.truth.clock()
    family.put("progress", "state-agency", "none")
    cell_ = "?category=progress&audience=state-agency-sample"
    moment = before.isoformat().replace("+", "%2B")
    assert explanations(family, f"{cell_}&moment={moment}")[0]["level"] == "full"
    assert explanations(family, cell_)[0]["level"] == "none"


def test_who_sees_this_child_is_answered_exactly(web: Web, family: Family) -> None:
    """Every audience that is told to see something does, and no other."""
    told = {(m["audience"], m["category"]) for m in explanations(family) if m["level"] == "full"}
    text = f"SELECT DISTINCT ?t {{ ?x a ?t ; <{BP.isRecordOf}> <{ID[f'learner/{family.child}']}> }}"
    kinds = {"MasteryState": "progress", "AttendanceEvent": "attendance", "Goal": "goals"}
    for persona in ("state-agency-sample", "teacher-elm", "teacher-fern", "provider-lantern"):
        rows = web.query(persona, text).json["results"]["bindings"]
        seen = {kinds.get(row["t"]["value"].rsplit("#", 1)[-1]) for row in rows} - {None}
        held = {category for audience, category in told if audience == persona}
        assert seen == held & set(kinds.values()), persona


def test_explanations_are_rdf_too(family: Family) -> None:
    path = f"/learners/{family.child}/explanation?category=progress"
    for form in (TURTLE, JSON_LD):
        answer = family.send("GET", path, Accept=form.media_type)
        graph = to_graph({quad.triple for quad in ox.parse(answer.body, format=form)})
        decisions = set(graph.subjects(RDF.type, BP.Decision))
        assert decisions
        for decision in decisions:
            assert graph.value(decision, BP.grantsLevel) is not None
            assert graph.value(decision, PROV.wasDerivedFrom) is not None


@pytest.mark.parametrize("query", ["?moment=now", "?moment=2026-01-01T00:00:00", "?who=me"])
def test_a_malformed_question_for_an_explanation(family: Family, query: str) -> None:
    answer = family.send("GET", f"/learners/{family.child}/explanation{query}")
    assert answer.status == 400


def stored(running: Running) -> tuple[int, ...]:
    """Return what a preview must leave as it is: epoch, words, log, exposures, codes."""
    truth = running.context.truth
    tables = [
        f"{CODES}/provider-afterbell",
        f"{EXPOSURES}/provider-afterbell/StudentLearningFeedbackManagement",
    ]
    graphs = [DISCLOSURES, AUDIENCES, *map(URIRef, tables)]
    return truth.epoch, *(len(truth.triples(graph)) for graph in graphs)


@pytest.mark.parametrize("level", ["full", "deidentified", "aggregate"])
def test_a_preview_shows_what_would_be_seen_and_leaves_no_trace(
    web: Web, family: Family, level: str
) -> None:
    family.put("goals", "provider-afterbell", "none")
    web.query("provider-afterbell", "ASK {}")
    dump = web.dump("provider-afterbell")
    before = stored(web.running)
    path = f"/learners/{family.child}/preview/goals/provider-afterbell"
    answer = family.send("POST", path, {"level": level})
    assert answer.status == 200, answer.body
    (seen,) = answer.json["audiences"]
    assert (seen["before"], seen["after"]) == ("none", level)
    assert stored(web.running) == before
    assert web.dump("provider-afterbell") == dump
    family.put("goals", "provider-afterbell", level)
    shown = web.dump("provider-afterbell") - dump
    assert len(shown) == len(seen["added"])
    if level == "full":
        assert shown == set(seen["added"])
    assert (level == "aggregate") == (not shown)


def test_a_preview_for_a_role_is_for_each_of_its_audiences(family: Family) -> None:
    path = f"/learners/{family.child}/preview/progress/teacher"
    answer = family.send("POST", path, {"level": "none"})
    assert [one["audience"] for one in answer.json["audiences"]] == ["teacher-elm"]
    (seen,) = answer.json["audiences"]
    assert seen["removed"]
    assert not seen["added"]
    assert BPA.teacher
