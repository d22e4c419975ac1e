"""``backpack identity``: who may be whom, and what people decided; undone like everything else."""

import getpass
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.intake import matching, merging, splitting
from databackpack.service.intake.handover import NotPossible, records_of
from databackpack.service.intake.matching import Match
from databackpack.service.opening import STORE, learner_of, opened
from databackpack.service.records import identityevent
from databackpack.service.records.identity import keys_of, read_bindings
from databackpack.service.records.identityevent import IdentityEvent
from databackpack.service.records.truth import TruthStore

__all__ = ["COMMANDS"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_WHY = click.option("--why", required=True, help="Why, in a sentence: it is kept.")
_BY = click.option("--by", default=getpass.getuser, help="Who decides; you, unless named.")


def _telling(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let *command* tell what cannot be done, and what to do first, with exit code 1."""

    @wraps(command)
    def tell(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except NotPossible as error:
            raise click.ClickException(str(error)) from None

    return tell


@click.group("identity")
def _identity() -> None:
    """Decide which learners are one child; LEARNER is a UUID or a key such as state:S000001."""


@_identity.command("list")
@STORE
def _list(store: Path) -> None:
    """List the pairs who may be one child, the nearest first; nobody is merged by itself."""
    truth = opened(store).truth
    for match in matching.open_matches(truth):
        names = "\t".join(_name(truth, one) for one in (match.first, match.second))
        click.echo(f"{match.score}\t{names}\t{'; '.join(match.reasons)}")


@_identity.command("show")
@click.argument("learner")
@STORE
def _show(learner: str, store: Path) -> None:
    """Show whose records are one with LEARNER's, and whom LEARNER may be."""
    context = opened(store)
    truth, found = context.truth, learner_of(context, learner)
    click.echo(f"{local_name(found)}\t{len(records_of(truth, found))} records")
    for source in read_bindings(truth).sources(found):
        click.echo(f"  known as {_name(truth, source)}")
    for match in matching.open_matches(truth):
        if found in (match.first, match.second):
            click.echo(f"  {_told(truth, match, found)}")


@_identity.command("merge")
@click.argument("first")
@click.argument("second")
@STORE
@_BY
@_WHY
@_telling
def _merge(first: str, second: str, store: Path, by: str, why: str) -> None:
    """Make all of SECOND part of FIRST: records, families' words, later loads."""
    context = opened(store)
    one, other = (learner_of(context, name) for name in (first, second))
    event = merging.merge(context.truth, one, other, by, why)
    context.truth.flush()
    click.echo(f"{local_name(event)} merged at epoch {context.truth.epoch}; undo takes it back")


@_identity.command("split")
@click.argument("learner")
@click.option("--holder", "holders", multiple=True, help="Code of a school whose records leave.")
@click.option("--key", help="Or the key, of two that were merged, whose records leave.")
@STORE
@_BY
@_WHY
@_telling
def _split(
    learner: str, holders: tuple[str, ...], key: str | None, store: Path, by: str, why: str
) -> None:
    """Make another learner of what some schools, or one key, hold of LEARNER."""
    if bool(holders) == (key is not None):
        raise click.UsageError("Name one --holder or more, or one --key.")
    context = opened(store)
    found = learner_of(context, learner)
    if key is not None:
        event = _merge_of(context.truth, found, key)
        merging.undo(context.truth, event, by, why)
        told = f"{local_name(event)} undone"
    else:
        event, new = splitting.split(context.truth, found, holders, by, why)
        told = f"{local_name(event)} split off {local_name(new)}"
    context.truth.flush()
    click.echo(f"{told} at epoch {context.truth.epoch}")


@_identity.command("keep-apart")
@click.argument("first")
@click.argument("second")
@STORE
@_BY
@_WHY
@_telling
def _keep_apart(first: str, second: str, store: Path, by: str, why: str) -> None:
    """Put on record that FIRST and SECOND are two children: they are listed no more."""
    context = opened(store)
    one, other = (learner_of(context, name) for name in (first, second))
    event = merging.keep_apart(context.truth, one, other, by, why)
    context.truth.flush()
    click.echo(f"{local_name(event)} on record")


@_identity.command("undo")
@click.argument("event")
@STORE
@_BY
@_WHY
@_telling
def _undo(event: str, store: Path, by: str, why: str) -> None:
    """Undo EVENT, as it is called in the history: all is as before but what was said since."""
    context = opened(store)
    words = merging.undo(context.truth, ID[f"identity-event/{event}"], by, why)
    context.truth.flush()
    click.echo(f"undone at epoch {context.truth.epoch}; words said since: {words}")


@_identity.command("history")
@click.argument("learner", required=False)
@STORE
def _history(learner: str | None, store: Path) -> None:
    """Print what was decided, about LEARNER or everybody: who, when, why."""
    context = opened(store)
    found = None if learner is None else learner_of(context, learner)
    for event in identityevent.history(context.truth, found):
        click.echo(_line(event))


def _merge_of(truth: TruthStore, learner: URIRef, key: str) -> URIRef:
    """Return the merge by which whoever has *key* came to *learner*; raises NotPossible."""
    for event in identityevent.history(truth, learner):
        is_open = event.action == identityevent.MERGE and event.undone_by is None
        if is_open and key in keys_of(truth, event.second):
            return event.iri
    raise NotPossible(f"no learner with the key {key} was merged into this one; name a --holder")


def _line(event: IdentityEvent) -> str:
    state = "" if event.undone_by is None else "\tundone"
    return (
        f"{local_name(event.iri)}\t{event.moment.isoformat()}\t{event.action}\t"
        f"{local_name(event.first)}\t{local_name(event.second)}\t{event.who}\t{event.why}{state}"
    )


def _told(truth: TruthStore, match: Match, learner: URIRef) -> str:
    other = match.second if learner == match.first else match.first
    return f"may be {_name(truth, other)}: {match.score}, {'; '.join(match.reasons)}"


def _name(truth: TruthStore, learner: URIRef) -> str:
    keys = ", ".join(keys_of(truth, learner))
    return f"{local_name(learner)} ({keys})" if keys else local_name(learner)


COMMANDS: tuple[click.Command, ...] = (_identity,)
"""Added to ``backpack`` by the command line."""
