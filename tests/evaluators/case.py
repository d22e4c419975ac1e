"""What evaluators are asked: cases, each a learner's words on record and requests about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rdflib import URIRef

from databackpack.service.policy.model import Audience, Emergency, Statement

__all__ = ["Answers", "Case", "Evaluator", "Key", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, for which purpose, when."""

    audience: Audience
    purpose: URIRef
    moment: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One learner in the jurisdiction called *place*, and what is asked about *categories*."""

    learner: URIRef
    place: str
    categories: Sequence[URIRef]
    statements: tuple[Statement, ...]
    requests: Sequence[Request]
    emergencies: tuple[Emergency, ...] = ()


Key = tuple[int, int, str]
"""Which case, which of its requests, which category."""

Answers = Mapping[Key, int]
"""The rank of the level of each: 0 is None, 3 is Full."""

Evaluator = Callable[[Sequence[Case]], Answers]
