"""The cases of a public ODRL test suite against ``odrl-suite.csv``: what becomes of each.

A policy inside the profile gives the expected activation; any other is refused by the shapes, and
the table has by which and for which term. The suite's files are beside the repository.
"""

import csv
from dataclasses import asdict
from pathlib import Path

import pytest
from rdflib import Graph

from databackpack.ontology.namespaces import ODRL
from tests.policy import odrl_suite
from tests.policy.odrl_suite import Outcome
from tests.policy.odrl_translation import translate, with_spans

TABLE = Path(__file__).parent / "odrl-suite.csv"
INSIDE = {"8", "11", "14"}
"""Who reads what, at most from a moment on or before one: what the profile says."""
EQUIVALENT = {"9", "12", "13", "15"}
"""At a moment, up to it, after it, between two: a beginning and an end say the same."""


def table() -> list[Outcome]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Outcome(**row) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def suite(shared_data: Path) -> Path:
    return shared_data / "odrl_test_suite"


def test_the_table_has_what_became_of_each_case(suite: Path) -> None:
    assert [asdict(found) for found in odrl_suite.outcomes(suite)] == [asdict(o) for o in table()]


def test_a_policy_that_lies_inside_gives_the_expected_activation() -> None:
    assert len(table()) == 65
    assert {o.policy for o in table() if o.verdict == "inside"} == INSIDE
    assert {o.policy for o in table() if o.verdict == "equivalent"} == EQUIVALENT
    for outcome in table():
        if outcome.verdict == "refused":
            assert outcome.refused_by
            assert not outcome.ours
        else:
            assert outcome.ours == outcome.expected
            assert bool(outcome.refused_by) is (outcome.verdict == "equivalent")


@pytest.mark.parametrize("number", sorted(INSIDE | EQUIVALENT))
def test_a_prohibition_bears_on_what_its_permission_did(suite: Path, number: str) -> None:
    """The suite has no prohibition to read: each permission that lies inside becomes one here."""
    said = odrl_suite.parse(suite / "policies" / f"policy-{number}.ttl")
    forbidden = Graph()
    for subject, predicate, value in with_spans(said):
        is_rule = predicate == ODRL.permission
        forbidden.add((subject, ODRL.prohibition if is_rule else predicate, value))
    policy = translate(forbidden)
    assert odrl_suite.refusals(policy) == []
    for outcome in table():
        if outcome.policy == number:
            request = odrl_suite.parse(suite / "requests" / f"request-{outcome.request}.ttl")
            world = odrl_suite.parse(suite / "sotw" / f"{outcome.world}.ttl")
            assert odrl_suite.activation(policy, request, world) == outcome.expected


def test_the_reader_takes_no_policy_whose_own_nodes_the_shapes_refuse(suite: Path) -> None:
    """What stands beside a policy is a stranger to the shapes and nothing to the reader."""
    for file in sorted((suite / "policies").glob("*.ttl")):
        policy = translate(odrl_suite.parse(file))
        refused_by = odrl_suite.refusals(policy)
        own = [name for name in refused_by if not name.startswith("ConsentPolicy-stranger")]
        assert odrl_suite.is_readable(policy) is not bool(own), file.stem
