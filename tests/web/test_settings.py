"""A family's word: exactly that child's records leave exactly that audience's next answer."""

from collections.abc import Iterator

import pytest
from rdflib import URIRef

from databackpack.ontology.namespaces import BPC, ID
from databackpack.service.records.truth import TruthStore
from tests.running import Running
from tests.web.asking import PERSONAS, Web, cell, triples

JURISDICTION = "https://www.ecfr.gov/current/title-34/section-99."


def held(running: Running, learner: str, category: URIRef) -> frozenset[str]:
    """Return the lines of all records of one category that anybody holds of a learner."""
    dossier = running.context.views.dossier(ID[f"learner/{learner}"])
    truth: TruthStore = running.context.truth
    return triples(
        triple
        for record in dossier.records
        if record.category == category
        for triple in truth.triples(record.iri)
    )


def dumps(web: Web) -> dict[str, frozenset[str]]:
    return {persona: web.dump(persona) for persona in PERSONAS}


@pytest.fixture
def put_back(web: Web, child: str) -> Iterator[None]:
    """Whatever a test of the state agency's progress says: full is what the law gives."""
    yield
    for persona, name in (
        ("guardian", "state-agency"),
        ("guardian", "state-agency-sample"),
        ("guardian sample:G00002", "state-agency"),
    ):
        web.say(persona, cell(child, "progress", name), "full")


@pytest.mark.parametrize("audience", ["state-agency", "state-agency-sample"])
@pytest.mark.usefixtures("put_back")
def test_none_takes_the_child_out_of_one_audience_and_full_brings_it_back(
    web: Web, child: str, audience: str
) -> None:
    records = held(web.running, child, BPC.progress)
    path, before = cell(child, "progress", audience), dumps(web)
    assert records, "the sample has no progress of this child: the test would prove nothing"
    assert records <= before["state-agency"]

    web.say("guardian", path, "none")
    after = dumps(web)
    assert before["state-agency"] - after["state-agency"] == records
    assert after["state-agency"] < before["state-agency"]
    for persona in PERSONAS[1:]:
        assert after[persona] == before[persona], persona

    web.say("guardian", path, "full")
    assert dumps(web) == before


@pytest.mark.usefixtures("put_back")
def test_aggregate_hides_the_record_and_deidentified_shows_it_by_codes_alone(
    web: Web, child: str
) -> None:
    path, before = cell(child, "progress", "state-agency"), web.dump("state-agency")
    records = held(web.running, child, BPC.progress)
    web.say("guardian", path, "aggregate")
    assert web.dump("state-agency") == before - records
    web.say("guardian", path, "deidentified")
    coded = web.dump("state-agency") - (before - records)
    assert coded
    assert len(coded) <= len(records)
    items = {line.split()[0] for line in records}
    assert not any(item in line for line in coded for item in items)
    assert not any(child in line for line in coded)
    assert all("/id/code/" in line for line in coded)


@pytest.mark.usefixtures("put_back")
def test_of_two_guardians_the_lower_word_holds(web: Web, child: str) -> None:
    path, records = cell(child, "progress", "state-agency"), held(web.running, child, BPC.progress)
    web.say("guardian", path, "full")
    web.say("guardian sample:G00002", path, "none")
    assert not records & web.dump("state-agency")
    web.say("guardian", path, "full")
    assert not records & web.dump("state-agency"), "the first guardian's word lifts no other's"
    web.say("guardian sample:G00002", path, "full")
    assert records <= web.dump("state-agency")


@pytest.mark.usefixtures("put_back")
def test_the_menu_tells_what_was_set_and_by_which_words(web: Web, child: str) -> None:
    web.say("guardian", cell(child, "progress", "state-agency"), "none")
    answer = web.send("GET", f"/learners/{child}/policy", web.running.headers("guardian"))
    cells = {(c["category"], c["audience"]): c for c in answer.json["cells"]}
    progress = cells["progress", "state-agency-sample"]
    assert (progress["level"], progress["settable"]) == ("none", True)
    assert any("/policy/" in reason for reason in progress["reasons"])
    attendance = cells["attendance", "state-agency-sample"]
    assert (attendance["level"], attendance["settable"]) == ("full", False)
    assert attendance["law"].startswith(JURISDICTION)
    assert answer.json["epoch"] == web.running.context.truth.epoch


FIXED = [
    ("attendance", "state-agency"),
    ("demographics", "state-agency-sample"),
    ("identity", "teacher"),
    ("identity", "teacher-elm"),
    ("gradebook", "registrar"),
    ("behavior", "guardian"),
]


@pytest.mark.parametrize(("category", "audience"), FIXED)
def test_what_the_law_fixes_is_refused_with_its_section(
    web: Web, child: str, category: str, audience: str
) -> None:
    epoch = web.running.context.truth.epoch
    for level in ("none", "full"):
        path = cell(child, category, audience)
        answer = web.put("guardian", path, f'{{"level": "{level}"}}')
        assert answer.status == 403
        assert JURISDICTION in answer.json["detail"]
    assert web.running.context.truth.epoch == epoch


BAD = [
    "",
    "none",
    "{",
    "[]",
    '["none"]',
    '"none"',
    "null",
    "1",
    "{}",
    '{"purpose": null}',
    '{"level": null}',
    '{"level": "some"}',
    '{"level": "NONE"}',
    '{"level": 0}',
    '{"level": ["none"]}',
    '{"level": "none", "why": "x"}',
    '{"level": "none", "since": "2026-01-01T00:00:00Z"}',
    '{"level": "none", "assigner": "x"}',
    '{"level": "full", "purpose": "curiosity"}',
    '{"level": "full", "purpose": ""}',
    '{"level": "full", "purpose": ["Marketing"]}',
    '{"level": "none", "until": "tomorrow"}',
    '{"level": "none", "until": "2027-06-30"}',
    '{"level": "none", "until": "2027-06-30T00:00:00"}',
    '{"level": "none", "until": "2027-02-30T00:00:00Z"}',
    '{"level": "none", "until": 1}',
    '{"level": "none", "until": ""}',
    '{"level": "none", "until": "2020-01-01T00:00:00Z"}',
]


@pytest.mark.parametrize("body", BAD)
def test_a_body_that_is_not_a_setting_is_malformed_and_changes_nothing(
    web: Web, child: str, body: str
) -> None:
    epoch = web.running.context.truth.epoch
    answer = web.put("guardian", cell(child, "progress", "state-agency"), body)
    assert answer.status == 400, answer.body
    assert answer.json["detail"]
    assert web.running.context.truth.epoch == epoch


def test_a_body_that_is_not_sent_as_json_is_malformed(web: Web, child: str) -> None:
    path = cell(child, "progress", "state-agency")
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "text/turtle"):
        headers = web.running.headers("guardian") | {"Content-Type": content_type}
        assert web.send("PUT", path, headers, '{"level": "none"}').status == 400


@pytest.mark.parametrize(
    "persona", ["state-agency", "district", "teacher", "researcher", "guardian sample:G00004"]
)
def test_nobody_but_the_child_s_guardians_may_set(web: Web, child: str, persona: str) -> None:
    path, epoch = cell(child, "progress", "state-agency"), web.running.context.truth.epoch
    answer = web.put(persona, path, '{"level": "none"}')
    assert answer.told == (404, {"type": "about:blank", "title": "Not found", "status": 404})
    assert web.running.context.truth.epoch == epoch


def test_a_learner_of_18_decides_and_her_guardian_no_more(web: Web) -> None:
    learner = web.running.person("learner", "state:S000038")
    path, guardian = cell(learner, "progress", "state-agency"), "guardian sample:G00079"
    herself = "learner state:S000038"
    records = held(web.running, learner, BPC.progress)
    before = web.dump("state-agency")

    assert web.put(guardian, path, '{"level": "none"}').status == 404
    for asked in (guardian, herself):
        headers = web.running.headers(asked)
        status = web.send("GET", f"/learners/{learner}/policy", headers).status
        mine = learner in web.send("GET", "/me", headers).json["learners"]
        assert (status, mine) == ((200, True) if asked == herself else (404, False))
    assert web.dump("state-agency") == before

    web.say(herself, path, "none")
    assert web.dump("state-agency") == before - records
    web.say(herself, path, "full")
    assert web.dump("state-agency") == before


def test_saying_the_same_again_is_acknowledged_and_shows_the_same(web: Web, child: str) -> None:
    path = cell(child, "progress", "state-agency")
    first = web.say("guardian", path, "full")
    before = web.dump("state-agency")
    assert web.say("guardian", path, "full") > first
    assert web.dump("state-agency") == before
