"""Readers hammer while guardians change their minds: no answer shows what was withdrawn before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, sleep

import pytest

from databackpack.ontology.namespaces import ID
from tests.crash.prepared import prepare
from tests.crash.traffic import Reader, Traffic
from tests.crash.words import PERSONAS, Menu
from tests.serving import Served
from tests.web.asking import Web, cell

READERS = 4
FLIPS = 30
SLOW = 0.2
"""Seconds that a slow query takes at least when nobody else asks."""

ON_ITS_WAY = 0.5
"""Seconds that an answer may be between the service and the thread that asked."""


@contextmanager
def reading(web: Web, text: str, persona: str) -> Iterator[list[tuple[int, bool]]]:
    """Ask over and over in several threads; give (epoch, whether anything was shown)."""
    seen: list[tuple[int, bool]] = []
    failures: list[bytes] = []
    stop, lock = Event(), Lock()

    def read() -> None:
        while not stop.is_set():
            answer = web.query(persona, text)
            with lock:
                if answer.status == 200:
                    shown = b'"bindings":[]' not in answer.body
                    seen.append((int(answer.headers["consent-epoch"]), shown))
                elif answer.status != 503 or not int(answer.headers["retry-after"]):
                    failures.append(answer.body)

    threads = [Thread(target=read, daemon=True) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=30)
    assert not failures, failures[:3]


def test_no_answer_at_or_after_a_withdrawal_shows_what_was_withdrawn(web: Web, child: str) -> None:
    text = (
        "PREFIX bp: <https://w3id.org/databackpack/ns#> "
        f"SELECT ?x {{ ?x a bp:MasteryState ; bp:isRecordOf <{ID[f'learner/{child}']}> }}"
    )
    path = cell(child, "progress", "state-agency")
    hidden: list[tuple[int, int]] = []
    with reading(web, text, "state-agency") as seen:
        for _ in range(FLIPS):
            none = web.say("guardian", path, "none")
            after = len(seen)  # whoever is counted from here on may have been told before
            late = web.query("state-agency", text)
            if late.status == 200:
                assert b'"bindings":[]' in late.body
                assert int(late.headers["consent-epoch"]) >= none
            hidden.append((none, web.say("guardian", path, "full")))
            assert after <= len(seen)
    for none, full in hidden:
        assert not [epoch for epoch, shown in seen if none <= epoch < full and shown]
    epochs = {epoch for epoch, _ in seen}
    assert [shown for _, shown in seen].count(True) > FLIPS
    assert any(none <= epoch < full for none, full in hidden for epoch in epochs), "nobody looked"


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.soak)])
def test_each_answer_shows_what_was_in_force_at_its_epoch(
    seconds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With quick and slow queries, some of which name the least epoch that they accept."""
    prepared = prepare(tmp_path)
    served = prepared.serve(tmp_path / "served")
    try:
        served.start()
        slow = [Reader(persona, slow_text(served, prepared.menu, persona)) for persona in PERSONAS]
        quick = [
            Reader(persona, prepared.menu.text(persona), names_least=names)
            for persona in PERSONAS
            for names in (False, True)
        ]
        traffic = Traffic(served, prepared.menu, prepared.history(), [*slow, *quick], 1, pause=0.05)
        sleep(seconds)
        traffic.stop()
        assert served.stop() == 0
    finally:
        served.close()
    traffic.check()
    overtaken, late = traffic.overtaken(), [seconds for _, seconds in traffic.late()]
    seen = {reader: [one for one in traffic.seen if one.reader == reader] for reader in slow}
    with capsys.disabled():
        print(
            f"\n{traffic.said} words, {len(traffic.seen)} answers, "
            f"{sum(map(len, seen.values()))} of them to slow queries, "
            f"{len(overtaken)} overtaken by a withdrawal, {traffic.refused} times told to wait; "
            f"seconds on the way when it was acknowledged: {sorted(late)[-3:]}"
        )
    assert max(late, default=0) < ON_ITS_WAY, "an answer left after what it shows was withdrawn"
    assert all(seen.values()), "a slow query never came to its end"
    assert traffic.said > seconds, "nobody spoke"
    assert any(one.reader in slow for one in overtaken), "no withdrawal came during a slow query"


def slow_text(served: Served, menu: Menu, persona: str) -> str:
    """Return the query for a persona's slice made slow, so that withdrawals come while it runs."""
    head, _, pattern = menu.text(persona).partition("WHERE ")
    rows = 500
    while True:
        pairs = " ".join(
            f"{{ SELECT * {{ {names} }} LIMIT {rows} }}" for names in ("?a ?b ?c", "?d ?e ?f")
        )
        count = f"{{ SELECT (COUNT(*) AS ?n) {{ {pairs} FILTER(STR(?c) < STR(?f)) }} }}"
        text = f"{head} WHERE {{ {count} OPTIONAL {pattern} }}"
        begin = monotonic()
        answer = served.query(persona, text, "application/n-triples")
        assert answer.status == 200, answer.body
        if monotonic() - begin > SLOW:
            return text
        rows = rows * 3 // 2


@pytest.mark.parametrize("least", ["", "-1", "x", "1.0", "0x1", "9" * 19, "1, 1", "\u0661"])
def test_a_least_epoch_that_is_none_is_malformed(web: Web, least: str) -> None:
    headers = web.running.headers("teacher") | {
        "Min-Consent-Epoch": least.encode().decode("latin1")
    }
    answer = web.send("GET", "/sparql?query=ASK%7B%7D", headers)
    assert answer.status == 400
    assert "Min-Consent-Epoch" in answer.json["detail"]


def test_no_answer_is_older_than_the_least_epoch_that_the_client_names(web: Web) -> None:
    def ask(least: int) -> tuple[int, str | None]:
        headers = web.running.headers("teacher") | {"Min-Consent-Epoch": str(least)}
        answer = web.send("GET", "/sparql?query=ASK%7B%7D", headers)
        return answer.status, answer.headers.get("retry-after")

    epoch = web.running.context.truth.epoch
    assert ask(0) == ask(epoch) == (200, None)
    status, wait = ask(epoch + 1)
    assert status == 503
    assert wait is not None
    assert int(wait) > 0
