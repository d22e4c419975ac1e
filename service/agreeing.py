"""``backpack agreement``: written agreements, from the form to the certificate of destruction."""

from datetime import date, datetime
from pathlib import Path

import click

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.opening import STORE, opened, telling
from databackpack.service.rights import agreements
from databackpack.service.rights.agreements import OnRecord

__all__ = ["COMMANDS"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("agreement")
def _agreement() -> None:
    """Keep written agreements: studies, audits, vendors."""


@_agreement.command("add")
@click.argument("file", type=_FILE)
@STORE
@telling
def _add(file: Path, store: Path) -> None:
    """Put the agreements in FILE (Turtle) on record, all of them or none."""
    context = opened(store)
    epoch = agreements.add(context.views, agreements.parse(file.read_bytes()))
    context.truth.flush()
    click.echo(f"on record from epoch {epoch}")


@_agreement.command("list")
@STORE
@click.option("--overdue", is_flag=True, help="Only those whose destruction is overdue.")
def _list(store: Path, overdue: bool) -> None:
    """List the agreements in the order in which they end."""
    context = opened(store)
    now = context.truth.clock()
    if overdue:
        found = agreements.overdue(context.truth, now.date())
    else:
        found = agreements.on_record(context.truth)
    for one in found:
        click.echo(_line(one, now))


def _line(one: OnRecord, now: datetime) -> str:
    bound = one.agreement
    state = "in force" if one.is_in_force(now) else "not in force"
    destroyed = f"destroyed on {one.destroyed_on}" if one.destroyed_on else "not yet certified"
    overdue = ", OVERDUE" if one.is_overdue(now.date()) else ""
    return (
        f"{local_name(bound.iri)}\t{one.label}\t{local_name(bound.kind)}\t"
        f"{local_name(bound.audience)}\t{state} until {bound.until.date()}\t"
        f"destroy by {one.destroy_by}, {destroyed}{overdue}\t{one.representative}"
    )


@_agreement.command("end")
@click.argument("name")
@STORE
@telling
def _end(name: str, store: Path) -> None:
    """End the agreement called NAME now."""
    context = opened(store)
    epoch = agreements.end(context.views, ID[f"agreement/{name}"])
    context.truth.flush()
    click.echo(f"gives no access from epoch {epoch}")


@_agreement.command("destroyed")
@click.argument("name")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@STORE
@telling
def _destroyed(name: str, day: datetime, store: Path) -> None:
    """Put on record that what was received under the agreement NAME was destroyed on DAY."""
    context = opened(store)
    agreements.certify(context.views, ID[f"agreement/{name}"], date(day.year, day.month, day.day))
    context.truth.flush()
    click.echo("on record")


COMMANDS: tuple[click.Command, ...] = (_agreement,)
"""Added to ``backpack`` by the command line."""
