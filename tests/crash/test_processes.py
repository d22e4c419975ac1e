"""What the kills of ``test_kills`` once hit, each by itself."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random
from time import sleep

import pytest

from databackpack.ontology.namespaces import ID
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.view import ViewFault
from tests.running import run_sample
from tests.views.hosting import ANN, ask, hosted, item

ASKERS = 6


@pytest.mark.parametrize("victim", ["host", "worker"])
def test_those_who_ask_as_a_process_is_killed_get_an_answer_or_a_fault_of_the_view(
    victim: str,
) -> None:
    random, triples = Random(1), item("a1", ANN, "1")  # noqa: S311
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


def test_a_view_whose_host_is_gone_as_time_changes_it_is_built_anew(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=4)
    client, asked = running.app.test_client(), running.headers("state-agency", "text/csv")
    guardian = running.headers("guardian")
    child = client.get("/me", headers=guardian).get_json()["learners"][0]
    text = (
        "PREFIX bp: <https://w3id.org/databackpack/ns#> SELECT (COUNT(*) AS ?n) "
        f"{{ ?item a bp:MasteryState ; bp:isRecordOf <{ID[f'learner/{child}']}> }}"
    )

    def seen() -> int:
        answer = client.get("/sparql", query_string={"query": text}, headers=asked)
        assert answer.status_code == 200, answer.text
        return int(answer.text.split()[1])

    until = (running.context.truth.clock() + timedelta(minutes=5)).isoformat()
    path, body = f"/learners/{child}/policy/progress/state-agency", {"level": "none"}
    before = seen()
    put = client.put(path, json=body | {"until": until}, headers=guardian)
    assert (put.status_code, seen()) == (200, 0)
    (live,) = running.context.views.live()
    assert isinstance(live.view, HostedView)
    host = live.view.pids()[0]
    os.kill(host, signal.SIGKILL)
    running.clock.moment += timedelta(minutes=10)
    assert seen() == before > 0
