"""Whether time tells what others hold: a predicate of other views against one of nowhere.

    python -m tests.bench.isolation [ROUNDS]

Both are asked for in turns, so that both meet the same noise; the figure is the ratio of medians.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlencode

import pyoxigraph as ox

from databackpack.service.records.terms import text
from databackpack.service.views.view import QueryOperation, View
from tests.running import Running, run_sample

__all__ = ["HIDDEN_FROM", "Probe", "at_the_view", "connected", "probe", "ratio", "through"]

ROUNDS = 2_000
HIDDEN_FROM, HELD_BY = "state-agency", ("teacher", "district", "guardian")
_FORMATS = ox.QueryResultsFormat.JSON, ox.RdfFormat.N_TRIPLES


@dataclass(frozen=True)
class Probe:
    """A view, and two queries: for what only other views hold, and for what nobody holds."""

    view: View
    hidden: str
    nowhere: str


def main(rounds: int = ROUNDS) -> None:
    """Print the row of a table."""
    with TemporaryDirectory() as folder:
        running = run_sample(Path(folder))
        asked = probe(running)
        print("| ASK { ?s <p> ?o }, p of other views only ÷ p of nowhere | ratio |\n|---|---|")
        directly = partial(at_the_view, asked.view)
        print(
            f"| at the view, {rounds} rounds | {ratio(directly, asked, rounds):.3f} |", flush=True
        )
        with running.listening() as address, connected(address) as connection:
            over_http = partial(through, connection, running.headers(HIDDEN_FROM))
            print(f"| over HTTP, {rounds} rounds | {ratio(over_http, asked, rounds):.3f} |")


def probe(running: Running) -> Probe:
    """Return what to ask as HIDDEN_FROM, whose view holds nothing with the predicate."""
    held = [_predicates(running, persona) for persona in (HIDDEN_FROM, *HELD_BY)]
    hidden = min(set.union(*held[1:]) - held[0])
    nowhere = hidden[:-8] + "Q" * 8
    assert nowhere not in set.union(*held)
    view = _view(running, HIDDEN_FROM)
    return Probe(view, f"ASK {{ ?s <{hidden}> ?o }}", f"ASK {{ ?s <{nowhere}> ?o }}")


def ratio(ask: Callable[[str], bytes], asked: Probe, rounds: int) -> float:
    """Return the median time of *hidden* ÷ that of *nowhere*, the first of each round drawn."""
    random = Random(1)  # noqa: S311
    seconds: dict[str, list[float]] = {asked.hidden: [], asked.nowhere: []}
    for query in (asked.hidden, asked.nowhere) * 20:
        assert b"false" in ask(query)
    for _ in range(rounds):
        for query in random.sample([asked.hidden, asked.nowhere], 2):
            begin = perf_counter()
            ask(query)
            seconds[query].append(perf_counter() - begin)
    return median(seconds[asked.hidden]) / median(seconds[asked.nowhere])


def at_the_view(view: View, query: str) -> bytes:
    """Return the view's answer to *query*."""
    return view.evaluate(QueryOperation(query, *_FORMATS)).body


@contextmanager
def connected(address: str) -> Iterator[HTTPConnection]:
    """Give a connection to the service at *address*."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=60)
    yield connection
    connection.close()


def through(connection: HTTPConnection, headers: dict[str, str], query: str) -> bytes:
    """Return the service's answer to *query*."""
    connection.request("GET", f"/sparql?{urlencode({'query': query})}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


def _predicates(running: Running, persona: str) -> set[str]:
    lines = b"".join(_view(running, persona).dump())
    return {text(quad.predicate) for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)}


def _view(running: Running, persona: str) -> View:
    audience = running.context.views.audience(running.audience(persona))
    (purpose,) = audience.purposes
    return running.context.views.view(audience, purpose)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
