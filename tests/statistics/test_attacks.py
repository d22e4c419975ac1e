"""Attacks on what is published, by readers who know where every learner is but one.

Each is first tried on what a naive publisher tells, of whom it learns something: so that none of
these tests can pass because the reader is a fool.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest

from databackpack.queries.cubes import Cube
from databackpack.service.statistics.protection import Kept, Published, protect
from databackpack.service.statistics.table import TOTAL, Count, Key, Table
from tests.statistics.attacks import (
    STANDS,
    Heard,
    bracket,
    naive,
    nearest,
    possible,
    slices_of,
    told_by,
)
from tests.statistics.tables import cube_of

K = 10
DISTRICTS = {f"s{n}": f"d{n // 3}" for n in range(6)}
SUPPORTS = ["none"] * 6 + ["reading"] * 5 + ["hearing"] * 4


@dataclass(frozen=True)
class World:
    """Where every learner is: in one cell of school, grade and support each."""

    rows: tuple[Key, ...]

    def without(self, number: int) -> "World":
        return World(self.rows[:number] + self.rows[number + 1 :])

    def table(self) -> Table:
        return {key: Count(learners) for key, learners in Counter(self.rows).items()}

    def counts(self) -> Counter[Key]:
        return Counter(self.rows)


CUBE: Cube = cube_of(True, True, True)


def _world(seed: int, learners: int) -> World:
    random = Random(seed)  # noqa: S311
    return World(
        tuple(
            (f"s{random.randrange(6)}", f"g{random.randrange(3)}", random.choice(SUPPORTS))
            for _ in range(learners)
        )
    )


def publish(world: World, kept: Kept | None = None) -> Published:
    return protect(CUBE, world.table(), K, kept, parents=DISTRICTS)


def places(world: World) -> list[Key | None]:
    return [*sorted(set(world.rows)), None]


@pytest.fixture(scope="module")
def world() -> World:
    return _world(0, 1100)


@pytest.fixture(scope="module")
def first(world: World) -> Published:
    published = publish(world)
    assert published.kept.shown
    assert set(world.table()) - published.kept.shown
    return published


def learned(world: World, target: int, before: Heard, after: Heard) -> bool:
    """Tell whether *after* leaves fewer places for the target than *before* alone."""
    others = world.without(target).counts()
    said = possible(others, places(world), [before])
    assert world.rows[target] in said
    return possible(others, places(world), [before, after]) != said


def betrayed(world: World) -> list[int]:
    """Return learners whose cell is told otherwise without them by who counts anew each time.

    Whoever knows that nobody else came or went knows then where they were.
    """
    table = world.counts()
    cells = [
        key
        for key, learners in sorted(table.items())
        if learners > K and nearest(learners, K) != nearest(learners - 1, K)
    ]
    assert cells
    return [world.rows.index(key) for key in cells[:3]]


def test_two_publications_around_one_withdrawal(world: World, first: Published) -> None:
    """Whoever withdraws, the second one is the first one; counted anew, it would tell of some."""
    heard = Heard(told_by(first), K)
    for target in betrayed(world):
        after = publish(world.without(target), first.kept)
        assert after.cells == first.cells
        assert not learned(world, target, heard, Heard(told_by(after), K, STANDS, False))


def test_two_publications_around_one_arrival(world: World) -> None:
    for target in betrayed(world):
        before = publish(world.without(target))
        assert publish(world, before.kept).cells == before.cells


def test_withdrawals_one_by_one_are_told_by_fives_only(world: World, first: Published) -> None:
    """Of the learners of one cell four go, one at each publication: nothing moves."""
    largest = max(first.kept.shown, key=lambda key: (world.counts()[key], key))
    kept, remaining = first.kept, world
    for gone in range(1, 6):
        remaining = remaining.without(remaining.rows.index(largest))
        published = publish(remaining, kept)
        assert (published.cells == first.cells) == (gone < 5)
        kept = published.kept
    assert kept.basis[largest] == remaining.table()[largest]


def test_two_audiences_that_may_count_all_but_one_learner(world: World, first: Published) -> None:
    """The second audience's publication takes over the first one's counts where few differ."""
    heard = Heard(told_by(first), K)
    for target in betrayed(world):
        other = publish(world.without(target), first.kept)
        assert not learned(world, target, heard, Heard(told_by(other), K, STANDS, False))


def test_differences_within_one_publication_and_its_totals(world: World, first: Published) -> None:
    """A total is the sum of what is told: less the rest of it, it is what is told of the cell."""
    told = told_by(first)
    totals = {key: cell for key, cell in first.cells.items() if TOTAL in key}
    assert totals
    for total, cell in totals.items():
        parts = [
            key
            for key in told
            if all(said in (TOTAL, value) for said, value in zip(total, key, strict=True))
        ]
        assert cell.learners == sum(told[part] for part in parts)
        for part in parts:
            assert (
                cell.learners - sum(told[other] for other in parts if other != part) == told[part]
            )


@pytest.mark.parametrize("parents", [{}, DISTRICTS], ids=["state", "districts"])
def test_complementary_cells_hierarchies_and_small_subgroups(parents: dict[str, str]) -> None:
    """Who knows every sum, of districts too, learns small supports of the naive publisher."""
    world = _world(0, 700)
    table, told, plain = world.table(), told_by(publish(world)), naive(world.table(), K)
    slices = slices_of(list(table), (True, True, True), parents)
    districts = slices_of(list(table), (True, True, True), DISTRICTS)
    narrow = 0
    for key in sorted(table.keys() - told.keys()):
        free = bracket(table, {}, districts, key, K, floor=STANDS)
        if table[key].learners < K:  # a larger one could have been told
            least, most = bracket(table, told, slices, key, K)
            assert most - least >= min(K, free[1] - free[0])
            low, high = bracket(table, plain, slices, key, K)
            narrow += high - low < min(K, free[1] - free[0])
    assert narrow


def test_protection_for_the_state_alone_does_not_hold_against_who_knows_the_districts() -> None:
    """Why `protect` is given the organizations above: without them, a district tells."""
    table: Table = {("s0", "a"): Count(3), ("s1", "a"): Count(30)}
    table |= {("s2", "a"): Count(12), ("s3", "a"): Count(34)}
    districts = {"s0": "d0", "s1": "d0", "s2": "d1", "s3": "d1"}
    cube = cube_of(True, False)
    slices = slices_of(list(table), (True, False), districts)
    flat = told_by(protect(cube, table, K))
    deep = told_by(protect(cube, table, K, parents=districts))
    low, high = bracket(table, flat, slices, ("s0", "a"), K)
    assert high - low < K
    low, high = bracket(table, deep, slices, ("s0", "a"), K)
    assert high - low >= K
