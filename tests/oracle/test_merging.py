"""After a merge an answer still equals the answer over a store that holds nothing else.

The naive reading is of a world in which the two children were one from the start. Live views that
were there before follow the merge, and its undoing.
"""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from hypothesis import given, seed, settings
from rdflib import Graph, URIRef
from rdflib.term import Node

from databackpack.loaders.record import Record
from databackpack.service.intake import merging
from tests.oracle import naive
from tests.oracle.drawing import DRAWN
from tests.oracle.test_physical_deletion import Service, compare
from tests.oracle.world import NOW, Child, World, worlds
from tests.running import listening

WORLDS = 6


def told_apart(world: World) -> World:
    """Return *world* with blocks as its only words, and without emergencies.

    What one family alone permitted is closed by a merge: that is shown by the levels themselves.
    """
    children = tuple(replace(child, alarms=()) for child in world.children)
    words = tuple(replace(word, level="none") for word in world.words)
    return replace(world, children=children, words=words)


def one_of(record: Record, old: URIRef, new: URIRef) -> Record:
    def name(term: Node) -> Node:
        return new if term == old else term

    graph = Graph()
    for subject, predicate, value in record.graph:
        graph.add((name(subject), predicate, name(value)))
    return Record(new, record.holder, record.category, graph, record.source)


def united(world: World) -> World:
    """Return *world* with its two children as one."""
    first, second = world.children
    births = [child.birth for child in world.children if child.birth]
    colleges = [child.college for child in world.children if child.college]
    child = Child(
        first.iri,
        min(births, default=None),
        min(colleges, default=None),
        first.enrollments + second.enrollments,
        first.guardians + second.guardians,
        first.papers + second.papers,
        (),
        first.records + tuple(one_of(one, second.iri, first.iri) for one in second.records),
    )
    words = tuple(replace(word, learner=first.iri) for word in world.words)
    return replace(world, children=(child,), words=words)


def test_after_a_merge_an_answer_equals_the_answer_over_a_store_that_holds_nothing_else(
    tmp_path: Path,
) -> None:
    tally: Counter[str] = Counter()

    @seed(6)
    @settings(DRAWN, max_examples=WORLDS)
    @given(world=worlds().filter(lambda one: len({c.iri for c in one.children}) == 2))
    def ask_before_and_after(world: World) -> None:
        with closing(Service(told_apart(world), NOW, tmp_path, port)) as service:
            served["now"] = service.app
            ask(told_apart(world), service)

    def ask(world: World, service: Service) -> None:
        guardian = str(world.children[0].guardians[0][0]).rsplit("/", 1)[-1]
        asked = [*world.asked, f"guardian-{guardian}"]
        said = [word for word in world.words if naive.may_be_said(world, word, NOW)]
        first, second = (child.iri for child in world.children)
        for audience in asked:
            compare(service, world, said, audience, tally)
        event = merging.merge(service.truth, first, second, "registrar", "one child")
        one, words = united(world), [replace(word, learner=first) for word in said]
        for audience in asked:
            compare(service, one, words, audience, tally)
        service.clock.moment += timedelta(seconds=1)
        merging.undo(service.truth, event, "registrar", "two children")
        for audience in asked:
            compare(service, world, said, audience, tally)

    served: dict[str, Flask] = {}
    with listening(lambda environ, start: served["now"](environ, start)) as port:
        ask_before_and_after()
    assert tally["cases"] == WORLDS * 9
    assert tally["showing"] >= WORLDS
    assert tally["hiding"] >= WORLDS
