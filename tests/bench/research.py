"""Ten research questions over the sample state, at each level, and how far answers are from truth.

    python -m tests.bench.research [LEARNERS]     600 unless told

Every answer comes through the gate, as its audience is told. The truth is the same query over all
records, or for a cube a count that shares no code with ours.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.research.asking import ask, ask_cube, evaluate
from tests.research.comparison import Comparison, compare
from tests.research.questions import QUESTIONS, RECORDS, merge, shares
from tests.research.world import Asked, counted, opened, permitted, store
from tests.running import Running


def main(learners: int = 600) -> None:
    """Print the table."""
    print(
        "| question | level | cells told | learners in truth | withheld | not told "
        "| mean error by protection | greatest | mean error in all |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        names = sorted({question.cube for question in QUESTIONS if question.cube})
        running = opened(Path(folder), learners, names)
        rows = sorted(_rows(running), key=lambda row: (row[0], list(Asked).index(row[2])))
    for number, asks, level, found in rows:
        print(f"| {number}: {asks} | {level.value.title} | {_line(found)} |")


def _rows(running: Running) -> Iterator[tuple[int, str, Asked, Comparison]]:
    views = running.context.views
    everything = store(views, permitted(views, None))
    truth = {one.number: evaluate(one, everything) for one in QUESTIONS}
    for level in RECORDS:
        seen = store(views, permitted(views, level))
        for question in QUESTIONS:
            if level in question.levels:
                may_be_seen = evaluate(question, seen)
                found = compare(ask(running, question, level), may_be_seen, truth[question.number])
                yield question.number, question.asks, level, found
    for question in QUESTIONS:
        if question.cube:
            told = ask_cube(running, question.cube)
            counts = (shares(counted(views, question.cube, p)) for p in (True, False))
            found = compare(*(merge(of, question.dimensions) for of in (told, *counts)))
            yield question.number, f"cube {question.cube}", Asked.PUBLISHED, found


def _line(found: Comparison) -> str:
    unit = " pp" if found.is_share else ""
    others = f", {found.astray} others" if found.astray else ""
    learners = (found.learners, found.withheld, found.suppressed)
    errors = (found.protection, found.greatest, found.all_in_all)
    return " | ".join(
        (
            f"{found.told:,} of {found.cells:,}{others}",
            *(f"{number:,}" if found.learners else "-" for number in learners),
            *(
                f"{error:.1f}{unit}" if error is not None and found.learners else "-"
                for error in errors
            ),
        )
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
