"""The limits of a worker alone, without the guard: what a query costs is its own worker's end."""

from collections.abc import Iterator

import pytest

from databackpack.service.views.building import public_template
from databackpack.service.views.engine import to_n_triples
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.view import (
    AnswerTooLarge,
    AnswerTooSlow,
    Limits,
    QueryKilled,
)
from tests.hostile.shapes import COSTLY, CRUDE, WRITES
from tests.views.hosting import ANN, evaluate, hosted, item

MEGABYTE = 1024 * 1024
LIMITS = Limits(seconds=0.6, memory=128 * MEGABYTE)
ENDED = (AnswerTooLarge, AnswerTooSlow, QueryKilled)
KEPT = 2 * 64 * MEGABYTE
"""What two workers may keep of what their last queries took; see ``confinement``."""


@pytest.fixture(scope="module")
def view() -> Iterator[HostedView]:
    found = HostedView(public_template(), 1)
    crowd = [triple for number in range(400) for triple in item(f"a{number}", ANN, str(number))]
    found.fill(to_n_triples(crowd))
    found.start()
    yield found
    found.close()


@pytest.mark.parametrize("name", [*CRUDE, *COSTLY])
def test_a_query_that_no_guard_stopped_ends_with_its_worker_and_the_view_lives(
    view: HostedView, name: str
) -> None:
    host, *workers = view.pids()
    with pytest.raises(ENDED) as ended:
        evaluate(view, {**CRUDE, **COSTLY}[name], LIMITS)
    now, *others = view.pids()
    assert (now, len(others)) == (host, 2)
    if ended.type is QueryKilled or name not in WRITES:
        assert len(set(workers) - set(others)) == 1, "it ended, but its worker goes on"
    for _ in others:
        assert len(evaluate(view, "SELECT * { ?s ?p ?o } LIMIT 9").body.splitlines()) == 10
    assert view.memory() < 2 * len(view) * 400 + KEPT + 64 * MEGABYTE


def test_what_others_hold_is_no_part_of_a_querys_limits() -> None:
    """The most rows that can be sorted are as many beside a large view as beside a small one."""

    def sorted_rows() -> list[bool]:
        view = hosted(triple for n in range(300) for triple in item(f"a{n}", ANN, str(n)))
        found = []
        for rows in (10, 100, 1_000, 10_000, 100_000, 300_000):
            pairs = f"{{ SELECT * {{ {{ ?a ?b ?c }} {{ ?d ?e ?f }} }} LIMIT {rows} }}"
            text = f"SELECT * {{ {pairs} }} ORDER BY ?f ?a ?c"
            try:
                evaluate(view, text, Limits(memory=48 * MEGABYTE))
                found.append(True)
            except QueryKilled:
                found.append(False)
        view.close()
        return found

    alone = sorted_rows()
    assert True in alone
    assert False in alone
    large = hosted(triple for n in range(60_000) for triple in item(f"b{n}", ANN, str(n)))
    beside = sorted_rows()
    large.close()
    assert beside == alone
