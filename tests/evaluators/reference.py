"""The evaluator in use, asked as the other two are."""

from collections.abc import Sequence

from databackpack.service.policy.decide import decide
from tests.evaluators import places
from tests.evaluators.case import Answers, Case, Key

__all__ = ["evaluate"]


def evaluate(cases: Sequence[Case]) -> Answers:
    """Return what ``decide`` answers on *cases*."""
    found: dict[Key, int] = {}
    for number, case in enumerate(cases):
        law = places.value(case.place)
        for place, request in enumerate(case.requests):
            made = decide(
                case.statements,
                law,
                request.audience,
                request.purpose,
                request.moment,
                case.emergencies,
            )
            for category in case.categories:
                found[number, place, str(category)] = int(made[category].level)
    return found
