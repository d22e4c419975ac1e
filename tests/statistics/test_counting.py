"""Counting gives what an independent count of the same learners gives, and counts learners."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from databackpack.loaders.record import organization_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BPC, ORG
from databackpack.queries import cubes
from databackpack.queries.cubes import Cube
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights import agreements, jurisdictions
from databackpack.service.statistics.counting import count, count_all
from databackpack.service.statistics.definition import InvalidCube
from databackpack.service.statistics.table import Count, Table
from databackpack.service.views.directory import Directory
from databackpack.service.views.population import coverage
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import select
from tests.oracle import naive
from tests.oracle.test_physical_deletion import deals
from tests.oracle.world import MOMENTS, PARENTS, World, worlds
from tests.running import Running
from tests.statistics import tally

CUBES = [cubes.read(name) for name in cubes.names()]


def table(cube: str, learners: list[tally.Keys]) -> Table:
    """Return the counts of a cube over the cells of each learner."""
    found: dict[tuple[str, ...], list[bool | None]] = {}
    for keys in learners:
        for key, has in keys.items():
            found.setdefault(key, []).append(has)
    return {
        key: Count(len(each), None if cube in tally.COUNTED else sum(map(bool, each)))
        for key, each in found.items()
    }


def parents(directory: Directory) -> Mapping[str, str]:
    pairs = directory.truth.pairs(REGISTRY, ORG.subOrganizationOf)
    return {str(child): str(parent) for child, parent in pairs}


@pytest.mark.parametrize("name", ["state-agency-sample", "district-north"])
def test_every_cube_counts_what_is_counted_by_hand_over_the_sample(
    sample: Running, name: str
) -> None:
    views, moment = sample.context.views, sample.clock.moment
    audience, law, above = views.audience(name), views.law(), parents(views)
    (purpose,) = audience.purposes
    counted = count_all(views, CUBES, audience, purpose, moment)
    seen: dict[str, list[tally.Keys]] = {cube.name: [] for cube in CUBES}
    for learner in views.learners():
        dossier = views.dossier(learner)
        shown = select(dossier, audience, purpose, law, moment).decisions
        of = tally.items(t for record in shown for t in views.truth.triples(record.iri))
        about = coverage(audience, dossier, law, moment)
        held = [record for record in dossier.records if record.holder in about]
        hidden = {local_name(record.category) for record in held if record not in shown}
        for cube in CUBES:
            if not hidden & tally.CATEGORIES[cube.name]:
                seen[cube.name].append(tally.cells(cube.name, of, above))
    for cube, found in zip(CUBES, counted, strict=True):
        assert found, cube.name
        assert found == table(cube.name, seen[cube.name]), cube.name


def visible(world: World, asked: str, moment: datetime) -> dict[str, list[tally.Keys]]:
    """Return the cells of each child that counts, by a naive reading of the policies."""
    role, party = naive.split(asked)
    words = [word for word in world.words if naive.may_be_said(world, word, moment)]
    found: dict[str, list[tally.Keys]] = {cube.name: [] for cube in CUBES}
    above = {str(organization_iri(c)): str(organization_iri(p)) for c, p in PARENTS.items()}
    for child in world.children:
        shown, hidden = [], set()
        for record in child.records:
            category = local_name(record.category)
            if naive.concerns(child, record, role, party, moment):
                own = [w for w in words if w.learner == child.iri and w.category == category]
                cell = role, asked, category, naive.holder_of(record)
                if naive.level_of(world, own, cell, moment) == "none":
                    hidden.add(category)
                else:
                    shown.append(record)
        of = tally.items(triple for record in shown for triple in to_triples(record.graph))
        for cube in CUBES:
            if not hidden & tally.CATEGORIES[cube.name]:
                found[cube.name].append(tally.cells(cube.name, of, above))
    return found


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(worlds(), st.sampled_from(MOMENTS[1:6]))
def test_a_learner_counts_where_a_naive_reading_of_the_policies_lets_it(
    world: World, moment: datetime
) -> None:
    truth = TruthStore(None, lambda: moment)
    take_in(truth, world.items())
    views = Views(truth, jurisdiction.read("us-default"))
    for school, place in world.places.items():
        jurisdictions.bind(views, school, place)
    if world.deals:
        agreements.add(views, deals(world))
    for asked in world.asked:
        audience = views.audience(asked)
        (purpose,) = audience.purposes
        expected = visible(world, asked, moment)
        counted = count_all(views, CUBES, audience, purpose, moment)
        for cube, found in zip(CUBES, counted, strict=True):
            assert found == table(cube.name, expected[cube.name]), (asked, cube.name)
    views.close()
