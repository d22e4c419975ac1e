"""A cube of an agency's own is read as it is written, or refused with the rule that it breaks."""

from pathlib import Path

import pytest

from databackpack.ontology.namespaces import BPC, BPD
from databackpack.queries.cubes import Dimension
from databackpack.service.statistics.definition import InvalidCube, read_file

CASES = Path(__file__).parent / "cubes"
LEAST = 10

REFUSED = {
    "asks-by-a-path": ("bp:hasIdentifiability", "asks for text, which is a FreeText"),
    "asks-for-all-but-one": ("bp:hasIdentifiability", "properties that it does not name"),
    "asks-for-anything": ("bp:hasIdentifiability", "properties that it does not name"),
    "asks-for-names": ("bp:hasIdentifiability", "asks for familyName, which is a DirectIdentifier"),
    "leaves-the-store": ("SERVICE", "No query leaves this store"),
    "malformed": ("SPARQL 1.1", "expected"),
    "no-dimension": ("bp:isCountedBy", "selects no [?]school"),
    "no-select": ("SPARQL 1.1", "no SELECT"),
    "no-share": ("bp:isCountedBy", "selects no [?]has"),
    "no-turtle": ("Turtle", "no-turtle.ttl cannot be read"),
    "small-cells": ("bp:minimumCellSize", "at least 10 learners here, not 5"),
    "two-cubes": ("qb:DataStructureDefinition", "or several"),
    "without-query": ("UTF-8", "without-query.rq cannot be read"),
    "without-schedule": ("Cube-bp_monthsBetweenReleases", "at least one month passes"),
}
"""Case → the rule, and what the message says."""


def test_a_cube_in_a_file_is_read_with_its_query() -> None:
    cube = read_file(CASES / "valid.ttl", LEAST)
    assert (cube.name, cube.measure, cube.months) == ("late-work", "share", 12)
    assert cube.dimensions == (
        Dimension(BPD.schoolYear, "school year", has_total=False),
        Dimension(BPD.school, "school", has_total=True),
    )
    assert cube.categories == {BPC.enrollment, BPC.gradebook}
    assert (cube.contribution, cube.minimum_cell_size) == (5, 0)
    assert cube.query == (CASES / "valid.rq").read_text()


def test_a_cube_may_ask_for_larger_cells_than_the_law() -> None:
    assert read_file(CASES / "larger-cells.ttl", LEAST).minimum_cell_size == 25
    assert read_file(CASES / "small-cells.ttl", 5).minimum_cell_size == 5


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_cube_is_refused_with_the_rule_that_it_breaks(name: str) -> None:
    rule, says = REFUSED[name]
    with pytest.raises(InvalidCube, match=says) as refused:
        read_file(CASES / f"{name}.ttl", LEAST)
    assert refused.value.rule == rule


def test_every_case_is_tried() -> None:
    assert {file.stem for file in CASES.iterdir()} == {*REFUSED, "valid", "larger-cells"}


def test_a_file_that_is_not_there_is_told_of_by_its_name() -> None:
    with pytest.raises(InvalidCube, match=r"nowhere\.ttl cannot be read"):
        read_file(CASES / "nowhere.ttl", LEAST)
