"""A part of a published data set as it is shown to people: panels, rows and series. Pure.

The table, the chart and the file of one page are made of the same `Tabulation`, so none of them
has a number that another lacks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from databackpack.loaders.cell import safe

__all__ = ["MOST_PANELS", "MOST_ROWS", "MOST_SERIES", "Cell", "Tabulation"]

MOST_PANELS = 12
MOST_ROWS = 40
MOST_SERIES = 5
_MOST_MARKS = 480
"""Of one picture: more bars are not legible, and each takes a millisecond or two to draw."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is published of one combination: *learners*, and a share's bounds in percent."""

    learners: int
    lower: float | None = None
    upper: float | None = None

    def __str__(self) -> str:
        if self.lower is None or self.upper is None:
            return f"{self.learners:,}"
        return f"{self._share()} of {self.learners:,}"

    def _share(self) -> str:
        match self.lower, self.upper:
            case 0, upper if upper != 100:
                return f"≤ {upper:g} %"
            case lower, 100 if lower != 0:
                return f"≥ {lower:g} %"
            case lower, upper if lower == upper:
                return f"{lower:g} %"
            case lower, upper:
                return f"{lower:g} to {upper:g} %"


@dataclass(frozen=True, slots=True)
class Tabulation:
    """Published cells by the positions of their panel, row and series.

    A combination that *cells* has not is suppressed or empty: nothing tells which. *least* is how
    many learners a cell must be of. A dimension that is not used has one label, the empty text;
    *heads* are the names of the three. *fixed* says which part of the data set it is, *share_of*
    what the learners of a share have; it is empty where learners are counted only. Of the panels
    *empty* nothing at all is shown, so that a picture does without them.
    """

    title: str
    fixed: str
    least: int
    share_of: str
    is_over_time: bool
    heads: Sequence[str]
    panels: Sequence[str]
    empty: Sequence[str]
    rows: Sequence[str]
    series: Sequence[str]
    cells: Mapping[tuple[int, int, int], Cell]

    @property
    def absence(self) -> str:
        """What is said of a combination that is not shown."""
        return f"not shown: fewer than {self.least} learners, or protected"

    @property
    def measure(self) -> str:
        """What the numbers are."""
        return f"share of learners who {self.share_of}" if self.is_share else "number of learners"

    @property
    def is_share(self) -> bool:
        """Whether the cells have bounds of a share."""
        return bool(self.share_of)

    @property
    def pages(self) -> int:
        """How many pages it is on: as many panels on each as are legible, long ones in parts."""
        return -(-len(self.panels) // self._panels()) * self._parts()

    def page(self, number: int) -> "Tabulation":
        """Return page *number*, from 1: some panels, each with the same at most `MOST_ROWS` rows.

        Panels of which nothing is shown on this page are among the empty ones, unless all are.
        """
        group, part = divmod(number - 1, self._parts())
        panels = range(len(self.panels))[group * self._panels() :][: self._panels()]
        rows = range(len(self.rows))[part * MOST_ROWS :][:MOST_ROWS]
        there = {p for p, r, _ in self.cells if p in panels and r in rows}
        kept = [panel for panel in panels if panel in there or not there]
        return replace(
            self,
            panels=[self.panels[panel] for panel in kept],
            empty=[*(self.panels[panel] for panel in panels if panel not in kept), *self.empty],
            rows=[self.rows[row] for row in rows],
            cells={
                (kept.index(p), r - rows.start, s): cell
                for (p, r, s), cell in self.cells.items()
                if p in kept and r in rows
            },
        )

    def _panels(self) -> int:
        marks = min(len(self.rows), MOST_ROWS) * len(self.series)
        return max(1, min(MOST_PANELS, _MOST_MARKS // marks))

    def _parts(self) -> int:
        return -(-len(self.rows) // MOST_ROWS)

    def lines(self) -> Iterator[list[str]]:
        """Yield a head and then a line for each combination, for CSV, those not shown too.

        No cell of it is taken for a formula by a spreadsheet.
        """
        used = [head for head in self.heads if head]
        numbers = ["learners", *(("lower_percent", "upper_percent") if self.is_share else ())]
        yield [safe(head) for head in [*used, *numbers, "note"]]
        for p, panel in enumerate([*self.panels, *self.empty]):
            for r, row in enumerate(self.rows):
                for s, one in enumerate(self.series):
                    labels = zip(self.heads, (panel, row, one), strict=True)
                    told = [safe(label) for head, label in labels if head]
                    yield [*told, *self._numbers(self.cells.get((p, r, s)))]

    def _numbers(self, cell: Cell | None) -> list[str]:
        bounds = () if cell is None or cell.lower is None else (cell.lower, cell.upper)
        if cell is None:
            return [*[""] * (3 if self.is_share else 1), self.absence]
        return [str(cell.learners), *(f"{bound:g}" for bound in bounds), ""]
