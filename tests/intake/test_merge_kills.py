"""A merge that is killed at any instant has happened as a whole or not at all."""

import subprocess
import sys
from pathlib import Path
from random import Random
from time import sleep

import pyoxigraph as ox

from databackpack.service.intake import merging, take_in
from databackpack.service.records import identityevent
from databackpack.service.records.graphs import IDENTITY_EVENTS, JOURNAL
from databackpack.service.records.truth import TruthStore
from tests.intake.test_merging import YESTERDAY, small_world, word

KILLS = 4
FOR_EVER = """
import sys
from pathlib import Path
from rdflib import URIRef
from databackpack.service.intake import merging
from databackpack.service.records.truth import TruthStore

truth = TruthStore(Path(sys.argv[1]))
print("open", flush=True)
while True:
    event = merging.merge(truth, URIRef(sys.argv[2]), URIRef(sys.argv[3]), "registrar", "one child")
    merging.undo(truth, event, "registrar", "two children")
"""


def quads(folder: Path) -> set[ox.Quad]:
    """Return what the store holds beside its journal and events; it is closed again."""
    truth = TruthStore(folder)
    own = {str(JOURNAL), str(IDENTITY_EVENTS)}
    found = {quad for quad in truth._store if getattr(quad.graph_name, "value", "") not in own}
    vars(truth).clear()
    return found


def test_a_merge_that_is_killed_leaves_the_store_as_before_or_as_after(tmp_path: Path) -> None:
    folder, world = tmp_path / "store", small_world(word(1, "none", "teacher", YESTERDAY))
    first, second = (child.iri for child in world.children)
    truth = TruthStore(folder)
    take_in(truth, world.items())
    vars(truth).clear()
    before = quads(folder)
    truth = TruthStore(folder)
    event = merging.merge(truth, first, second, "registrar", "one child")
    vars(truth).clear()
    after = quads(folder)
    truth = TruthStore(folder)
    merging.undo(truth, event, "registrar", "two children")
    vars(truth).clear()
    assert quads(folder) == before
    random = Random(6)  # noqa: S311
    for _ in range(KILLS):
        child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", FOR_EVER, str(folder), first, second], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        sleep(random.uniform(0.05, 0.5))
        child.kill()
        child.wait()
        child.stdout.close()
        found = quads(folder)
        assert found in (before, after)
        if found == after:
            truth = TruthStore(folder)
            event = next(
                one.iri
                for one in identityevent.history(truth)
                if one.action == "merge" and one.undone_by is None
            )
            merging.undo(truth, event, "registrar", "two children")
            vars(truth).clear()
            assert quads(folder) == before
