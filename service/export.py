"""``backpack export`` and ``import``: for whoever owns the store; policies do not apply to them."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rdflib import URIRef
from rich.console import Console
from rich.progress import Progress

from databackpack.loaders.record import organization_iri
from databackpack.ontology.namespaces import BP
from databackpack.service.config import Config
from databackpack.service.intake.brought import FORMATS
from databackpack.service.intake.importing import bring_in
from databackpack.service.opening import STORE, learner_of, opened
from databackpack.service.records import export
from databackpack.service.records.export import Unit
from databackpack.service.records.graphs import INDEX, REGISTRY
from databackpack.service.records.identity import read_bindings
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import StoreInUse, TruthStore
from databackpack.service.rights import disclosures
from databackpack.service.views import public

__all__ = ["COMMANDS", "everything_of", "everything_of_school", "everything_public", "save"]

_FORM = click.option(
    "--format", "form", type=click.Choice(["turtle", "nquads", "jsonld"]), default="nquads"
)
_OUTPUT = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to make; only its owner may read it.",
)


@click.group("export")
def _export() -> None:
    """Write everything of one learner, of one school, or what is public, to a file.

    Nobody's policies apply: whoever has the store has all of it. Keep the file as you keep that.
    """


@_export.command("learner")
@click.argument("name")
@STORE
@_FORM
@_OUTPUT
def _learner(name: str, store: Path, form: str, output: Path) -> None:
    """Write everything of the learner NAME, a UUID or a key such as state:S000001."""
    context = opened(store)
    save(everything_of(context.truth, learner_of(context, name)), form, output)


@_export.command("school")
@click.argument("code")
@STORE
@_FORM
@_OUTPUT
def _school(code: str, store: Path, form: str, output: Path) -> None:
    """Write all records that the organisation CODE holds, and what belongs to their learners."""
    truth = opened(store).truth
    if not truth.triples(REGISTRY, organization_iri(code)):
        raise click.ClickException(f"no organisation {code!r}; see: backpack jurisdiction list")
    save(everything_of_school(truth, code), form, output)


@_export.command("public")
@STORE
@_FORM
@_OUTPUT
def _public(store: Path, form: str, output: Path) -> None:
    """Write the vocabulary, the standards, frameworks, crosswalks and the registry."""
    save(everything_public(opened(store).truth), form, output)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), required=True)
def _import(file: Path, store: Path) -> None:
    """Bring back what an export has in FILE; exit with 1 when something was not taken."""
    if file.suffix not in FORMATS:
        raise click.UsageError(f"Name the file {' or '.join(f'*{s}' for s in FORMATS)}.")
    config = Config.of_folder(store)
    try:
        truth = TruthStore(config.store, config.clock, redo=config.redo)
    except (StoreInUse, ValueError) as error:
        raise click.ClickException(str(error)) from None
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Importing", total=None)
        outcome = bring_in(truth, file, advance=lambda learners: progress.advance(task, learners))
    click.echo(
        f"{outcome.learners} learners, {outcome.organizations} organisations, "
        f"{outcome.frameworks} frameworks; {outcome.unchanged} learners were here already"
    )
    for problem in outcome.problems:
        click.echo(str(problem), err=True)
    sys.exit(1 if outcome.problems else 0)


def everything_of(truth: TruthStore, learner: URIRef) -> Iterator[Unit]:
    """Yield everything of *learner*: records, words, ties, provenance, and who was shown what."""
    sources = read_bindings(truth).sources(learner)
    accesses = [one for source in sources for one in disclosures.of_learner(truth, source)]
    records = list(truth.subjects(INDEX, BP.isRecordOf, learner))
    yield export.runs_and_organizations(truth, records)
    yield export.of_learner(truth, learner, to_triples(disclosures.to_rdf(accesses)))


def everything_of_school(truth: TruthStore, code: str) -> Iterator[Unit]:
    """Yield all records that the organisation *code* holds, with their learners' words and ties."""
    holder = organization_iri(code)
    yield export.runs_and_organizations(truth, truth.subjects(INDEX, BP.isHeldBy, holder))
    yield from export.of_learners_at(truth, holder)


def everything_public(truth: TruthStore) -> Iterator[Unit]:
    """Yield what every view holds: what is shipped, and what was loaded."""
    for name, triples in sorted(public.graphs().items(), key=str):
        yield [(URIRef(name.value), triples)]
    yield from export.of_public(truth)


def save(units: Iterable[Unit], form: str, output: Path) -> None:
    """Write *units* to *output*, which is there as a whole or not at all, and its owner's alone."""
    unfinished = output.with_name(f"{output.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(export.write(units, form))
        unfinished.replace(output)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None


COMMANDS: tuple[click.Command, ...] = (_export, _import)
"""Added to ``backpack`` by the command line."""
