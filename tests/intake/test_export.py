"""Export, import, export: the same bytes, in every format; and nothing comes in by the way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.loaders import oneroster, sample
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, ID
from databackpack.service.export import (
    everything_of,
    everything_of_school,
    everything_public,
    save,
)
from databackpack.service.intake import merging, take_in
from databackpack.service.intake.importing import Outcome, bring_in
from databackpack.service.intake.run import InputFile, Run
from databackpack.service.records import disclosures
from databackpack.service.records.export import Unit
from databackpack.service.records.graphs import (
    AUDIENCES,
    DISCLOSURES,
    EXPOSURES,
    INDEX,
    JOURNAL,
    REGISTRY,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.exposure import Exposures, Part

TODAY = date(2026, 11, 23)
SUFFIX = {"nquads": ".nq", "turtle": ".ttl", "jsonld": ".jsonld"}


@dataclass(frozen=True)
class Held:
    """A store over a small sample, with the learner whose family said most."""

    truth: TruthStore
    learner: URIRef
    school: str


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    folder = tmp_path_factory.mktemp("export")
    sample.write(folder, learners=24, today=TODAY)
    truth = TruthStore(None, lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
    run = Run(truth, "oneroster", [InputFile("users.csv", "0" * 64, 5)])
    report = take_in(truth, oneroster.read(folder, Identities(truth).mint), run=run)
    run.end()
    assert report.is_clean
    learners = sorted(URIRef(one) for _, one in truth.pairs(INDEX, BP.isRecordOf))
    most = max(learners, key=lambda one: (len(truth.triples(policy_graph(one))), one))
    (school, *_) = sorted(
        code
        for holder, code in truth.pairs(REGISTRY, BP.organizationCode)
        if list(truth.subjects(INDEX, BP.isHeldBy, holder))
    )
    return Held(truth, most, school)


def exported(units: Iterable[Unit], form: str, folder: Path, name: str = "export") -> Path:
    file = folder / f"{name}{SUFFIX[form]}"
    save(units, form, file)
    return file


def quads(truth: TruthStore) -> set[ox.Quad]:
    own = {str(JOURNAL), str(AUDIENCES)}
    return {quad for quad in truth._store if getattr(quad.graph_name, "value", "") not in own}


def public_quads(truth: TruthStore) -> set[ox.Quad]:
    return {q for unit in everything_public(truth) for q in _quads(unit)}


def _quads(unit: Unit) -> set[ox.Quad]:
    return {
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(str(name)))
        for name, triples in unit
        for t in triples
    }


WHAT: dict[str, Callable[[Held, TruthStore], Iterable[Unit]]] = {
    "learner": lambda held, truth: everything_of(truth, held.learner),
    "school": lambda held, truth: everything_of_school(truth, held.school),
    "public": lambda _, truth: everything_public(truth),
}


@pytest.mark.parametrize("form", SUFFIX)
@pytest.mark.parametrize("what", WHAT)
def test_what_is_exported_imported_and_exported_again_is_the_same_bytes(
    held: Held, what: str, form: str, tmp_path: Path
) -> None:
    file = exported(WHAT[what](held, held.truth), form, tmp_path)
    other = TruthStore()
    outcome = bring_in(other, file)
    assert outcome.problems == []
    wanted = {quad for unit in WHAT[what](held, held.truth) for quad in _quads(unit)}
    if what != "public":
        assert quads(other) == wanted
    again = exported(WHAT[what](held, other), form, tmp_path, "again")
    assert again.read_bytes() == file.read_bytes()
    epoch = other.epoch
    second = bring_in(other, file)
    assert (second.problems, second.learners, other.epoch) == ([], 0, epoch)
    assert file.stat().st_mode & 0o777 == 0o600
