"""``backpack policy|agreement|jurisdiction|log``: what custodians and auditors do offline."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
import pyoxigraph as ox

from databackpack.ontology.codes import concept, local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.opening import STORE, learner_of, opened
from databackpack.service.policy.refusal import Refused
from databackpack.service.rights import (
    agreements,
    disclosures,
    document,
    explanation,
    jurisdictions,
    setting,
)
from databackpack.service.rights.agreements import OnRecord
from databackpack.service.rights.disclosures import Access
from databackpack.service.views import statements

__all__ = ["COMMANDS"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_FORMS = {"turtle": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD}
_SUFFIXES = {".ttl": ox.RdfFormat.TURTLE, ".jsonld": ox.RdfFormat.JSON_LD}
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _telling(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let *command* tell what is refused, and by which rule, with exit code 1."""

    @wraps(command)
    def tell(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except Refused as refused:
            raise click.ClickException(str(refused)) from None

    return tell


@click.group("policy")
def _policy() -> None:
    """Show and write a learner's policies, and explain who sees what."""


@_policy.command("show")
@click.argument("learner")
@STORE
@click.option("--format", "form", type=click.Choice(sorted(_FORMS)), default="turtle")
@_telling
def _show(learner: str, store: Path, form: str) -> None:
    """Print all that is on record of LEARNER: consent records, events, policies, receipts."""
    context = opened(store)
    graph = statements.graph(context.truth, learner_of(context, learner))
    click.echo(document.write(graph, _FORMS[form]).decode("utf-8"))


@_policy.command("write")
@click.argument("file", type=_FILE)
@STORE
@_telling
def _write(file: Path, store: Path) -> None:
    """Put the policy in FILE (.ttl, .jsonld) on record, as its assigner signed it on a form."""
    if file.suffix not in _SUFFIXES:
        raise click.UsageError(f"Name the file {' or '.join(f'*{s}' for s in _SUFFIXES)}.")
    context = opened(store)
    said = document.read(file.read_bytes(), _SUFFIXES[file.suffix])
    outcome = setting.say(context.views, said, BP.SignedForm, is_new=False)
    context.truth.flush()
    click.echo(f"{said.iri} is in force from epoch {outcome.epoch}")


@_policy.command("explain")
@click.argument("learner")
@STORE
@click.option("--category", help="Only this category.")
@click.option("--audience", help="Only this audience or role.")
@click.option("--moment", type=_MOMENT, help="At another moment than now (UTC).")
@_telling
def _explain(
    learner: str, store: Path, category: str | None, audience: str | None, moment: datetime | None
) -> None:
    """Say in words who sees what of LEARNER, and why."""
    context = opened(store)
    at = None if moment is None else moment.replace(tzinfo=UTC)
    try:
        chosen = None if category is None else concept(BP.CategoryScheme, category)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    for made in explanation.explain_all(context.views, learner_of(context, learner), at):
        names = {local_name(made.audience.iri), local_name(made.audience.role)}
        if chosen in (None, made.category) and (audience is None or audience in names):
            click.echo(" ".join(explanation.words(context.views, made)))


@click.group("agreement")
def _agreement() -> None:
    """Keep written agreements: studies, audits, vendors."""


@_agreement.command("add")
@click.argument("file", type=_FILE)
@STORE
@_telling
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
@_telling
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
@_telling
def _destroyed(name: str, day: datetime, store: Path) -> None:
    """Put on record that what was received under the agreement NAME was destroyed on DAY."""
    context = opened(store)
    agreements.certify(context.views, ID[f"agreement/{name}"], date(day.year, day.month, day.day))
    context.truth.flush()
    click.echo("on record")


@click.group("jurisdiction")
def _jurisdiction() -> None:
    """Say which jurisdiction binds which organisation."""


@_jurisdiction.command("list")
@STORE
def _places(store: Path) -> None:
    """List the organisations with the jurisdiction that binds each."""
    for code, name, place in jurisdictions.organizations(opened(store).views):
        click.echo(f"{code}\t{name}\t{place}")


@_jurisdiction.command("set")
@click.argument("organization")
@click.argument("name", required=False)
@STORE
@_telling
def _bind(organization: str, name: str | None, store: Path) -> None:
    """Bind ORGANIZATION and all below it to the jurisdiction NAME; without NAME to that above."""
    context = opened(store)
    epoch = jurisdictions.bind(context.views, organization, name)
    context.truth.flush()
    click.echo(f"in force from epoch {epoch}")


@click.command("log")
@STORE
@click.option("--learner", help="Only what could be about this learner.")
@click.option("--basis", help="Only this legal basis, such as Studies or AuditEvaluation.")
@click.option("--since", type=_MOMENT, help="Only from this moment on (UTC).")
@click.option("--special-education", is_flag=True, help="The log of 34 CFR 300.614.")
@click.option("--format", "form", type=click.Choice(["text", *sorted(_FORMS)]), default="text")
@_telling
def _log(
    store: Path,
    learner: str | None,
    basis: str | None,
    since: datetime | None,
    special_education: bool,
    form: str,
) -> None:
    """Print the disclosure log: who asked, when, for what purpose, on what basis, the outcome."""
    context = opened(store)
    if learner is not None:
        found = disclosures.of_learner(context.truth, learner_of(context, learner))
    else:
        found = disclosures.of_everybody(context.truth, special_education=special_education)
    begin = None if since is None else since.replace(tzinfo=UTC)
    kept = [
        access
        for access in found
        if (begin is None or access.entry.moment >= begin)
        and (basis is None or basis in {local_name(part.basis) for part in access.parts})
    ]
    if form != "text":
        click.echo(document.write(disclosures.to_rdf(kept), _FORMS[form]).decode("utf-8"))
    for access in kept if form == "text" else ():
        click.echo(_told(access))


def _told(access: Access) -> str:
    entry = access.entry
    bases = ",".join(sorted({local_name(part.basis) for part in access.parts}))
    categories = ",".join(sorted({local_name(part.category) for part in access.parts}))
    return (
        f"{entry.moment.isoformat()}\t{entry.subject}\t{local_name(entry.audience)}\t"
        f"{local_name(entry.purpose)}\t{bases or '-'}\t{entry.outcome or 'never answered'}\t"
        f"{categories or '-'}"
    )


COMMANDS: tuple[click.Command, ...] = (_policy, _agreement, _jurisdiction, _log)
"""Added to ``backpack`` by the command line."""
