"""The log of disclosures: who asked what for, answered or refused, and never what was asked."""

from hashlib import sha256

import pytest
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.records.graphs import DISCLOSURES
from databackpack.service.records.terms import text
from tests.running import Running
from tests.web.asking import Web

NAME = "Wilhelmina Featherstonehaugh"
QUERY = {"Content-Type": "application/sparql-query"}
ASK = f"ASK {{ ?s ?p '{NAME}' }}"


def entries(running: Running) -> dict[str, dict[str, str]]:
    """Return each entry of the log: predicate → value."""
    found: dict[str, dict[str, str]] = {}
    for triple in running.context.truth.triples(DISCLOSURES):
        found.setdefault(text(triple.subject), {})[triple.predicate.value] = text(triple.object)
    return found


# Each request of somebody with a token, and the outcomes it leaves in the log, sorted.
LOGGED = {
    "answered": (ASK, "*/*", 200, ["asked"]),
    "malformed": (f"ASK {{ '{NAME}'", "*/*", 400, ["MalformedQuery", "asked"]),
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
        ["NotAcceptable", "asked"],
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
