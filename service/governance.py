"""``backpack policy|jurisdiction|log``: what custodians and auditors do offline."""

from datetime import UTC, datetime
from pathlib import Path

import click
import pyoxigraph as ox

from databackpack.ontology.codes import concept, local_name
from databackpack.ontology.namespaces import BP
from databackpack.service.opening import MOMENT, STORE, learner_of, opened, telling
from databackpack.service.rights import (
    disclosures,
    document,
    explanation,
    jurisdictions,
    setting,
)
from databackpack.service.rights.disclosures import Access
from databackpack.service.views import statements

__all__ = ["COMMANDS"]

_FORMS = {"turtle": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD}
_SUFFIXES = {".ttl": ox.RdfFormat.TURTLE, ".jsonld": ox.RdfFormat.JSON_LD}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("policy")
def _policy() -> None:
    """Show and write a learner's policies, and explain who sees what."""


@_policy.command("show")
@click.argument("learner")
@STORE
@click.option("--format", "form", type=click.Choice(sorted(_FORMS)), default="turtle")
@telling
def _show(learner: str, store: Path, form: str) -> None:
    """Print all that is on record of LEARNER: consent records, events, policies, receipts."""
    context = opened(store)
    graph = statements.graph(context.truth, learner_of(context, learner))
    click.echo(document.write(graph, _FORMS[form]).decode("utf-8"))


@_policy.command("write")
@click.argument("file", type=_FILE)
@STORE
@telling
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
@click.option("--moment", type=MOMENT, help="At another moment than now (UTC).")
@telling
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
@telling
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
@click.option("--since", type=MOMENT, help="Only from this moment on (UTC).")
@click.option("--special-education", is_flag=True, help="The log of 34 CFR 300.614.")
@click.option("--format", "form", type=click.Choice(["text", *sorted(_FORMS)]), default="text")
@telling
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


COMMANDS: tuple[click.Command, ...] = (_policy, _jurisdiction, _log)
"""Added to ``backpack`` by the command line."""
