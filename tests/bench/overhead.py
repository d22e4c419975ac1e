"""What policy costs: an enforced view against the bare engine over the same triples, in one run.

``make bench`` prints a table. The figures are ratios, so that they mean the same on any machine;
the times beside them are of the machine that ran it.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import pyoxigraph as ox

from databackpack import queries
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.records.terms import to_ox
from tests.running import Running, run_sample

ROUNDS = 15
LEARNERS = 600
DUMP = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


def main() -> None:
    """Print the tables."""
    with TemporaryDirectory() as folder:
        running = run_sample(Path(folder), LEARNERS)
        queries_table(running)
        changes_table(running)


def queries_table(running: Running) -> None:
    """Print, for each catalogue question, gate and view ÷ bare engine, as the state agency."""
    views = running.context.views
    audience = views.audience(running.audience("state-agency"))
    (purpose,) = audience.purposes
    credential = Credential("bench", audience, purpose)
    formats = ox.QueryResultsFormat.JSON, ox.RdfFormat.N_TRIPLES
    dump = answer(views, credential, QueryRequest(DUMP), *formats).body
    bare = ox.Store()
    bare.bulk_load(dump, format=ox.RdfFormat.N_TRIPLES)
    print(f"State agency, {len(bare)} triples, {LEARNERS} learners, median of {ROUNDS}\n")
    print("| question | bare engine, ms | through the gate, ms | ratio |\n|---|---|---|---|")
    ratios = []
    for name in queries.names():
        question = queries.read(name)
        if "state-agency" not in question.roles:
            continue
        terms = question.bind({p.name: p.example for p in question.parameters})
        substitutions = {ox.Variable(key): to_ox(term) for key, term in terms.items()} or None

        def ask_bare(text: str = question.text, bound: object = substitutions) -> None:
            result = bare.query(text, substitutions=bound)  # type: ignore[arg-type]
            if isinstance(result, ox.QueryTriples):
                result.serialize(format=formats[1])
            else:
                result.serialize(format=formats[0])

        def ask_gate(text: str = question.text, bound: object = terms) -> None:
            request = QueryRequest(text, bindings=bound)  # type: ignore[arg-type]
            answer(views, credential, request, *formats)

        engine, gate = alternate(ask_bare, ask_gate)
        ratios.append(gate / engine)
        print(f"| {name} | {engine * 1000:.2f} | {gate * 1000:.2f} | {ratios[-1]:.2f} |")
    print(f"\nMedian ratio: {median(ratios):.3f}\n")


def changes_table(running: Running) -> None:
    """Print how long a family's PUT takes with one live view and with six."""
    client = running.app.test_client()
    guardian = running.headers("guardian")
    child = client.get("/me", headers=guardian).get_json()["learners"][0]

    def put(level: str) -> None:
        path = f"/learners/{child}/policy/progress/state-agency"
        assert client.put(path, json={"level": level}, headers=guardian).status_code == 200

    def change(personas: list[str]) -> float:
        for persona in personas:
            client.get("/sparql?query=ASK{}", headers=running.headers(persona))
        return median(timed(lambda: put("none")) + timed(lambda: put("full")))

    one = change(["state-agency"])
    five = change(["district", "teacher", "other-school-teacher", "researcher"])
    print(f"A family's change until acknowledged: {one * 1000:.1f} ms with one live view, ", end="")
    print(f"{five * 1000:.1f} ms with five, ratio {five / one:.2f}")


def alternate(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Return the median seconds of each, taken in turns so that both meet the same noise."""
    one()
    other()
    pairs = [(*timed(one, 1), *timed(other, 1)) for _ in range(ROUNDS)]
    return median(first for first, _ in pairs), median(second for _, second in pairs)


def timed(action: Callable[[], None], times: int = ROUNDS) -> list[float]:
    """Return the seconds that each of *times* runs of *action* took."""
    found = []
    for _ in range(times):
        begin = perf_counter()
        action()
        found.append(perf_counter() - begin)
    return found


if __name__ == "__main__":
    main()
