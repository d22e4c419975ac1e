"""Loads that are killed at random instants and done again: as if nobody had killed them.

At no kill is anything of a learner seen without the words of the family that came with it.
CRASH_SEED repeats what a failure prints; the instants are still those of the machine.
"""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from random import Random
from time import monotonic, time_ns

import pyoxigraph as ox
import pytest
from rdflib import XSD, URIRef

from databackpack.loaders import sample
from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.records.graphs import (
    HOLDS,
    IDENTITY,
    INDEX,
    JOURNAL,
    RUNS,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import dossier
from tests.bench import delivery

TOGETHER = 4
"""New learners that are committed together in the small load: many chances for a kill."""

COMMAND = """
import sys
from databackpack.service import intake
from databackpack.service.cli import main
if together := int(sys.argv.pop(1)):
    intake.storing._NEW_TOGETHER, intake.checking._PART = 1, together
main()
"""
BEGUN = datetime.now(UTC)
LOOKED_AT = 100
"""Learners whose records are compared one by one at each kill."""

Content = dict[str, tuple[int, int]]
"""Graph → how many quads it holds, and the sum of their hashes."""


@dataclass
class Load:
    """A load of *files*, *together* new learners at a time, and what comes of it unkilled."""

    files: Path
    base: Path
    together: int
    seconds: float
    content: Content

    def begin(self, store: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", COMMAND, str(self.together), "load", "oneroster"]
        return subprocess.Popen(  # noqa: S603
            [*command, str(self.files), "--store", str(store)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def finish(self, store: Path) -> None:
        child = self.begin(store)
        _, errors = child.communicate()
        assert child.returncode == 0, errors.decode()

    def copy(self, folder: Path) -> Path:
        """Return a store in *folder* in which only people are known, as in the unkilled one."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.base, folder)
        return folder / "store"


def prepare(folder: Path, files: Path, together: int) -> Load:
    load = Load(files, folder / "base", together, 0, {})
    (folder / "first").mkdir()
    begin = monotonic()
    load.finish(folder / "first" / "store")
    load.seconds = monotonic() - begin
    load.base.mkdir()
    first, base = TruthStore(folder / "first" / "store"), TruthStore(load.base / "store")
    base.append(IDENTITY, first.triples(IDENTITY))
    base.flush()
    for truth in (first, base):
        vars(truth).clear()
    load.content = content(folder / "first" / "store")
    return load


def content(store: Path) -> Content:
    """Return what *store* holds, but for the journal, runs, and moments at which it was loaded."""
    truth = TruthStore(store, create=False)
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    left_out, run = {node(JOURNAL), node(RUNS)}, node(PROV.wasGeneratedBy)
    for quad in truth._store:
        if quad.graph_name in left_out or quad.predicate == run or is_now(quad.object):
            continue
        name = str(quad.graph_name)
        hashed = int.from_bytes(blake2b(str(quad).encode(), digest_size=16).digest())
        found[name] = (found[name][0] + 1, found[name][1] + hashed)
    vars(truth).clear()
    return dict(found)


def is_now(term: object) -> bool:
    if not isinstance(term, ox.Literal) or term.datatype != node(XSD.dateTime):
        return False
    return datetime.fromisoformat(term.value) > BEGUN - timedelta(hours=1)


def check_kill(store: Path, load: Load, random: Random) -> tuple[int, int]:
    """Return how many learners are seen and how many held; whoever is seen is seen as unkilled."""
    truth = TruthStore(store, create=False)
    held = {learner for learner, _ in truth.pairs(HOLDS, BP.isBeingLoaded)}
    seen = sorted({URIRef(one) for _, one in truth.pairs(INDEX, BP.isRecordOf)} - held)
    for learner in held:
        assert not dossier.read(truth, learner).records
    vars(truth).clear()
    found = content(store)
    for learner in seen:
        for graph in (policy_graph(learner), guardianship_graph(learner)):
            name = f"<{graph}>"
            assert found.get(name) == load.content.get(name), f"words of {learner} are missing"
    truth = TruthStore(store, create=False)
    for learner in random.sample(seen, min(len(seen), LOOKED_AT)):
        for record in dossier.read(truth, learner).records:
            name = f"<{record.iri}>"
            assert found.get(name) == load.content[name], f"{name} is there by halves"
    vars(truth).clear()
    return len(seen), len(held)


def kill(store: Path, load: Load, random: Random) -> bool:
    """Begin the load, kill it at a random instant and tell whether it was under way."""
    child = load.begin(store)
    try:
        _, errors = child.communicate(timeout=random.uniform(0.15, 1.0) * load.seconds)
        assert child.returncode == 0, errors.decode()
        return False
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return True


def run(load: Load, folder: Path, kills: int) -> list[tuple[int, int]]:
    """Return what was seen at each kill; a load that came to its end begins anew elsewhere."""
    seed = int(os.environ.get("CRASH_SEED") or time_ns() % 2**32)
    print(f"CRASH_SEED={seed}")
    random, met = Random(seed), list[tuple[int, int]]()  # noqa: S311
    store = load.copy(folder)
    while len(met) < kills:
        if kill(store, load, random):
            met.append(check_kill(store, load, random))
        elif len(met) < kills:
            check_whole(store, load)
            store = load.copy(folder)
    load.finish(store)
    check_whole(store, load)
    return met


def check_whole(store: Path, load: Load) -> None:
    found = content(store)
    differing = {
        name: (found.get(name), load.content.get(name))
        for name in found.keys() | load.content.keys()
        if found.get(name) != load.content.get(name)
    }
    assert differing == {}


def test_a_load_that_is_killed_and_done_again_leaves_what_an_unkilled_one_leaves(
    tmp_path: Path,
) -> None:
    sample.write(tmp_path / "files", learners=20, today=(BEGUN - timedelta(days=2)).date())
    load = prepare(tmp_path, tmp_path / "files", TOGETHER)
    print(run(load, tmp_path / "killed", kills=3))


@pytest.mark.soak
def test_a_load_of_ten_thousand_is_killed_twenty_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learners = int(os.environ.get("CRASH_LEARNERS") or 10_000)
    delivery.write(tmp_path / "files", learners)
    load = prepare(tmp_path, tmp_path / "files", 0)
    met = run(load, tmp_path / "killed", kills=20)
    assert any(held for _, held in met) or learners < 10_000, "no kill hit a bulk load"
    with capsys.disabled():
        told = ", ".join(f"{seen} ({held} held)" for seen, held in met)
        print(f"\n{learners} learners in {load.seconds:.0f} s; seen at each kill: {told}")
