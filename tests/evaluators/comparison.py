"""Asking all three evaluators the same, and telling where they differ."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from databackpack.service.policy.model import Level
from tests.evaluators import cedar, reference, sparql
from tests.evaluators.case import Answers, Case, Evaluator, Key

__all__ = ["BATCH", "EVALUATORS", "batches", "compare", "count", "differences"]

EVALUATORS: Mapping[str, Evaluator] = {
    "decide": reference.evaluate,
    "SPARQL": sparql.evaluate,
    "Cedar": cedar.evaluate,
}
BATCH = 120
"""How many cases one store and one SPARQL query take at once."""


def compare(cases: Iterable[Case]) -> int:
    """Return how many decisions all three made alike; fails at the first on which they differ."""
    made = 0
    for batch in batches(cases):
        answers = {name: evaluate(batch) for name, evaluate in EVALUATORS.items()}
        for name, given in answers.items():
            for key in differences(batch, answers["decide"], given):
                levels = {other: answers[other].get(key) for other in answers}
                raise AssertionError(f"{name} differs: {_tell(batch, key, levels)}")
        made += len(answers["decide"])
    return made


def differences(cases: Sequence[Case], one: Answers, other: Answers) -> list[Key]:
    """Return the decisions on which two differ; one that either leaves out is such a decision."""
    asked = {
        (number, place, str(category))
        for number, case in enumerate(cases)
        for place, _ in enumerate(case.requests)
        for category in case.categories
    }
    every = sorted(asked | one.keys() | other.keys())
    return [key for key in every if key not in asked or one.get(key, -1) != other.get(key, -2)]


def count(cases: Iterable[Case]) -> int:
    """Return how many decisions *cases* ask for."""
    return sum(len(case.requests) * len(case.categories) for case in cases)


def batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """Give *cases* in lists of at most BATCH."""
    rest = iter(cases)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _tell(cases: Sequence[Case], key: Key, levels: Mapping[str, int | None]) -> str:
    number, place, category = key
    case = cases[number]
    said = "".join(f"\n  {statement}" for statement in case.statements)
    given = ", ".join(
        f"{name} says {'nothing' if rank is None else Level(rank).notation}"
        for name, rank in levels.items()
    )
    told = (
        f"{given}\non {category} in {case.place}, asked by\n  {case.requests[place]}\nsaid:{said}"
        f"\nemergencies: {case.emergencies}"
    )
    return re.sub(r"rdflib\.term\.URIRef\('([^']*)'\)", r"<\1>", told)
