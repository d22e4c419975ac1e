"""What is told of a table: the threshold, complementary suppression, rounding, totals, what stands.

The readers are those of attacks.py, who share no code with what makes the publications.
"""

from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databackpack.service.statistics.protection import Kept, Published, protect
from databackpack.service.statistics.table import TOTAL, Count, Table
from tests.statistics.attacks import STANDS, bracket, nearest, slices_of, told_by
from tests.statistics.tables import cube_of, tables

K = 10
FLAT = (False, True, True)
DEEP = (True, True, True)

few = settings(max_examples=6, deadline=None)
many = settings(max_examples=10, deadline=None)


def assert_wide(
    table: Table,
    published: Published,
    add_up: tuple[bool, ...],
    parents: dict[str, str],
    now: Table | None = None,
) -> None:
    """Each cell of too few is k learners wide, or as wide as if nothing were told but the sums.

    A larger cell that is hidden for their sake could have been told.

    With *now*, *table* is what the values were made from, and *now* what there is.
    """
    told, slices = told_by(published), slices_of(list(table), add_up, parents)
    there = table if now is None else {key: now.get(key, Count(0)) for key in table}
    for key in table.keys() - published.cells.keys():
        if table[key].learners >= K:
            continue
        least, most = bracket(there, told, slices, key, K, 0 if now is None else STANDS)
        if most - least < K:
            free = bracket(table, {}, slices, key, K, floor=STANDS)
            assert most - least >= free[1] - free[0], (key, table[key], least, most, free)


@few
@given(tables(1, 3, 4))
def test_hidden_cells_are_wide_where_rows_and_columns_are_known(table: Table) -> None:
    assert_wide(table, protect(cube_of(*FLAT), table, K), FLAT, {})


@few
@given(tables(3, 3, 2))
def test_hidden_cells_are_wide_where_all_three_dimensions_add_up(table: Table) -> None:
    assert_wide(table, protect(cube_of(*DEEP), table, K), DEEP, {})


@few
@given(tables(1, 4, 3))
def test_hidden_cells_are_wide_where_each_district_is_known(table: Table) -> None:
    parents = {"<urn:v0>": "<urn:a>", "<urn:v1>": "<urn:a>", "<urn:v2>": "<urn:b>"}
    add_up = (False, True, False)
    assert_wide(table, protect(cube_of(*add_up), table, K, parents=parents), add_up, parents)


def test_cells_are_hidden_for_others_also_where_all_hidden_ones_are_small() -> None:
    """Where no small cell leaves room for five who come and go, it gets what room there is."""
    table: Table = {("", f"<urn:v{n}>", "<urn:one>"): Count(3) for n in range(4)}
    table |= {("", f"<urn:v{n}>", "<urn:none>"): Count(40 + n) for n in range(4)}
    published = protect(cube_of(*FLAT), table, K)
    assert_wide(table, published, FLAT, {})
    for key in table:
        if table[key].learners < K:
            least, most = bracket(
                table, told_by(published), slices_of(list(table), FLAT, {}), key, K
            )
            assert most - least >= K


@many
@given(tables(2, 2, 3))
def test_a_told_count_is_a_multiple_of_five_and_of_k_learners_at_least(table: Table) -> None:
    published = protect(cube_of(*FLAT), table, K)
    for key, told in told_by(published).items():
        assert table[key].learners >= K
        assert told == nearest(table[key].learners, K)
    assert not any(cell.learners < K for cell in published.cells.values())


@many
@given(tables(2, 2, 2), st.integers(2, 30))
def test_any_k_holds(table: Table, k: int) -> None:
    published = protect(cube_of(False, False, False), table, k)
    assert published.cells.keys() == {key for key, n in table.items() if n.learners >= k}
    for key, cell in published.cells.items():
        assert cell.learners == nearest(table[key].learners, k) >= k


@many
@given(tables(2, 3, 3, is_share=True))
def test_totals_are_sums_of_what_is_told_and_of_enough(table: Table) -> None:
    """Recomputed from what a reader has, and from how many are in a slice."""
    published = protect(cube_of(*FLAT, is_share=True), table, K)
    told = told_by(published)
    for total in product(
        ["<urn:v0>", "<urn:v1>"], *[[f"<urn:v{n}>" for n in range(3)] + [TOTAL]] * 2
    ):
        if TOTAL in total:
            inside = [
                k for k in table if all(b in (TOTAL, a) for a, b in zip(k, total, strict=True))
            ]
            shown = sum(told.get(key, 0) for key in inside)
            enough = 10 * shown >= 8 * sum(table[key].learners for key in inside)
            assert (total in published.cells) == bool(shown and enough)
            if total in published.cells:
                assert published.cells[total].learners == shown


@many
@given(tables(1, 3, 3, is_share=True))
def test_a_share_is_an_interval_that_holds_the_true_one_and_never_none_or_all(table: Table) -> None:
    published = protect(cube_of(*FLAT, is_share=True), table, K)
    for key, cell in published.cells.items():
        assert cell.lower is not None
        assert cell.upper is not None
        assert 0 <= cell.lower < cell.upper <= 100
        edge = next(edge for size, edge in BANDS if cell.learners >= size)
        assert cell.upper >= edge
        assert cell.lower <= 100 - edge
        assert cell.lower == 0 or cell.lower >= edge
        assert cell.upper == 100 or cell.upper <= 100 - edge
        if TOTAL not in key:
            count = table[key]
            assert cell.lower <= 100 * (count.having or 0) / count.learners <= cell.upper


BANDS = [(300, 1), (100, 2), (40, 5), (20, 10), (0, 20)]


@many
@given(tables(1, 3, 3, is_share=True), st.randoms(use_true_random=False))
def test_order_does_not_matter(table: Table, random: Random) -> None:
    shuffled = list(table.items())
    random.shuffle(shuffled)
    cube = cube_of(*FLAT, is_share=True)
    assert protect(cube, dict(shuffled), K) == protect(cube, table, K)


@few
@given(tables(1, 3, 4, is_share=True), st.data())
def test_fewer_than_five_learners_change_nothing(table: Table, data: st.DataObject) -> None:
    """Not what is told, not what is hidden; and what is hidden stays as wide for who waits."""
    cube = cube_of(*FLAT, is_share=True)
    first = protect(cube, table, K)
    moved = {}
    for key in product(
        ["<urn:v0>"], *[[f"<urn:v{n}>" for n in range(extent)] for extent in (3, 4)]
    ):
        count = table.get(key, Count(0, 0))
        learners = max(0, count.learners + data.draw(st.integers(-STANDS, STANDS)))
        having = (count.having or 0) + data.draw(st.integers(-STANDS, STANDS))
        if learners:
            moved[key] = Count(learners, min(learners, max(0, having)))
    second = protect(cube, moved, K, first.kept)
    assert second.kept.shown == first.kept.shown
    assert {key: second.cells[key] for key in second.kept.shown} == {
        key: first.cells[key] for key in first.kept.shown
    }
    assert_wide(table, second, FLAT, {}, moved)


@many
@given(tables(1, 3, 3), tables(1, 3, 3))
def test_a_value_changes_only_where_five_changed_and_appears_only_with_k(
    before: Table, after: Table
) -> None:
    first = protect(cube_of(*FLAT), before, K)
    second = protect(cube_of(*FLAT), after, K, first.kept)
    for key in before.keys() | after.keys():
        old, new = first.cells.get(key), second.cells.get(key)
        was, now = before.get(key, Count(0)).learners, after.get(key, Count(0)).learners
        if new is not None and (old is None or old.learners != new.learners):
            assert abs(now - was) > STANDS
            assert now >= K
            assert new.basis == after[key]
        if new is not None and old is not None and abs(now - was) <= STANDS:
            assert new == old


def test_what_is_told_before_is_hidden_only_where_nothing_else_protects() -> None:
    """The first row's fourth cell falls to 3: of the others, that which changed too is hidden."""
    row: Table = {("a", f"{n}"): Count(size) for n, size in enumerate((30, 35, 40, 30))}
    first = protect(cube_of(False, True), row, K)
    assert len(first.kept.shown) == 4
    row |= {("a", "3"): Count(3), ("a", "2"): Count(52)}
    second = protect(cube_of(False, True), row, K, first.kept)
    assert set(row) - second.kept.shown == {("a", "2"), ("a", "3")}
    assert set(row) - protect(cube_of(False, True), row, K).kept.shown == {("a", "0"), ("a", "3")}


def test_nothing_is_hidden_for_nothing() -> None:
    large: Table = {(f"{a}", f"{b}"): Count(20) for a in range(3) for b in range(3)}
    assert protect(cube_of(True, True), large, K).kept.shown == large.keys()
    alone: Table = large | {("0", "0"): Count(2)}
    hidden = alone.keys() - protect(cube_of(False, False), alone, K).kept.shown
    assert hidden == {("0", "0")}


def test_an_empty_table_tells_nothing() -> None:
    assert protect(cube_of(*FLAT), {}, K) == Published({}, Kept({}, frozenset()))


@pytest.mark.parametrize(("k", "changed"), [(1, 5), (0, 5), (10, 4), (10, 0)])
def test_settings_that_protect_nobody_are_refused(k: int, changed: int) -> None:
    with pytest.raises(ValueError, match="learners"):
        protect(cube_of(True), {("a",): Count(20)}, k, changed=changed)
