"""The closed profile: what is written is read back, and whatever deviates is read as nothing."""

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack import shapes
from databackpack.ontology.namespaces import BP, BPC, ODRL, PROV
from databackpack.service.policy import profile
from databackpack.service.policy.model import Statement
from databackpack.service.policy.profile import Described, UnreadablePolicy
from databackpack.service.records.description import Description
from databackpack.service.records.terms import to_triples
from tests.policy import words

SAID = words.statement(until=words.NOON, purpose=words.ASKED)
POLICY = SAID.iri


def stored(graph: Graph) -> Description:
    """Return *graph* as it is read from the truth store."""
    return Description(to_triples(graph))


READERS: dict[str, Callable[[Graph], Described]] = {"sent": lambda graph: graph, "stored": stored}
"""A policy is read from what a client sent and from the store, by one reader."""


@given(words.statements())
def test_what_is_written_is_read_back(said: Statement) -> None:
    for reader in READERS.values():
        assert profile.read(reader(profile.write(said)), said.iri) == said


@given(st.lists(words.statements(), min_size=1, max_size=8, unique_by=lambda said: said.iri))
def test_policies_in_one_graph_do_not_disturb_each_other(said: list[Statement]) -> None:
    graph = Graph()
    for statement in said:
        graph += profile.write(statement)
    for reader in READERS.values():
        held = reader(graph)
        assert [profile.read(held, statement.iri) for statement in said] == said


@settings(max_examples=40)
@given(st.lists(words.statements(), min_size=3, max_size=10, unique_by=lambda said: said.iri))
def test_every_written_policy_conforms_to_the_shapes(said: list[Statement]) -> None:
    """Intake writes settings that it reads from files without validating them: this is why it may.

    A statement that ``write`` turns into a policy outside the closed shapes would be a way round
    "refused when written", so whoever changes ``write`` or the shapes must keep this true.
    """
    graph = Graph()
    for statement in said:
        graph += profile.write(statement)
    report = shapes.validate_policy(graph)
    assert report.conforms, report.text()


def changed(*path: str, predicate: URIRef, value: URIRef | Literal | None) -> Graph:
    """Return the policy with *value* alone (None: nothing) for *predicate* of one of its nodes."""
    graph, node = profile.write(SAID), URIRef("#".join([str(POLICY), *path]))
    graph.remove((node, predicate, None))
    if value is not None:
        graph.add((node, predicate, value))
    return graph


def added(*path: str, predicate: URIRef, value: URIRef | Literal) -> Graph:
    """Return the policy with *value* beside what *predicate* of one of its nodes has."""
    graph = profile.write(SAID)
    graph.add((URIRef("#".join([str(POLICY), *path])), predicate, value))
    return graph


def with_constraint(left: URIRef, operator: URIRef, right: URIRef | Literal) -> Graph:
    graph, node = profile.write(SAID), URIRef(f"{POLICY}#more")
    graph.add((URIRef(f"{POLICY}#rule"), ODRL.constraint, node))
    graph.add((node, RDF.type, ODRL.Constraint))
    for predicate, value in (
        (ODRL.leftOperand, left),
        (ODRL.operator, operator),
        (ODRL.rightOperand, right),
    ):
        graph.add((node, predicate, value))
    return graph


def withdrawn_twice() -> Graph:
    graph = added(predicate=PROV.invalidatedAtTime, value=instant("2027-01-01T00:00:00Z"))
    return graph.add((POLICY, PROV.invalidatedAtTime, instant("2028-01-01T00:00:00Z")))


def instant(text: str) -> Literal:
    return Literal(text, datatype=XSD.dateTime)


DEVIATIONS: dict[str, Callable[[], Graph]] = {
    "no rule": lambda: changed(predicate=ODRL.permission, value=None),
    "a second permission": lambda: added(predicate=ODRL.permission, value=URIRef(f"{POLICY}#2")),
    "a prohibition too": lambda: added(predicate=ODRL.prohibition, value=URIRef(f"{POLICY}#2")),
    "no conflict": lambda: changed(predicate=ODRL.conflict, value=None),
    "conflict invalid": lambda: changed(predicate=ODRL.conflict, value=ODRL.invalid),
    "conflict perm": lambda: changed(predicate=ODRL.conflict, value=ODRL.perm),
    "conflict perm too": lambda: added(predicate=ODRL.conflict, value=ODRL.perm),
    "two profiles": lambda: added(predicate=ODRL.profile, value=URIRef("urn:another")),
    "no assigner": lambda: changed("rule", predicate=ODRL.assigner, value=None),
    "two assignees": lambda: added("rule", predicate=ODRL.assignee, value=words.STRANGER),
    "assignee in words": lambda: changed("rule", predicate=ODRL.assignee, value=Literal("tutor")),
    "no target": lambda: changed("rule", predicate=ODRL.target, value=None),
    "target in words": lambda: changed(
        "rule", predicate=ODRL.target, value=Literal(f"{POLICY}#target")
    ),
    "rule in words": lambda: changed(predicate=ODRL.permission, value=Literal(f"{POLICY}#rule")),
    "two categories": lambda: added("target", predicate=BP.hasCategory, value=BPC.goals),
    "no category": lambda: changed("target", predicate=BP.hasCategory, value=None),
    "two learners": lambda: added("target", predicate=BP.isRecordOf, value=words.GUARDIANS[0]),
    "another action": lambda: changed("action", predicate=RDF.value, value=ODRL.distribute),
    "two actions": lambda: added("action", predicate=RDF.value, value=ODRL.distribute),
    "no level": lambda: changed("action", predicate=ODRL.refinement, value=None),
    "unknown level": lambda: changed("level", predicate=ODRL.rightOperand, value=BPC.goals),
    "level of another kind": lambda: changed(
        "level", predicate=ODRL.leftOperand, value=ODRL.elapsedTime
    ),
    "level at most": lambda: changed("level", predicate=ODRL.operator, value=ODRL.lteq),
    "two levels": lambda: added("level", predicate=ODRL.rightOperand, value=BPC.goals),
    "no beginning": lambda: changed("from", predicate=ODRL.operator, value=ODRL.gt),
    "another operator": lambda: changed("purpose", predicate=ODRL.operator, value=ODRL.isAnyOf),
    "unknown operand": lambda: with_constraint(ODRL.spatial, ODRL.eq, URIRef("urn:here")),
    "two purposes": lambda: with_constraint(ODRL.purpose, ODRL.isA, words.OTHER),
    "two ends": lambda: with_constraint(ODRL.dateTime, ODRL.lt, instant("2030-01-01T00:00:00Z")),
    "purpose in words": lambda: changed(
        "purpose", predicate=ODRL.rightOperand, value=Literal("research")
    ),
    "date without zone": lambda: changed(
        "from", predicate=ODRL.rightOperand, value=instant("2026-01-01T00:00:00")
    ),
    "end without zone": lambda: changed(
        "until", predicate=ODRL.rightOperand, value=instant("2027-01-01T00:00:00")
    ),
    "a date, not a moment": lambda: changed(
        "until", predicate=ODRL.rightOperand, value=Literal("2027-01-01", datatype=XSD.date)
    ),
    "a moment in words": lambda: changed(
        "until", predicate=ODRL.rightOperand, value=Literal("2027-01-01T00:00:00Z")
    ),
    "withdrawn without zone": lambda: added(
        predicate=PROV.invalidatedAtTime, value=Literal(datetime(2027, 1, 1))
    ),
    "withdrawn twice": withdrawn_twice,
    "withdrawn by an IRI": lambda: added(
        predicate=PROV.invalidatedAtTime, value=URIRef("urn:yesterday")
    ),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_policy_that_deviates_is_unreadable_and_its_graph_is_refused(name: str) -> None:
    graph = DEVIATIONS[name]()
    for reader in READERS.values():
        with pytest.raises(UnreadablePolicy):
            profile.read(reader(graph), POLICY)
    assert not shapes.validate_policy(graph).conforms


def test_a_policy_that_is_not_there_is_unreadable() -> None:
    for reader in READERS.values():
        with pytest.raises(UnreadablePolicy):
            profile.read(reader(Graph()), POLICY)
