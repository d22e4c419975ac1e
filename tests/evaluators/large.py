"""The large domain, at random: all places, roles and categories, agreements, emergencies.

What is drawn lies close together, so that most of it bears on what is asked: a few categories,
related purposes, moments at the turns of what was said.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from rdflib import URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPA, DPV, ID
from databackpack.service.policy import audience as audiences
from databackpack.service.policy.model import Agreement, Audience, Emergency, Level, Statement
from tests.evaluators.case import Case, Request
from tests.evaluators.places import PLACES
from tests.policy.words import GUARDIANS, NOON, STRANGER

__all__ = ["cases"]

CATEGORIES = concepts(BP.CategoryScheme)
ROLES = [*audiences.roles(), *(BPA.researcher, BPA.provider) * 3]
"""Those that work under agreements more often, for they have the most rules that compete."""
KINDS = concepts(BP.AgreementKindScheme)
PURPOSES = [*concepts(BP.PurposeScheme), DPV.Purpose, URIRef("https://example.org/purpose")]
UNKNOWN = URIRef("https://example.org/unknown")
ZONES = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]
TICK = timedelta(milliseconds=1)
ANCHORS = [
    *(NOON + timedelta(hours=hours) for hours in (-13, -12, -2, -1, 0, 1, 2, 12)),
    datetime(2026, 9, 15, tzinfo=UTC),  # where rules on directories begin
]


def cases(seed: int, number: int) -> Iterator[Case]:
    """Give *number* cases, the same for the same *seed*."""
    random = Random(seed)  # noqa: S311 (repeatable is what it must be)
    for count in range(number):
        yield _Draw(random, f"{seed}-{count}").case()


class _Draw:
    """One case as it is drawn."""

    def __init__(self, random: Random, name: str) -> None:
        self._random, self._name = random, name
        self._hot = random.sample(CATEGORIES, 5)

    def case(self) -> Case:
        first = self._audience("first", None)
        second = self._audience("second", first.role if self._chance(0.4) else None)
        learner = ID[f"learner/{self._name}"]
        said = tuple(
            self._statement(number, learner, first, second)
            for number in range(self._random.randrange(9))
        )
        emergencies = tuple(
            self._emergency(number, first if self._chance(0.8) else second)
            for number in range(self._random.choice((0, 0, 1, 2)))
        )
        requests = [self._request(first if self._chance(0.75) else second) for _ in range(4)]
        place = self._random.choice(PLACES)
        return Case(learner, place, CATEGORIES, said, requests, emergencies)

    def _audience(self, name: str, role: URIRef | None) -> Audience:
        role = role or self._random.choice(ROLES)
        iri = ID[f"audience/{self._name}-{name}"]
        more = self._random.sample(PURPOSES, self._random.choice((0, 0, 1, 3)))
        purposes = audiences.purposes(role) | set(more)
        agreements = tuple(
            self._agreement(number, iri, sorted(purposes))
            for number in range(self._random.choice((0, 0, 1, 2, 3)))
        )
        return Audience(iri, role, iri, purposes, BP.EveryLearner, agreements)

    def _agreement(self, number: int, audience: URIRef, own: Sequence[URIRef]) -> Agreement:
        since, until = self._span()
        near = [*own, *own, *self._random.sample(PURPOSES, 2), DPV.Purpose]
        return Agreement(
            iri=URIRef(f"{audience}-agreement-{number}"),
            kind=self._random.choice(KINDS),
            audience=audience,
            purposes=frozenset(self._random.sample(near, self._random.choice((1, 2)))),
            categories=self._categories(),
            organizations=frozenset(),  # which records it covers is settled before the decision
            level=self._random.choice([*Level, Level.FULL]),
            since=since,
            until=until,
        )

    def _statement(
        self, number: int, learner: URIRef, first: Audience, second: Audience
    ) -> Statement:
        parties = [first.iri, first.iri, first.role, first.role, second.iri, second.role]
        own = sorted(first.purposes | second.purposes)
        since, until = self._span()
        return Statement(
            iri=ID[f"policy/{self._name}-{number}"],
            learner=learner,
            category=self._random.choice([*self._hot, *self._hot, *self._hot, UNKNOWN]),
            audience=self._random.choice([*parties, *parties, STRANGER, UNKNOWN]),
            level=self._random.choice([*Level]),
            assigner=self._random.choice(GUARDIANS),
            since=since,
            until=self._random.choice((None, until)),
            purpose=self._random.choice([None, *own, *own, *self._random.sample(PURPOSES, 3)]),
            withdrawn=self._random.choice((None, None, self._moment())),
        )

    def _emergency(self, number: int, audience: Audience) -> Emergency:
        iri = ID[f"emergency/{self._name}-{number}"]
        return Emergency(iri, audience.iri, self._categories(), *self._span())

    def _request(self, audience: Audience) -> Request:
        own = self._random.choice(sorted(audience.purposes))
        purpose = own if self._chance(0.85) else self._random.choice(PURPOSES)
        return Request(audience, purpose, self._moment())

    def _categories(self) -> frozenset[URIRef]:
        some = self._random.sample(CATEGORIES, self._random.choice((1, 8, 21)))
        return frozenset(some) | set(self._random.sample(self._hot, 3))

    def _span(self) -> tuple[datetime, datetime]:
        """Return two moments, mostly far enough apart that NOON lies between."""
        if self._chance(0.6):
            zone = self._random.choice(ZONES)
            return datetime(2026, 8, 1, tzinfo=zone), datetime(2027, 7, 1, tzinfo=zone)
        return self._moment(), self._moment()

    def _moment(self) -> datetime:
        moment = self._random.choice(ANCHORS) + self._random.choice((-1, 0, 0, 1)) * TICK
        return moment.astimezone(self._random.choice(ZONES))

    def _chance(self, part: float) -> bool:
        return self._random.random() < part
