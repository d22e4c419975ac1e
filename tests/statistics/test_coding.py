"""How counts and shares are told: each band of group sizes, each end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databackpack.service.statistics.coding import combine, round_count, round_share, span
from databackpack.service.statistics.table import Count


@pytest.mark.parametrize(
    ("learners", "having", "lower", "upper"),
    [
        (10, 0, 0, 20),
        (10, 10, 66, 100),
        (20, 1, 0, 12),
        (20, 20, 81, 100),
        (50, 0, 0, 5),
        (50, 25, 44, 57),
        (50, 50, 92, 100),
        (120, 1, 0, 2),
        (120, 119, 96, 100),
        (1000, 0, 0, 1),
        (1000, 1000, 99, 100),
        (1000, 500, 49, 51),
    ],
)
def test_shares(learners: int, having: int, lower: int, upper: int) -> None:
    assert round_share(Count(learners, having), 10) == (lower, upper)


@given(st.integers(2, 40), st.integers(0, 500))
def test_a_count_is_in_the_span_of_what_is_told_of_it(k: int, more: int) -> None:
    told = round_count(k + more, k)
    least, most = span(told, k)
    assert k <= least <= k + more <= most
    assert {round_count(count, k) for count in range(least, most + 1)} == {told}
    assert round_count(most + 1, k) != told
    assert least == k or round_count(least - 1, k) != told


@given(st.lists(st.tuples(st.integers(10, 400), st.integers(0, 400)), min_size=1, max_size=5))
def test_a_total_is_between_its_parts_but_for_its_own_band(counts: list[tuple[int, int]]) -> None:
    parts = []
    for learners, having in counts:
        count = Count(learners, min(having, learners))
        parts.append((round_count(learners, 10), *round_share(count, 10)))
    lower, upper = combine(parts)
    assert 0 <= lower < upper <= 100
    assert lower <= max(part[1] for part in parts)
    assert upper >= min(part[2] for part in parts)


def test_a_count_has_no_share() -> None:
    with pytest.raises(TypeError, match="share"):
        round_share(Count(20), 10)


def test_a_total_of_one_cell_is_told_as_the_cell_is() -> None:
    """In binary fractions 0.29 is less than 29 of 100, and 0.55 is more than 55."""
    assert combine([(50, 29.0, 55.0)]) == (29, 55)
