"""Readers hammer while a guardian changes her mind: no answer shows what was withdrawn before."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from databackpack.ontology.namespaces import ID
from tests.web.asking import Web, cell

READERS = 4
FLIPS = 30


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
                else:
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
            assert b'"bindings":[]' in late.body
            assert int(late.headers["consent-epoch"]) >= none
            hidden.append((none, web.say("guardian", path, "full")))
            assert after <= len(seen)
    for none, full in hidden:
        assert not [epoch for epoch, shown in seen if none <= epoch < full and shown]
    epochs = {epoch for epoch, _ in seen}
    assert [shown for _, shown in seen].count(True) > FLIPS
    assert any(none <= epoch < full for none, full in hidden for epoch in epochs), "nobody looked"
