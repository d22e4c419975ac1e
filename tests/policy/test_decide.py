"""The decision over a small domain, wholly, against a table of its own; and what always holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPC, ID
from databackpack.service.policy.decide import decide, next_change
from databackpack.service.policy.model import (
    Agreement,
    Audience,
    Decision,
    Emergency,
    Jurisdiction,
    Level,
    Rule,
    Statement,
)
from tests.evaluators import large, places
from tests.evaluators.case import Case, Request
from tests.policy import words
from tests.policy.words import ASKED, AUDIENCE, DAY, NARROWER, NOON, OTHER, ROLE, STRANGER, WIDER

RULE = ID["jurisdiction/test/rule"]


def law(level: Level | None, may_lower: bool = False) -> Jurisdiction:
    """Return a jurisdiction with one rule on progress, or (None) without any: consent decides."""
    rule = None if level is None else Rule(RULE, level, may_lower, BP.SchoolOfficial, ID["law"])
    rules = {} if rule is None else {(ROLE, BPC.progress): rule}
    return Jurisdiction(ID["jurisdiction/test"], 18, 10, rules)


BASES = [(None, False), *product(Level, (False, True))]

# What makes a statement heard, each with whether it does: the whole table.
TIMES: dict[str, tuple[dict[str, Any], bool]] = {
    "in force": ({}, True),
    "from this moment": ({"since": NOON}, True),
    "ends later": ({"until": NOON + DAY, "withdrawn": NOON + DAY}, True),
    "not yet": ({"since": NOON + timedelta(microseconds=1)}, False),
    "expired": ({"until": NOON - timedelta(hours=1)}, False),
    "ends at this moment": ({"until": NOON}, False),
    "withdrawn": ({"withdrawn": NOON - timedelta(hours=1)}, False),
    "withdrawn at this moment": ({"withdrawn": NOON}, False),
    "withdrawn before its end": ({"until": NOON + DAY, "withdrawn": NOON}, False),
}
PURPOSES: dict[URIRef | None, dict[str, bool]] = {
    None: {"permission": True, "prohibition": True},
    ASKED: {"permission": True, "prohibition": True},
    WIDER: {"permission": True, "prohibition": True},
    NARROWER: {"permission": False, "prohibition": True},
    OTHER: {"permission": False, "prohibition": False},
}
AUDIENCES = {AUDIENCE.iri: True, ROLE: True, STRANGER: False}

Variant = tuple[Statement, bool]
Kind = tuple[str, URIRef | None, URIRef]

EVERY_KIND: list[Kind] = list(product(TIMES, PURPOSES, AUDIENCES))
SOME_KINDS: list[Kind] = [
    ("in force", None, AUDIENCE.iri),
    ("in force", WIDER, ROLE),
    ("in force", NARROWER, AUDIENCE.iri),
    ("in force", None, STRANGER),
    ("not yet", None, ROLE),
    ("expired", ASKED, AUDIENCE.iri),
    ("withdrawn", None, AUDIENCE.iri),
]
"""One for each reason to be heard or not."""


def variants(kinds: list[Kind]) -> list[Variant]:
    """Return a statement of each kind at each level, with whether it is heard."""
    found = []
    for (time, purpose, audience), level in product(kinds, Level):
        times, is_timely = TIMES[time]
        said = words.statement(audience=audience, purpose=purpose, level=level)
        word = "prohibition" if level is Level.NONE else "permission"
        heard = is_timely and PURPOSES[purpose][word] and AUDIENCES[audience]
        found.append((replace(said, **times), heard))
    return found


def expected(base: tuple[Level | None, bool], heard: list[Level]) -> Level:
    """Return the level by the table: the rule, the words that count, and the lowest of them."""
    rule, may_lower = base
    if rule is None:
        return min(heard) if heard else Level.NONE
    return min([rule, *heard]) if may_lower else rule


def level(decisions: Mapping[URIRef, Decision]) -> Level:
    return decisions[BPC.progress].level


@pytest.mark.parametrize("base", BASES, ids=str)
def test_one_statement_is_heard_by_time_purpose_and_audience(
    base: tuple[Level | None, bool],
) -> None:
    jurisdiction = law(*base)
    for said, heard in variants(EVERY_KIND):
        made = decide([said], jurisdiction, AUDIENCE, ASKED, NOON)
        assert level(made) == expected(base, [said.level] if heard else []), said


@pytest.mark.parametrize("base", BASES, ids=str)
def test_of_up_to_three_statements_the_lowest_that_is_heard_holds(
    base: tuple[Level | None, bool],
) -> None:
    jurisdiction, domain = law(*base), variants(SOME_KINDS)
    for size in (0, 2, 3):
        for chosen in combinations_with_replacement(domain, size):
            made = decide([said for said, _ in chosen], jurisdiction, AUDIENCE, ASKED, NOON)
            heard = [said.level for said, is_heard in chosen if is_heard]
            assert level(made) == expected(base, heard), chosen


@given(st.lists(words.near(), max_size=6), st.sampled_from(BASES))
def test_every_category_is_decided_and_only_the_rule_and_those_heard_are_reasons(
    said: list[Statement], base: tuple[Level | None, bool]
) -> None:
    made = decide(said, law(*base), AUDIENCE, ASKED, NOON)
    assert set(made) == set(concepts(BP.CategoryScheme))
    for category, decision in made.items():
        own = {statement.iri for statement in said if statement.category == category}
        rules = {RULE} if base[0] is not None and category == BPC.progress else set()
        assert rules <= set(decision.reasons) <= rules | own
        if decision.level is not Level.NONE:
            assert decision.reasons, category


@given(st.lists(words.near(), max_size=6), st.sampled_from(BASES), st.randoms())
def test_order_and_duplicates_never_matter(
    said: list[Statement],
    base: tuple[Level | None, bool],
    random: Random,
) -> None:
    shuffled = [*said, *said[:2]]
    random.shuffle(shuffled)
    first = decide(said, law(*base), AUDIENCE, ASKED, NOON)
    again = decide(shuffled, law(*base), AUDIENCE, ASKED, NOON)
    assert {c: d.level for c, d in first.items()} == {c: d.level for c, d in again.items()}
    assert {c: set(d.reasons) for c, d in first.items()} == {
        c: set(d.reasons) for c, d in again.items()
    }


@given(st.lists(words.near(), min_size=1, max_size=5), words.near(), st.sampled_from(BASES))
def test_one_more_statement_never_raises_what_the_law_or_a_statement_gives(
    said: list[Statement], more: Statement, base: tuple[Level | None, bool]
) -> None:
    before = decide(said, law(*base), AUDIENCE, ASKED, NOON)
    after = decide([*said, more], law(*base), AUDIENCE, ASKED, NOON)
    for category, decision in before.items():
        if decision.reasons:
            assert after[category].level <= decision.level


@given(st.lists(words.near(), max_size=5), st.sampled_from(BASES))
def test_a_purpose_that_is_not_the_audience_s_own_opens_nothing(
    said: list[Statement], base: tuple[Level | None, bool]
) -> None:
    for purpose in (WIDER, NARROWER, OTHER, URIRef("https://example.org/any")):
        made = decide(said, law(*base), AUDIENCE, purpose, NOON)
        assert {decision.level for decision in made.values()} == {Level.NONE}
        assert not any(decision.reasons for decision in made.values())


@given(st.lists(words.near(), max_size=5), st.sampled_from(BASES))
def test_until_the_next_change_nothing_changes(
    said: list[Statement], base: tuple[Level | None, bool]
) -> None:
    now = decide(said, law(*base), AUDIENCE, ASKED, NOON)
    change = next_change(said, NOON)
    last = NOON + timedelta(days=365) if change is None else change - timedelta(microseconds=1)
    assert change is None or change > NOON
    assert decide(said, law(*base), AUDIENCE, ASKED, last) == now


def drawn(seed: int) -> tuple[Case, Request]:
    """Return a case of the large domain: any place and audience, agreements, emergencies."""
    (case,) = large.cases(seed, 1)
    return case, case.requests[0]


def made_of(said: Sequence[Statement], case: Case, request: Request) -> Mapping[URIRef, Decision]:
    return decide(
        said,
        places.value(case.place),
        request.audience,
        request.purpose,
        request.moment,
        case.emergencies,
    )


def under(audience: Audience, agreements: tuple[Agreement, ...]) -> Audience:
    return replace(audience, agreements=agreements)


SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.randoms())
def test_order_and_duplicates_never_matter_under_any_law(seed: int, random: Random) -> None:
    case, request = drawn(seed)
    shuffled = [*case.statements, *case.statements[:3]]
    random.shuffle(shuffled)
    first, again = (made_of(said, case, request) for said in (case.statements, shuffled))
    assert {c: d.level for c, d in first.items()} == {c: d.level for c, d in again.items()}


@given(SEEDS, SEEDS)
def test_one_more_statement_opens_only_where_neither_law_nor_family_spoke(
    seed: int, other: int
) -> None:
    case, request = drawn(seed)
    request = replace(request, audience=under(request.audience, request.audience.agreements[:1]))
    spoken = {statement.iri for statement in case.statements}
    before = made_of(case.statements, case, request)
    for more in drawn(other)[0].statements:
        for audience in (more.audience, request.audience.iri, request.audience.role):
            said = replace(more, audience=audience, category=sorted(before)[other % len(before)])
            for category, decision in made_of([*case.statements, said], case, request).items():
                was = before[category]
                if said.level is Level.NONE or was.rule or spoken & set(was.reasons):
                    assert decision.level <= was.level
                if category != said.category:
                    assert decision == was


@given(SEEDS)
def test_several_agreements_give_what_the_best_of_them_gives_by_itself(seed: int) -> None:
    case, request = drawn(seed)
    audience = request.audience
    each = [
        made_of(case.statements, case, replace(request, audience=under(audience, (one,))))
        for one in audience.agreements
    ]
    made = made_of(case.statements, case, request)
    assert {c: d.level for c, d in made.items()} == {
        c: max((by_itself[c].level for by_itself in each), default=d.level) for c, d in made.items()
    }


@given(SEEDS)
def test_a_prohibition_of_everything_leaves_what_the_law_fixes_and_what_an_emergency_opens(
    seed: int,
) -> None:
    case, request = drawn(seed)
    role, always = request.audience.role, datetime.min.replace(tzinfo=UTC)
    silence = [
        words.statement(number, category=category, audience=role, level=Level.NONE, since=always)
        for number, category in enumerate(concepts(BP.CategoryScheme))
    ]
    before = made_of(case.statements, case, request)
    for category, decision in made_of([*case.statements, *silence], case, request).items():
        unsaid = before[category]
        if decision.rule is None or decision.rule.may_lower:
            assert decision.level is Level.NONE
        elif decision.rule == unsaid.rule:
            assert decision.level == unsaid.level
        else:  # a family lowered the rule of one agreement; another's, which it cannot, is left
            assert Level.NONE < decision.level <= unsaid.level


def test_an_emergency_opens_nothing_by_a_rule_that_has_ended() -> None:
    ends = replace(
        Rule(RULE, Level.FULL, False, BP.HealthSafetyEmergency, ID["law"]), until=NOON + DAY
    )
    place = replace(law(None), emergencies={(ROLE, BPC.progress): ends})
    threat = Emergency(
        ID["emergency/1"], AUDIENCE.iri, frozenset({BPC.progress}), NOON - DAY, NOON + 3 * DAY
    )
    for moment, expected_level in ((NOON, Level.FULL), (NOON + DAY, Level.NONE)):
        made = decide([], place, AUDIENCE, ASKED, moment, [threat])
        assert level(made) is expected_level
    assert next_change((), NOON, place, (), [threat]) == NOON + DAY
