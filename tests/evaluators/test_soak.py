"""A million decisions through all three evaluators: ``make soak``.

SOAK_SEED says which random cases are drawn; without it every day draws others.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from time import monotonic

import pytest

from tests.evaluators import large, small
from tests.evaluators.case import Case
from tests.evaluators.comparison import batches, compare, count

LEAST = 1_000_000
WORKERS = os.cpu_count() or 1
AHEAD = 4 * WORKERS
"""How many batches are in hand at once."""


def domains(seed: int) -> Iterator[Case]:
    """Give the small domain wholly, and random cases up to LEAST decisions in all."""
    made = 0
    for domain in (small.single(), small.sets(), small.pairs()):
        made += count(domain.cases())
        yield from domain.cases()
    each = count(large.cases(seed, 1))
    yield from large.cases(seed, -(-(LEAST - made) // each))


@pytest.mark.soak
def test_a_million_decisions_are_made_alike(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("SOAK_SEED") or datetime.now(UTC).toordinal())
    begun, made, shown = monotonic(), 0, 0
    waiting = batches(domains(seed))
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as workers:
        # In rounds: a map over all of it would draw every case before the first is decided.
        while some := list(islice(waiting, AHEAD)):
            made += sum(workers.map(compare, some))
            if made - shown >= LEAST // 100:
                shown = made
                with capsys.disabled():
                    seconds = monotonic() - begun
                    print(f"{made:>9,} of {LEAST:,} decisions, {seconds:,.0f} s (seed {seed})")
    assert made >= LEAST
