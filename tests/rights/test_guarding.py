"""What an attacker, an accident or a careless file must not bring about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from databackpack.loaders.record import Setting, Source, StandingDocument
from databackpack.ontology.namespaces import BP, BPC, EDU, ID
from databackpack.service.intake import take_in
from databackpack.service.policy import profile
from databackpack.service.policy.model import Level, Statement
from databackpack.service.records import disclosures
from databackpack.service.records.terms import to_triples
from databackpack.service.views import exposure
from tests.running import Running, run_sample

SOURCE = Source("guarding", 1)
GUARDIAN, OTHER = "guardian sample:G00001", "guardian sample:G00002"


class Family:
    """A child and what her guardians send, without a socket."""

    def __init__(self, running: Running) -> None:
        self.running, self.client = running, running.app.test_client()
        self.child = running.person("learner", "state:S000001")
        self.learner = ID[f"learner/{self.child}"]
        self.mother = ID[f"guardian/{running.person('guardian', 'sample:G00001')}"]
        self.father = ID[f"guardian/{running.person('guardian', 'sample:G00002')}"]

    def send(self, method: str, path: str, persona: str = GUARDIAN, **more: Any) -> Any:
        headers = self.running.headers(persona) | more.pop("headers", {})
        return self.client.open(
            f"/learners/{self.child}{path}", method=method, headers=headers, **more
        )

    def sees(self, audience: str, kind: str) -> bool:
        text = f"ASK {{ ?x a <{BP[kind]}> ; <{BP.isRecordOf}> <{self.learner}> }}"
        answer = self.client.post(
            "/sparql",
            data=text,
            content_type="application/sparql-query",
            headers=self.running.headers(audience),
        )
        assert answer.status_code == 200, answer.text
        return bool(answer.get_json()["boolean"])

    def load(self, *items: Any) -> list[str]:
        report = take_in(self.running.context.truth, items)
        return [problem.rule for problem in report.problems]

    def paper(self, name: str, kind: str, person: Any, since: datetime) -> StandingDocument:
        return StandingDocument(
            self.learner, name, BP[kind], person, "in the file", since, None, SOURCE
        )

    def word(self, assigner: Any, level: str) -> Setting:
        return Setting(
            self.learner, assigner, BPC.goals, "provider-afterbell", level,
            EDU.StudentLearningFeedbackManagement, self.running.clock.moment, None, SOURCE,
        )  # fmt: skip

    def policy(self, name: str) -> bytes:
        moment = self.running.context.truth.clock()
        said = Statement(
            ID[f"policy/{name}"], self.learner, BPC.goals, ID["audience/provider-afterbell"],
            Level.NONE, self.mother, moment,
        )  # fmt: skip
        return ox.serialize(to_triples(profile.write(said)), format=ox.RdfFormat.TURTLE) or b""


@pytest.fixture
def family(tmp_path: Path) -> Family:
    return Family(run_sample(tmp_path, learners=4))


def test_a_view_whose_log_cannot_be_written_is_made_anew_and_shows_nothing_old(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = family.running.clock.moment + timedelta(hours=1)
    path = "/policy/goals/provider-afterbell"
    body = {"level": "full", "until": end.isoformat()}
    for guardian in (GUARDIAN, OTHER):
        assert family.send("PUT", path, guardian, json=body).status_code == 200
    assert family.sees("provider-afterbell", "Goal")
    family.running.clock.moment = end
    written = exposure.Exposures._write

    def fail(*_: Any) -> Any:
        raise OSError("disk full")

    monkeypatch.setattr(exposure.Exposures, "_write", fail)
    headers = family.running.headers("provider-afterbell")
    assert family.client.get("/sparql?query=ASK%7B%7D", headers=headers).status_code == 500
    monkeypatch.setattr(exposure.Exposures, "_write", written)
    assert not family.sees("provider-afterbell", "Goal")
    log = family.send("GET", "/disclosures").get_json()["disclosures"]
    assert "provider-afterbell" not in {
        entry["who"] for entry in log if datetime.fromisoformat(entry["when"]) > end
    }


def test_no_policy_can_take_the_name_of_an_event_on_record(family: Family) -> None:
    path = "/policy/goals/provider-afterbell"
    receipts = [
        family.send("PUT", path, json={"level": "full"}).get_json()["receipt"]["id"],
        family.send("DELETE", path).get_json()["receipt"]["id"],
    ]
    for name in (*receipts, "hello"):
        answer = family.send(
            "POST", "/policy", data=family.policy(name), headers={"Content-Type": "text/turtle"}
        )
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["receipt"]["id"] not in receipts
        assert family.send("GET", "/policy").status_code == 200
    assert family.sees("teacher-elm", "Enrollment")


def test_a_policy_sent_by_its_assigner_does_not_begin_in_the_past(family: Family) -> None:
    moment = family.running.context.truth.clock() - timedelta(days=400)
    said = Statement(
        ID["policy/old"], family.learner, BPC.goals, ID["audience/provider-afterbell"],
        Level.FULL, family.mother, moment, purpose=EDU.StudentLearningFeedbackManagement,
    )  # fmt: skip
    body = ox.serialize(to_triples(profile.write(said)), format=ox.RdfFormat.TURTLE)
    answer = family.send("POST", "/policy", data=body, headers={"Content-Type": "text/turtle"})
    assert answer.status_code == 400
    assert "past" in answer.get_json()["detail"]


def test_who_may_decide_but_not_inspect_reads_nothing_and_may_still_block(family: Family) -> None:
    moment = family.running.clock.moment
    family.load(family.paper("1", "CourtBarsInspection", family.father, moment))
    for path in ("/policy", "/explanation", "/disclosures"):
        assert family.send("GET", path, OTHER).status_code == 404
    preview = family.send("POST", "/preview/progress/state-agency", OTHER, json={"level": "none"})
    assert preview.status_code == 404
    assert family.sees("state-agency", "MasteryState")
    answer = family.send("PUT", "/policy/progress/state-agency", OTHER, json={"level": "none"})
    assert answer.status_code == 200
    assert not family.sees("state-agency", "MasteryState")


def test_a_court_order_stays_when_another_document_is_loaded(family: Family) -> None:
    moment = family.running.clock.moment
    family.load(family.paper("order", "CourtBarsDecision", family.father, moment))
    family.load(family.paper("tax", "TaxDependency", family.mother, moment))
    answer = family.send("PUT", "/policy/progress/state-agency", OTHER, json={"level": "none"})
    assert answer.status_code == 403
    ended = replace(family.paper("order", "CourtBarsDecision", family.father, moment), until=moment)
    family.load(ended)
    answer = family.send("PUT", "/policy/progress/state-agency", OTHER, json={"level": "none"})
    assert answer.status_code == 200


def test_a_permission_in_a_file_counts_only_from_who_could_decide(family: Family) -> None:
    stranger = ID["guardian/00000000-0000-4000-8000-000000000099"]
    assert family.load(family.word(stranger, "full")) == ["no standing"]
    order = family.paper("order", "CourtBarsDecision", family.father, family.running.clock.moment)
    assert family.load(order, family.word(family.father, "full")) == ["no standing"]
    assert not family.sees("provider-afterbell", "Goal")
    assert family.load(family.word(family.mother, "full")) == []
    assert family.sees("provider-afterbell", "Goal")
    assert family.load(family.word(stranger, "none")) == [], "what hides is heard from anybody"
    assert not family.sees("provider-afterbell", "Goal")


def test_a_parent_s_permission_dated_after_the_rights_moved_is_refused(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=40)
    adult = ID[f"learner/{running.person('learner', 'state:S000038')}"]
    mother = ID[f"guardian/{running.person('guardian', 'sample:G00079')}"]
    after, before = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    for since, problems in ((after, ["no standing"]), (before, [])):
        word = Setting(
            adult, mother, BPC.goals, "provider-lantern", "full",
            EDU.StudentLearningFeedbackManagement, since, None, SOURCE,
        )  # fmt: skip
        report = take_in(running.context.truth, [word])
        assert [problem.rule for problem in report.problems] == problems


def test_the_same_block_again_fills_no_record(family: Family) -> None:
    path = "/policy/progress/state-agency"
    first = family.send("PUT", path, json={"level": "none"}).get_json()
    again = family.send("PUT", path, json={"level": "none"}).get_json()
    assert again == {"epoch": first["epoch"]}


def test_a_request_for_a_prohibited_purpose_is_refused_and_two_requests_are_both_shown(
    family: Family,
) -> None:
    path = "/policy/motivation/provider-afterbell/requests"
    for body, status in (
        ({"level": "full", "purpose": "Marketing"}, 403),
        ({"level": "full"}, 200),
        ({"level": "aggregate"}, 200),
    ):
        answer = family.send("POST", path, "registrar-elm", json=body)
        assert answer.status_code == status, answer.text
    assert len(family.send("GET", "/policy").get_json()["requests"]) == 2


def test_whether_another_person_exists_is_not_told(family: Family) -> None:
    other = family.running.person("learner", "state:S000002")
    nobody = "00000000-0000-4000-8000-000000000000"
    told = []
    for name in (other, nobody):
        answer = family.send("GET", f"/explanation?category=goals&audience=learner-{name}")
        told.append((answer.status_code, answer.get_json()["title"]))
    assert told == [(404, "Not found")] * 2


def test_a_question_that_is_not_for_the_asker_is_in_the_log(family: Family) -> None:
    truth = family.running.context.truth
    before = len(list(disclosures.entries(truth)))
    headers = family.running.headers(GUARDIAN)
    assert family.client.get("/questions/mastery-file", headers=headers).status_code == 403
    assert [e.outcome for e in list(disclosures.entries(truth))[before:]] == ["Forbidden"]


def test_an_unknown_learner_is_not_remembered(family: Family) -> None:
    views = family.running.context.views
    for number in range(50):
        views.dossier(ID[f"learner/00000000-0000-4000-8000-{number:012d}"])
    assert len(views._dossiers) <= len(views.learners())
