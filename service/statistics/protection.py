"""Protection: what may be told of a table, so that nothing follows about one learner.

In this order: what stands from the last publication, the threshold, complementary suppression,
rounding and coding, totals. What comes after a step sees that step's result only. How the parts
hold together and what they do not do: docs/statistics.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import product

from databackpack.queries.cubes import Cube
from databackpack.service.statistics.coding import (
    ROUNDING,
    combine,
    round_count,
    round_share,
    span,
)
from databackpack.service.statistics.table import TOTAL, Count, Key, Table

__all__ = ["Cell", "Kept", "Published", "protect"]

_ENOUGH = 0.8
"""The part of a slice's learners that published cells must hold for the slice to have a total."""

_NOBODY = Count(0, 0)


@dataclass(frozen=True, slots=True)
class Cell:
    """What is told of a cell: learners rounded to five, and a share as an interval in percent.

    ``basis`` is the true count that it was made from, and is never told.
    """

    learners: int
    lower: float | None
    upper: float | None
    basis: Count


@dataclass(frozen=True, slots=True)
class Kept:
    """What a publication leaves to the next one: the counts it rested on, the cells it told.

    It is private: the counts are true, those of hidden cells among them.
    """

    basis: Table
    shown: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Published:
    """What is told: cells and, under keys with ``TOTAL``, totals; what is not there is hidden.

    ``kept`` is private. ``epsilon`` is what the noise spent, 0 without noise.
    """

    cells: Mapping[Key, Cell]
    kept: Kept
    epsilon: float = 0.0


def protect(
    cube: Cube,
    table: Table,
    k: int,
    kept: Kept | None = None,
    noise: float | None = None,
    *,
    parents: Mapping[str, str] | None = None,
    changed: int = ROUNDING,
) -> Published:
    """Return what may be told of *table*: no cell of fewer than *k* learners, nor what tells one.

    *kept* is of the last publication of this cube, for whichever audience: a cell stays as it was
    told, or hidden, until *changed* learners more or fewer are in it or in its part. So nothing
    that fewer do between two publications, or between two audiences, is seen at all. *noise* is
    an epsilon: the counts get discrete Laplace noise first, and are all that is looked at then.
    *parents* has the organization above each value that is one: totals are then taken to be known
    of each district and not only of all. The same arguments give the same result, whatever their
    order, unless there is noise. Raises ValueError where *changed* is less than the rounding, or
    *k* less than 2.
    """
    if changed < ROUNDING or k < 2:
        raise ValueError(
            f"at least 2 learners a cell and {ROUNDING} changes, not {k} and {changed}"
        )
    epsilon = 0.0
    if noise is not None:
        from databackpack.service.statistics import noise as laplace  # OpenDP: only where asked for

        table, epsilon, margin = laplace.add(table, cube.contribution, noise)
        k += margin
    before = Kept({}, frozenset()) if kept is None else kept
    basis, stale = _carry(table, before.basis, changed)
    hidden = {key for key, count in basis.items() if count.learners < k} | (stale - before.shown)
    hidden |= _complements(cube, basis, hidden, before.shown & stale, k, parents or {}, changed)
    cells = {key: _cell(count, k) for key, count in basis.items() if key not in hidden}
    totals = _totals(cube, basis, cells)
    return Published(cells | totals, Kept(basis, frozenset(cells)), epsilon)


def _carry(table: Table, before: Table, changed: int) -> tuple[Table, set[Key]]:
    """Return the counts that are looked at, and of which cells they are those of *before*."""
    basis, stale = {}, set()
    for key in sorted(table.keys() | before.keys()):
        new, old = table.get(key, _NOBODY), before.get(key, _NOBODY)
        more = abs(new.learners - old.learners)
        if before and max(more, abs((new.having or 0) - (old.having or 0))) < changed:
            stale.add(key)
            new = old
        if new.learners:
            basis[key] = new
    return basis, stale & basis.keys()


def _complements(
    cube: Cube,
    basis: Table,
    hidden: AbstractSet[Key],
    stay: AbstractSet[Key],
    k: int,
    parents: Mapping[str, str],
    changed: int,
) -> set[Key]:
    """Return what must be hidden beside *hidden*, so that no total less the rest tells it."""
    slices: defaultdict[tuple[int, Key], list[int]] = defaultdict(list)
    keys = list(basis)
    for number, key in enumerate(keys):
        for at, dimension in enumerate(cube.dimensions):
            if dimension.has_total:
                above = parents.get(key[at], TOTAL)
                slices[at, (*key[:at], above, *key[at + 1 :])].append(number)
    if not hidden or not slices:
        return set()
    from databackpack.service.statistics import suppression  # scipy: 0.7 s, only where needed

    spans = [span(round_count(max(basis[key].learners, k), k), k) for key in keys]
    cells = [
        suppression.Cell(basis[key].learners, *told, key in hidden, key in stay)
        for key, told in zip(keys, spans, strict=True)
    ]
    return {keys[number] for number in suppression.hide(cells, [*slices.values()], k, changed - 1)}


def _cell(count: Count, k: int) -> Cell:
    if count.having is None:
        return Cell(round_count(count.learners, k), None, None, count)
    return Cell(round_count(count.learners, k), *round_share(count, k), count)


def _totals(cube: Cube, basis: Table, cells: Mapping[Key, Cell]) -> dict[Key, Cell]:
    """Return the totals over every set of dimensions that have them, from *cells* alone.

    A slice has one where what *cells* tell of it is enough of what it holds.
    """
    parts: defaultdict[Key, list[Key]] = defaultdict(list)
    whole: defaultdict[Key, int] = defaultdict(int)
    for key, count in basis.items():
        for total in _above(cube, key):
            whole[total] += count.learners
            if key in cells:
                parts[total].append(key)
    return {
        total: _total([cells[key] for key in among])
        for total, among in parts.items()
        if sum(cells[key].learners for key in among) >= _ENOUGH * whole[total]
    }


def _above(cube: Cube, key: Key) -> Iterable[Key]:
    choices = [
        (value, TOTAL) if dimension.has_total else (value,)
        for value, dimension in zip(key, cube.dimensions, strict=True)
    ]
    return (total for total in product(*choices) if total != key)


def _total(cells: list[Cell]) -> Cell:
    learners = sum(cell.learners for cell in cells)
    true = sum(cell.basis.learners for cell in cells)
    shares = [
        (cell.learners, cell.lower, cell.upper)
        for cell in cells
        if cell.lower is not None and cell.upper is not None
    ]
    if not shares:
        return Cell(learners, None, None, Count(true))
    having = sum(cell.basis.having or 0 for cell in cells)
    return Cell(learners, *combine(shares), Count(true, having))
