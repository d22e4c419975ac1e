"""What changes because time goes by: settings that begin to end, tokens, the day of majority."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from rdflib import URIRef

from databackpack.ontology.namespaces import BPC, ID
from tests.running import Running, TickingClock, run_sample
from tests.web.asking import cell, triples


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A sample of its own, because its clock is moved."""
    return run_sample(tmp_path_factory.mktemp("time"), learners=6)


@pytest.fixture
def clock(running: Running) -> Iterator[TickingClock]:
    """The clock of the service, at noon of the sample's day again after the test."""
    yield running.clock
    running.context.views._live.clear()


@pytest.fixture
def client(running: Running) -> FlaskClient:
    return running.app.test_client()


def shown(running: Running, client: FlaskClient, learner: str, category: URIRef) -> bool:
    """Tell whether the state agency sees the learner's records of *category*, all of them."""
    answer = client.post(
        "/sparql",
        data="CONSTRUCT WHERE { ?s ?p ?o }",
        content_type="application/sparql-query",
        headers=running.headers("state-agency", "application/n-triples"),
    )
    assert answer.status_code == 200
    dump = frozenset(answer.text.splitlines())
    records = [
        record.iri
        for record in running.context.views.dossier(ID[f"learner/{learner}"]).records
        if record.category == category
    ]
    wanted = frozenset[str]().union(
        *(triples(running.context.truth.triples(record)) for record in records)
    )
    assert wanted
    assert wanted <= dump or not wanted & dump, "a record is whole or not there"
    return wanted <= dump


def say(
    running: Running,
    client: FlaskClient,
    learner: str,
    level: str,
    until: datetime | None = None,
    persona: str = "guardian",
) -> int:
    answer = client.put(
        cell(learner, "progress", "state-agency"),
        json={"level": level} | ({} if until is None else {"until": until.isoformat()}),
        headers=running.headers(persona),
    )
    assert answer.status_code == 200, answer.text
    return int(answer.get_json()["epoch"])


def test_a_prohibition_ends_at_its_end_and_the_law_s_level_is_back(
    running: Running, client: FlaskClient, clock: TickingClock
) -> None:
    learner = running.person("learner", "state:S000001")
    end = clock.moment + timedelta(hours=2)
    assert shown(running, client, learner, BPC.progress)
    epoch = say(running, client, learner, "none", end)
    assert not shown(running, client, learner, BPC.progress)
    clock.moment = end - timedelta(seconds=1)
    assert not shown(running, client, learner, BPC.progress)
    clock.moment = end
    assert shown(running, client, learner, BPC.progress)
    assert running.context.truth.epoch == epoch, "nothing was committed: time went by"


def test_a_word_with_an_end_leaves_another_guardian_s_in_force(
    running: Running, client: FlaskClient, clock: TickingClock
) -> None:
    learner = running.person("learner", "state:S000001")
    other = "guardian sample:G00002"
    end = clock.moment + timedelta(hours=2)
    say(running, client, learner, "none", persona=other)
    say(running, client, learner, "none", end)
    clock.moment = end + timedelta(hours=1)
    assert not shown(running, client, learner, BPC.progress)
    say(running, client, learner, "full", persona=other)
    assert shown(running, client, learner, BPC.progress)


def test_a_guardian_s_grant_to_a_tutor_hides_again_when_it_ends(
    running: Running, client: FlaskClient, clock: TickingClock
) -> None:
    learner = running.person("learner", "state:S000004")
    end = clock.moment + timedelta(days=1)
    headers = running.headers("guardian sample:G00007")
    path = cell(learner, "goals", "provider-lantern")
    body = {"level": "full", "until": end.isoformat()}
    text = f"ASK {{ ?x ?p <{ID[f'learner/{learner}']}> }}"

    def seen() -> bool:
        answer = client.post(
            "/sparql",
            data=text,
            content_type="application/sparql-query",
            headers=running.headers("provider-lantern"),
        )
        return bool(answer.get_json()["boolean"])

    assert not seen()
    assert client.put(path, json=body, headers=headers).status_code == 200
    assert seen()
    clock.moment = end
    assert not seen()


def test_a_token_ends(running: Running, client: FlaskClient, clock: TickingClock) -> None:
    headers = running.headers("guardian")
    assert client.get("/me", headers=headers).status_code == 200
    clock.moment += timedelta(hours=1, minutes=1)
    assert client.get("/me", headers=headers).status_code == 401
