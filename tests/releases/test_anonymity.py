"""Every combination that a release tells is shared by k learners, whatever the world is."""

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.records.terms import node
from databackpack.service.releases.anonymity import Plan, plan
from databackpack.service.releases.quasi import Generalizer, profile, recode
from databackpack.service.views.cohort import SUPPRESSED, too_small
from tests.releases import recount
from tests.releases.world import PARENTS, Person, Triples, crowd, world, worlds

GENERALIZER = Generalizer(PARENTS)
Parts = tuple[set[ox.Triple], set[ox.Triple]]


def made(people: dict[URIRef, Triples], k: int) -> tuple[Plan, dict[URIRef, Parts]]:
    """Return the plan for *people* and, of who is released, the two parts of the triples."""
    found = plan({one: profile(held, GENERALIZER) for one, held in people.items()}, k, GENERALIZER)
    return found, {
        one: recode(people[one], recoding, GENERALIZER) for one, recoding in found.recodings.items()
    }


def told(released: dict[URIRef, Parts]) -> dict[URIRef, set[ox.Triple]]:
    return {one: quasi | rest for one, (quasi, rest) in released.items()}


@given(worlds, st.integers(2, 5))
@settings(max_examples=40)
def test_everybody_in_a_release_looks_like_k_learners(people: list[Person], k: int) -> None:
    _, released = made(world(people), k)
    assert all(size >= k for size in recount.sizes(told(released)).values())


@given(worlds, st.integers(2, 5))
@settings(max_examples=30)
def test_classes_are_those_who_look_alike(people: list[Person], k: int) -> None:
    found, released = made(world(people), k)
    looks = {one: recount.looks(held) for one, held in told(released).items()}
    by_class: dict[int, set[recount.Looks]] = {}
    for one, number in found.classes.items():
        by_class.setdefault(number, set()).add(looks[one])
    assert all(len(seen) == 1 for seen in by_class.values())
    assert set(found.classes) == set(found.recodings) == set(released)


@given(st.permutations(range(60)), st.integers(2, 4))
@settings(max_examples=8)
def test_the_order_of_learners_changes_nothing(order: list[int], k: int) -> None:
    profiles = {one: profile(held, GENERALIZER) for one, held in world([*crowd(3, 60)]).items()}
    given = list(profiles.items())
    mixed = dict(given[place] for place in order)
    assert plan(mixed, k, GENERALIZER) == plan(profiles, k, GENERALIZER)


@given(worlds, st.integers(2, 4))
@settings(max_examples=30)
def test_what_was_released_can_be_released_as_it_is(people: list[Person], k: int) -> None:
    released = told(made(world(people), k)[1])
    again = told(made({one: frozenset(held) for one, held in released.items()}, k)[1])
    assert again == released


@given(worlds, st.integers(2, 4), st.sets(st.integers(0, 29)))
@settings(max_examples=40)
def test_when_learners_leave_those_who_stay_still_look_like_k(
    people: list[Person], k: int, gone: set[int]
) -> None:
    found, released = made(world(people), k)
    left = {one: parts for one, parts in released.items() if int(one[-4:]) not in gone}
    sizes: dict[int, int] = {}
    for one in left:
        sizes[found.classes[one]] = sizes.get(found.classes[one], 0) + 1
    lost = too_small(sizes, k)
    shown = {
        one: rest if found.classes[one] in lost else quasi | rest
        for one, (quasi, rest) in left.items()
        if not (SUPPRESSED in lost and found.classes[one] in lost)
    }
    with_items = {
        one: held
        for one, held in shown.items()
        if any(triple.predicate == node(BP.isRecordOf) for triple in held)
    }
    assert all(size >= k for size in recount.sizes(with_items).values())


def test_a_crowd_loses_little_and_what_is_lost_is_counted() -> None:
    people = world(list(crowd(7, 250)))
    found, released = made(people, 5)
    sizes = recount.sizes(told(released))
    assert len(sizes) == 250
    assert min(sizes.values()) >= 5
    grades = found.losses[BP.hasGradeLevel]
    assert grades[BP.AsIs] > 180
    assert sum(grades.values()) == 250
    for iri, steps in found.losses.items():
        assert sum(steps.values()) <= 250, iri


def test_of_fewer_than_k_nothing_is_released() -> None:
    people = world(list(crowd(7, 4)))
    found, released = made(people, 5)
    assert released == {}
    assert found.classes == {}


def test_of_a_suppressed_learner_no_quasi_identifier_is_left() -> None:
    """One who is like nobody is suppressed with as many others as it takes."""
    alike = list(crowd(7, 1)) * 20
    odd = [Person((), 1990, "male", None, (), 0)]
    strange = next(iter(crowd(8, 1)))
    people = world([*alike, strange, *odd])
    found, released = made(people, 5)
    one = next(one for one in people if one.endswith("0020"))
    quasi, rest = released[one]
    assert {triple.predicate.value for triple in rest} & recount.KNOWN == set()
    assert recount.sizes(told(released))[one] >= 5
    assert next(one for one in people if one.endswith("0021")) not in found.recodings
    assert quasi.isdisjoint(rest)


def test_too_few_left_in_a_class_take_others_with_them() -> None:
    assert too_small({1: 10, 2: 12}, 10) == frozenset()
    assert too_small({1: 9, 2: 12, 3: 20}, 10) == {1, 2}
    assert too_small({SUPPRESSED: 1, 1: 9, 2: 12}, 10) == {1}
    assert too_small({SUPPRESSED: 9, 2: 12}, 10) == {2}
    assert too_small({1: 9}, 10) == {1, SUPPRESSED}
    assert too_small({1: 0, 2: 12}, 10) == frozenset()
    assert too_small({-1: 9, 2: 12}, 10) == {-1}
