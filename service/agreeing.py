"""``backpack agreement``: written agreements, from the form to the certificate of destruction."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.opening import MOMENT, STORE, opened, telling
from databackpack.service.policy.purpose import is_within
from databackpack.service.records.truth import TruthStore
from databackpack.service.releases import release
from databackpack.service.rights import agreements, form, usage
from databackpack.service.rights.agreements import OnRecord
from databackpack.service.rights.usage import Made, Usage
from databackpack.service.statistics import ledger, schedule

__all__ = ["COMMANDS", "made"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FORMS = (".yaml", ".yml")


@click.group("agreement")
def _agreement() -> None:
    """Keep written agreements: studies, audits, vendors."""


@_agreement.command("template")
@click.argument("kind")
@telling
def _template(kind: str) -> None:
    """Print the form of an agreement to fill in; KIND is study, audit, vendor or consented."""
    click.echo(form.template(kind), nl=False)


@_agreement.command("add")
@click.argument("file", type=_FILE)
@STORE
@telling
def _add(file: Path, store: Path) -> None:
    """Put the agreement in FILE, a form (.yaml) or Turtle, on record, if nothing is wrong in it."""
    context = opened(store)
    text = file.read_bytes()
    is_form = file.suffix.lower() in _FORMS
    graph = form.read(text, context.truth) if is_form else agreements.parse(text)
    epoch = agreements.add(context.views, graph)
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


@_agreement.command("due")
@STORE
@click.option(
    "--days", type=click.IntRange(min=0), default=90, show_default=True, help="How far ahead."
)
def _due(store: Path, days: int) -> None:
    """List what is to be destroyed, the longest overdue first; exit code 1 if anything is."""
    truth = opened(store).truth
    today = truth.clock().date()
    found = agreements.due(truth, today + timedelta(days=days))
    for one in found:
        apart = abs((one.destroy_by - today).days)
        span = f"{apart} day" if apart == 1 else f"{apart} days"
        state = f"OVERDUE for {span}" if one.is_overdue(today) else f"in {span}"
        click.echo(
            f"{local_name(one.agreement.iri)}\t{one.label}\tdestroy by {one.destroy_by}, {state}\t"
            f"{one.representative}"
        )
    if not found:
        click.echo(f"Nothing is to be destroyed until {today + timedelta(days=days)}.", err=True)
    sys.exit(1 if any(one.is_overdue(today) for one in found) else 0)


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


@_agreement.command("report")
@click.argument("name")
@STORE
@click.option("--since", type=MOMENT, help="Only from this moment on (UTC).")
@click.option("--format", "kind", type=click.Choice(["text", "html", "csv"]), default="text")
@telling
def _report(name: str, store: Path, since: datetime | None, kind: str) -> None:
    """Print who asked under the agreement NAME, what came of it, how many learners it was about."""
    begin = None if since is None else since.replace(tzinfo=UTC)
    truth = opened(store).truth
    found = usage.read(truth, name, begin)
    agreed = found.bound.agreement
    budget = None if agreed.noise_budget is None else ledger.left(truth, agreed)
    told = replace(found, made=made(truth, found), budget=budget)
    click.echo(usage.write(told, kind), nl=False)


def made(truth: TruthStore, found: Usage) -> list[Made]:
    """Return the releases and the publications for the agreement's audience, in order of time."""
    agreed = found.bound.agreement
    releases = [
        Made(one.moment, f"release {one.number}: {one.learners} learners, groups of {one.k}")
        for one in release.on_record(truth, agreed.iri)
        if one.moment >= found.since
    ]
    publications = [
        Made(one.issued, f"statistics {one.name}, publication {one.sequence}")
        for one in schedule.on_record(truth)
        if one.audience == agreed.audience
        and any(is_within(one.purpose, purpose) for purpose in agreed.purposes)
        and found.since <= one.issued < agreed.until
    ]
    return sorted([*releases, *publications], key=lambda one: one.moment)


COMMANDS: tuple[click.Command, ...] = (_agreement,)
"""Added to ``backpack`` by the command line."""
