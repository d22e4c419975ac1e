"""How fast a view is built from the truth store, and what it takes of memory.

python -m tests.bench.building [COPIES]     600 x COPIES learners; 12 are 2 million triples
"""

import sys
from time import perf_counter

import pyoxigraph as ox

from databackpack.service.views.view import QueryOperation
from tests.bench.world import serving
from tests.running import Running

PERSONAS = ("state-agency", "district", "teacher", "researcher", "guardian")
SCAN = QueryOperation("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", ox.QueryResultsFormat.JSON, None)


def main(copies: int = 12) -> None:
    """Print the table."""
    with serving(copies) as running:
        building(running)


def building(running: Running) -> None:
    """Print, for each persona, how its view is built and what it takes."""
    views = running.context.views
    begin = perf_counter()
    learners = views.learners()
    for learner in learners:
        views.dossier(learner)
    print(f"Dossiers of {len(learners)} learners: {perf_counter() - begin:.1f} s\n")
    print("| view | triples | built in, s | triples/s | bytes/triple | after full scans |")
    print("|---|---|---|---|---|---|")
    for persona in PERSONAS:
        audience = views.audience(running.audience(persona))
        (purpose,) = audience.purposes
        views.view(audience, purpose)  # the first build also makes the release codes
        begin = perf_counter()
        view = views.rebuild(audience, purpose, lambda *_: None)
        seconds, size, memory = perf_counter() - begin, len(view), view.memory()
        for _ in range(6):
            view.evaluate(SCAN)
        print(
            f"| {persona} | {size} | {seconds:.2f} | {size / seconds:.0f} "
            f"| {memory / size:.0f} | {view.memory() / size:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
