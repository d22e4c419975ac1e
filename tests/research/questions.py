"""Ten research questions: how each is asked at each level, and how its answer is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from databackpack import queries
from databackpack.service.records.terms import to_ox
from tests.research.world import Asked, Counts

__all__ = [
    "QUESTIONS",
    "Answer",
    "Bound",
    "Cell",
    "Question",
    "Row",
    "merge",
    "read_text",
    "shares",
]

_FOLDER = Path(__file__).parent
RECORDS = (Asked.FULL, Asked.DEIDENTIFIED, Asked.RELEASED)
"""The levels at which records are asked, not statistics."""

Row = Mapping[str, str]
Bound = ox.NamedNode | ox.Literal
"""What stands for a parameter."""


def read_text(name: str) -> str:
    """Return the query called *name* of this folder."""
    return (_FOLDER / f"{name}.rq").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Cell:
    """Of how many learners it is, and of a share between which percents it lies."""

    learners: int
    lower: float | None = None
    upper: float | None = None


Answer = Mapping[tuple[str, ...], Cell]


@dataclass(frozen=True)
class Question:
    """A question by its number in the list of competency questions.

    *name* is its query over records, *read* makes cells of the rows. *cube* answers it from what is
    published; it is empty where nothing that is published does. Of a cube that tells more than is
    asked, only whether anything is told by the first *dimensions* is looked at.
    """

    number: int
    asks: str
    name: str
    read: Callable[[Iterable[Row]], Answer]
    parameters: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[Asked, ...] = RECORDS
    cube: str = ""
    dimensions: int | None = None

    @property
    def text(self) -> str:
        """The query: of the catalogue, or of this folder where the catalogue has none."""
        if self.name in queries.names():
            return queries.read(self.name).text
        return read_text(self.name)

    @property
    def bindings(self) -> dict[str, Bound]:
        """The parameters as terms."""
        if not self.parameters:
            return {}
        bound = queries.read(self.name).bind(self.parameters)
        return {name: to_ox(term) for name, term in bound.items()}


def merge(answer: Answer, dimensions: int | None) -> Answer:
    """Return which values of the first *dimensions* are told of; *answer* itself for None."""
    return answer if dimensions is None else {key[:dimensions]: Cell(0) for key in answer}


def shares(counts: Counts) -> Answer:
    """Return true counts of a cube as cells."""
    return {
        key: Cell(learners) if having is None else _share(learners, having)
        for key, (learners, having) in counts.items()
    }


def _share(learners: int, having: int) -> Cell:
    percent = 100 * having / learners
    return Cell(learners, percent, percent)


def _cells(*keys: str, learners: str, percent: str = "", having: str = "") -> Callable[..., Answer]:
    """Return what reads rows: *keys* name a cell, *percent* or *having* of *learners* its share."""

    def read(rows: Iterable[Row]) -> Answer:
        found: dict[tuple[str, ...], Cell] = {}
        for row in rows:
            key, of = tuple(row[name] for name in keys), int(row[learners])
            if having:
                found |= {key: _share(of, int(row[having]))} if of else {}
            else:
                share = float(row[percent]) if percent in row else None
                found |= {key: Cell(of, share, share)} if of else {}
        return found

    return read


def _codes(rows: Iterable[Row]) -> Answer:
    return {(row["code"],): Cell(0) for row in rows}


def _mastery_file(rows: Iterable[Row]) -> Answer:
    """Return of each standard in a file how many learners it has, and which share met it."""
    learners: dict[str, set[str]] = {}
    met: dict[str, set[str]] = {}
    for row in rows:
        learners.setdefault(row["code"], set()).add(row["learner"])
        if row["level"] in ("Met", "Exceeded"):
            met.setdefault(row["code"], set()).add(row["learner"])
    return {(code,): _share(len(all_), len(met.get(code, ()))) for code, all_ in learners.items()}


_LAST, _THIS = {"schoolYear": "2025-2026"}, {"schoolYear": "2026-2027"}

QUESTIONS = (
    Question(
        2,
        "standards of grade 3 without evidence",
        "standards-without-evidence",
        _codes,
        {"within": "3", **_LAST},
        (Asked.FULL,),
        cube="evidence",
        dimensions=1,
    ),
    Question(
        4,
        "prerequisites of 5.NBT.A.1, and who is behind on them",
        "prerequisite-chain",
        _cells("code", learners="withEvidence", having="alsoNotYet"),
        {"standard": "5.NBT.A.1"},
    ),
    Question(
        5,
        "what counts as evidence of 3.OA.A.1, by school",
        "evidence-by-school",
        _cells("school", "kind", learners="learners"),
        {"standard": "3.OA.A.1"},
        cube="evidence",
    ),
    Question(
        6,
        "mathematics met, by moves in the year",
        "mastery-by-moves",
        _cells("moves", learners="withEvidence", percent="percentMet"),
        _LAST,
        cube="mastery-by-moves",
    ),
    Question(
        7,
        "absence, and mastery in the next year, by district",
        "absence-and-mastery",
        _cells("district", "missedATenth", learners="learners", percent="percentMet"),
        _LAST,
        cube="absence-and-mastery",
    ),
    Question(
        8,
        "persistence and marks, by results of tests",
        "motivation-and-marks",
        _cells("metEveryTest", "isPersistent", learners="learners", having="withGoodMarks"),
        levels=(Asked.DEIDENTIFIED,),
    ),
    Question(
        9,
        "file of mastery, grade 6: met, by standard",
        "mastery-file",
        _mastery_file,
        {"grade": "6", **_LAST},
    ),
    Question(
        10,
        "growth, by support",
        "growth-by-support",
        _cells("framework", "support", learners="learners", having="grew"),
        _THIS,
        cube="growth-by-support",
    ),
    Question(
        11,
        "parts of the backpack that are there, by school",
        "backpack-completeness",
        _cells("school", "part", learners="enrolled", having="held"),
        cube="completeness",
    ),
    Question(
        14,
        "on track, by support",
        "on-track-by-support",
        _cells("district", "support", learners="tested", having="onTrack"),
        _LAST,
        cube="on-track",
    ),
)
