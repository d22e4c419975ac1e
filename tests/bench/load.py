"""Load: many clients, each a process of its own, ask a service as it runs for people.

    python -m tests.bench.load [SECONDS] [CLIENTS]     60 seconds and 32 clients unless told

Each client is of one audience and never rests but when it is told to (429, 503). Four requests of
five are about one item, the fifth is analytic: a question of the catalogue or a count over all.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.parse import urlencode

from databackpack import queries
from tests.bench.world import milliseconds
from tests.serving import Served, build
from tests.web.asking import Response

__all__ = ["PERSONAS", "Report", "run", "serve"]

PERSONAS = (
    *("state-agency", "district", "teacher"),
    *("other-school-teacher", "researcher", "guardian"),
)
KINDS = ("point", "analytic"), (4, 1)
_CLIENT = Path(__file__).with_name("client.py")
_ITEMS = """PREFIX bp: <https://w3id.org/databackpack/ns#>
SELECT ?item { ?item bp:isRecordOf ?learner } ORDER BY ?item LIMIT 200"""
_COUNT = "SELECT ?class (COUNT(*) AS ?n) { ?item a ?class } GROUP BY ?class ORDER BY DESC(?n)"
_LOOK = 1.0
"""Seconds between two looks at memory: each takes the system some milliseconds a process."""

_PATIENCE = 120.0

Ask = tuple[str, str, str | None]
"""Its kind, the path, and the query when it is sent as a body."""


@dataclass(frozen=True)
class Report:
    """What all clients met, as kind, status and seconds, and the bytes at each look."""

    met: list[tuple[str, int, float]]
    memory: list[int]
    seconds: float
    told: str

    @property
    def statuses(self) -> Counter[int]:
        """How often each status came."""
        return Counter(status for _, status, _ in self.met)

    @property
    def quarters(self) -> tuple[float, float]:
        """The median bytes of all processes in the first quarter and in the last one."""
        part = max(1, len(self.memory) // 4)
        return median(self.memory[:part]), median(self.memory[-part:])

    def print(self) -> None:
        """Print the figures as a table."""
        print("| kind | answered | p50, ms | p99, ms |\n|---|---|---|---|")
        for kind in sorted({kind for kind, _, _ in self.met}):
            seconds = [taken for name, status, taken in self.met if (name, status) == (kind, 200)]
            half, most = milliseconds(seconds)
            print(f"| {kind} | {len(seconds)} | {half:.1f} | {most:.1f} |")
        print(f"\n{len(self.met) / self.seconds:.0f} requests/s; by status {dict(self.statuses)}")
        first, last = self.quarters
        print(f"memory: first quarter {first / 2**20:.0f} MB, last {last / 2**20:.0f} MB")


def serve(folder: Path, learners: int) -> Served:
    """Return a running service over *learners*, with all its views built and asked."""
    (folder / "built").mkdir()
    build(folder / "built", learners)
    served = Served(folder / "built", folder / "served")
    served.start()
    return served


def run(served: Served, seconds: float, clients: int) -> Report:
    """Return what *clients* met in *seconds*, after each audience has asked everything twice."""
    asks = {persona: _asks(served, persona) for persona in PERSONAS}
    for persona, mine in asks.items():
        _warm(served, persona, mine["analytic"] * 2)
    begin = monotonic() + 1 + clients / 16
    children = []
    for number in range(clients):
        persona = PERSONAS[number % len(PERSONAS)]
        job = {
            **asks[persona],
            "kinds": KINDS,
            "headers": served.headers(persona, "*/*"),
            "port": served.port,
            "seed": number,
            "begin": begin,
            "end": begin + seconds,
        }
        children.append(_start(json.dumps(job)))
    memory = _watch(served, begin, seconds)
    met: list[tuple[str, int, float]] = []
    told = ""
    for child in children:
        out, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
        met += [(kind, status, taken) for kind, status, taken in json.loads(out)]
        told += errors
    return Report(met, memory, seconds, told)


def _start(job: str) -> "subprocess.Popen[str]":
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-S", str(_CLIENT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    child.stdin.write(job)
    child.stdin.close()
    child.stdin = None  # communicate would flush it
    return child


def _watch(served: Served, begin: float, seconds: float) -> list[int]:
    """Return the bytes of all processes at each look from *begin* on."""
    sleep(max(0.0, begin - monotonic()))
    found = []
    while monotonic() < begin + seconds:
        found.append(served.memory())
        sleep(_LOOK)
    return found


def _asks(served: Served, persona: str) -> dict[str, list[Ask]]:
    """Return what *persona* asks, by kind."""
    rows = _patiently(lambda: served.query(persona, _ITEMS)).json["results"]["bindings"]
    items = [row["item"]["value"] for row in rows]
    assert items, f"{persona} sees no item"
    role = "teacher" if persona.endswith("teacher") else persona
    questions: list[Ask] = []
    for name in queries.names():
        question = queries.read(name)
        if role in question.roles:
            given = urlencode({p.name: p.example for p in question.parameters})
            questions.append((name, f"/questions/{name}?{given}", None))
    points: list[Ask] = []
    for item in items:
        points += [
            ("an item's triples", "/sparql", f"SELECT ?p ?o {{ <{item}> ?p ?o }}"),
            ("an item described", "/sparql", f"DESCRIBE <{item}>"),
        ]
    return {"point": points, "analytic": [*questions, ("a count over all", "/sparql", _COUNT)]}


def _warm(served: Served, persona: str, asks: Iterable[Ask]) -> None:
    headers = served.headers(persona, "*/*")
    for _, path, text in asks:
        if text is None:
            _patiently(partial(served.send, "GET", path, headers))
        else:
            _patiently(partial(served.query, persona, text))


def _patiently(send: Callable[[], Response]) -> Response:
    """Return the answer, asked for again while views are being built."""
    end = monotonic() + _PATIENCE
    while (answer := send()).status in (429, 503) and monotonic() < end:
        sleep(0.5)
    assert answer.status == 200, (answer.status, answer.body)
    return answer


def main(seconds: int = 60, clients: int = 32) -> None:
    """Print the figures; exit with 1 when anything but 200, 429 and 503 came."""
    with TemporaryDirectory(prefix="databackpack-load-") as name:
        served = serve(Path(name), 600)
        try:
            report = run(served, seconds, clients)
            assert served.stop() == 0
        finally:
            served.close()
    report.print()
    print(report.told, end="", file=sys.stderr)
    sys.exit(0 if set(report.statuses) <= {200, 429, 503} else 1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
