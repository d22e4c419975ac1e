"""What is published over the sample, held against an auditor's count; what an auditor catches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ORG
from databackpack.queries import cubes
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.truth import TruthStore
from databackpack.service.statistics import publication
from databackpack.service.views.directory import Directory
from databackpack.service.views.population import coverage
from databackpack.service.views.selection import select
from tests.running import Running, run_sample
from tests.statistics import auditor, tally
from tests.statistics.auditor import ALL, Observation, Published

K = 10
QUICK = ["completeness", "evidence", "growth-by-support", "mastery-by-moves"]
"""What a small sample has cells enough for; in the last two more is hidden than is too small."""
TOLD = ["completeness", "evidence"]


@dataclass
class Audited:
    """Publications of a copy of the sample for the state agency, and what an auditor counts."""

    published: dict[str, Published]
    counts: dict[str, auditor.Counts]
    above: dict[str, str]

    def findings(self, name: str) -> list[str]:
        of = self.published[name]
        return list(auditor.audit(of, self.counts[name], K, self.above))


def counted(views: Directory, audience: Audience, names: list[str]) -> dict[str, auditor.Counts]:
    """Return the learners of each cell, by a walk of our own over the truth store."""
    (purpose,) = audience.purposes
    law, moment = views.law(), views.truth.clock()
    pairs = views.truth.pairs(REGISTRY, ORG.subOrganizationOf)
    above = {str(child): str(parent) for child, parent in pairs}
    found: dict[str, dict[auditor.Key, list[bool | None]]] = {name: {} for name in names}
    for learner in views.learners():
        dossier = views.dossier(learner)
        shown = select(dossier, audience, purpose, law, moment).decisions
        about = coverage(audience, dossier, law, moment)
        held = [record for record in dossier.records if record.holder in about]
        hidden = {local_name(record.category) for record in held if record not in shown}
        of = tally.items(t for record in shown for t in views.truth.triples(record.iri))
        for name in names:
            if not hidden & tally.CATEGORIES[name]:
                for key, has in tally.cells(name, of, above).items():
                    found[name].setdefault(tuple(map(str, key)), []).append(has)
    return {
        name: {
            key: (len(each), None if name in tally.COUNTED else sum(map(bool, each)))
            for key, each in of.items()
        }
        for name, of in found.items()
    }


def audited(sample: Running, names: list[str]) -> Audited:
    truth = TruthStore(None, lambda: sample.clock.moment)
    truth._store.extend(sample.context.truth._store)
    truth.epoch = sample.context.truth.epoch
    views = Directory(truth, jurisdiction.read("us-default"))
    audience = views.audience("state-agency-sample")
    (purpose,) = audience.purposes
    made = publication.publish(views, [cubes.read(name) for name in names], audience, purpose)
    above = {f"<{c}>": f"<{p}>" for c, p in truth.pairs(REGISTRY, ORG.subOrganizationOf)}
    return Audited(
        {n: auditor.read(truth.triples(one.iri), n) for n, one in zip(names, made, strict=True)},
        counted(views, audience, names),
        above,
    )


@pytest.fixture(scope="module")
def quick(sample: Running) -> Iterator[Audited]:
    yield audited(sample, QUICK)


@pytest.mark.parametrize("name", QUICK)
def test_every_cell_total_and_gap_is_as_the_rules_make_it(quick: Audited, name: str) -> None:
    of = quick.published[name]
    assert quick.findings(name) == []
    assert bool(of.cells) == (name in TOLD), "something is told"
    assert not list(auditor.hidden_without_need(of, quick.counts[name], K, quick.above))


@pytest.mark.soak
def test_every_cube_of_six_hundred_learners_is_as_the_rules_make_it(tmp_path: Path) -> None:
    names = cubes.names()
    whole = audited(run_sample(tmp_path, 600), names)
    assert {name: whole.findings(name) for name in names} == {name: [] for name in names}
    assert all(whole.published[name].cells for name in names)


def altered(quick: Audited, name: str, **cells: tuple[auditor.Key, Observation | None]) -> Audited:
    """Return *quick* with other observations of the cube *name*; None takes one out."""
    found = dict(quick.published[name].cells)
    for key, one in cells.values():
        found.pop(key, None)
        if one is not None:
            found[key] = one
    return replace(quick, published={name: replace(quick.published[name], cells=found)})


def a_leaf(quick: Audited, name: str) -> tuple[auditor.Key, Observation]:
    return next(item for item in sorted(quick.published[name].cells.items()) if ALL not in item[0])


@pytest.mark.parametrize("name", TOLD)
def test_a_cell_that_is_off_by_five_is_found(quick: Audited, name: str) -> None:
    key, one = a_leaf(quick, name)
    wrong = altered(quick, name, cell=(key, replace(one, learners=one.learners + 5)))
    assert any(str(key) in finding for finding in wrong.findings(name))


def test_a_share_that_says_more_is_found(quick: Audited) -> None:
    name = "completeness"
    key, one = a_leaf(quick, name)
    assert one.lower is not None
    wrong = altered(quick, name, cell=(key, replace(one, lower=one.lower + 1)))
    assert any(str(key) in finding for finding in wrong.findings(name))


def test_a_cell_of_too_few_is_found(quick: Audited) -> None:
    key = min(key for key, (n, _) in quick.counts["evidence"].items() if n < K)
    wrong = altered(quick, "evidence", cell=(key, Observation(10)))
    assert any(f"{key} is told, of" in finding for finding in wrong.findings("evidence"))


def test_a_cell_that_hides_another_one_is_not_told_unnoticed(quick: Audited) -> None:
    name = "growth-by-support"
    of, counts = quick.published[name], quick.counts[name]
    for_others = [key for key, (n, _) in counts.items() if n >= K and key not in of.cells]
    assert for_others
    told = {str(n): (key, auditor.told(*counts[key], K)) for n, key in enumerate(for_others)}
    wrong = altered(quick, name, **told)
    assert any("follows from" in finding for finding in wrong.findings(name))


def test_a_total_that_is_off_is_found(quick: Audited) -> None:
    name = "completeness"
    cells = quick.published[name].cells
    key, one = next(item for item in sorted(cells.items()) if ALL in item[0])
    wrong = altered(quick, name, cell=(key, replace(one, learners=one.learners + 5)))
    assert any(str(key) in finding for finding in wrong.findings(name))
    without = altered(quick, name, cell=(key, None))
    assert any(str(key) in finding for finding in without.findings(name))
