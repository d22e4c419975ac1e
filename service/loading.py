"""Files into the truth store: a loader's items through intake, with progress shown."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from databackpack.loaders import edfi, oneroster
from databackpack.loaders.record import Item, Mint, Problem
from databackpack.service.intake import take_in
from databackpack.service.intake.report import Report
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore

__all__ = ["FORMATS", "describe", "load"]

FORMATS: dict[str, Callable[[Path, Mint], Iterator[Item]]] = {
    "edfi": edfi.read,
    "oneroster": oneroster.read,
}
_MOST_SHOWN = 5


def load(truth: TruthStore, form: str, paths: list[Path], console: Console) -> Report:
    """Return the report of loading *paths*, all of one format, into *truth*."""
    mint = Identities(truth).mint
    items = chain.from_iterable(FORMATS[form](path, mint) for path in paths)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("learners"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"Loading {form}", total=None)
        return take_in(truth, items, advance=lambda learners: progress.advance(task, learners))


def describe(report: Report, console: Console) -> None:
    """Print what was loaded and, rule by rule, what was not."""
    table = Table("category", "records", title=f"{len(report.learners)} learners")
    for category, count in sorted(report.records.items()):
        table.add_row(category, str(count))
    console.print(table)
    console.print(
        f"{report.organizations} organisations, {report.guardianships} guardianships, "
        f"{report.documents} standing documents, {report.settings} settings of families"
    )
    for learners, since in ((report.held, "now"), (report.still_held, "since an earlier load")):
        if learners:
            _print(
                console,
                f"{len(learners)} held back {since}: nobody sees anything of these learners",
            )
    for rule, problems in _by_rule(report.problems).items():
        _print(console, f"{len(problems)} x {rule}")
        for problem in problems[:_MOST_SHOWN]:
            _print(console, f"  {problem}")
        if len(problems) > _MOST_SHOWN:
            _print(console, f"  … and {len(problems) - _MOST_SHOWN} more; --report writes them all")


def _by_rule(problems: list[Problem]) -> dict[str, list[Problem]]:
    """Return the problems of each rule, the rarest first: they drown most easily."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.rule, []).append(problem)
    return dict(sorted(found.items(), key=lambda item: len(item[1])))


def _print(console: Console, line: str) -> None:
    console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
