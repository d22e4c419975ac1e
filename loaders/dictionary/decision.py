"""What people decided about earlier matches: it is kept, and wins over what is computed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from databackpack.loaders.alignments.sheet import Unreadable, open_sheet
from databackpack.loaders.record import Problem, Source
from databackpack.loaders.table import Row

__all__ = ["CONFIRMED", "REJECTED", "Decision", "Decisions", "read"]

CONFIRMED, REJECTED = "confirmed", "rejected"
_COLUMNS = ("table", "element", "vocabulary", "target", "status", "decided_by", "decided_on")
_NEEDED = ("element", "target", "status")


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on one element: *target* is an IRI, or empty: it has no partner."""

    target: str
    by: str
    on: str


@dataclass(slots=True)
class Decisions:
    """Confirmed targets by (table, element, vocabulary), and the IRIs that each may not have."""

    confirmed: dict[tuple[str, str, str], Decision] = field(default_factory=dict)
    rejected: dict[tuple[str, str, str], dict[str, Decision]] = field(default_factory=dict)

    def add(self, row: Row) -> Problem | None:
        """Take what *row* says; return what is wrong with it."""
        key = (plain(row["table"]), plain(row["element"]), row["vocabulary"] or "CEDS")
        decision = Decision(row["target"], plain(row["decided_by"]), plain(row["decided_on"]))
        if row["status"] == CONFIRMED:
            earlier = self.confirmed.setdefault(key, decision)
            if earlier.target != decision.target:
                return Problem(
                    row.source,
                    "contradicting decision",
                    f"{key[1][:100]} is confirmed to be {earlier.target or 'without partner'} in "
                    "an earlier row; leave one of them out",
                )
        elif row["status"] == REJECTED:
            self.rejected.setdefault(key, {})[decision.target] = decision
        return None


def read(path: Path, decisions: Decisions) -> Iterator[Problem]:
    """Take the rows of *path* that say confirmed or rejected; yield what was wrong.

    Its columns are those of the table that the command writes, so people may decide in that.
    """
    try:
        sheet = open_sheet(path)
    except Unreadable as fault:
        yield Problem(Source(path.name, fault.line), fault.rule, fault.message)
        return
    columns = {name: name for name in _COLUMNS if name in sheet.header}
    if missing := [name for name in _NEEDED if name not in columns]:
        line = len(sheet.preamble) + 1
        message = f"the header lacks {', '.join(missing)}"
        yield Problem(Source(path.name, line), "missing column", message)
        return
    for row in sheet.rows(columns):
        problem = row if isinstance(row, Problem) else decisions.add(row)
        if problem is not None:
            yield problem


def plain(cell: str) -> str:
    """Return a cell as it was before it was made safe for spreadsheets."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@" and len(cell) > 1 else cell
