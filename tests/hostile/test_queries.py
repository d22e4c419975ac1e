"""One costly query over a real socket: nobody else notices, while it runs and after it."""

import pytest

from databackpack.service.gate import guard
from tests.hostile.attack import BYSTANDERS, Asking, check_answered, check_memory
from tests.hostile.shapes import COSTLY, CRUDE
from tests.serving import Served


@pytest.mark.parametrize("name", COSTLY)
def test_during_and_after_a_costly_query_everybody_is_answered(served: Served, name: str) -> None:
    guard.check(COSTLY[name])  # it is the worker's limits that end it
    before = served.memory()
    hostile = Asking(served, COSTLY[name])
    for persona in BYSTANDERS:
        check_answered(served, persona, is_going_on=hostile.is_alive)
    answer = hostile.wait()
    assert answer.status in (400, 503), answer.status
    assert answer.json["detail"].partition(";")[2], "it says what to do"
    for persona in BYSTANDERS:
        check_answered(served, persona, is_going_on=lambda: False)
    check_memory(served, before)


def test_what_kills_or_hangs_by_its_form_is_refused_before_it_runs(served: Served) -> None:
    workers = served.processes()[3]
    for name, text in CRUDE.items():
        answer = Asking(served, text).wait()
        assert answer.status in (400, 413), (name, answer.status)
        assert answer.json["title"]
    assert served.processes()[3] == workers
