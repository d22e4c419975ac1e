"""Tabulations and their pictures: a chart shows what the table says, and nothing else."""

from dataclasses import replace
from itertools import pairwise, product
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle

from databackpack.service.web import chart
from databackpack.service.web.chart import COLORS
from databackpack.service.web.tabulation import (
    MOST_PANELS,
    MOST_ROWS,
    MOST_SERIES,
    Cell,
    Tabulation,
)

Cells = dict[tuple[int, int, int], Cell]


def tabulation(
    panels: int = 2,
    rows: int = 2,
    series: int = 2,
    cells: Cells | None = None,
    *,
    share_of: str = "met the standard",
    over_time: bool = False,
) -> Tabulation:
    return Tabulation(
        title="Mastery",
        fixed="grade: All",
        least=10,
        share_of=share_of,
        is_over_time=over_time,
        heads=["school", "school year", "gender"],
        panels=[f"School {number}" for number in range(panels)],
        empty=["School of few"],
        rows=[f"{2020 + number}-{2021 + number}" for number in range(rows)],
        series=[f"Group {number}" for number in range(series)],
        cells=cells or {},
    )


@st.composite
def tabulations(draw: st.DrawFn) -> Tabulation:
    panels, rows, series = (draw(st.integers(1, most)) for most in (4, 3, MOST_SERIES))
    keys = st.sampled_from(list(product(range(panels), range(rows), range(series))))
    is_share = draw(st.booleans())
    percent = st.integers(0, 20).map(lambda number: 5.0 * number)
    bounds = st.tuples(percent, percent).map(sorted)
    cell = st.builds(
        lambda learners, both: Cell(5 * learners, *both) if is_share else Cell(5 * learners),
        st.integers(2, 400),
        bounds,
    )
    cells = draw(st.dictionaries(keys, cell))
    words = "met the standard" if is_share else ""
    return tabulation(panels, rows, series, cells, share_of=words, over_time=draw(st.booleans()))


Bar = tuple[int, float, float, str]
"""In which row, from where to where, in which color; hatched is none."""


def bars(axes: Axes, shown: Tabulation) -> list[Bar]:
    """Return the bars of a panel, sorted."""
    found = []
    for bar in axes.patches:
        assert isinstance(bar, Rectangle)
        (x, y), width, height = bar.get_xy(), bar.get_width(), bar.get_height()
        if not shown.is_over_time:
            x, y, width, height = y, x, height, width
        color = "" if bar.get_hatch() else to_hex(bar.get_facecolor())
        found.append((round(x + width / 2), round(y, 6), round(y + height, 6), color))
    return sorted(found)


def meant(shown: Tabulation, panel: int, end: float) -> list[Bar]:
    """Return the bars that a panel must have; a hatched one goes all the way to *end*."""
    found: list[Bar] = []
    for row, series in product(range(len(shown.rows)), range(len(shown.series))):
        cell = shown.cells.get((panel, row, series))
        if cell is None:
            found.append((row, 0, round(end, 6), ""))
        elif cell.lower is None or cell.upper is None:
            found.append((row, 0, cell.learners, COLORS[series]))
        else:
            found.append((row, cell.lower, cell.upper, COLORS[series]))
    return sorted(found)


@settings(max_examples=8, deadline=None)
@given(tabulations())
def test_each_bar_is_a_cell_and_each_cell_a_bar_and_all_else_is_hatched(shown: Tabulation) -> None:
    figure = chart.figure(shown)
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in panels] == shown.panels
    for panel, axes in enumerate(panels):
        end = (axes.get_ylim() if shown.is_over_time else axes.get_xlim())[1]
        assert bars(axes, shown) == meant(shown, panel, end)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*shown.series, shown.absence]


@settings(max_examples=25)
@given(tabulations())
def test_the_file_has_a_line_for_each_combination_and_the_numbers_of_its_cell(
    shown: Tabulation,
) -> None:
    head, *lines = shown.lines()
    numbers = head.index("learners")
    told = {}
    assert [line for line in lines if line[0] == "School of few"] == lines[len(_keys(shown)) :]
    assert {line[-1] for line in lines[len(_keys(shown)) :]} == {shown.absence}
    for (key, panel, row, one), line in zip(_keys(shown), lines, strict=False):
        assert line[:numbers] == [panel, row, one]
        assert len(line) == len(head)
        if line[-1] == shown.absence:
            assert line[numbers:-1] == [""] * (len(head) - numbers - 1)
        else:
            told[key] = Cell(
                int(line[numbers]), *(float(bound) for bound in line[numbers + 1 : -1])
            )
    assert told == shown.cells


def _keys(shown: Tabulation) -> list[tuple[tuple[int, int, int], str, str, str]]:
    return [
        ((p, r, s), panel, row, one)
        for p, panel in enumerate(shown.panels)
        for r, row in enumerate(shown.rows)
        for s, one in enumerate(shown.series)
    ]


def test_no_cell_of_the_file_is_a_formula() -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@x"]
    shown = tabulation(4, 1, 1)
    shown = Tabulation(
        **{name: getattr(shown, name) for name in shown.__slots__} | {"panels": names}
    )
    assert [line[0] for line in list(shown.lines())[1:-1]] == [f"'{name}" for name in names]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(1250), "1,250"),
        (Cell(25, 20, 40), "20 to 40 % of 25"),
        (Cell(25, 0, 20), "≤ 20 % of 25"),
        (Cell(25, 80, 100), "≥ 80 % of 25"),
        (Cell(320, 35, 35), "35 % of 320"),
        (Cell(10, 0, 100), "0 to 100 % of 10"),
        (Cell(320, 12.5, 15), "12.5 to 15 % of 320"),
    ],
    ids=str,
)
def test_a_cell_in_words_says_no_more_than_its_bounds(cell: Cell, words: str) -> None:
    assert str(cell) == words


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(1, 60), st.integers(1, MOST_SERIES))
def test_the_pages_of_a_tabulation_are_all_of_it(panels: int, rows: int, series: int) -> None:
    cells = {
        (p, r, 0): Cell(5 * (p + r + 2)) for p in range(0, panels, 3) for r in range(0, rows, 7)
    }
    shown = tabulation(panels, rows, series, cells)
    pages = [shown.page(number) for number in range(1, shown.pages + 1)]
    there = {(shown.panels[p], shown.rows[r]): cell for (p, r, _), cell in cells.items()}
    told = [
        (page.panels[p], page.rows[r], cell)
        for page in pages
        for (p, r, _), cell in page.cells.items()
    ]
    assert len(told) == len(cells) and {(p, r): cell for p, r, cell in told} == there
    for page in pages:
        assert 1 <= len(page.panels) <= MOST_PANELS and len(page.rows) <= MOST_ROWS
        assert len(page.panels) * len(page.rows) * series <= 480 or len(page.panels) == 1
        empty = set(page.empty) - set(shown.empty)
        assert not {(panel, row) for panel in empty for row in page.rows} & set(there)
    seen = {(p, r) for page in pages for p in (*page.panels, *page.empty) for r in page.rows}
    assert seen >= {(panel, row) for panel in shown.panels for row in shown.rows}


@pytest.mark.filterwarnings("ignore:Glyph")  # as the module does, which pytest takes back
def test_the_same_numbers_are_the_same_bytes_and_a_name_is_only_a_name() -> None:
    shown = tabulation(2, 1, 1, {(0, 0, 0): Cell(25, 20, 40)})
    named = replace(shown, title='<script>"&', panels=[r"$\frac{1}{0}$", "学校_^"])
    for one in (shown, named):
        first, again = chart.draw(one, "svg"), chart.draw(one, "svg")
        assert first == again
        root = ElementTree.fromstring(first)  # noqa: S314
        assert root.get("role") == "img"
        assert root.get("aria-label") == f"{one.title}. {one.fixed}"
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
        assert not list(root.iter("{http://www.w3.org/2000/svg}text")), "letters are paths"
    assert chart.draw(shown, "png").startswith(b"\x89PNG")
    assert chart.draw(shown, "png") == chart.draw(shown, "png")


def luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(color)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def test_colors_are_told_apart_without_color_and_stand_out_from_the_paper() -> None:
    """WCAG 2.2, 1.4.1 and 1.4.11; whoever sees no color sees each lighter than the one before."""
    assert len(COLORS) == MOST_SERIES
    light = [luminance(color) + 0.05 for color in COLORS]
    assert all(lighter / darker >= 1.25 for darker, lighter in pairwise(light))
    assert all(1.05 / one >= 3 for one in light)
