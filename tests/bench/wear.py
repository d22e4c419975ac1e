"""How a view wears: a hundred thousand changes of what it shows, from first to last.

    python -m tests.bench.wear [CHANGES]

A learner is held back and let go again: a commit that takes a whole slice out of the state
agency's view or puts it back, with nothing that grows in the truth store but the journal. The
views are tended as the server does it, so a worn one is built anew beside the changes.
"""

import sys
from itertools import cycle
from statistics import median
from time import monotonic, perf_counter

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.records.graphs import HOLDS
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change
from tests.bench.world import serving
from tests.running import Running

CHANGES = 100_000
WINDOW = 1000
LEARNERS = 25
TENDING = 10.0


def main(changes: int = CHANGES) -> None:
    """Print the table."""
    with serving(1) as running:
        wearing(running, changes)


def wearing(running: Running, changes: int) -> None:
    """Print what the first and the last thousand changes took, and the memory before and after."""
    views = running.context.views
    audience = views.audience(running.audience("state-agency"))
    (purpose,) = audience.purposes
    size, before = len(views.view(audience, purpose)), views.view(audience, purpose).memory()
    learners = cycle(views.learners()[:LEARNERS])
    seconds: list[float] = []
    most, rebuilt, tended = before, 0, monotonic()
    current = views.view(audience, purpose)
    for number in range(changes // 2):
        learner = next(learners)
        for is_held in (True, False):
            begin = perf_counter()
            hold(running, learner, is_held)
            seconds.append(perf_counter() - begin)
        if monotonic() - tended > TENDING:
            views.tend()
            tended = monotonic()
            view = views.view(audience, purpose)
            most, rebuilt, current = max(most, view.memory()), rebuilt + (view is not current), view
        if number % (changes // 20) == 0:
            print(f"{2 * number} changes", file=sys.stderr, flush=True)
    first, last = median(seconds[:WINDOW]) * 1000, median(seconds[-WINDOW:]) * 1000
    print("| changes | first 1,000, ms | last 1,000, ms | ratio | built anew | memory at most |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {len(seconds)} | {first:.1f} | {last:.1f} | {last / first:.2f} | {rebuilt} times "
        f"| {most / before:.2f} times that at first |"
    )
    assert len(views.view(audience, purpose)) == size


def hold(running: Running, learner: URIRef, is_held: bool) -> None:
    """Hold *learner* back from everybody, or end it."""
    row = ox.Triple(node(learner), node(BP.isHeldBack), ox.Literal("bench"))
    triples = [row] if is_held else []
    running.context.truth.commit([Change(HOLDS, triples, subject=learner, learner=learner)])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
