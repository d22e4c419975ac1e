"""Noise: what it spends, how much of it there is, and what is told of noisy counts."""

from math import exp

import pytest

from databackpack.service.policy.refusal import Refused
from databackpack.service.statistics import noise
from databackpack.service.statistics.protection import protect
from databackpack.service.statistics.table import Count, Table
from tests.statistics.tables import cube_of

LARGE: Table = {(f"{n}", f"{m}"): Count(500, 200) for n in range(40) for m in range(50)}


@pytest.mark.parametrize(("contribution", "epsilon"), [(1, 1.0), (3, 1.0), (2, 0.25)])
def test_the_noise_is_laplace_of_the_scale_that_the_epsilon_asks_for(
    contribution: int, epsilon: float
) -> None:
    """The mean of |noise| over 4,000 draws is its expectation within a tenth: 6 deviations."""
    noisy, spent, _ = noise.add(LARGE, contribution, epsilon)
    assert spent == pytest.approx(epsilon)
    off = [abs((count.having or 0) - 200) for count in noisy.values()]
    off += [abs(count.learners - (count.having or 0) - 300) for count in noisy.values()]
    ratio = exp(-epsilon / contribution)
    assert sum(off) / len(off) == pytest.approx(2 * ratio / (1 - ratio**2), rel=0.1)


def test_two_draws_differ_and_no_count_is_impossible() -> None:
    small: Table = {("a",): Count(3, 1), ("b",): Count(1, 0)}
    assert noise.add(LARGE, 1, 0.5)[0] != noise.add(LARGE, 1, 0.5)[0]
    for _ in range(50):
        for count in noise.add(small, 1, 0.5)[0].values():
            assert 0 <= (count.having or 0) <= count.learners
            assert count.learners > 0


def test_cells_that_are_nobodys_get_noise_too() -> None:
    corners: Table = {(f"{n}", f"{n}"): Count(50) for n in range(30)}
    noisy, _, _ = noise.add(corners, 5, 1.0)
    assert noisy.keys() - corners.keys()
    assert all(count.having is None for count in noisy.values())


def test_the_threshold_is_raised_by_what_noise_alone_may_reach() -> None:
    """A cell of nine among two hundred is told of one in twenty at most, were there enough."""
    small: Table = {(f"{n}",): Count(9) for n in range(400)}
    published = protect(cube_of(False, contribution=2), small, 10, noise=0.5)
    assert published.epsilon == pytest.approx(0.5)
    assert len(published.cells) < 400 * 0.12
    assert all(cell.learners >= 10 + 10 for cell in published.cells.values())


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan")])
def test_an_epsilon_is_above_nothing(epsilon: float) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        noise.add(LARGE, 1, epsilon)


def test_too_many_cells_are_refused() -> None:
    wide: Table = {(f"{n}",) * 4: Count(20) for n in range(40)}
    with pytest.raises(Refused, match="2000000"):
        noise.add(wide, 1, 1.0)


def test_nothing_is_spent_without_noise() -> None:
    assert protect(cube_of(False), {("a",): Count(20)}, 10).epsilon == 0
