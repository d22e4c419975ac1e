"""What many statements and circles cost, in steps of the interpreter: never in seconds."""

import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import FrameType

import pytest
from rdflib import Graph, URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPC, ID, SKOS
from databackpack.service.policy import jurisdiction, purpose
from databackpack.service.policy.decide import decide
from databackpack.service.policy.jurisdiction import Law
from databackpack.service.policy.model import Level, Statement
from databackpack.service.policy.purpose import is_within
from tests.policy import words
from tests.policy.words import ASKED, AUDIENCE, NARROWER, NOON, OTHER, ROLE, WIDER

PLACE = jurisdiction.read("us-default")
CATEGORIES = concepts(BP.CategoryScheme)
MANY = 10_000


def steps(action: Callable[[], object]) -> int:
    """Return how many calls *action* makes: the same on every machine."""
    made = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return made


def spread(number: int) -> list[Statement]:
    """Return words on every category, for the audience and its role, of every level."""
    return [
        words.statement(
            place,
            category=CATEGORIES[place % len(CATEGORIES)],
            audience=(AUDIENCE.iri, ROLE)[place % 2],
            level=Level(place % 4),
            purpose=(None, ASKED, WIDER, NARROWER)[place % 4],
        )
        for place in range(number)
    ]


def on_one_category(number: int) -> list[Statement]:
    return [words.statement(place, level=Level.FULL) for place in range(number)]


@pytest.mark.parametrize("said", [spread, on_one_category])
def test_ten_times_the_statements_are_at_most_ten_times_the_steps(
    said: Callable[[int], list[Statement]],
) -> None:
    fewer, more = said(MANY // 10), said(MANY)
    decide(more, PLACE, AUDIENCE, ASKED, NOON)  # fills what is computed once
    less, all_of_them = (
        steps(lambda words=some: decide(words, PLACE, AUDIENCE, ASKED, NOON))  # type: ignore[misc]
        for some in (fewer, more)
    )
    assert less > len(fewer)
    assert all_of_them <= 10 * less


def test_the_lowest_of_ten_thousand_statements_holds() -> None:
    said = on_one_category(MANY)
    assert decide(said, PLACE, AUDIENCE, ASKED, NOON)[BPC.progress].level is Level.FULL
    said.insert(MANY // 2, words.statement(MANY, level=Level.AGGREGATE))
    made = decide(said, PLACE, AUDIENCE, ASKED, NOON)[BPC.progress]
    assert made.level is Level.AGGREGATE
    assert len(made.reasons) == MANY + 2


@pytest.fixture
def circle(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[URIRef]]:
    """All purposes in one circle, each within the next: a vocabulary that somebody broke."""
    purposes = concepts(BP.PurposeScheme)
    broken = Graph()
    for narrower, wider in zip(purposes, [*purposes[1:], purposes[0]], strict=True):
        broken.add((narrower, SKOS.broader, wider))
        broken.add((narrower, SKOS.broader, narrower))
    monkeypatch.setattr(purpose, "graph", lambda: broken)
    purpose._broader.cache_clear()
    yield purposes
    purpose._broader.cache_clear()


def test_a_circle_of_purposes_ends(circle: list[URIRef]) -> None:
    assert all(is_within(one, other) for one in circle for other in circle)
    assert not is_within(circle[0], ID["purpose/outside"])
    said = [words.statement(purpose=OTHER, level=Level.AGGREGATE)]
    # Marketing is prohibited, and in the circle every purpose is within it: nothing opens.
    made = decide(said, PLACE, AUDIENCE, ASKED, NOON)
    assert {decision.level for decision in made.values()} == {Level.NONE}


def test_a_circle_of_organizations_ends() -> None:
    one, two, three = (ID[f"organization/{name}"] for name in ("one", "two", "three"))
    other = jurisdiction.read("us-parental-authorization")
    parents = {one: two, two: three, three: two}
    law = Law(PLACE, {}, parents)
    assert law.ancestry(one) == [one, two, three]
    assert law.of(one) is PLACE
    assert Law(PLACE, {three: other}, parents).of(one) is other
    assert Law(PLACE, {}, {one: one}).ancestry(one) == [one]


def test_a_long_line_of_organizations_costs_no_more_than_its_length() -> None:
    line = [ID[f"organization/{number}"] for number in range(MANY)]
    law = Law(PLACE, {}, dict(pairwise(line)))
    assert law.ancestry(line[0]) == line
    assert steps(lambda: law.ancestry(line[0])) <= 10 * MANY
