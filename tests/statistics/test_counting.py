"""Counting gives what an independent count of the same learners gives, and counts learners."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Literal as OneOf

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, XSD, Graph, Literal

from databackpack.loaders.record import Record, Setting, item_iri, organization_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, BPD, BPM, ORG
from databackpack.queries import cubes
from databackpack.queries.cubes import Cube, Dimension
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights import agreements, jurisdictions
from databackpack.service.statistics import counting
from databackpack.service.statistics.counting import count, count_all
from databackpack.service.statistics.definition import InvalidCube
from databackpack.service.statistics.table import Count, Table
from databackpack.service.views.directory import Directory
from databackpack.service.views.population import coverage
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import select
from tests.oracle import naive
from tests.oracle.test_physical_deletion import deals
from tests.oracle.world import MOMENTS, PARENTS, SOURCE, STANDARDS, World, worlds
from tests.running import Running
from tests.statistics import tally
from tests.statistics.roster import STATE, Calendar, guardian, learner, opened

CUBES = [cubes.read(name) for name in cubes.names()]


def tabulate(cube: str, learners: list[tally.Keys]) -> Table:
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


def assert_no_more_than_said(cube: Cube, keys: tally.Keys) -> None:
    """What has a total adds up to it, and a learner is in no more cells than the cube says."""
    alone = [
        tuple(value for value, of in zip(key, cube.dimensions, strict=True) if not of.has_total)
        for key in keys
    ]
    if any(dimension.has_total for dimension in cube.dimensions):
        assert len(set(alone)) == len(keys), cube.name
    assert len(keys) <= cube.contribution, cube.name


@pytest.mark.parametrize("name", ["state-agency-sample", "district-north"])
def test_every_cube_counts_what_is_counted_by_hand_over_the_sample(
    sample: Running, name: str
) -> None:
    views, moment = sample.context.views, sample.clock.moment
    audience, law, above = views.audience(name), views.law(), parents(views)
    (purpose,) = audience.purposes
    counted = count_all(views, CUBES, audience, purpose, moment)
    seen: dict[str, list[tally.Keys]] = {cube.name: [] for cube in CUBES}
    for one in views.learners():
        dossier = views.dossier(one)
        shown = select(dossier, audience, purpose, law, moment).decisions
        of = tally.items(t for record in shown for t in views.truth.triples(record.iri))
        about = coverage(audience, dossier, law, moment)
        held = [record for record in dossier.records if record.holder in about]
        hidden = {local_name(record.category) for record in held if record not in shown}
        for cube in CUBES:
            if not hidden & tally.CATEGORIES[cube.name]:
                keys = tally.cells(cube.name, of, above)
                assert_no_more_than_said(cube, keys)
                seen[cube.name].append(keys)
    for cube, found in zip(CUBES, counted, strict=True):
        assert found, cube.name
        assert found == tabulate(cube.name, seen[cube.name]), cube.name


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


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
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
            assert found == tabulate(cube.name, expected[cube.name]), (asked, cube.name)
    views.close()


def test_a_cube_counts_the_same_alone_and_however_many_learners_come_together(
    sample: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    views, moment = sample.context.views, sample.clock.moment
    audience = views.audience("district-north")
    (purpose,) = audience.purposes
    names = ("mastery-by-support", "moves")
    told: list[tuple[int, int]] = []
    together = count_all(
        views,
        [cubes.read(name) for name in (*names, "mastery-by-gender", "on-track")],
        *(audience, purpose, moment, lambda done, total: told.append((done, total))),
    )
    total = len(views.learners())
    assert told == [(done, total) for done in range(1, total + 1)]
    monkeypatch.setattr(counting, "_BATCH", 50)
    for name, table in zip(names, together, strict=False):
        assert count(views, cubes.read(name), audience, purpose, moment) == table


@pytest.fixture
def school() -> Iterator[Views]:
    """Three learners of one school, who have twelve states of mastery of one standard each."""
    with closing(opened(Calendar(), {"elm": 3})) as views:
        records = [_states(number) for number in range(3)]
        assert take_in(views.truth, records).is_clean
        yield views


def _states(number: int) -> Record:
    whose, holder, graph = learner(number), organization_iri("elm"), Graph()
    for place in range(12):
        state = item_iri(whose, "elm", "progress", str(place))
        graph.add((state, RDF.type, BP.MasteryState))
        graph.add((state, BP.isRecordOf, whose))
        graph.add((state, BP.isHeldBy, holder))
        graph.add((state, BP.isAlignedTo, STANDARDS[0]))
        graph.add((state, BP.hasMasteryLevel, BPM.Met if place == 5 else BPM.NotYet))
        graph.add((state, BP.asOfDate, Literal(f"2026-09-{place + 1:02}", datatype=XSD.date)))
    return Record(whose, holder, BPC.progress, graph, SOURCE)


def small(select: str, measure: OneOf["count", "share"] = "share") -> Cube:
    """Return a cube of one dimension, the standard, that is counted by *select*."""
    text = "PREFIX bp: <https://w3id.org/databackpack/ns#> " + select
    dimensions = (Dimension(BPD.standard, "standard", False),)
    return replace(
        cubes.read("mastery-by-gender"), dimensions=dimensions, query=text, measure=measure
    )


def counted(views: Views, cube: Cube) -> Table:
    audience = views.audience(STATE)
    (purpose,) = audience.purposes
    return count(views, cube, audience, purpose, views.truth.clock())


STATES = """?item a bp:MasteryState ; bp:isRecordOf ?learner ; bp:isAlignedTo ?standard ;
    bp:hasMasteryLevel ?level ."""


def test_a_learner_with_twelve_rows_counts_once_and_has_what_one_row_has(school: Views) -> None:
    key = (f"<{STANDARDS[0]}>",)
    met = "BIND(?level = <https://w3id.org/databackpack/mastery#Met> AS ?has)"
    assert counted(school, small(f"SELECT * {{ {STATES} {met} }}")) == {key: Count(3, 3)}
    never = small(f"SELECT * {{ {STATES} BIND(false AS ?has) }}")
    assert counted(school, never) == {key: Count(3, 0)}
    assert counted(school, small(f"SELECT * {{ {STATES} }}", "count")) == {key: Count(3)}


def test_a_row_without_a_value_is_in_no_cell(school: Views) -> None:
    unknown = "SELECT ?learner ?standard ?has { ?item bp:isRecordOf ?learner BIND(true AS ?has) }"
    assert counted(school, small(unknown)) == {}
    undecided = small(f"SELECT * {{ {STATES} BIND(1 / 0 AS ?has) }}")
    assert counted(school, undecided) == {}


def test_a_learner_is_in_no_more_cells_than_a_cube_lets_it(school: Views) -> None:
    days = "SELECT ?learner (?day AS ?standard) { ?x bp:isRecordOf ?learner ; bp:asOfDate ?day }"
    cube = small(days, "count")
    assert len(counted(school, cube)) == 12
    few = counted(school, replace(cube, contribution=2))
    assert [key[0][:12] for key in sorted(few)] == ['"2026-09-01"', '"2026-09-02"']
    assert set(few.values()) == {Count(3)}


@pytest.mark.parametrize(
    "selected",
    [
        "?learner (?item AS ?standard)",
        "?learner (?learner AS ?standard)",
        "?learner (STR(?item) AS ?standard)",
        "?learner (CONCAT('of ', STR(?learner), ', 9') AS ?standard)",
        "(?item AS ?learner) (?level AS ?standard)",
        "(STR(?whose) AS ?learner) (?level AS ?standard)",
        "(?level AS ?learner) (?level AS ?standard)",
    ],
)
def test_nobody_and_nothing_of_a_record_becomes_a_value_or_is_counted_as_a_learner(
    school: Views, selected: str
) -> None:
    whose = "?whose" if "AS ?learner" in selected else "?learner"
    where = f"{{ ?item bp:isRecordOf {whose} ; bp:hasMasteryLevel ?level }}"
    with pytest.raises(InvalidCube, match="learner"):
        counted(school, small(f"SELECT {selected} {where}", "count"))


def test_who_withholds_a_category_of_a_cube_is_in_no_cell_of_it(school: Views) -> None:
    cube, parts = cubes.read("mastery-by-gender"), cubes.read("completeness")
    assert [one.learners for one in counted(school, cube).values()] == [3]
    word = Setting(
        *(learner(0), guardian(0), BPC.progress, STATE, "none", None),
        *(school.truth.clock(), None, SOURCE),
    )
    assert take_in(school.truth, [word]).is_clean
    assert [one.learners for one in counted(school, cube).values()] == [2]
    assert {one.learners for one in counted(school, parts).values()} == {2}
    stays = replace(parts, categories=frozenset({BPC.enrollment}))
    assert {one.learners for one in counted(school, stays).values()} == {3}
