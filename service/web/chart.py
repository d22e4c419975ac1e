"""A tabulation as a picture: small multiples, one panel for each part; as SVG or PNG.

A share is drawn as the range that is published, a combination that is not shown as a hatched bar.
The same data give the same bytes, on one machine with one version of the fonts.
"""

from collections.abc import Iterable
from io import BytesIO
from math import nan
from textwrap import fill, shorten
from threading import Lock
from typing import Any
from warnings import filterwarnings
from xml.sax.saxutils import quoteattr

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from databackpack.service.web.tabulation import Cell, Tabulation

__all__ = ["COLORS", "draw", "figure"]

COLORS = ("#0b2560", "#7a1f3d", "#a8451f", "#27877b", "#b98627")
"""One for each series, from dark to light: told apart without color too, and by the color-blind."""

_WIDTH = 8.0
_DPI = 180
_DRAWING = Lock()
"""Drawing is not safe for several threads at once, and must not take more than one core."""

_HATCHED: dict[str, Any] = {
    "facecolor": "#f4f4f4",
    "edgecolor": "#8c8c8c",
    "hatch": "//////",
    "linewidth": 0.4,
}
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}

matplotlib.rcParams.update(
    {
        "axes.edgecolor": "#8c8c8c",
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.axisbelow": True,
        "font.family": "DejaVu Sans",  # it comes with the library
        "font.size": 8.5,
        "grid.color": "#e4e4e4",
        "hatch.linewidth": 0.5,
        "svg.fonttype": "path",
        "svg.hashsalt": "databackpack",
        "text.parse_math": False,  # a name is a name, whatever is in it
    }
)
filterwarnings("ignore", "Glyph .* missing")  # a letter that the font lacks; the table has it


def draw(shown: Tabulation, form: str) -> bytes:
    """Return *shown*, one page of a tabulation, as a picture; *form* is svg or png."""
    with _DRAWING:
        file = BytesIO()
        figure(shown).savefig(file, format=form, metadata=_METADATA[form], dpi=_DPI)
    picture = file.getvalue()
    if form == "svg":
        label = quoteattr(f"{shown.title}. {shown.fixed}").encode()
        picture = picture.replace(b"<svg ", b'<svg role="img" aria-label=' + label + b" ", 1)
    return picture


def figure(shown: Tabulation) -> Figure:
    """Return *shown* as a figure: a bar for each combination, at the bounds that it has."""
    columns = min(3, len(shown.panels))
    lines = -(-len(shown.panels) // columns)
    thick = max(0.2, 0.1 * len(shown.series) + 0.08)
    height = 2.0 if shown.is_over_time else 0.6 + thick * len(shown.rows)
    drawn = Figure(figsize=(_WIDTH, 1.2 + lines * height))
    drawn.set_layout_engine("constrained", wspace=0.05, hspace=0.04)
    grid = drawn.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for position, axes in enumerate(grid.flat):
        if position < len(shown.panels):
            _panel(axes, shown, position)
        else:
            axes.set_axis_off()
        if position + columns >= len(shown.panels):
            axes.tick_params(labelbottom=True)  # nothing is below it
    _scale(grid[0, 0], shown)
    words = [fill(line, 100) for line in (shown.title, shown.fixed, shown.measure)]
    drawn.suptitle("\n".join(words), x=0.01, ha="left", fontsize=10, linespacing=1.5)
    columns = min(3, len(shown.series) + 1)
    drawn.legend(handles=_legend(shown), loc="outside lower left", ncols=columns, frameon=False)
    return drawn


def _panel(axes: Axes, shown: Tabulation, panel: int) -> None:
    """Draw one panel: rows lie along x over time, else along y with the first on top."""
    axes.set_title(fill(shorten(shown.panels[panel], 60), 34), loc="left", fontsize=9)
    axes.grid(visible=False, axis="x" if shown.is_over_time else "y")
    bar = axes.bar if shown.is_over_time else axes.barh
    thickness = 0.8 / max(len(shown.series), 2 if shown.is_over_time else 1)
    for series in range(len(shown.series)):
        shift = (series - (len(shown.series) - 1) / 2) * thickness
        places = [row + shift for row in range(len(shown.rows))]
        cells = [shown.cells.get((panel, row, series)) for row in range(len(shown.rows))]
        hidden = [place for place, cell in zip(places, cells, strict=True) if cell is None]
        bar(hidden, [_span(shown)] * len(hidden), thickness * 0.9, 0, **_HATCHED)
        bounds = [_bounds(cell) for cell in cells if cell is not None]
        bar(
            [place for place, cell in zip(places, cells, strict=True) if cell is not None],
            [upper - lower for lower, upper in bounds],
            thickness * 0.9,
            [lower for lower, _ in bounds],
            color=COLORS[series],
            edgecolor=COLORS[series],
            linewidth=1.2,
        )
        if shown.is_over_time and shown.is_share:
            _connect(axes, places, cells, COLORS[series])


def _connect(axes: Axes, places: Iterable[float], cells: list[Cell | None], color: str) -> None:
    """Draw a pale band from each range to the next, none where one is not shown."""
    bounds = [(nan, nan) if cell is None else _bounds(cell) for cell in cells]
    lowers, uppers = zip(*bounds, strict=True)
    axes.fill_between(
        list(places), lowers, uppers, color=color, alpha=0.25, linewidth=0, zorder=0.5
    )


def _bounds(cell: Cell) -> tuple[float, float]:
    """Return where a bar begins and ends: a share's range, or from nothing to a count."""
    if cell.lower is None or cell.upper is None:
        return 0, cell.learners
    return cell.lower, cell.upper


def _span(shown: Tabulation) -> float:
    """Return how long the axis of numbers is, which says nothing of what is not shown."""
    if shown.is_share:
        return 100
    return 1.05 * max((cell.learners for cell in shown.cells.values()), default=1)


def _scale(axes: Axes, shown: Tabulation) -> None:
    """Set the axes, which all panels share."""
    width = max(5, 30 // len(shown.rows)) if shown.is_over_time else 22
    labels = [fill(shorten(row, 44), width) for row in shown.rows]
    places = range(len(shown.rows))
    numbers = axes.yaxis if shown.is_over_time else axes.xaxis
    if shown.is_share:
        numbers.set_ticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    if shown.is_over_time:
        axes.set_xticks(places, labels)
        axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=(0, _span(shown)))
    else:
        axes.set_yticks(places, labels)
        axes.set(ylim=(len(labels) - 0.5, -0.5), xlim=(0, _span(shown)))


def _legend(shown: Tabulation) -> list[Patch]:
    unnamed = "range in which the share lies" if shown.is_share else "learners, rounded"
    named = [
        Patch(facecolor=color, label=shorten(label, 40) if label else unnamed)
        for label, color in zip(shown.series, COLORS, strict=False)
    ]
    return [*named, Patch(**_HATCHED, label=shown.absence)]
