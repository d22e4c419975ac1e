"""A snapshot shows of each learner what a view shows, at one epoch or not at all."""

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, BPC
from databackpack.service.policy.model import Level
from databackpack.service.records.graphs import HOLDS
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change
from databackpack.service.views.population import coverage
from databackpack.service.views.selection import select
from databackpack.service.views.snapshot import Disturbed, walk
from tests.running import Running


def test_each_learner_comes_with_what_is_selected_and_held(sample: Running) -> None:
    views = sample.context.views
    moment, law = sample.clock.moment, views.law()
    told: list[tuple[int, int]] = []
    levels: set[Level] = set()
    for name in ("teacher-elm", "researcher-persistence", "state-agency-sample"):
        audience = views.audience(name)
        (purpose,) = audience.purposes
        shown = list(walk(views, audience, purpose, moment, lambda *at: told.append(at)))
        expected = {
            learner: dict(select(views.dossier(learner), audience, purpose, law, moment).decisions)
            for learner in views.learners()
        }
        found = {one.learner: {r: made for r, made, _ in one.records} for one in shown}
        assert found == {learner: made for learner, made in expected.items() if made}
        assert found, name
        levels |= {made.level for one in shown for _, made, _ in one.records}
        assert all(t == views.truth.triples(r.iri) for one in shown for r, _, t in one.records)
        assert [one.learner for one in shown] == sorted(found)
    assert levels == {Level.AGGREGATE, Level.DEIDENTIFIED, Level.FULL}
    total = len(views.learners())
    assert told == [(done, total) for done in range(1, total + 1)] * 3


def test_what_a_family_withholds_is_told_by_its_category_and_not_shown(sample: Running) -> None:
    views = sample.context.views
    audience = views.audience("state-agency-sample")
    (purpose,) = audience.purposes
    shown = list(walk(views, audience, purpose, sample.clock.moment))
    for one in shown:
        seen = {record for record, _, _ in one.records}
        held = views.dossier(one.learner).records
        assert one.withheld == {record.category for record in held if record not in seen}
    assert any(BPC.progress in one.withheld for one in shown)
    assert any(BPC.progress not in one.withheld for one in shown)


def test_what_an_audience_is_not_about_is_not_withheld_from_it(sample: Running) -> None:
    views = sample.context.views
    audience = views.audience("district-north")
    (purpose,) = audience.purposes
    elsewhere = 0
    for one in walk(views, audience, purpose, sample.clock.moment):
        dossier, seen = views.dossier(one.learner), {record for record, _, _ in one.records}
        about = coverage(audience, dossier, views.law(), sample.clock.moment)
        hidden = [record for record in dossier.records if record not in seen]
        assert one.withheld == {r.category for r in hidden if r.holder in about}
        elsewhere += any(r.holder not in about for r in hidden)
    assert elsewhere


def test_only_the_categories_that_are_asked_for_are_read(sample: Running) -> None:
    views = sample.context.views
    audience = views.audience("state-agency-sample")
    (purpose,) = audience.purposes
    moment = sample.clock.moment
    wanted = {BPC.enrollment, BPC.progress}
    every = {one.learner: one for one in walk(views, audience, purpose, moment)}
    found = list(walk(views, audience, purpose, moment, categories=wanted))
    assert {r.category for one in found for r, _, _ in one.records} == wanted
    for one in found:
        whole = every[one.learner]
        assert one.records == tuple(r for r in whole.records if r[0].category in wanted)
        assert one.withheld == whole.withheld


def test_a_commit_in_the_middle_ends_it(sample: Running) -> None:
    views, truth = sample.context.views, sample.context.truth
    audience = views.audience("state-agency-sample")
    (purpose,) = audience.purposes
    begun = walk(views, audience, purpose, sample.clock.moment)
    learner: URIRef = next(begun).learner
    held = truth.triples(HOLDS, learner)
    hold = ox.Triple(node(learner), node(BP.isBeingLoaded), ox.Literal(True))
    truth.commit([Change(HOLDS, {*held, hold}, learner, learner)])
    try:
        with pytest.raises(Disturbed, match="again"):
            next(begun)
        rest = [one.learner for one in walk(views, audience, purpose, sample.clock.moment)]
        assert learner not in rest
    finally:
        truth.commit([Change(HOLDS, held, learner, learner)])
