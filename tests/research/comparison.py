"""How far an answer is from the truth: by what families withhold, and by what protection does."""

from dataclasses import dataclass
from statistics import fmean

from tests.research.questions import Answer, Cell

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """An answer beside those of an unprotected store, of what may be seen and of everything.

    Learners count once in each cell that they are in. *withheld* of them are in no cell because of
    policies, *suppressed* because of protection. *astray* are cells that are in the answer and not
    in the truth. Errors are in percentage points where *is_share*, else in learners; *protection*
    and *greatest* are against what may be seen, *all_in_all* against everything.
    """

    told: int
    cells: int
    astray: int
    learners: int
    withheld: int
    suppressed: int
    is_share: bool
    protection: float | None
    greatest: float | None
    all_in_all: float | None


def compare(answer: Answer, permitted: Answer, everything: Answer) -> Comparison:
    """Return how far *answer* is from *permitted* and from *everything*."""
    seen, true = _learners(permitted), _learners(everything)
    near, far = _errors(answer, permitted), _errors(answer, everything)
    return Comparison(
        told=len(answer),
        cells=len(everything),
        astray=len(answer.keys() - everything.keys()),
        learners=true,
        withheld=true - seen,
        suppressed=seen - _learners({k: answer[k] for k in answer.keys() & permitted.keys()}),
        is_share=any(cell.lower is not None for cell in everything.values()),
        protection=fmean(near) if near else None,
        greatest=max(near, default=None),
        all_in_all=fmean(far) if far else None,
    )


def _learners(of: Answer) -> int:
    return sum(cell.learners for cell in of.values())


def _errors(answer: Answer, truth: Answer) -> list[float]:
    return [
        abs(_middle(cell) - _middle(truth[key])) for key, cell in answer.items() if key in truth
    ]


def _middle(cell: Cell) -> float:
    if cell.lower is None or cell.upper is None:
        return cell.learners
    return (cell.lower + cell.upper) / 2
