"""The W3C's query tests through the service: as many pass as with the bare engine, case by case."""

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from tests.conformance.case import GROUPS, Case
from tests.conformance.comparison import media_type, result
from tests.conformance.endpoint import Endpoint
from tests.conformance.outcome import PASS, evaluate, of_engine, of_service
from tests.web.asking import Response

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def rows(heading: str) -> list[list[str]]:
    """Return the table that follows *heading* on the page, without its first two lines."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)[2:]
    return [[cell.strip(" `") for cell in line.split(" | ")] for line in lines]


Outcomes = dict[Case, tuple[str, str]]


@pytest.fixture(scope="module")
def answers(cases: list[Case], endpoint: Endpoint) -> dict[Case, Response]:
    """The service's answer to each case."""
    return {one: endpoint.ask(one) for one in cases}


@pytest.fixture(scope="module")
def outcomes(answers: dict[Case, Response]) -> Outcomes:
    """For each case what became of it over the bare engine and through the service."""
    return {
        one: (of_engine(one, one.dataset.quads()), of_service(one, answer))
        for one, answer in answers.items()
    }


def test_exactly_the_cases_that_pass_with_the_bare_engine_pass_through_the_service(
    outcomes: Outcomes,
) -> None:
    by_engine, by_service = (
        {str(one) for one, both in outcomes.items() if both[at] == PASS} for at in (0, 1)
    )
    assert by_engine
    assert by_service == by_engine


def test_where_an_answer_is_wrong_it_is_the_engine_s(
    answers: dict[Case, Response], outcomes: Outcomes
) -> None:
    for one, both in outcomes.items():
        if both != (PASS, PASS) and one.is_evaluated:
            media, is_ordered = media_type(one), one.is_ordered
            ours = result(answers[one].body, media, is_ordered=is_ordered)
            bare = result(evaluate(one, one.dataset.quads()), media, is_ordered=is_ordered)
            assert ours == bare, one


def test_the_page_has_each_case_that_does_not_pass_with_its_reason(
    outcomes: Outcomes,
) -> None:
    told = {name: (engine, service) for name, engine, service, _ in rows("What does not pass")}
    assert {str(one): o for one, o in outcomes.items() if o != (PASS, PASS)} == told
    assert all(reason for *_, reason in rows("What does not pass"))


def test_the_page_has_the_figures_of_each_group(outcomes: Outcomes) -> None:
    found = [[group, *figures(outcomes, group)] for group in GROUPS]
    whole = ["all", *map(str, (sum(int(row[at]) for row in found) for at in (1, 2, 3, 4)))]
    assert rows("Figures") == [*found, whole]


def figures(outcomes: Outcomes, group: str) -> list[str]:
    """Return of a group: cases, those that are no query, and those that pass by engine, service."""
    own = {one: both for one, both in outcomes.items() if one.group == group}
    counted = (
        len(own),
        sum(one.is_negative for one in own),
        sum(engine == PASS for engine, _ in own.values()),
        sum(service == PASS for _, service in own.values()),
    )
    return list(map(str, counted))


def test_the_decoys_would_change_most_answers_that_data_can_change(
    cases: list[Case], outcomes: Outcomes
) -> None:
    """Else the tests above would prove nothing: here a bare store holds data and decoys."""
    depend = [
        one
        for one in cases
        if outcomes[one][0] == PASS and one.is_evaluated and one.dataset.quads()
    ]
    changed = sum(of_engine(one, with_decoys(one)) != PASS for one in depend)
    assert f"{changed} of the {len(depend)} answers" in PAGE.read_text(encoding="utf-8")
    assert changed > len(depend) * 0.8


def with_decoys(one: Case) -> list[ox.Quad]:
    """Return the data of a case with its decoys, these in the default graph and in named ones."""
    decoys = one.dataset.decoys()
    return [*one.dataset.quads(), *decoys, *(ox.Quad(*quad.triple) for quad in decoys)]


def test_the_decoys_are_in_the_truth_store(cases: list[Case], endpoint: Endpoint) -> None:
    decoys = ox.Store()
    for one in cases:
        decoys.extend(one.dataset.decoys())
    for graph in decoys.named_graphs():
        held = {quad.triple for quad in decoys.quads_for_pattern(None, None, None, graph)}
        assert held == endpoint.truth.triples(URIRef(graph.value)), graph


def test_a_graph_of_the_truth_store_is_no_graph_of_a_view(
    cases: list[Case], endpoint: Endpoint
) -> None:
    text = "SELECT DISTINCT ?g { GRAPH ?g {} }"
    for dataset in {one.dataset for one in cases}:
        answer = endpoint.query(dataset, text, "text/csv")
        assert answer.status == 200, answer.body
        assert sorted(answer.body.decode().split()[1:]) == [name for name, _ in dataset.named]
