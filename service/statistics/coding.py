"""Coding: how a count and a share are told, so that neither says more than how many there are.

Which shares are too near to none or all to be told is data: bands.csv.
"""

from collections.abc import Collection
from csv import DictReader
from fractions import Fraction
from functools import cache
from importlib.resources import files
from math import ceil, floor

from databackpack.service.statistics.table import Count

__all__ = ["ROUNDING", "combine", "round_count", "round_share", "span"]

ROUNDING = 5
"""Counts are told as multiples of this."""

_SLACK = ROUNDING // 2


def round_count(learners: int, k: int) -> int:
    """Return *learners*, of whom there are *k* at least, rounded to five, and never below *k*."""
    return max(_nearest(learners), -(-k // ROUNDING) * ROUNDING)


def span(told: int, k: int) -> tuple[int, int]:
    """Return the least and the greatest count that ``round_count`` tells as *told*."""
    return k if told - ROUNDING < k else told - _SLACK, told + _SLACK


def round_share(count: Count, k: int) -> tuple[float, float]:
    """Return the least and the greatest share in whole percent that the rounded parts allow.

    What is nearer to none or all than the band of the group's size lets be told reaches to the
    band's edge and to 0 or 100 (NCES 2012-151: top and bottom coding). Raises TypeError for a
    count without a part.
    """
    if count.having is None:
        raise TypeError("a share needs the number of those who have what it is of")
    told, part = round_count(count.learners, k), _nearest(count.having)
    fewest, most = span(told, k)
    return _code(Fraction(part - _SLACK, most), Fraction(part + _SLACK, fewest), told)


def combine(parts: Collection[tuple[int, float, float]]) -> tuple[float, float]:
    """Return the share of several cells together from what is told of each, and nothing else.

    Each is (rounded learners, least share, greatest share); the result is coded as one cell is.
    """
    learners = sum(told for told, _, _ in parts)
    lower, upper = (
        sum((Fraction(part[n]) * part[0] for part in parts), Fraction()) for n in (1, 2)
    )
    return _code(Fraction(lower, 100 * learners), Fraction(upper, 100 * learners), learners)


def _nearest(count: int) -> int:
    return (count + _SLACK) // ROUNDING * ROUNDING


def _code(lower: Fraction, upper: Fraction, learners: int) -> tuple[float, float]:
    least, greatest = max(0, floor(100 * lower)), min(100, ceil(100 * upper))
    edge = next(edge for size, edge in _bands() if learners >= size)
    if least < edge:
        least, greatest = 0, max(greatest, edge)
    if greatest > 100 - edge:
        least, greatest = min(least, 100 - edge), 100
    return float(least), float(greatest)


@cache
def _bands() -> list[tuple[int, int]]:
    """Return (learners from which it holds, percent), the largest groups first."""
    with files("databackpack.service.statistics").joinpath("bands.csv").open() as lines:
        rows = [(int(row["from_learners"]), int(row["edge_percent"])) for row in DictReader(lines)]
    return sorted(rows, reverse=True)
