"""A store on disk with a sample in it, its backup, and what an audience may see in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.loaders import oneroster, sample
from databackpack.loaders.record import Setting, Source
from databackpack.ontology.namespaces import BP, BPC, ID, ORG
from databackpack.service.intake import take_in
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Level
from databackpack.service.records.graphs import AUDIENCES, IDENTITY, REGISTRY
from databackpack.service.records.identity import Identities
from databackpack.service.records.redo import is_logged
from databackpack.service.records.terms import to_graph
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import dossier
from databackpack.service.views.selection import select

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A folder with the store, beside it the redo log, and somewhere the backup."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def log(self) -> Path:
        return self.folder / "store.redo"

    @contextmanager
    def opened(self) -> Iterator[TruthStore]:
        """Give the store, and close it afterwards."""
        truth = TruthStore(self.store)
        try:
            yield truth
        finally:
            vars(truth).clear()  # the engine closes a store that nobody holds

    def back_up(self) -> None:
        """Copy the store, which nobody has open; the log is never part of it."""
        shutil.rmtree(self.folder / "backup", ignore_errors=True)
        shutil.copytree(self.store, self.folder / "backup")

    def restore(self) -> None:
        """Put the backup in the place of the store."""
        shutil.rmtree(self.store)
        shutil.copytree(self.folder / "backup", self.store)

    def load(self, truth: TruthStore, learners: int) -> None:
        """Load the sample of *learners*; a larger one holds the smaller."""
        folder = self.folder / f"sample-{learners}"
        sample.write(folder, learners=learners, today=TODAY)
        assert take_in(truth, oneroster.read(folder, Identities(truth).mint)).is_clean


def block(truth: TruthStore, child: str) -> int:
    """Let a guardian of *child* show its progress to the state agency no more; give the epoch."""
    (learner,) = found(truth, child)
    ties = truth.subjects(None, BP.isGuardianshipOf, learner)
    guardian = URIRef(min(iri for tie in ties for iri in truth.objects(tie, BP.hasGuardian)))
    word = Setting(
        learner=learner,
        assigner=guardian,
        category=BPC.progress,
        audience="state-agency-sample",
        level="none",
        purpose=None,
        since=NOON,
        until=None,
        source=Source("form", 1),
    )
    assert take_in(truth, [word]).is_clean
    return truth.epoch


def found(truth: TruthStore, child: str) -> list[URIRef]:
    """Return every IRI that stands for *child*: one, unless something is very wrong."""
    return [iri for iri, key in truth.pairs(IDENTITY, BP.personKey) if key == f"learner {child}"]


def seen(truth: TruthStore, child: str) -> dict[str, Level]:
    """Return what the state agency sees of *child*, by category, as the views decide it."""
    (learner,) = found(truth, child)
    iri = ID["audience/state-agency-sample"]
    audience = audiences.read(to_graph(truth.triples(AUDIENCES, iri)), iri)
    (purpose,) = audience.purposes
    parents = truth.pairs(REGISTRY, ORG.subOrganizationOf)
    law = Law(jurisdiction.read("us-default"), {}, {low: URIRef(high) for low, high in parents})
    selection = select(dossier.read(truth, learner), audience, purpose, law, NOON)
    return {
        record.category.rsplit("#", 1)[-1]: made.level
        for record, made in selection.decisions.items()
    }


def logged(truth: TruthStore) -> dict[str, set[str]]:
    """Return all that *truth* holds in graphs that the redo log has."""
    held: dict[str, set[str]] = {}
    for quad in truth._store.quads_for_pattern(None, None, None, None):
        name = quad.graph_name
        if isinstance(name, ox.NamedNode) and is_logged(name.value):
            held.setdefault(name.value, set()).add(str(quad.triple))
    return held
