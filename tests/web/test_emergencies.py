"""A declared emergency opens what is needed for hours, with a reason that the family reads."""

import json
from datetime import timedelta
from typing import Any

import pytest

from databackpack.ontology.namespaces import BP, ID
from tests.running import Running, run_sample
from tests.web.asking import Response, Web

THREAT = "Sample threat: swallowed an unknown substance at noon"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A sample of its own, because its clock is moved."""
    return run_sample(tmp_path_factory.mktemp("emergency"), learners=6)


class Client:
    """The service asked without a socket: only its clock matters here."""

    def __init__(self, running: Running) -> None:
        self.running, self.client = running, running.app.test_client()
        self.child = running.person("learner", "state:S000001")

    def declare(self, persona: str, child: str | None = None, **changed: Any) -> tuple[int, Any]:
        body = {
            "audience": "provider-lantern",
            "categories": ["identity", "supports"],
            "threat": THREAT,
            "hours": 24,
        } | changed
        answer = self.client.post(
            f"/learners/{child or self.child}/emergencies",
            json=body,
            headers=self.running.headers(persona),
        )
        return answer.status_code, answer.get_json()

    def sees(self, persona: str, text: str) -> bool:
        answer = self.client.post(
            "/sparql",
            data=text,
            content_type="application/sparql-query",
            headers=self.running.headers(persona),
        )
        return bool(answer.get_json()["boolean"])

    def get(self, persona: str, path: str) -> Any:
        answer = self.client.get(path, headers=self.running.headers(persona))
        assert answer.status_code == 200
        return answer.get_json()


@pytest.fixture
def client(running: Running) -> Client:
    return Client(running)


def test_an_emergency_opens_its_categories_until_it_ends_and_no_longer(
    running: Running, client: Client
) -> None:
    learner = ID[f"learner/{client.child}"]
    name = f"ASK {{ <{learner}> <https://schema.org/givenName> ?name }}"
    progress = f"ASK {{ ?x a <{BP.MasteryState}> ; <{BP.isRecordOf}> <{learner}> }}"
    assert not client.sees("provider-lantern", name)
    status, told = client.declare("teacher")
    assert status == 200, told
    assert client.sees("provider-lantern", name)
    assert not client.sees("provider-lantern", progress)
    assert not client.sees("provider-afterbell", name)

    policy = client.get("guardian", f"/learners/{client.child}/policy")
    (declared,) = policy["emergencies"]
    assert (declared["threat"], declared["declared_by"]) == (THREAT, "teacher")
    path = f"/learners/{client.child}/explanation?category=identity&audience=provider-lantern"
    (made,) = client.get("guardian", path)["explanations"]
    assert any(THREAT in words for words in made["words"])
    log = client.get("guardian", f"/learners/{client.child}/disclosures")["disclosures"]
    bases = {p["basis"] for e in log if e["who"] == "provider-lantern" for p in e["categories"]}
    assert "HealthSafetyEmergency" in bases

    running.clock.moment += timedelta(hours=23, minutes=59)
    assert client.sees("provider-lantern", name)
    running.clock.moment += timedelta(minutes=1)
    assert not client.sees("provider-lantern", name)
    (declared,) = client.get("guardian", f"/learners/{client.child}/policy")["emergencies"]


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no reason": ({"threat": " "}, 400, "34 CFR 99.32(a)(5)"),
    "a short reason": ({"threat": "danger"}, 400, "34 CFR 99.32(a)(5)"),
    "too long": ({"hours": 73}, 400, "34 CFR 99.36"),
    "no time": ({"hours": 0}, 400, "34 CFR 99.36"),
    "no category": ({"categories": []}, 400, "34 CFR 99.36"),
    "a category that no emergency opens": ({"categories": ["motivation"]}, 400, "motivation"),
    "an audience that no emergency opens to": (
        {"audience": "researcher-mobility"},
        400,
        "34 CFR 99.36",
    ),
    "an unknown category": ({"categories": ["secrets"]}, 400, "categories"),
    "an unknown audience": ({"audience": "nobody"}, 404, "nobody"),
    "hours in words": ({"hours": "24"}, 400, "hours"),
    "hours yes or no": ({"hours": True}, 400, "hours"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_emergency_that_is_not_whole_is_refused_with_its_rule(
    running: Running, client: Client, name: str
) -> None:
    changed, status, told = REFUSED[name]
    epoch = running.context.truth.epoch
    assert client.declare("teacher", **changed)[0] == status
    assert told in client.declare("teacher", **changed)[1]["detail"]
    assert running.context.truth.epoch == epoch


@pytest.mark.parametrize(
    "persona",
    ["other-school-teacher", "state-agency", "researcher", "guardian", "provider-lantern"],
)
def test_only_the_learner_s_own_school_or_district_declares_one(
    client: Client, persona: str
) -> None:
    assert client.declare(persona)[0] == 404


def test_over_a_socket_too(web: Web, child: str) -> None:
    def send(persona: str) -> Response:
        headers = web.running.headers(persona) | {"Content-Type": "application/json"}
        body = {"audience": "teacher-fern", "categories": [], "threat": THREAT, "hours": 1}
        return web.send("POST", f"/learners/{child}/emergencies", headers, json.dumps(body))

    assert send("teacher").status == 400
    assert send("other-school-teacher").status == 404
