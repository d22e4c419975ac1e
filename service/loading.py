"""Files into the truth store: a loader's items through intake, with progress shown."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from databackpack.loaders import edfi, oneroster
from databackpack.loaders.record import Item, Mint
from databackpack.service.intake import Report, take_in
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore

__all__ = ["FORMATS", "describe", "load"]

FORMATS: dict[str, Callable[[Path, Mint], Iterator[Item]]] = {
    "edfi": edfi.read,
    "oneroster": oneroster.read,
}
_MOST_SHOWN = 50


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
    """Print what was loaded and, file by file, what was not."""
    table = Table("category", "records", title=f"{len(report.learners)} learners")
    for category, count in sorted(report.records.items()):
        table.add_row(category, str(count))
    console.print(table)
    console.print(
        f"{report.organizations} organisations, {report.guardianships} guardianships, "
        f"{report.settings} settings of families"
    )
    rules = Counter(problem.rule for problem in report.problems)
    for rule, count in rules.most_common():
        console.print(f"{count} x {rule}", style="red", markup=False)
    for problem in report.problems[:_MOST_SHOWN]:
        console.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
    if len(report.problems) > _MOST_SHOWN:
        console.print(f"… and {len(report.problems) - _MOST_SHOWN} more problems", style="red")
