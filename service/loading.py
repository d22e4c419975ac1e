"""Files into the truth store with progress shown, and what came of it in words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from databackpack.loaders.record import Problem
from databackpack.service.intake import load as one
from databackpack.service.intake.report import Problems, Report
from databackpack.service.records.truth import TruthStore

__all__ = ["Bar", "describe", "load", "progress"]

_MOST_SHOWN = 5


class _Rate(ProgressColumn):
    """Learners per second, of late."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s")


class Bar:
    """A bar of learners: how many are done, of how many, how fast, and how long that will take."""

    def __init__(self, shown: Progress, title: str) -> None:
        self._shown, self._task = shown, shown.add_task(title, total=None)

    def advance(self, learners: int) -> None:
        """*learners* more are done."""
        self._shown.update(self._task, advance=learners, refresh=True)

    def expect(self, total: int) -> None:
        """There are *total* in all, as far as is known."""
        self._shown.update(self._task, total=total, refresh=True)

    def show(self, done: int, total: int | None) -> None:
        """*done* of *total* are done."""
        self._shown.update(self._task, completed=done, total=total, refresh=True)


@contextmanager
def progress(title: str, console: Console) -> Iterator[Bar]:
    """Show a bar on *console* meanwhile; no thread draws it, for what is loaded may be forked."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("learners"),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, auto_refresh=False) as shown:
        yield Bar(shown, title)


def load(
    truth: TruthStore,
    form: str,
    paths: list[Path],
    console: Console,
    workers: int = 0,
    mapping: Path | None = None,
    choices: Mapping[str, object] | None = None,
) -> Report:
    """Return the report of loading *paths*, all of one format, into *truth*, by *workers*."""
    with progress(f"Loading {form}", console) as bar:
        return one.load(
            truth,
            form,
            paths,
            mapping=mapping,
            choices=choices,
            workers=workers,
            advance=bar.advance,
            expect=bar.expect,
        )


def describe(report: Report, console: Console) -> None:
    """Print what was loaded and, rule by rule, what was not."""
    whole = f"{len(report.learners)} learners"
    if report.records:
        table = Table("category", "records", title=whole)
        for category, count in sorted(report.records.items()):
            table.add_row(category, str(count))
        console.print(table)
        whole = f"{report.changed} of the records are new or differ from what was held"
    counts = {
        "statements of standards": report.standards,
        "alignments": report.alignments,
        "organisations": report.organizations,
        "guardianships": report.guardianships,
        "standing documents": report.documents,
        "settings of families": report.settings,
    }
    told = [f"{count} {what}" for what, count in counts.items() if count]
    console.print(", ".join([whole, *told]), soft_wrap=True)
    for learners, since in ((report.held, "now"), (report.still_held, "since an earlier load")):
        if learners:
            _print(
                console,
                f"{len(learners)} held back {since}: nobody sees anything of these learners",
            )
    _print_rules(console, report.problems, "", "red")
    _print_rules(console, report.notes, ", loaded all the same", "yellow")


def _print_rules(console: Console, problems: Problems, ending: str, style: str) -> None:
    for rule, (count, examples) in _by_rule(problems).items():
        _print(console, f"{count} x {rule}{ending}", style)
        for problem in examples[:_MOST_SHOWN]:
            _print(console, f"  {problem}", style)
        if count > _MOST_SHOWN:
            _print(console, f"  … and {count - _MOST_SHOWN} more; --report writes them all", style)


def _by_rule(problems: Problems) -> dict[str, tuple[int, list[Problem]]]:
    """Return of each rule how many problems and the first, the rarest first: they drown easily."""
    found: dict[str, tuple[int, list[Problem]]] = {}
    for group in problems.groups():
        count, examples = found.get(group.rule, (0, []))
        found[group.rule] = count + group.count, [*examples, *group.examples]
    return dict(sorted(found.items(), key=lambda item: item[1][0]))


def _print(console: Console, line: str, style: str = "red") -> None:
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
