"""Attacks on a service over its socket, and what bystanders notice of them."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from threading import Event, Thread
from time import monotonic, sleep

from tests.serving import Served, until
from tests.web.asking import Response

__all__ = [
    "ATTACKER",
    "BYSTANDERS",
    "DUMP",
    "Asking",
    "check_answered",
    "check_memory",
    "flooding",
    "sent",
]

ATTACKER = "teacher"
BYSTANDERS = ("teacher", "state-agency")
DUMP = "CONSTRUCT WHERE { ?s ?p ?o }"
SOON = 1.0
"""Seconds within which the next request is answered: a promise, taken as the median of some."""

_MARGIN = 128 * 1024 * 1024
"""Bytes of memory that may be taken by more of the same: what workers and threads keep."""


class Asking(Thread):
    """One request of the attacker, in a thread of its own."""

    def __init__(self, served: Served, text: str) -> None:
        super().__init__(daemon=True)
        self._served, self._text = served, text
        self.answer: Response | None = None
        self.start()

    def run(self) -> None:
        self.answer = self._served.query(ATTACKER, self._text, "*/*")

    def wait(self) -> Response:
        """Return the answer."""
        self.join(60)
        assert self.answer is not None, "there never was an answer"
        return self.answer


def check_answered(served: Served, persona: str, *, is_going_on: Callable[[], bool]) -> None:
    """*persona* is answered soon, for some seconds at most while *is_going_on*."""
    seconds: list[float] = []
    end = monotonic() + 3
    while len(seconds) < 5 or (is_going_on() and monotonic() < end):
        begin = monotonic()
        answer = served.query(persona, "ASK {}")
        seconds.append(monotonic() - begin)
        assert answer.status == 200, (persona, answer.status, answer.body)
        sleep(0.02)
    assert median(seconds) < SOON, f"{persona} is answered after {median(seconds):.2f} s"


def check_memory(served: Served, before: int) -> None:
    """All processes together take no more than before, but for a margin."""
    assert until(lambda: served.memory() < before + _MARGIN, 15), (
        f"{served.memory() >> 20} MB for {before >> 20} MB before: {served.processes()}"
    )


@contextmanager
def flooding(served: Served, text: str, clients: int = 24) -> Iterator[Counter[int]]:
    """Let *clients* of the attacker send *text* over and over; give the statuses they get."""
    met: Counter[int] = Counter()
    is_over = Event()

    def run() -> None:
        while not is_over.is_set():
            answer = served.query(ATTACKER, text, "*/*")
            met[answer.status] += 1
            if answer.status == 503:
                assert int(answer.headers["retry-after"]) > 0

    threads = [Thread(target=run, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        sleep(0.5)
        yield met
    finally:
        is_over.set()
        for thread in threads:
            thread.join(60)


@contextmanager
def sent(
    served: Served, text: str, times: int, part: float = 1, pause: float = 0
) -> Iterator[list[socket.socket]]:
    """Give *times* connections of the attacker that sent *part* of a request and read nothing.

    Each is opened *pause* seconds after the one before.
    """
    headers = served.headers(ATTACKER, "application/n-triples") | {
        "Host": "127.0.0.1",
        "Content-Type": "application/sparql-query",
        "Content-Length": str(len(text)),
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    whole = "\r\n".join(["POST /sparql HTTP/1.1", *lines, "", text]).encode()
    connections: list[socket.socket] = []
    try:
        for _ in range(times):
            connections.append(socket.create_connection(("127.0.0.1", served.port)))
            connections[-1].sendall(whole[: round(len(whole) * part)])
            sleep(pause)
        yield connections
    finally:
        for connection in connections:
            connection.close()
