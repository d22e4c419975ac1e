"""Three evaluators, written apart from each other, make every decision alike."""

import pytest

from tests.evaluators import large, small
from tests.evaluators.comparison import compare, count

RANDOM_CASES = 75
SEEDS = (1, 2, 3, 4)
PARTS = 4
"""The small domain in so many tests, so that all cores have some."""
LEAST = 50_000


@pytest.mark.parametrize("part", range(PARTS))
def test_on_every_single_word_at_every_turn_of_its_time(part: int) -> None:
    cases = list(small.single().cases())[part::PARTS]
    assert compare(cases) == count(cases)


@pytest.mark.parametrize("part", range(PARTS))
def test_on_every_set_of_two_and_three_words(part: int) -> None:
    cases = list(small.sets().cases())[part::PARTS]
    assert compare(cases) == count(cases)


@pytest.mark.parametrize("seed", SEEDS)
def test_at_random_over_the_large_domain(seed: int) -> None:
    drawn = list(large.cases(seed, RANDOM_CASES))
    assert compare(drawn) == count(drawn)


def test_these_are_at_least_fifty_thousand_decisions() -> None:
    wholly = count(small.single().cases()) + count(small.sets().cases())
    at_random = sum(count(large.cases(seed, RANDOM_CASES)) for seed in SEEDS)
    assert wholly + at_random >= LEAST
