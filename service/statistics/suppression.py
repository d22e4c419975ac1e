"""Complementary suppression: which more cells are hidden, so that no total tells a hidden one.

Whoever reads is taken to know the true sum of every slice and all the rules. What they can know
of a hidden cell is then an interval, whose two ends are linear programmes. The way to widen it at
the least cost is one too, after Kelly, Golden and Assad (Networks 22, 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

__all__ = ["Cell", "hide"]

_Numbers = np.ndarray[Any, np.dtype[np.float64]]

_ARITHMETIC = 1e-5
"""Less than this is no learner but the solver's arithmetic."""

_RELUCTANCE = 1000
"""How many times dearer it is to hide a cell that was told before: who read it still knows it."""


class _NoTable(ArithmeticError):
    """No table has the sums and keeps within the bounds."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its learners, the least and most of them that its value allows when it is told."""

    learners: int
    least: int
    most: int
    is_hidden: bool
    was_told: bool


def hide(cells: Sequence[Cell], slices: Sequence[Sequence[int]], k: int, drift: int) -> set[int]:
    """Return the numbers of the cells to hide beside those that are.

    Afterwards the interval in which a reader can place each cell of fewer than *k* learners is at
    least *k* wide, or as wide as it would be if nothing were told at all. A larger cell that is
    hidden for others' sake may become known: it could have been told. *slices* are lists of numbers
    of cells whose true sums are known. *drift* is how many fewer learners a cell may have had than
    is counted (a value stands while fewer than that many changed): what is proven holds for them
    too, where that can be, and else for what is counted.
    """
    rows = [row for row, among in enumerate(slices) for _ in among]
    columns = [number for among in slices for number in among]
    sums = csr_array(coo_array((np.ones(len(rows)), (rows, columns)), (len(slices), len(cells))))
    _, block_of = connected_components(sums.T @ sums, directed=False)
    found: set[int] = set()
    for block in sorted({int(block_of[n]) for n, cell in enumerate(cells) if cell.is_hidden}):
        members = np.flatnonzero(block_of == block)
        own = sums[:, members]
        table = _Table(
            [cells[int(n)] for n in members], own[np.flatnonzero(own.sum(axis=1))], k, drift
        )
        table.protect()
        found |= {int(members[n]) for n in table.added}
    return found


class _Table:
    """Cells that hang together by their slices.

    INVARIANT: ``low`` and ``high`` are values that a cell takes in tables that a reader cannot tell
    from the true one; hiding more only adds to those tables.
    """

    def __init__(self, cells: list[Cell], sums: csr_array, k: int, drift: int) -> None:
        self.true = np.array([cell.learners for cell in cells], float)
        self.floor = np.minimum(self.true, drift)
        """The fewest that a hidden cell is taken down to: with room for the drift, or none."""
        self.least = np.array([cell.least for cell in cells], float)
        self.most = np.array([cell.most for cell in cells], float)
        self.is_hidden = np.array([cell.is_hidden for cell in cells])
        self.cost = self.true * [_RELUCTANCE if cell.was_told else 1 for cell in cells]
        self.sums, self.known, self.k = sums, sums @ self.true, k
        self.low, self.high = self.true.copy(), self.true.copy()
        member, self.ceiling = coo_array(sums), np.full(len(cells), np.inf)
        np.minimum.at(self.ceiling, member.col, self.known[member.row])
        """What a cell cannot be more than: the least of the sums that it is in."""
        self.added: list[int] = []

    def protect(self) -> None:
        """Hide more until every small cell has an interval as wide as can be asked."""
        if self.is_hidden.all():  # then no more can be hidden
            return
        self._protect()
        self.floor = np.zeros_like(self.true)  # where all are small the drift leaves no room
        self._protect()

    def _protect(self) -> None:
        small = np.flatnonzero(self.true < self.k)
        for sign in (1.0, -1.0):
            self._prove_many(small, sign)
        for cell in sorted(map(int, small), key=lambda cell: (self.true[cell], cell)):
            if self._lacks(cell) and self.floor[cell] < self.low[cell]:
                self._spread([cell], -1.0)
            for sign in (1.0, -1.0):
                if self._lacks(cell):
                    self._widen(cell, sign)

    def _lacks(self, cell: Any) -> Any:
        return self.high[cell] - self.low[cell] < self.k

    def _prove_many(self, hidden: Any, sign: float) -> None:
        """Find tables in which many cells are wide enough at once, as long as there are more."""
        still = hidden[self._lacks(hidden)]
        while still.size:
            self._spread(still, sign)
            before, still = still, still[self._lacks(still)]
            if still.size == before.size:
                break

    def _spread(self, cells: Any, sign: float) -> None:
        """Find the table with most (or least) in *cells* among those a reader cannot exclude."""
        aim = np.zeros(len(self.true))
        aim[cells] = -sign
        self._note(_solve(aim, self.sums, self.known, *self._bounds(self.is_hidden)))

    def _note(self, table: _Numbers) -> None:
        self.low, self.high = np.minimum(self.low, table), np.maximum(self.high, table)

    def _bounds(self, is_free: Any) -> tuple[_Numbers, _Numbers]:
        lower = np.where(is_free, self.floor, self.least)
        return lower, np.where(is_free, np.inf, self.most)

    def _widen(self, cell: int, sign: float) -> None:
        """Hide the cheapest cells with which *cell* is *k* wide, or as wide as it can be."""
        near, far = (self.low, self.high) if sign > 0 else (self.high, self.low)
        goal = max(near[cell] + sign * self.k, self.floor[cell])
        if sign > 0 and self.ceiling[cell] <= far[cell]:
            return
        if goal > self.ceiling[cell] or not self._reach(cell, float(goal)):
            aim = np.zeros(len(self.true))
            aim[cell] = -sign
            everything = self._bounds(np.ones(len(self.true), bool))
            goal = _solve(aim, self.sums, self.known, *everything)[cell]
            if sign * (goal - far[cell]) > 0:
                self._reach(cell, float(goal))

    def _reach(self, cell: int, goal: float) -> bool:
        """Hide those cells that must leave what is told of them for *cell* to be *goal*.

        Return whether it can be that at all.
        Each cell is what a reader allows it, plus a rise, less a fall: both cost what hiding the
        cell costs.
        """
        lower, upper = self._bounds(self.is_hidden)
        lower[cell] = upper[cell] = goal
        told = ~self.is_hidden
        rise, fall = np.where(told, np.inf, 0), np.where(told, lower - self.floor, 0)
        count = len(self.true)
        try:
            found = _solve(
                np.concatenate([np.zeros(count), self.cost, self.cost]),
                hstack([self.sums, self.sums, -self.sums], format="csr"),
                self.known,
                np.concatenate([lower, np.zeros(2 * count)]),
                np.concatenate([upper, rise, fall]),
            )
        except _NoTable:
            return False
        inside, up, down = found[:count], found[count : 2 * count], found[2 * count :]
        self._note(inside + up - down)
        added = [int(n) for n in np.flatnonzero(told & (up + down > 0))]
        self.is_hidden[added] = True
        self.added += added
        return True


def _solve(
    cost: _Numbers, sums: csr_array, known: _Numbers, lower: _Numbers, upper: _Numbers
) -> _Numbers:
    """Return the table of whole numbers of least *cost*; raises _NoTable where there is none.

    Where no cell is in more than two slices the vertices are whole by themselves, and elsewhere
    most are: the slower search for whole numbers is for the rest.
    """
    bounds = np.column_stack([lower, upper])
    for is_whole in (0, 1):
        found = linprog(cost, A_eq=sums, b_eq=known, bounds=bounds, integrality=is_whole)
        if found.status != 0:
            raise _NoTable(found.message)
        table: _Numbers = np.rint(found.x)
        if np.abs(table - found.x).max() < _ARITHMETIC:
            break
    return table
