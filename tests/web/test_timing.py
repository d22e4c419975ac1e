"""Time tells nothing of what others hold; ``tests.bench.isolation`` has the figure."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.bench.isolation import (
    HIDDEN_FROM,
    Probe,
    at_the_view,
    connected,
    probe,
    ratio,
    through,
)
from tests.running import Running

ROUNDS = 300
TRIES = 5
MOST = 1.25
"""The promise is 1.1, but this is measured while other tests run."""


def test_a_predicate_of_other_views_takes_the_view_as_long_as_one_of_nowhere(
    sample: Running,
) -> None:
    asked = probe(sample)
    check(partial(at_the_view, asked.view), asked)


def test_a_predicate_of_other_views_takes_the_service_as_long_as_one_of_nowhere(
    sample: Running, address: str
) -> None:
    with connected(address) as connection:
        check(partial(through, connection, sample.headers(HIDDEN_FROM)), probe(sample))


def check(ask: Callable[[str], bytes], asked: Probe) -> None:
    """One of TRIES ratios of medians is near to 1."""
    ratios: list[float] = []
    while len(ratios) < TRIES:
        ratios.append(ratio(ask, asked, ROUNDS))
        if 1 / MOST < ratios[-1] < MOST:
            return
    pytest.fail(f"hidden ÷ nowhere: {ratios}")
