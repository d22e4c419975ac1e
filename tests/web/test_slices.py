"""Which part of a data set is shown: what a request may choose, and what is chosen for it."""

from collections.abc import Sequence

import pyoxigraph as ox
import pytest
from rdflib import Literal, URIRef

from databackpack.ontology.namespaces import BP, BPD, RDF
from databackpack.service.gate.faults import MalformedRequest
from databackpack.service.records.terms import node
from databackpack.service.web.data_set import DataSet, Dimension, Member
from databackpack.service.web.slices import Slice, choose

TOTAL = Member(node(BP.Total), "All", 1)


def dimension(name: str, size: int, *, total: bool = False, place: bool = False) -> Dimension:
    members = [Member(ox.Literal(label), label, 1) for label in _labels(name, size)]
    return Dimension(BPD[name], name, place, (*([TOTAL] if total else []), *members))


def _labels(name: str, size: int) -> list[str]:
    return [f"{name} {number}" for number in range(size)]


SCHOOL = dimension("school", 4, total=True, place=True)
DISTRICT = dimension("district", 2, total=True, place=True)
YEAR = dimension("schoolYear", 3)
GRADE = dimension("grade", 8, total=True)
GENDER = dimension("gender", 3, total=True)
STANDARD = dimension("standard", 30)
FROM, TO = dimension("fromSchool", 4, place=True), dimension("toSchool", 6, place=True)


def data_set(*dimensions: Dimension, share_of: str = "met the standard") -> DataSet:
    iri = URIRef("https://example.org/statistics/x")
    return DataSet(iri, "X", "", "2026-11-23T00:00:00Z", 10, share_of, "", dimensions)


def named(part: Slice) -> list[str]:
    return [axis.name if axis else "" for axis in part.axes]


@pytest.mark.parametrize(
    ("dimensions", "axes", "fixed"),
    [
        ((SCHOOL, YEAR, GRADE, GENDER), ["school", "schoolYear", "gender"], {"grade": "All"}),
        ((SCHOOL, DISTRICT, GRADE), ["school", "grade", "district"], {}),
        ((SCHOOL, STANDARD, GRADE, YEAR), ["school", "standard", "schoolYear"], {"grade": "All"}),
        ((FROM, TO, YEAR), ["toSchool", "schoolYear", "fromSchool"], {}),
        ((GRADE, YEAR), ["", "schoolYear", ""], {"grade": "All"}),
        ((dimension("schoolYear", 1), GRADE), ["", "grade", ""], {"schoolYear": "schoolYear 0"}),
        ((), ["", "", ""], {}),
    ],
    ids=lambda value: ",".join(d.name for d in value) if isinstance(value, tuple) else "",
)
def test_what_a_request_leaves_open_is_chosen_to_be_read(
    dimensions: Sequence[Dimension], axes: list[str], fixed: dict[str, str]
) -> None:
    """Schools part the panels; a year goes along; what has few values has colors."""
    part = choose(data_set(*dimensions), {})
    assert named(part) == axes
    assert {one.name: member.label for one, member in part.fixed.items()} == fixed


def test_a_request_chooses_axes_and_values_and_leaves_an_axis_empty() -> None:
    sent = {"panels": "gender", "rows": "grade", "series": "", "school": "school 2"}
    part = choose(data_set(SCHOOL, YEAR, GRADE, GENDER), sent)
    assert named(part) == ["gender", "grade", ""]
    assert part.words == "school: school 2 · schoolYear: schoolYear 2 · published 2026-11-23"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"rows": "nothing"}, "The rows cannot be 'nothing' here; they can be schoolYear, grade,"),
        ({"panels": "grade", "rows": "grade"}, "The rows cannot be 'grade' here"),
        ({"series": "grade"}, "The series cannot be 'grade' here; they can be gender."),
        ({"grade": "13"}, "Nothing is published for the grade '13'."),
        ({"x": "y"}, "There is no 'x' to choose; there are panels, rows, series, page, school,"),
    ],
    ids=str,
)
def test_a_choice_that_there_is_not_is_refused_with_those_there_are(
    sent: dict[str, str], words: str
) -> None:
    with pytest.raises(MalformedRequest) as caught:
        choose(data_set(SCHOOL, YEAR, GRADE, GENDER), sent)
    assert caught.value.detail.startswith(words)


def test_cells_are_asked_for_by_their_dimensions_and_what_is_fixed() -> None:
    part = choose(data_set(SCHOOL, YEAR, GENDER), {"series": "", "gender": "gender 1"})
    assert part.bindings() == {
        "dataSet": part.data_set.iri,
        "property1": BPD.school,
        "property2": BPD.schoolYear,
        "property3": BPD.gender,
        "value3": Literal("gender 1"),
        **{f"property{number}": RDF.type for number in range(4, 7)},
    }
    many = data_set(*(dimension(f"d{number}", 2) for number in range(7)))
    with pytest.raises(MalformedRequest, match="Of 7 dimensions no picture"):
        choose(many, {}).bindings()


def solutions(part: Slice, *cells: tuple[str, ...]) -> ox.QuerySolutions:
    """Return solutions of ``cells.rq``: terms of the dimensions, then learners and two bounds."""
    size = len(part.data_set.dimensions)
    names = [*(f"value{n}" for n in range(1, size + 1)), "learners", "lower", "upper"]
    lines = ["\t".join(f"?{name}" for name in names), *("\t".join(cell) for cell in cells), ""]
    found = ox.parse_query_results("\n".join(lines), format=ox.QueryResultsFormat.TSV)
    assert isinstance(found, ox.QuerySolutions)
    return found


def test_a_tabulation_has_each_cell_at_its_place_and_all_values_of_short_dimensions() -> None:
    part = choose(data_set(YEAR, GENDER), {"rows": "schoolYear", "series": "gender"})
    shown = part.tabulate(
        solutions(
            part,
            ('"schoolYear 0"', f"{TOTAL.term}", "25", "20.0", "40.0"),
            ('"schoolYear 2"', '"gender 1"', "30", "0.0", "10.0"),
        )
    )
    assert shown.panels == [""] and shown.heads == ["", "schoolYear", "gender"]
    assert shown.rows == ["schoolYear 0", "schoolYear 1", "schoolYear 2"]
    assert shown.series == ["All", "gender 0", "gender 1", "gender 2"]
    assert {key: str(cell) for key, cell in shown.cells.items()} == {
        (0, 0, 0): "20 to 40 % of 25",
        (0, 2, 2): "≤ 10 % of 30",
    }
    assert shown.is_over_time and shown.measure == "share of learners who met the standard"


def test_of_a_long_dimension_only_values_with_a_cell_are_rows() -> None:
    part = choose(data_set(STANDARD), {"rows": "standard"})
    shown = part.tabulate(solutions(part, ('"standard 7"', "25", "20.0", "40.0")))
    assert shown.rows == ["standard 7"]
    assert len(part.tabulate(solutions(part)).rows) == 30, "nothing is shown, and says so"


def test_a_total_of_counts_is_not_beside_its_parts_but_may_be_chosen() -> None:
    counted = data_set(SCHOOL, GENDER, share_of="")
    total = (f"{TOTAL.term}", f"{TOTAL.term}", "95", "", "")
    part = choose(counted, {"rows": "", "series": ""})
    shown = part.tabulate(solutions(part, ('"school 1"', f"{TOTAL.term}", "15", "", ""), total))
    assert "All" not in shown.panels and shown.measure == "number of learners"
    assert [str(cell) for cell in shown.cells.values()] == ["15"]
    whole = choose(counted, {"panels": "", "rows": "", "series": ""})
    assert [str(cell) for cell in whole.tabulate(solutions(whole, total)).cells.values()] == ["95"]


def test_what_is_not_chosen_is_fixed_where_most_cells_are() -> None:
    few, many = Member(ox.Literal("few"), "few", 2), Member(ox.Literal("many"), "many", 9)
    support = Dimension(BPD.support, "support", False, (TOTAL, few, many))
    part = choose(data_set(SCHOOL, YEAR, support), {"series": ""})
    assert part.fixed == {support: many}


def test_a_panel_of_which_nothing_is_shown_is_named_but_not_drawn() -> None:
    part = choose(data_set(SCHOOL), {"rows": ""})
    shown = part.tabulate(solutions(part, ('"school 2"', "25", "20.0", "40.0")))
    assert shown.panels == ["school 2"] and len(shown.cells) == 1
    assert shown.empty == ["All", "school 0", "school 1", "school 3"]
    assert len(list(shown.lines())) == 1 + 5
    nothing = part.tabulate(solutions(part))
    assert len(nothing.panels) == 5 and nothing.empty == []
