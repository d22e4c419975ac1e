"""Readers who want to know more than they are told: written against the rules, not the code.

They know k, the rounding, who is in which slice, and what is said of each publication; some know
where every learner is but one. None of it uses what makes the publications.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from databackpack.service.statistics.protection import Published
from databackpack.service.statistics.table import TOTAL, Key, Table

__all__ = ["Heard", "allowed", "bracket", "naive", "nearest", "possible", "slices_of", "told_by"]

STANDS = 4
"""Fewer than five may have come or gone while a value stands."""


def nearest(count: int, k: int) -> int:
    """Return what is told of *count* learners, by the rule in words: to fives, never below *k*."""
    told = min((abs(count - five), five) for five in range(0, count + 6, 5))[1]
    return next(five for five in range(told, told + k + 5, 5) if five >= k)


def allowed(told: int, k: int) -> list[int]:
    """Return all counts of which *told* is told."""
    return [count for count in range(k, told + 6) if nearest(count, k) == told]


def naive(table: Table, k: int) -> dict[Key, int]:
    """Return what somebody tells who knows of the threshold and of rounding only."""
    return {key: nearest(n.learners, k) for key, n in table.items() if n.learners >= k}


def told_by(published: Published) -> dict[Key, int]:
    """Return the counts of cells, without totals, as a reader has them."""
    return {key: cell.learners for key, cell in published.cells.items() if TOTAL not in key}


def slices_of(
    keys: Collection[Key], add_up: tuple[bool, ...], parents: Mapping[str, str]
) -> list[list[Key]]:
    """Return the groups of cells whose true sums somebody may know."""
    found: dict[tuple[object, ...], list[Key]] = {}
    for key in keys:
        for at, has_total in enumerate(add_up):
            if has_total:
                rest = tuple(value for n, value in enumerate(key) if n != at)
                found.setdefault((at, parents.get(key[at]), rest), []).append(key)
    return list(found.values())


def bracket(
    table: Table,
    told: Mapping[Key, int],
    slices: Iterable[list[Key]],
    target: Key,
    k: int,
    stands: int = 0,
    floor: int = 0,
) -> tuple[int, int]:
    """Return the least and the most learners that *target* may have for who knows all sums.

    They know which cells are nobody's. A told value may have been made when up to *stands* more or
    fewer were in its cell; who knows of *floor* learners of every cell finds less room. Whole
    learners are sought, cell by cell.
    """
    keys = list(table)
    at = {key: n for n, key in enumerate(keys)}
    low = np.array([min(floor, table[key].learners) for key in keys], float)
    high = np.full(len(keys), 1e4)
    for key, value in told.items():
        if key in at:
            low[at[key]] = max(0, allowed(value, k)[0] - stands)
            high[at[key]] = allowed(value, k)[-1] + stands
    rows = [[float(key in among) for key in keys] for among in map(set, slices)]
    known = np.array(rows).reshape(-1, len(keys))
    sums = known @ [table[key].learners for key in keys]
    ends = []
    for sign in (1, -1):
        aim = np.zeros(len(keys))
        aim[at[target]] = sign
        found = milp(
            aim,
            constraints=LinearConstraint(known, sums, sums) if len(known) else (),
            bounds=Bounds(low, high),
            integrality=1,
        )
        assert found.success, found.message
        ends.append(round(found.x[at[target]]))
    return ends[0], ends[1]


@dataclass(frozen=True)
class Heard:
    """One publication as a reader has it, and what they know of its making.

    *stands* is how many may have come or gone since its values were made; *has_target* whether the
    target, wherever they are, was among those counted.
    """

    told: Mapping[Key, int]
    k: int
    stands: int = 0
    has_target: bool = True


def possible(
    others: Mapping[Key, int], places: Iterable[Key | None], heard: Collection[Heard]
) -> set[Key | None]:
    """Return the *places* where the target may be for who knows where all *others* are.

    A place is a cell, or None for somebody who is not in the store at all.
    """
    return {place for place in places if all(_agrees(others, place, one) for one in heard)}


def _agrees(others: Mapping[Key, int], place: Key | None, heard: Heard) -> bool:
    for key, value in heard.told.items():
        count = others.get(key, 0) + (heard.has_target and key == place)
        counts = allowed(value, heard.k)
        if not counts[0] - heard.stands <= count <= counts[-1] + heard.stands:
            return False
    return True
