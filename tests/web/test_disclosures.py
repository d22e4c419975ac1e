"""The log of disclosures: who asked what for, answered or refused, and never what was asked."""

from hashlib import sha256
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import RDF, URIRef

from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.records import disclosures
from databackpack.service.records.graphs import DISCLOSURES, EXPOSURES
from databackpack.service.records.terms import text, to_graph
from databackpack.service.rights.disclosures import learners_of
from tests.running import Running
from tests.web.asking import Web, cell

NAME = "Wilhelmina Featherstonehaugh"
QUERY = {"Content-Type": "application/sparql-query"}
ASK = f"ASK {{ ?s ?p '{NAME}' }}"


def entries(running: Running) -> dict[str, dict[str, str]]:
    """Return each entry of the log: predicate → value."""
    found: dict[str, dict[str, str]] = {}
    for triple in running.context.truth.triples(DISCLOSURES):
        found.setdefault(text(triple.subject), {})[triple.predicate.value] = text(triple.object)
    return found


# Each request of somebody with a token, and the outcome of the one entry that it leaves.
LOGGED = {
    "answered": (ASK, "*/*", 200, ["answered"]),
    "malformed": (f"ASK {{ '{NAME}'", "*/*", 400, ["MalformedQuery"]),
    "refused": (
        f"ASK {{ SERVICE <http://127.0.0.1:1/> {{ ?s ?p '{NAME}' }} }}",
        "*/*",
        400,
        ["QueryRequestRefused"],
    ),
    "too long": (f"ASK {{}} # {NAME}" + "x" * 40_000, "*/*", 413, ["TooLarge"]),
    "no form of a graph": (
        f"CONSTRUCT {{ ?s ?p '{NAME}' }} {{}}",
        "text/csv",
        406,
        ["NotAcceptable"],
    ),
}


@pytest.mark.parametrize("name", LOGGED)
def test_a_request_leaves_its_entries(web: Web, name: str) -> None:
    query, accept, status, outcomes = LOGGED[name]
    before = entries(web.running)
    headers = web.running.headers("researcher", accept) | QUERY
    epoch = web.running.context.truth.epoch
    assert web.send("POST", "/sparql", headers, query).status == status
    new = {iri: entry for iri, entry in entries(web.running).items() if iri not in before}
    assert sorted(entry[str(BP.hasOutcome)] for entry in new.values()) == outcomes
    for entry in new.values():
        assert entry[str(PROV.wasAssociatedWith)].endswith("/audience/researcher-mobility")
        assert entry[str(BP.hasPurpose)] == "https://w3id.org/dpv#AcademicResearch"
        assert entry[str(BP.personKey)] == "researcher"
        assert entry[str(BP.epoch)] == str(epoch)
        assert entry[str(BP.queryDigest)] == sha256(query.encode()).hexdigest()
        assert set(map(URIRef, entry)) >= {BP.hasOutcome, PROV.startedAtTime}
    assert web.running.context.truth.epoch == epoch, "a log entry is no change of what is held"


def test_a_question_of_the_catalogue_is_logged_like_any_query(web: Web) -> None:
    before = len(entries(web.running))
    path = "/questions/learners-meeting-standard?standard=3.OA.A.1"
    assert web.send("GET", path, web.running.headers("teacher")).status == 200
    assert len(entries(web.running)) == before + 1


def test_a_request_without_a_token_that_holds_is_nobody_s_and_leaves_no_entry(web: Web) -> None:
    before = len(entries(web.running))
    assert web.send("POST", "/sparql", QUERY, ASK).status == 401
    assert len(entries(web.running)) == before


def test_no_text_of_a_query_is_in_the_log(web: Web) -> None:
    web.query("researcher", ASK)
    log = "\n".join(str(triple) for triple in web.running.context.truth.triples(DISCLOSURES))
    assert NAME not in log
    assert "SERVICE" not in log
    assert sha256(ASK.encode()).hexdigest() in log


def read(web: Web, persona: str, path: str, status: int = 200) -> list[dict[str, Any]]:
    """Return the entries that *persona* reads at *path*."""
    answer = web.send("GET", path, web.running.headers(persona))
    assert answer.status == status, answer.body
    return list(answer.json["disclosures"]) if status == 200 else []


def log_of(learner: str) -> str:
    return f"/learners/{learner}/disclosures"


def test_a_family_reads_who_asked_when_why_on_what_basis_and_what_was_refused(
    web: Web, child: str
) -> None:
    before = {entry["id"] for entry in read(web, "guardian", log_of(child))}
    web.query("state-agency", "ASK {}")
    web.query("state-agency", "ASK {")
    new = [e for e in read(web, "guardian", log_of(child)) if e["id"] not in before]
    assert [entry["outcome"] for entry in new] == ["answered", "MalformedQuery"]
    for entry in new:
        assert entry["who"] == "state-agency"
        assert entry["audience"] == "state-agency-sample"
        assert entry["purpose"].endswith("#EducationManagement")
        parts = {part["category"]: part for part in entry["categories"]}
        attendance = {"category": "attendance", "level": "full", "basis": "AuditEvaluation"}
        assert parts["attendance"] == attendance
        assert parts["portfolio"]["level"] == "deidentified"
        assert "identity" not in parts


def test_a_request_that_could_not_be_about_a_child_is_not_in_its_log(web: Web) -> None:
    other = web.running.person("learner", "state:S000003")
    before = read(web, "guardian sample:G00004", log_of(other))
    web.query("teacher", "ASK {}")
    assert read(web, "guardian sample:G00004", log_of(other)) == before
    web.query("other-school-teacher", "ASK {}")
    new = read(web, "guardian sample:G00004", log_of(other))[len(before) :]
    assert [entry["who"] for entry in new] == ["other-school-teacher"]
    assert "behavior" not in {part["category"] for part in new[0]["categories"]}


@pytest.mark.parametrize("persona", ["teacher", "district", "state-agency", "researcher"])
def test_nobody_but_family_and_custodian_reads_the_log_of_a_child(
    web: Web, child: str, persona: str
) -> None:
    read(web, persona, log_of(child), 404)
    read(web, persona, "/disclosures", 404)


def test_the_custodian_reads_the_log_of_her_own_learners(web: Web, child: str) -> None:
    web.query("state-agency", "ASK {}")
    assert read(web, "registrar-elm", log_of(child))
    read(web, "registrar-fern", log_of(child), 404)
    read(web, "guardian sample:G00004", log_of(child), 404)


def test_the_auditor_reads_all_of_the_log_and_no_record(web: Web) -> None:
    web.query("researcher", "ASK {")
    found = read(web, "auditor-sample", "/disclosures?outcome=MalformedQuery")
    assert {entry["outcome"] for entry in found} == {"MalformedQuery"}
    web.query("state-agency", "ASK {}")
    studies = read(web, "auditor-sample", "/disclosures?basis=AuditEvaluation")
    assert studies
    assert {entry["audience"] for entry in studies} == {"state-agency-sample"}
    answer = web.query("auditor-sample", "SELECT ?x { ?x bp:isRecordOf ?y }")
    assert answer.status == 400
    answer = web.query("auditor-sample", f"SELECT ?x {{ ?x <{BP.isRecordOf}> ?y }}")
    assert answer.json["results"]["bindings"] == []


def test_special_education_has_a_log_of_its_own_with_name_date_and_purpose(web: Web) -> None:
    web.query("teacher", "ASK {}")
    web.query("researcher", "ASK {}")
    found = read(web, "auditor-sample", "/disclosures?log=special-education")
    assert "teacher" in {entry["who"] for entry in found}
    assert "researcher" not in {entry["who"] for entry in found}
    for entry in found:
        assert entry["who"]
        assert entry["when"]
        assert entry["purpose"]


def test_the_log_is_prov_and_dpv_too(web: Web, child: str) -> None:
    web.query("state-agency", "ASK {}")
    for form in (ox.RdfFormat.TURTLE, ox.RdfFormat.JSON_LD):
        headers = web.running.headers("guardian", form.media_type)
        answer = web.send("GET", log_of(child), headers)
        graph = to_graph({quad.triple for quad in ox.parse(answer.body, format=form)})
        assert set(graph.subjects(PROV.wasAssociatedWith)) == set(
            graph.subjects(RDF.type, BP.Disclosure)
        )


@pytest.mark.parametrize("query", ["since=yesterday", "since=2026-01-01T00:00:00", "who=me"])
def test_a_filter_that_is_none_is_malformed(web: Web, child: str, query: str) -> None:
    read(web, "guardian", f"{log_of(child)}?{query}", 400)


def members(web: Web, persona: str) -> set[str]:
    """Return the learners whom a persona's view shows in full or by any record."""
    text = f"SELECT DISTINCT ?who {{ ?x <{BP.isRecordOf}> ?who }}"
    rows = web.query(persona, text).json["results"]["bindings"]
    return {row["who"]["value"] for row in rows}


def test_whom_an_answer_could_be_about_is_recovered_for_each_entry(web: Web, child: str) -> None:
    """Through changes of consent, without one row for each learner and query."""
    truth = web.running.context.truth
    path, persona = cell(child, "narratives", "provider-lantern"), "provider-lantern"
    seen: list[set[str]] = []
    rows = []
    for level in ("full", "none", "full", "none"):
        web.say("guardian", path, level)
        for _ in range(3):
            seen.append(members(web, persona))
            graph = URIRef(f"{EXPOSURES}/provider-lantern/StudentLearningFeedbackManagement")
            rows.append(len(truth.triples(graph)))
    assert len({frozenset(found) for found in seen}) == 2, "the test would prove nothing"
    assert rows[0::3] == rows[1::3] == rows[2::3], "asking again writes no exposure"
    asked = [e for e in disclosures.entries(truth) if e.subject == persona][-len(seen) :]
    assert [{str(one) for one in learners_of(truth, e)} for e in asked] == seen


def test_the_log_is_written_before_the_answer_leaves(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be written, no answer leaves."""

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(disclosures, "end", fail)
    answer = web.query("state-agency", "ASK {}")
    assert answer.status == 500
    assert b"boolean" not in answer.body
    monkeypatch.setattr(disclosures, "begin", fail)
    assert web.query("state-agency", "ASK {}").status == 500
