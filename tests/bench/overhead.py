"""What policy costs: an enforced view against the bare engine over the same triples, in one run.

The bare engine is loaded with what the view is filled with, in the same order, which by itself
makes a query up to a third faster or slower.

    python -m tests.bench.overhead [COPIES]     600 x COPIES learners; 12 are 2 million triples

The figures are ratios, so that they mean the same on any machine; the times beside them are of
the machine that ran it. Queries and rounds are taken in turns, so that both meet the same noise.
"""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from http.client import HTTPConnection
from multiprocessing import get_context
from statistics import median
from threading import Thread
from time import perf_counter, sleep
from unittest.mock import patch
from urllib.parse import urlencode

import pyoxigraph as ox
from rdflib import Literal, URIRef

from databackpack import queries
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.records.terms import Term, text, to_ox
from databackpack.service.views import public
from databackpack.service.views.engine import to_n_triples
from databackpack.service.views.hosted import HostedView
from tests.bench.world import milliseconds, serving, timed
from tests.running import Running

ROUNDS = 15
CLIENTS, REQUESTS, PAUSE = 8, 200, 0.1
FORMATS = ox.QueryResultsFormat.JSON, ox.RdfFormat.N_TRIPLES
PREFIXES = "PREFIX bp: <https://w3id.org/databackpack/ns#> "
POINT = PREFIXES + "SELECT ?p ?o {{ <{item}> ?p ?o }}"
OWN = {
    "one learner's items by class": "SELECT ?t (COUNT(*) AS ?n) {{ ?x bp:isRecordOf <{learner}> ; "
    "a ?t }} GROUP BY ?t",
    "items by class and holder": "SELECT ?t ?h (COUNT(DISTINCT ?who) AS ?n) "
    "{{ ?x a ?t ; bp:isHeldBy ?h ; bp:isRecordOf ?who }} GROUP BY ?t ?h",
    "an item described": "DESCRIBE <{item}>",
}
Bindings = Mapping[str, URIRef | Literal]
Asked = tuple[str, Bindings]


def main(copies: int = 12) -> None:
    """Print the tables."""
    with serving(copies) as running:
        bare = engine(running)
        print(f"State agency, {len(bare)} triples, median of {ROUNDS}\n", flush=True)
        at_the_gate(running, bare)
        over_http(running, bare)


def engine(running: Running) -> ox.Store:
    """Return a bare store of just the triples that the state agency's view holds."""
    bare, fill = ox.Store(), HostedView.fill
    bare.bulk_load(to_n_triples(public.vocabulary()), format=ox.RdfFormat.N_TRIPLES)

    def fill_both(view: HostedView, n_triples: bytes) -> None:
        bare.bulk_load(n_triples, format=ox.RdfFormat.N_TRIPLES)
        fill(view, n_triples)

    views = running.context.views
    audience = views.audience(running.audience("state-agency"))
    (purpose,) = audience.purposes
    with patch.object(HostedView, "fill", fill_both):
        view = views.view(audience, purpose)
    assert len(view) == len(bare)
    return bare


def fourteen(bare: ox.Store) -> dict[str, Asked]:
    """Return the catalogue's questions for a state agency, and three that researchers write."""
    found: dict[str, Asked] = {}
    for name in queries.names():
        question = queries.read(name)
        if "state-agency" in question.roles:
            bindings = question.bind({p.name: p.example for p in question.parameters})
            found[name] = question.text, bindings
    names = some(bare)
    return found | {name: (PREFIXES + query.format(**names), {}) for name, query in OWN.items()}


def some(bare: ox.Store) -> dict[str, str]:
    """Return the names of an item of the view and of its learner."""
    predicate = ox.NamedNode("https://w3id.org/databackpack/ns#isRecordOf")
    quad = next(bare.quads_for_pattern(None, predicate, None))
    return {"item": text(quad.subject), "learner": text(quad.object)}


def at_the_gate(running: Running, bare: ox.Store) -> None:
    """Print, for each query, gate, view and worker ÷ bare engine."""
    views = running.context.views
    audience = views.audience(running.audience("state-agency"))
    (purpose,) = audience.purposes
    credential = Credential("bench", audience, purpose)
    print("| query | bare engine, ms | through gate and worker, ms | ratio |\n|---|---|---|---|")
    ratios = []
    for name, asked in fourteen(bare).items():
        request = QueryRequest(asked[0], bindings=asked[1])
        through = partial(answer, views, credential, request, *FORMATS)
        for _ in range(4):
            through()  # both workers have met it, and their pages are their own
        alone, enforced = alternate(partial(ask, bare, *asked), through)
        ratios.append(enforced / alone)
        print(f"| {name} | {alone * 1000:.2f} | {enforced * 1000:.2f} | {ratios[-1]:.2f} |")
    print(f"\nMedian ratio of {len(ratios)} queries: {median(ratios):.3f}\n", flush=True)


def ask(store: ox.Store, query: str, bindings: Bindings) -> bytes | None:
    """Return the serialized answer of the bare engine."""
    terms: dict[ox.Variable, Term] = {ox.Variable(k): to_ox(v) for k, v in bindings.items()}
    result = store.query(query, substitutions=terms or None)
    if isinstance(result, ox.QueryTriples):
        return result.serialize(format=FORMATS[1])
    return result.serialize(format=FORMATS[0])


def alternate(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of each, taken in turns."""
    pairs = [(*timed(one, 1), *timed(other, 1)) for _ in range(ROUNDS)]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def over_http(running: Running, bare: ox.Store) -> None:
    """Print what a point query takes through HTTP beyond the bare engine, with many clients."""
    query = POINT.format(item=some(bare)["item"])
    alone, _ = milliseconds(timed(lambda: ask(bare, query, {}), 500))
    path = f"/sparql?{urlencode({'query': query})}"
    print(f"A point query, {CLIENTS} clients, ms above the bare engine's {alone:.2f}\n")
    print("| each client | p50 | p99 | requests/s |\n|---|---|---|---|")
    with (
        running.listening() as address,
        ProcessPoolExecutor(1, get_context("spawn")) as elsewhere,  # not the server's interpreter
    ):
        port = int(address.rpartition(":")[2])
        for pause, words in ((PAUSE, f"asks {1 / PAUSE:.0f} times a second"), (0, "never rests")):
            begin = perf_counter()
            headers = running.headers("state-agency")
            seconds = elsewhere.submit(hammer, port, path, headers, pause).result()
            rate = len(seconds) / (perf_counter() - begin)
            half, most = milliseconds(seconds)
            print(f"| {words} | {half - alone:.1f} | {most - alone:.1f} | {rate:.0f} |", flush=True)


def hammer(port: int, path: str, headers: dict[str, str], pause: float) -> list[float]:
    """Return the seconds of each answer that CLIENTS clients got."""
    found: list[float] = []

    def client(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        sleep(pause * number / CLIENTS)
        for _ in range(REQUESTS):
            begin = perf_counter()
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            found.append(perf_counter() - begin)
            assert response.status == 200
            sleep(max(0.0, pause - found[-1]))
        connection.close()

    threads = [Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
