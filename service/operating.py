"""``backpack view list|rebuild|check``: what operators ask of the service that has the store."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from databackpack.ontology.codes import local_name
from databackpack.service.opening import STORE
from databackpack.service.policy.purpose import purpose as purpose_of
from databackpack.service.running import RunningService, Told

__all__ = ["COMMANDS", "audiences"]

_AUDIENCE = click.option("--audience", help="Only views of this audience.")
_PURPOSE = click.option("--purpose", help="Only views for this purpose.")
_WIDTH = 22  # of a name beside the bar, so that 80 columns hold the figures
_COLUMNS = ("audience", "purpose", "triples", "epoch", "changes", "memory", "processes", "used")
_NONE = "no view is live; each is built when it is first asked"


def audiences(store: Path) -> list[Told]:
    """Return who may ask, as the running service of *store* tells: its name, role and purposes."""
    return RunningService(store).audiences()


@click.group("view")
def _view() -> None:
    """Look at the running service's live views, build them anew, check them."""


@_view.command("list")
@STORE
def _list(store: Path) -> None:
    """List the live views, those that were asked for last first, and what is being built."""
    live, building = RunningService(store).views()
    for line in _aligned([_COLUMNS, *map(_row, live)]) if live else [_NONE]:
        click.echo(line)
    for told in building:
        click.echo(
            f"being built: {told['audience']} {told['purpose']}, {told['done']:,} of "
            f"{told['learners']:,} learners, {told['triples']:,} triples"
        )


@_view.command("rebuild")
@STORE
@_AUDIENCE
@_PURPOSE
def _rebuild(store: Path, audience: str | None, purpose: str | None) -> None:
    """Build live views anew, one after the other; the old ones answer until the new ones do.

    With both an audience and a purpose: that view, live or not.
    """
    service = RunningService(store)
    for name, told, seconds in _operated(service, "rebuild", audience, purpose):
        click.echo(
            f"{name}: {told['triples']:,} triples at epoch {told['epoch']}, "
            f"in {seconds:.1f} s ({_rate(told['triples'], seconds)})"
        )


@_view.command("check")
@STORE
@_AUDIENCE
@_PURPOSE
def _check(store: Path, audience: str | None, purpose: str | None) -> None:
    """Compare live views with rebuilds from scratch; exit with 1 when one differs.

    With both an audience and a purpose: that view, live or not.
    """
    differing = 0
    for name, told, _ in _operated(RunningService(store), "check", audience, purpose):
        if told["only_live"] or told["only_rebuilt"]:
            differing += 1
            click.echo(
                f"{name}: DIFFERS, {told['only_live']:,} triples only in the live view, "
                f"{told['only_rebuilt']:,} only in the rebuild, {told['same']:,} in both"
            )
        else:
            click.echo(f"{name}: equals a rebuild, {told['same']:,} triples")
    if differing:
        raise click.ClickException(
            f"{differing} of the views differed. Nobody is answered from them any more: "
            "each is built anew when it is next asked"
        )


def _operated(
    service: RunningService, operation: str, audience: str | None, purpose: str | None
) -> Iterator[tuple[str, Told, float]]:
    """Yield for each chosen view its name, what came of *operation*, and the seconds it took."""
    chosen = _chosen(service, audience, purpose)
    for number, (whose, what_for) in enumerate(chosen, 1):
        name = f"{whose} {what_for}"
        begin = monotonic()
        short = f"{number}/{len(chosen)} {whose[:_WIDTH]}"
        told = _watched(short, service.operate(operation, whose, what_for))
        if "problem" in told:
            raise click.ClickException(f"{name}: {told['problem']}")
        yield name, told, monotonic() - begin


def _chosen(
    service: RunningService, audience: str | None, purpose: str | None
) -> list[tuple[str, str]]:
    """Return audience and purpose of the views that are meant."""
    try:
        name = None if purpose is None else local_name(purpose_of(purpose))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    if audience is not None and name is not None:
        return [(audience, name)]
    live = [(told["audience"], told["purpose"]) for told in service.views()[0]]
    found = [one for one in live if audience in (None, one[0]) and name in (None, one[1])]
    if not found and (audience or name):
        raise click.ClickException(
            "no such view is live; name both --audience and --purpose to have one built"
        )
    if not found:
        click.echo(_NONE)
    return found


def _watched(name: str, lines: Iterable[Told]) -> Told:
    """Return the last of *lines*, having shown the others as a bar to whoever sits there."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TextColumn("learners {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    told: Told = {}
    begin, made = monotonic(), 0
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(name, total=None, rate="")
        for told in lines:
            if told.get("learners"):
                progress.update(task, completed=told["done"], total=told["learners"])
                if told["triples"] > made:
                    made = told["triples"]
                    progress.update(task, rate=_rate(made, monotonic() - begin))
    return told


def _rate(triples: int, seconds: float) -> str:
    return f"{triples / max(seconds, 0.001):,.0f} triples/s"


def _row(told: Told) -> tuple[str, ...]:
    return (
        told["audience"],
        told["purpose"],
        f"{told['triples']:,}",
        str(told["epoch"]),
        f"{told['changes']:,}",
        f"{told['memory'] / 1e6:,.0f} MB",
        ",".join(map(str, told["processes"])) or "-",
        f"{told['used'][:19]}Z",
    )


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


COMMANDS: tuple[click.Command, ...] = (_view,)
"""Added to ``backpack`` by the command line."""
