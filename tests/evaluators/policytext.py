"""Law and words as Cedar policies.

Whatever gives a level permits its action and those of the levels below; whatever lowers forbids
the actions above. That a forbid wins over every permit makes the lowest hold.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from rdflib import RDF, Graph, URIRef

from databackpack.ontology.namespaces import BP, BPL
from databackpack.service.policy.model import Agreement, Emergency, Statement
from tests.evaluators import places
from tests.evaluators.case import Case

__all__ = ["LEVELS", "Ground", "instant", "law", "scopes", "words"]

LEVELS = ("None", "Aggregate", "DeIdentified", "Full")


@dataclass(frozen=True, slots=True)
class Ground:
    """What decides before the family says anything: the place, agreements, emergencies."""

    place: str
    agreements: tuple[Agreement, ...]
    emergencies: tuple[Emergency, ...]

    @classmethod
    def of(cls, case: Case) -> "Ground":
        """Return that of *case*, the agreements being those of all who ask."""
        found = {a for request in case.requests for a in request.audience.agreements}
        return cls(case.place, tuple(sorted(found, key=lambda a: a.iri)), case.emergencies)


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One access rule, as the file of its place says it."""

    iri: str
    roles: tuple[str, ...]
    categories: tuple[str, ...]
    rank: int
    may_lower: bool
    is_emergency: bool
    kinds: tuple[str, ...]
    since: datetime | None
    until: datetime | None

    def gives_more(self, other: "AccessRule") -> bool:
        """Tell whether this rule goes before *other* where both hold; the later IRI if equal."""
        meet = set(self.roles) & set(other.roles) and set(self.categories) & set(other.categories)
        return bool(meet) and (self.rank, self.iri) > (other.rank, other.iri)


def law(ground: Ground) -> Iterator[str]:
    """Give the policies that do not depend on the family's words."""
    urgent = _urgent(ground)
    yield from _forbid("action", "true", "principal.purposes.contains(context.purpose)")
    yield from _forbid(
        "action", f"context.purpose in {_many('Purpose', _prohibited(ground.place))}"
    )
    for rule in _rules(ground.place):
        if rule.is_emergency:
            continue
        yield from _permit(_up_to(rule.rank), _applies(rule, ground))
        yield from _forbid(_above(rule.rank), _holds(rule, ground), urgent)
    for rule in _rules(ground.place):
        if rule.is_emergency:
            opened = _and([_declared(ground), _applies(rule, ground)])
            yield from _permit(_up_to(rule.rank), opened)
            yield from _forbid(_above(rule.rank), opened)
    for audience in sorted({agreement.audience for agreement in ground.agreements}):
        own = [agreement for agreement in ground.agreements if agreement.audience == audience]
        for rank in range(1, len(LEVELS)):
            enough = _or(_covers(one) for one in own if LEVELS.index(_level(one)) >= rank)
            action = f"action == {_one('Action', LEVELS[rank])}"
            yield from _forbid(
                action, f"principal == {_one('Party', audience)}", _or([enough, urgent])
            )


def words(statements: Sequence[Statement], ground: Ground) -> Iterator[str]:
    """Give the policies of what the family said: up to its level, and never above it."""
    for said in statements:
        rank, heard = LEVELS.index(_level(said)), _heard(said)
        rules = [rule for rule in _rules(ground.place) if str(said.category) in rule.categories]
        fixed = _or(
            _holds(rule, ground) for rule in rules if not rule.may_lower and not rule.is_emergency
        )
        yield from _permit(_up_to(rank), heard)
        yield from _forbid(_above(rank), heard, _or([fixed, _urgent(ground)]))


def scopes(category: URIRef, grounds: Iterable[Ground]) -> list[str]:
    """Return the rules of all places, the agreements and the emergencies that name *category*."""
    named = [
        r.iri for place in places.PLACES for r in _rules(place) if str(category) in r.categories
    ]
    for ground in grounds:
        things: list[Agreement | Emergency] = [*ground.agreements, *ground.emergencies]
        named += [str(thing.iri) for thing in things if category in thing.categories]
    return sorted(set(named))


def _heard(said: Statement) -> str:
    conditions = [f"principal in {_one('Party', said.audience)}"]
    conditions += [f"resource == {_one('Category', said.category)}"]
    conditions += _during(said.since, said.until) + _during(None, said.withdrawn)
    if said.purpose is not None:
        own = _one("Purpose", said.purpose)
        contains = f"{own} in context.purpose" if _level(said) == "None" else "false"
        conditions.append(_or([f"context.purpose in {own}", contains]))
    return _and(conditions)


def _holds(rule: AccessRule, ground: Ground) -> str:
    """Return the condition that *rule* applies and no rule that gives more does."""
    more = (o for o in _rules(ground.place) if not o.is_emergency and o.gives_more(rule))
    better = _or(_applies(other, ground) for other in more)
    return _and([_applies(rule, ground), _not(better)])


def _applies(rule: AccessRule, ground: Ground) -> str:
    conditions = [f"principal in {_many('Party', rule.roles)}"]
    conditions += [f"resource in {_one('Scope', rule.iri)}"]
    conditions += _during(rule.since, rule.until)
    if rule.kinds:
        under = [one for one in ground.agreements if str(one.kind) in rule.kinds]
        conditions.append(_or(_covers(one) for one in under))
    return _and(conditions)


def _covers(agreement: Agreement) -> str:
    return _and(
        [
            f"principal == {_one('Party', agreement.audience)}",
            f"context.under == {_one('Scope', agreement.iri)}",
            f"resource in {_one('Scope', agreement.iri)}",
            f"context.purpose in {_many('Purpose', agreement.purposes)}",
            *_during(agreement.since, agreement.until),
        ]
    )


def _urgent(ground: Ground) -> str:
    """Return the condition that an emergency is declared and the law opens something for it."""
    opening = [rule for rule in _rules(ground.place) if rule.is_emergency]
    return _and([_declared(ground), _or(_applies(rule, ground) for rule in opening)])


def _declared(ground: Ground) -> str:
    return _or(
        _and(
            [
                f"principal == {_one('Party', emergency.audience)}",
                f"resource in {_one('Scope', emergency.iri)}",
                *_during(emergency.since, emergency.until),
            ]
        )
        for emergency in ground.emergencies
    )


def _during(since: datetime | None, until: datetime | None) -> list[str]:
    begun = [] if since is None else [f'context.now >= datetime("{instant(since)}")']
    return begun + ([] if until is None else [f'context.now < datetime("{instant(until)}")'])


def instant(moment: datetime) -> str:
    """Return *moment* as Cedar writes it, in its own time zone, to the millisecond."""
    assert moment.microsecond % 1000 == 0, f"Cedar would cut {moment}"
    return moment.strftime(f"%Y-%m-%dT%H:%M:%S.{moment.microsecond // 1000:03d}%z")


@cache
def _rules(place: str) -> tuple[AccessRule, ...]:
    graph = places.graph(place)
    iris = sorted(str(rule) for rule in graph.objects(None, BP.hasAccessRule))
    return tuple(_rule(graph, URIRef(iri)) for iri in iris)


def _rule(graph: Graph, iri: URIRef) -> AccessRule:
    def many(predicate: URIRef) -> tuple[str, ...]:
        return tuple(sorted(str(value) for value in graph.objects(iri, predicate)))

    def moment(predicate: URIRef) -> datetime | None:
        return next((datetime.fromisoformat(text) for text in many(predicate)), None)

    (level,), (may_lower,) = many(BP.grantsLevel), many(BP.familyMayLower)
    return AccessRule(
        iri=str(iri),
        roles=many(BP.appliesToRole),
        categories=many(BP.hasCategory),
        rank=LEVELS.index(level.removeprefix(BPL)),
        may_lower=may_lower == "true",
        is_emergency=str(BP.HealthSafetyEmergency) in many(BP.hasBasis),
        kinds=many(BP.requiresAgreement),
        since=moment(BP.validFrom),
        until=moment(BP.validUntil),
    )


@cache
def _prohibited(place: str) -> tuple[str, ...]:
    graph = places.graph(place)
    bars = set(graph.subjects(RDF.type, BP.PurposeProhibition))
    return tuple(sorted(str(p) for bar in bars for p in graph.objects(bar, BP.hasPurpose)))


def _level(thing: Statement | Agreement) -> str:
    return str(thing.level.iri).removeprefix(BPL)


def _permit(action: str, when: str) -> Iterator[str]:
    if when != "false" and action != _above(3):
        yield f"permit (principal, {action}, resource)\nwhen {{ {when} }};"


def _forbid(action: str, when: str, unless: str = "false") -> Iterator[str]:
    if when != "false" and action != _above(3):
        yield f"forbid (principal, {action}, resource)\nwhen {{ {when} }}\nunless {{ {unless} }};"


def _up_to(rank: int) -> str:
    return f"action in {_many('Action', LEVELS[1 : rank + 1])}"


def _above(rank: int) -> str:
    return f"action in {_many('Action', LEVELS[rank + 1 :])}"


def _and(conditions: Iterable[str]) -> str:
    every = [condition for condition in conditions if condition != "true"]
    return "false" if "false" in every else f"({' && '.join(every)})"


def _or(conditions: Iterable[str]) -> str:
    some = [condition for condition in conditions if condition != "false"]
    return f"({' || '.join(some)})" if some else "false"


def _not(condition: str) -> str:
    return "true" if condition == "false" else f"!{condition}"


def _one(kind: str, name: str) -> str:
    return f'{kind}::"{name}"'


def _many(kind: str, names: Iterable[str]) -> str:
    return f"[{', '.join(_one(kind, name) for name in sorted(names))}]"
