"""How long a family's change takes from request to acknowledged in all views, and how it wears.

python -m tests.bench.changes [COPIES [TIMES]]   at 600 x COPIES and 600 x TIMES x COPIES
                                                 learners; 12 are 2 million triples
"""

import sys

from flask.testing import FlaskClient

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BPA
from tests.bench.world import milliseconds, serving, timed
from tests.running import Running

PERSONAS = ("state-agency", "district", "teacher", "other-school-teacher", "researcher", "guardian")
CHANGES = 300


def main(copies: int = 12, times: int = 5) -> None:
    """Print the table."""
    print("| learners | triples, largest view | views | p50, ms | p99, ms |\n|---|---|---|---|---|")
    found = []
    for number in (copies, copies * times):
        with serving(number) as running:
            found.append(changing(running))
    print(f"\nThe second ÷ the first: p50 {found[1][0] / found[0][0]:.2f}, ", end="")
    print(f"p99 {found[1][1] / found[0][1]:.2f}")


def changing(running: Running) -> tuple[float, float]:
    """Print and return the median and the 99th percentile, with the view of every persona live."""
    client = running.app.test_client()
    for persona in PERSONAS:
        answer = client.get("/sparql?query=ASK{}", headers=running.headers(persona))
        assert answer.status_code == 200, answer.text
    words = ((cell, level) for level in ("none", "full") for cell in cells(running, client))

    def change() -> None:
        (path, headers), level = next(words)
        answer = client.put(path, json={"level": level}, headers=headers)
        assert answer.status_code == 200, answer.text

    half, most = milliseconds(timed(change, CHANGES))
    views = running.context.views
    largest = max(len(live.view) for live in views.live())
    learners = len(views.learners())
    print(f"| {learners} | {largest} | {len(PERSONAS)} | {half:.1f} | {most:.1f} |", flush=True)
    return half, most


def cells(running: Running, client: FlaskClient) -> list[tuple[str, dict[str, str]]]:
    """Return where CHANGES / 2 guardians have a say, each about one child of theirs."""
    found: list[tuple[str, dict[str, str]]] = []
    for audience in running.context.views.audiences():
        if len(found) == CHANGES // 2:
            break
        if audience.role != BPA.guardian:
            continue
        headers = running.headers(local_name(audience.iri))
        children = client.get("/me", headers=headers).get_json()["learners"]
        if children:
            found.append((f"/learners/{children[0]}/policy/progress/state-agency", headers))
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
