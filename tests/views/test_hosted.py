"""A view's processes: killed, overtaken and confined, while the view keeps its word."""

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from databackpack.service.views.process import ProcessLost
from databackpack.service.views.view import (
    Answer,
    AnswerTooSlow,
    Limits,
    QueryKilled,
    ViewBusy,
    ViewChanging,
    ViewClosed,
)
from tests.views.hosting import (
    ANN,
    BEN,
    ENDLESS,
    Asking,
    ask,
    evaluate,
    hosted,
    item,
    replace,
    until,
)

CROWD = [triple for number in range(100) for triple in item(f"a{number}", ANN, str(number))]
PAIRS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(STR(?c)) < 3) }"


def test_a_query_that_writes_nothing_is_ended_when_its_time_is_over() -> None:
    view = hosted(CROWD)
    pids = view.pids()
    with pytest.raises(AnswerTooSlow):
        evaluate(view, ENDLESS, Limits(seconds=0.3))
    assert view.pids()[0] == pids[0]
    assert len(set(view.pids()) & set(pids)) == 2, "one worker was lost, another one is there"
    assert len(view.pids()) == 3
    assert len(ask(view)) == 200


def test_a_query_that_takes_too_much_memory_is_ended_and_the_memory_comes_back() -> None:
    view = hosted(CROWD)
    before = view.memory()
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a ?d ?g ?j"
    with pytest.raises(QueryKilled):
        evaluate(view, text, Limits(memory=64 * 1024 * 1024))
    assert len(ask(view)) == 200
    assert view.memory() < before + 32 * 1024 * 1024


def test_a_killed_worker_costs_its_own_query_only() -> None:
    view = hosted(CROWD)
    first = Asking(view, ENDLESS)
    (victim,) = view.busy()
    second = Asking(view, PAIRS)
    os.kill(victim, signal.SIGKILL)
    assert isinstance(first.wait(), QueryKilled)
    assert isinstance(second.wait(), Answer)
    assert len(ask(view)) == 200
    assert len(view.pids()) == 3


def test_workers_that_were_killed_while_idle_are_replaced_unseen() -> None:
    view = hosted(CROWD)
    for worker in view.pids()[1:]:
        os.kill(worker, signal.SIGKILL)
    assert until(lambda: not any(map(is_running, view.pids()[1:])))
    assert len(ask(view)) == 200


def test_without_its_host_a_view_answers_until_it_has_to_change() -> None:
    view = hosted(CROWD)
    os.kill(view.pids()[0], signal.SIGKILL)
    with pytest.raises(ProcessLost):
        replace(view, [([ANN], set())], 2)
    with pytest.raises(ViewClosed):
        ask(view)


def test_workers_end_with_their_host() -> None:
    view = hosted(CROWD)
    host, *workers = view.pids()
    os.kill(host, signal.SIGKILL)
    assert until(lambda: not any(map(is_running, workers)))


def test_a_withdrawal_ends_what_is_running_and_the_query_is_run_again() -> None:
    view = hosted([*CROWD, *item("b1", BEN, "7")])
    text = f"SELECT ?x {{ {{ {ENDLESS} }} ?x ?y ?z }}"
    asking = Asking(view, text, Limits(seconds=30))
    (overtaken,) = view.busy()
    replace(view, [([ANN], set())], 2)  # what is left is quickly counted
    answer = asking.wait()
    assert isinstance(answer, Answer)
    assert answer.epoch == 2
    assert len(answer.body.splitlines()) == 3
    assert overtaken not in view.pids()


def test_what_is_only_added_lets_a_running_query_be_answered_at_its_own_epoch() -> None:
    view = hosted(CROWD)
    asking = Asking(view, PAIRS)
    pids = view.pids()
    replace(view, [([BEN], item("b1", BEN, "7"))], 2)
    assert asking.outcome is None, "the query was over before the change came"
    answer = asking.wait()
    assert isinstance(answer, Answer)
    assert answer.epoch == 1
    assert view.is_current(answer)
    assert view.pids() == pids
    for _ in range(4):  # the worker that was running has caught up
        assert evaluate(view).epoch == 2
        assert len(ask(view)) == 202


def test_a_withdrawal_makes_an_answer_that_is_not_out_yet_a_stale_one() -> None:
    view = hosted(CROWD)
    answer = evaluate(view)
    assert view.is_current(answer)
    replace(view, [([ANN], set())], 2)
    assert not view.is_current(answer)


def test_a_query_that_is_overtaken_again_and_again_is_given_up() -> None:
    view = hosted(CROWD)
    asking, epoch = Asking(view, ENDLESS), 1
    while asking.outcome is None:
        epoch += 1
        replace(view, [([BEN], item(f"b{epoch}", BEN, "1"))], epoch)
        sleep(0.02)
    assert isinstance(asking.outcome, ViewChanging)


def test_closing_a_view_ends_what_is_running() -> None:
    view = hosted(CROWD)
    asking, pids = Asking(view, ENDLESS), view.pids()
    view.close()
    assert isinstance(asking.wait(), ViewClosed)
    assert until(lambda: not any(map(is_running, pids)))


def test_when_all_workers_run_one_is_not_kept_waiting_for_long() -> None:
    view = hosted(CROWD)
    running = [Asking(view, ENDLESS, Limits(seconds=4)) for _ in range(2)]
    with pytest.raises(ViewBusy):
        ask(view)
    for asking in running:
        assert isinstance(asking.wait(), AnswerTooSlow)
    assert len(ask(view)) == 200


def test_no_process_of_a_view_is_where_a_network_is() -> None:
    ours = Path("/proc/self/ns/net").readlink()
    view = hosted()
    for pid in view.pids():
        assert Path(f"/proc/{pid}/ns/net").readlink() != ours


def test_a_query_reaches_nobody_over_the_network() -> None:
    """The guard refuses SERVICE; this is what happens if it ever should not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1)
        port = server.getsockname()[1]
        text = f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}"
        Thread(target=lambda: Asking(hosted(), text), daemon=True).start()
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_host_holds_no_descriptor_but_its_pipe_and_the_standard_streams() -> None:
    view = hosted()
    host, *workers = view.pids()
    assert len(descriptors(host)) == 4
    for worker in workers:
        assert until(partial(is_confined, worker)), descriptors(worker)


def is_confined(worker: int) -> bool:
    found = descriptors(worker)
    is_pipe = found[3:4] != [] and found[3].startswith("socket:")
    return is_pipe and found[:3] + found[4:] == ["/dev/null"] * 3 + [f"/proc/{worker}/statm"]


CONFINED = """
import os, socket, sys
from databackpack.service.views.confinement import Confinement
from databackpack.service.views.view import Limits
pipe = os.dup(1)
confinement = Confinement(pipe)
found = []
for attempt in (
    lambda: os.open("/etc/hostname", os.O_RDONLY),
    lambda: socket.socket(),
    lambda: socket.socketpair(),
    lambda: os.pipe(),
    lambda: os.dup(3),
):
    try:
        attempt()
        found.append("done")
    except OSError as error:
        found.append(os.strerror(error.errno))
confinement.begin(Limits(memory=64 * 1024 * 1024))
try:
    bytearray(128 * 1024 * 1024)
    found.append("done")
except MemoryError:
    found.append("MemoryError")
found.append(str(confinement.end()))
bytearray(128 * 1024 * 1024)
os.write(3, "\\n".join(found).encode())
"""


def test_a_confined_process_opens_no_file_and_no_socket_and_takes_no_more_than_its_memory() -> None:
    command = [sys.executable, "-c", CONFINED]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    assert done.stdout.decode().splitlines() == ["Too many open files"] * 5 + [
        "MemoryError",
        "True",
    ]


def descriptors(pid: int) -> list[str]:
    links = sorted(Path(f"/proc/{pid}/fd").iterdir(), key=lambda link: int(link.name))
    return [str(link.readlink()) for link in links]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


KEPT = """
import os
from databackpack.service.views.confinement import Confinement
from databackpack.service.views.view import Limits
confinement = Confinement(os.dup(1))
confinement.begin(Limits())
used = [bytes(1000) for _ in range(100_000)]
last = bytes(1000)
del used
found = confinement.end(), confinement.keeps, confinement.give_back(), confinement.keeps
os.write(3, repr(found).encode())
"""


def test_memory_that_a_query_took_is_kept_between_queries_and_given_back_at_rest() -> None:
    done = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, check=True)  # noqa: S603
    assert done.stdout.decode() == "(True, True, True, False)"
