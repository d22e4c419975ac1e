"""What one decision costs, and what each more statement adds; and the two evaluators of the tests.

``make bench`` prints it. A decision is on one learner for one audience: all categories at once.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from itertools import islice
from statistics import median
from time import perf_counter

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPA, DPV, ID
from databackpack.service.policy import jurisdiction, profile
from databackpack.service.policy.decide import decide
from databackpack.service.policy.model import (
    Agreement,
    Audience,
    Emergency,
    Level,
    Statement,
)
from databackpack.service.rights.setting import MOST_EVENTS
from tests.evaluators import large
from tests.evaluators.comparison import EVALUATORS, batches, count
from tests.policy import words
from tests.policy.words import DAY, NOON

TARGET = 1.0
"""Milliseconds that a decision on 20 statements may take."""
CATEGORIES = concepts(BP.CategoryScheme)
PURPOSE = DPV.AcademicResearch
IRI = ID["audience/researcher-bench"]


def main() -> None:
    """Print the tables."""
    statements_table()
    evaluators_table()


def statements_table() -> None:
    """Print what a decision takes with ever more statements, plain and with all that may bear."""
    place, agreed, emergency = jurisdiction.read("us-default"), _agreed(), _emergency()

    def run(audience: Audience, said: list[Statement], declared: Collection[Emergency]) -> float:
        return 1000 * _seconds(lambda: decide(said, place, audience, PURPOSE, NOON, declared))

    print("One decision over all categories, median\n")
    print(
        "| statements | by law and words, ms | with agreements and emergency, ms |\n|---|---|---|"
    )
    slowest = {}
    for number in (0, 20, MOST_EVENTS, 10_000):
        said = _statements(number)
        plain, full = run(_audience(()), said, ()), run(_audience(agreed), said, (emergency,))
        slowest[number] = max(plain, full)
        print(f"| {number:,} | {plain:.3f} | {full:.3f} |")
    verdict = "under" if slowest[20] < TARGET else "OVER"
    print(f"\nOn 20 statements {slowest[20]:.3f} ms: {verdict} the target of {TARGET:g} ms.")
    one = words.statement(purpose=PURPOSE)
    graph = profile.write(one)
    print(f"Reading one policy: {1000 * _seconds(lambda: profile.read(graph, one.iri)):.3f} ms.\n")


def evaluators_table() -> None:
    """Print what each of the three evaluators takes for one decision on one category."""
    cases = list(islice(large.cases(1, 60), 60))
    print("| evaluator | µs a decision on one category |\n|---|---|")
    for name, evaluate in EVALUATORS.items():
        begin = perf_counter()
        for batch in batches(cases):
            evaluate(batch)
        print(f"| {name} | {(perf_counter() - begin) / count(cases) * 1e6:.0f} |")
    print()


def _statements(number: int) -> list[Statement]:
    parties, purposes = (IRI, BPA.researcher), (None, PURPOSE, DPV.ResearchAndDevelopment)
    return [
        words.statement(
            place,
            category=CATEGORIES[place % len(CATEGORIES)],
            audience=parties[place % 2],
            level=Level(place % 4),
            purpose=purposes[place % 3],
            until=NOON + DAY,
        )
        for place in range(number)
    ]


def _audience(agreements: tuple[Agreement, ...]) -> Audience:
    return Audience(IRI, BPA.researcher, IRI, frozenset({PURPOSE}), BP.EveryLearner, agreements)


def _agreed() -> tuple[Agreement, ...]:
    return tuple(
        Agreement(
            iri=ID[f"agreement/{place}"],
            kind=kind,
            audience=IRI,
            purposes=frozenset({DPV.ResearchAndDevelopment}),
            categories=frozenset(CATEGORIES),
            organizations=frozenset(),
            level=Level.FULL,
            since=NOON - DAY,
            until=NOON + DAY,
        )
        for place, kind in enumerate(concepts(BP.AgreementKindScheme))
    )


def _emergency() -> Emergency:
    span = NOON - timedelta(hours=1), NOON + timedelta(hours=71)
    return Emergency(ID["emergency/bench"], IRI, frozenset(CATEGORIES), *span)


def _seconds(action: Callable[[], object], least: float = 0.3) -> float:
    """Return the median seconds of *action*, run for at least that long."""
    action()
    found: list[float] = []
    while sum(found) < least or len(found) < 5:
        begin = perf_counter()
        action()
        found.append(perf_counter() - begin)
    return median(found)


if __name__ == "__main__":
    main()
