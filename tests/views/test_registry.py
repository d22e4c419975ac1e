"""The live views: what follows a commit equals what is built from scratch."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyoxigraph as ox
import pytest

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, RDFS
from databackpack.service.demo import PERSONAS
from databackpack.service.policy import jurisdiction
from databackpack.service.records.graphs import REGISTRY, policy_graph
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change
from databackpack.service.views.registry import Budget, Views
from databackpack.service.views.view import QueryOperation, View, ViewClosed
from tests.running import Running, run_sample

DUMP = QueryOperation("CONSTRUCT WHERE { ?s ?p ?o }", None, ox.RdfFormat.N_TRIPLES)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A service of one's own: these tests change it."""
    return run_sample(tmp_path_factory.mktemp("registry"), learners=24)


def view(views: Views, running: Running, persona: str) -> View:
    audience = views.audience(running.audience(persona))
    (purpose,) = audience.purposes
    return views.view(audience, purpose)


def dump(view: View) -> list[bytes]:
    return sorted(view.evaluate(DUMP).body.splitlines())


def put(running: Running, category: str, audience: str, level: str) -> None:
    client, headers = running.app.test_client(), running.headers("guardian")
    for learner in client.get("/me", headers=headers).get_json()["learners"]:
        path = f"/learners/{learner}/policy/{category}/{audience}"
        response = client.put(
            path,
            data=json.dumps({"level": level}),
            headers=headers,
            content_type="application/json",
        )
        assert response.status_code == 200, response.text


def test_views_that_followed_commits_equal_views_built_from_scratch(running: Running) -> None:
    views = running.context.views
    for persona in PERSONAS:
        view(views, running, persona)
    for category, audience, level in [
        ("progress", "state-agency", "none"),
        ("progress", "teacher", "aggregate"),
        ("gradebook", "district", "deidentified"),
        ("motivation", running.audience("researcher"), "full"),
        ("progress", "state-agency", "full"),
        ("progress", running.audience("researcher"), "none"),
    ]:
        put(running, category, audience, level)
        fresh = Views(running.context.truth, jurisdiction.read("us-default"))
        for persona in PERSONAS:
            assert dump(view(views, running, persona)) == dump(view(fresh, running, persona))


def test_a_view_is_at_the_epoch_of_the_last_commit_also_when_it_was_not_concerned(
    running: Running,
) -> None:
    views = running.context.views
    other = view(views, running, "other-school-teacher")
    before = dump(other)
    put(running, "behavior", running.audience("teacher"), "none")
    assert other.epoch == running.context.truth.epoch
    assert dump(other) == before


def test_a_change_of_the_registry_closes_every_view(running: Running) -> None:
    views, truth = running.context.views, running.context.truth
    old = view(views, running, "district")
    school = ID["organization/new"]
    label = ox.Triple(node(school), node(RDFS.label), ox.Literal("New Sample School"))
    truth.commit([Change(REGISTRY, [label], subject=school)])
    with pytest.raises(ViewClosed):
        old.evaluate(DUMP)
    assert any(b"New Sample School" in line for line in dump(view(views, running, "district")))


def test_no_more_views_are_live_than_the_budget_allows(running: Running) -> None:
    few = Views(running.context.truth, jurisdiction.read("us-default"), budget=Budget(memory=1))
    first = view(few, running, "district")
    for persona in ("teacher", "other-school-teacher"):
        view(few, running, persona)
    with pytest.raises(ViewClosed):
        first.evaluate(DUMP)
    assert dump(view(few, running, "district"))


def test_policies_that_cannot_be_read_open_nothing_to_anybody(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=4)
    views, truth = running.context.views, running.context.truth
    learner = ID[f"learner/{running.person('learner', 'state:S000001')}"]
    seen = view(views, running, "state-agency")
    assert any(str(learner).encode() in line for line in dump(seen))
    odd = ox.Triple(
        node(ID["policy/odd"]),
        node(BP.detailLevel),
        ox.Literal("whatever this may mean"),
    )
    agreement = ox.Triple(
        node(ID["policy/odd"]),
        ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        ox.NamedNode("http://www.w3.org/ns/odrl/2/Agreement"),
    )
    held = truth.triples(policy_graph(learner))
    truth.commit([Change(policy_graph(learner), [*held, odd, agreement], learner=learner)])
    for persona in PERSONAS:
        assert not any(str(learner).encode() in x for x in dump(view(views, running, persona)))
    truth.commit([Change(policy_graph(learner), held, learner=learner)])
    assert any(str(learner).encode() in line for line in dump(view(views, running, "state-agency")))


def test_a_slice_changes_when_its_time_has_come_without_any_commit(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=24)
    views, truth = running.context.views, running.context.truth
    now = running.context.truth.clock()
    truth.set_clock(lambda: now)
    tutor = view(views, running, "provider-lantern")
    assert (epoch := truth.epoch) == tutor.epoch
    before = dump(tutor)
    truth.set_clock(lambda: now + timedelta(days=365))
    after = dump(view(views, running, "provider-lantern"))
    fresh = Views(truth, jurisdiction.read("us-default"))
    assert after == dump(view(fresh, running, "provider-lantern"))
    assert len(after) < len(before)
    assert truth.epoch == epoch
    assert local_name(views.audience("provider-lantern").iri) == "provider-lantern"


def test_an_audience_that_ended_after_its_token_was_read_gets_no_view(running: Running) -> None:
    views = running.context.views
    audience = replace(views.audience("provider-lantern"), iri=ID["audience/ended-meanwhile"])
    (purpose,) = audience.purposes
    with pytest.raises(ViewClosed):
        views.view(audience, purpose)
