"""The small domain, wholly: each word a family can say, and sets of up to three of them.

A word is a category, an audience, a level, a purpose and a span of time. Of the three categories a
family may lower one, the law fixes one, and one has no rule. One word by itself is asked about at
each turn of its time, by its audience and by another of that role; sets of words are asked about
while they are in force.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations_with_replacement, product

from rdflib import URIRef

from databackpack.ontology.namespaces import BPC, ID
from databackpack.service.policy.model import Level, Statement
from tests.evaluators.case import Case, Request
from tests.policy import words
from tests.policy.words import (
    ASKED,
    AUDIENCE,
    DAY,
    LEARNER,
    NARROWER,
    NOON,
    OTHER,
    ROLE,
    STRANGER,
    WIDER,
)

__all__ = ["Domain", "pairs", "sets", "single"]

PLACE = "us-default"
LOWERED, FIXED, FREE = BPC.gradebook, BPC.attendance, BPC.motivation
"""For a state agency: de-identified unless lowered, full whatever is said, nothing by law."""

COLLEAGUE = replace(AUDIENCE, iri=ID["audience/state-agency-colleague"])
SECOND = timedelta(seconds=1)
SINCE, WITHDRAWN, UNTIL = NOON - DAY, NOON, NOON + DAY

Span = tuple[datetime | None, datetime | None]
OPEN: Span = (None, None)
SPANS: list[Span] = [OPEN, (UNTIL, None), (None, WITHDRAWN), (UNTIL, WITHDRAWN)]
"""Until when, and when withdrawn."""

TURNS = [SINCE - SECOND, SINCE, NOON - SECOND, NOON, UNTIL - SECOND, UNTIL, UNTIL + DAY]
"""Before its beginning, at it, up to the withdrawal, at it, up to its end, at it, after."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The words that may be said, in sets of *sizes*, and what is asked about each set."""

    categories: Sequence[URIRef]
    audiences: Sequence[URIRef]
    purposes: Sequence[URIRef | None]
    spans: Sequence[Span]
    sizes: Sequence[int]
    requests: Sequence[Request]

    def words(self) -> list[Statement]:
        """Return every word, as a statement of nobody in particular."""
        return [
            replace(
                words.statement(category=category, audience=audience, level=level, since=SINCE),
                purpose=purpose,
                until=until,
                withdrawn=withdrawn,
            )
            for category, audience, level, purpose, (until, withdrawn) in product(
                self.categories, self.audiences, Level, self.purposes, self.spans
            )
        ]

    def cases(self) -> Iterator[Case]:
        """Give a case for every set of words; two words of a set may be alike."""
        number = 0
        for size in self.sizes:
            for chosen in combinations_with_replacement(self.words(), size):
                number += 1
                yield self._case(number, chosen)

    def _case(self, number: int, chosen: tuple[Statement, ...]) -> Case:
        learner = URIRef(f"{LEARNER}-{number}")
        said = tuple(
            replace(word, iri=ID[f"policy/{number}-{place}"], learner=learner)
            for place, word in enumerate(chosen)
        )
        return Case(learner, PLACE, self.categories, said, self.requests)


def single() -> Domain:
    """Return every word by itself, asked about at each of its turns."""
    others = [Request(AUDIENCE, purpose, NOON - SECOND) for purpose in (WIDER, NARROWER, OTHER)]
    turns = [Request(asker, ASKED, turn) for asker in (AUDIENCE, COLLEAGUE) for turn in TURNS]
    return Domain(
        categories=(LOWERED, FIXED, FREE),
        audiences=(AUDIENCE.iri, ROLE, STRANGER),
        purposes=(None, ASKED, WIDER, NARROWER, OTHER),
        spans=SPANS,
        sizes=(0, 1),
        requests=[*turns, *others],
    )


def sets() -> Domain:
    """Return all sets of two and three words that differ in what makes them heard or not."""
    return Domain(
        categories=(LOWERED, FREE),
        audiences=(AUDIENCE.iri, ROLE),
        purposes=(WIDER, NARROWER),
        spans=[OPEN],
        sizes=(2, 3),
        requests=[Request(AUDIENCE, ASKED, NOON)],
    )


def pairs() -> Domain:
    """Return all sets of two words of nearly the whole domain; for the night."""
    moments = (NOON - SECOND, UNTIL)
    return Domain(
        categories=(LOWERED, FREE),
        audiences=(AUDIENCE.iri, ROLE, STRANGER),
        purposes=(None, ASKED, WIDER, NARROWER, OTHER),
        spans=SPANS[:2],
        sizes=(2,),
        requests=[Request(asker, ASKED, m) for asker in (AUDIENCE, COLLEAGUE) for m in moments],
    )
