"""Answers to research questions are the truth, told as finely as their level tells it."""

from collections import defaultdict
from pathlib import Path

import pytest

from databackpack.ontology.namespaces import BP, ID, ORG, SKOS
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.views import public
from tests.research.asking import ask, ask_cube, ask_file, evaluate, evaluate_file
from tests.research.comparison import compare
from tests.research.questions import QUESTIONS, Answer, Cell, Row, shares
from tests.research.world import Asked, counted, opened, permitted, store
from tests.running import Running

LEARNERS, K, ROUNDING = 60, 10, 5
CUBES = sorted({question.cube for question in QUESTIONS if question.cube})
QUICK = ["completeness"]
"""What is told of a few learners at all."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A sample of its own, because agreements, a release and statistics are added."""
    return opened(tmp_path_factory.mktemp("research"), LEARNERS, QUICK)


@pytest.mark.parametrize("level", [Asked.FULL, Asked.DEIDENTIFIED])
def test_records_as_they_are_answer_as_if_nothing_were_protected(
    running: Running, level: Asked
) -> None:
    views = running.context.views
    seen = store(views, permitted(views, level))
    wanted = {one.name: evaluate(one, seen) for one in QUESTIONS if level in one.levels}
    asked = {one.name: ask(running, one, level) for one in QUESTIONS if level in one.levels}
    assert asked == wanted
    assert sum(map(bool, wanted.values())) > 6


def test_the_truth_lies_in_what_is_published(running: Running) -> None:
    assert all(_published(running, name) for name in QUICK)


@pytest.mark.soak
def test_the_truth_lies_in_what_is_published_of_six_hundred_learners(tmp_path: Path) -> None:
    running = opened(tmp_path, 600, CUBES)
    assert all(_published(running, name) for name in CUBES)


def test_what_a_release_tells_of_a_learner_is_true_and_told_less_finely(running: Running) -> None:
    views = running.context.views
    truth = views.truth
    codes = dict(truth.pairs(ID["graph/codes/agreement/released"], BP.hasReleaseCode))
    places = {str(one): str(above) for one, above in truth.pairs(REGISTRY, ORG.subOrganizationOf)}
    schemes = {
        str(t.subject).strip("<>"): str(t.object).strip("<>")
        for t in public.known(truth)
        if t.predicate.value == str(SKOS.inScheme)
    }
    held: defaultdict[str, list[Row]] = defaultdict(list)
    for row in evaluate_file("states", store(views, permitted(views, Asked.RELEASED))):
        held[codes[ID["learner/" + row["learner"].rsplit("/", 1)[-1]]]].append(row)
    told = ask_file(running, "states", Asked.RELEASED)
    assert len(told) > LEARNERS
    assert any(row.get("place") in places.values() for row in told), "some are told a district"
    for row in told:
        assert any(_is_told(true, row, places, schemes) for true in held[row["learner"]]), row


def test_learners_are_withheld_by_policy_or_not_told_and_errors_are_of_cells_that_are_told() -> (
    None
):
    everything: Answer = {("a",): Cell(40, 50, 50), ("b",): Cell(30, 20, 20), ("c",): Cell(9, 0, 0)}
    seen: Answer = {("a",): Cell(36, 50, 50), ("b",): Cell(28, 25, 25), ("c",): Cell(9, 0, 0)}
    found = compare({("a",): Cell(35, 42, 62), ("d",): Cell(10, 0, 20)}, seen, everything)
    assert (found.told, found.cells, found.astray) == (2, 3, 1)
    assert (found.learners, found.withheld, found.suppressed) == (79, 6, 38)
    assert (found.protection, found.greatest, found.all_in_all) == (2, 2, 2)
    assert found.is_share


def _published(running: Running, name: str) -> int:
    """Return how many cells are told, of each of which the truth lies in what is told."""
    told, truth = ask_cube(running, name), shares(counted(running.context.views, name, True))
    for key, cell in told.items():
        true = truth[key]
        assert true.learners >= K
        assert abs(cell.learners - true.learners) < ROUNDING
        if true.lower is not None:
            assert cell.lower is not None and cell.upper is not None
            assert cell.lower <= true.lower <= cell.upper
    return len(told)


def _is_told(true: Row, told: Row, places: dict[str, str], schemes: dict[str, str]) -> bool:
    """Tell whether *told* says nothing but what *true* says, or something coarser."""
    above, place = [true["place"]], true["place"]
    while place in places:
        place = places[place]
        above.append(place)
    standard = true["standard"]
    return (
        told["level"] == true["level"]
        and told.get("schoolYear") in (None, true["schoolYear"])
        and told.get("standard") in (None, standard, schemes[standard])
        and ("place" not in told or told["place"] in above)
    )
