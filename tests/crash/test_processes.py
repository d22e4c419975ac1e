"""What the kills of ``test_kills`` once hit, each by itself."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import sleep

import pytest

from databackpack.service.views.view import ViewFault
from tests.views.hosting import ANN, ask, hosted, item

ASKERS = 6


@pytest.mark.parametrize("victim", ["host", "worker"])
def test_those_who_ask_as_a_process_is_killed_get_an_answer_or_a_fault_of_the_view(
    victim: str,
) -> None:
    random, triples = Random(1), item("a1", ANN, "1")
    for _ in range(25):
        view = hosted(triples)
        host, *workers = view.pids()
        with ThreadPoolExecutor(ASKERS) as askers:
            asked = [askers.submit(ask, view) for _ in range(4 * ASKERS)]
            sleep(random.uniform(0, 0.01))
            os.kill(host if victim == "host" else random.choice(workers), signal.SIGKILL)
        for future in asked:
            error = future.exception()
            assert error is None or isinstance(error, ViewFault), repr(error)
        view.close()


ONE = """
from concurrent.futures import ThreadPoolExecutor
from databackpack.service.views.building import public_template
with ThreadPoolExecutor(8) as makers:
    made = [makers.submit(public_template) for _ in range(8)]
print(len({id(each.result()) for each in made}))
"""


def test_there_is_one_template_however_many_ask_for_it_at_once() -> None:
    command = [sys.executable, "-c", ONE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "1\n"
