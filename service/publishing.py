"""``backpack cube``: what may be counted, and what is published of it for one audience."""

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pyoxigraph as ox
from rdflib import RDFS, URIRef
from rdflib.util import from_n3
from rich.console import Console
from rich.table import Table

from databackpack import ontology
from databackpack.loaders.cell import safe
from databackpack.ontology.codes import label, local_name
from databackpack.ontology.namespaces import PREFIXES
from databackpack.queries import cubes
from databackpack.queries.cubes import Cube
from databackpack.service.loading import progress
from databackpack.service.opening import (
    STORE,
    audience_of,
    opened,
    purpose_among,
    telling,
    unknown,
)
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.refusal import nearest
from databackpack.service.records.graphs import REGISTRY, statistics_graph
from databackpack.service.records.truth import StoreInUse, TruthStore
from databackpack.service.running import RunningService
from databackpack.service.statistics import schedule
from databackpack.service.statistics.choice import choose, to_epsilon
from databackpack.service.statistics.dataset import read_observations
from databackpack.service.statistics.table import TOTAL
from databackpack.service.views.snapshot import Disturbed
from databackpack.service.web.context import Context

__all__ = ["COMMANDS"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_AUDIENCE = click.option("--audience", required=True, help="For whom; see: backpack audience")
_PURPOSE = click.option("--purpose", help="For which purpose, where the audience has several.")
_DEFINED = ".ttl"
_FORMATS = ("table", "csv", "ttl")
_Told = dict[str, Any]


@click.group("cube")
def _cube() -> None:
    """Publish statistics: counts of many learners, from which nothing follows about one."""


@_cube.command("list")
def _list() -> None:
    """List what may be counted: name, months between publications, dimensions, title."""
    for name in cubes.names():
        cube = cubes.read(name)
        dimensions = " x ".join(dimension.label for dimension in cube.dimensions)
        click.echo(f"{name}\t{cube.months} months\t{dimensions}\t{cube.label}")


@_cube.command("check")
@click.argument("file", type=_FILE)
@click.option(
    "--jurisdiction",
    "place",
    type=click.Choice(ontology.jurisdictions()),
    default="us-default",
    show_default=True,
    help="Whose minimum cell size it must keep to.",
)
@telling
def _check(file: Path, place: str) -> None:
    """Tell whether FILE (.ttl, with its .rq beside it) defines a cube that may be published."""
    cube = _from_file(file, jurisdiction.read(place).minimum_cell_size)
    click.echo(f"{cube.name}: {cube.label}; a {cube.measure}, every {cube.months} months")


@_cube.command("publish")
@click.argument("names", metavar="[CUBE]...", nargs=-1)
@STORE
@_AUDIENCE
@_PURPOSE
@click.option("--epsilon", help="What each takes from an agreement's noise budget, such as 0.5.")
@telling
def _publish(
    names: tuple[str, ...], store: Path, audience: str, purpose: str | None, epsilon: str | None
) -> None:
    """Publish each CUBE, a name or a .ttl file, for one audience; without any, all that are due.

    Each stands until its next day; doing it again on the same day changes nothing. A service that
    has the store open is asked to publish.
    """
    try:
        context = opened(store)
    except click.ClickException as error:
        if not isinstance(error.__context__, StoreInUse):
            raise
        published = _by_service(store, names, audience, purpose, epsilon)
    else:
        published = _published(context, names, audience, purpose, epsilon)
    for one in published:
        click.echo(f"{one['cube']}: {one['cells']} cells, the next on {one['next']}")


@_cube.command("due")
@STORE
def _due(store: Path) -> None:
    """List what is published, that first whose next publication may follow first."""
    truth = opened(store).truth
    today = truth.clock().date()
    for one in schedule.on_record(truth):
        state = "DUE since" if one.next_day <= today else "next on"
        click.echo(
            f"{one.name}\t{local_name(one.audience)}\t{local_name(one.purpose)}\t"
            f"published {one.issued.date()}\t{state} {one.next_day}"
        )


@_cube.command("show")
@click.argument("name", metavar="CUBE")
@STORE
@_AUDIENCE
@_PURPOSE
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table")
@telling
def _show(name: str, store: Path, audience: str, purpose: str | None, form: str) -> None:
    """Print what is published of CUBE for one audience, as a table, CSV or Turtle."""
    context = opened(store)
    chosen, what_for = audience_of(context, audience, purpose)
    data_set = statistics_graph(chosen.iri, what_for, name)
    triples = context.truth.triples(data_set)
    if not triples:
        every = schedule.on_record(context.truth)
        known = [one.name for one in every if one.audience == chosen.iri]
        raise click.ClickException(
            f"{name} is not published for {audience}; published is {nearest(name, known)}"
        )
    if form == "ttl":
        prefixes = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
        told = ox.serialize(sorted(triples, key=str), format=ox.RdfFormat.TURTLE, prefixes=prefixes)
        click.echo((told or b"").decode(), nl=False)
        return
    rows = list(_rows(context.truth, triples))
    if form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    table = Table(*rows[0])
    for row in rows[1:]:
        table.add_row(*row)
    Console().print(table)


def _published(
    context: Context,
    names: tuple[str, ...],
    audience: str,
    purpose: str | None,
    epsilon: str | None,
) -> list[_Told]:
    """Return what is published now in a store that is ours alone."""
    from databackpack.service.statistics.publication import publish  # counting loads what is public

    views, truth = context.views, context.truth
    chosen, what_for = audience_of(context, audience, purpose)
    least = views.law().minimum_cell_size()
    shipped = [name for name in names if not name.endswith(_DEFINED)]
    own = [_from_file(Path(name), least) for name in names if name.endswith(_DEFINED)]
    wanted = choose(truth, shipped, chosen, what_for) if shipped or not own else []
    with progress("Counting", Console(stderr=True)) as bar:
        try:
            found = publish(views, [*wanted, *own], chosen, what_for, to_epsilon(epsilon), bar.show)
        except Disturbed as error:
            raise click.ClickException(str(error)) from None
    truth.flush()
    return [dict(schedule.outline(truth, one)) for one in found]


def _by_service(
    store: Path,
    names: tuple[str, ...],
    audience: str,
    purpose: str | None,
    epsilon: str | None,
) -> list[_Told]:
    """Return what the service that has the store open has published, as it was asked to."""
    if any(name.endswith(_DEFINED) for name in names):
        raise click.ClickException(
            "a running service publishes the cubes that it knows; stop it to publish one of a file"
        )
    service = RunningService(store)
    known = {one["name"]: frozenset(map(URIRef, one["purposes"])) for one in service.audiences()}
    if audience not in known:
        raise click.ClickException(unknown(audience, known))
    try:
        what_for = purpose_among(known[audience], purpose)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    choices = [("cube", name) for name in names]
    choices += [] if epsilon is None else [("epsilon", epsilon)]
    told: _Told = {}
    with progress("Counting", Console(stderr=True)) as bar:
        for told in service.operate("publish", audience, local_name(what_for), choices):
            if "learners" in told:
                bar.show(told["done"], told["learners"])
    if "problem" in told:
        raise click.ClickException(told["problem"])
    return list(told["published"])


def _from_file(file: Path, least: int) -> Cube:
    from databackpack.service.statistics.definition import read_file  # shapes: half a second

    return read_file(file, least)


def _rows(truth: TruthStore, triples: set[ox.Triple]) -> Iterator[list[str]]:
    """Yield the head of a table of what is published, and its rows in the order of their values."""
    dimensions, cells = read_observations(triples)
    names = {f"<{iri}>": name for iri, name in truth.pairs(REGISTRY, RDFS.label)}
    yield [*map(label, dimensions), "learners", "from %", "to %"]
    told = {tuple(_label(value, names) for value in key): cell for key, cell in cells.items()}
    for key, cell in sorted(told.items()):
        shares = ["" if share is None else f"{share:g}" for share in (cell.lower, cell.upper)]
        yield [*map(safe, key), str(cell.learners), *shares]


def _label(value: str, names: Mapping[str, str]) -> str:
    """Return what people read for one value of a key."""
    if value == TOTAL:
        return "all"
    if value in names:
        return names[value]
    return label(URIRef(value[1:-1])) if value.startswith("<") else str(from_n3(value))


COMMANDS: tuple[click.Command, ...] = (_cube,)
"""Added to ``backpack`` by the command line."""
