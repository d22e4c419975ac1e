"""``backpack quarantine``: what validation kept out is listed, shown, tried again and dropped."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pyoxigraph as ox
from rdflib import Graph

from databackpack.loaders.record import Record
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import PREFIXES
from databackpack.service.config import BadSetting, Config
from databackpack.service.intake import summary, take_in
from databackpack.service.intake.entry import KeptRecord, RefusedRows
from databackpack.service.intake.quarantine import drop, entries, find
from databackpack.service.opening import STORE
from databackpack.service.records.truth import StoreInUse, StoreUnusable, TruthStore

__all__ = ["COMMANDS"]

_NAME = click.argument("name")
_RULE = click.option("--rule", help="Only what breaks this rule.")
_FILE = click.option("--file", "source", help="Only what came from the file of this name.")
_SHORT = 8
_Entry = KeptRecord | RefusedRows


@click.group("quarantine")
def quarantine_command() -> None:
    """What validation kept out of the store, and why; while no service has the store open."""


@quarantine_command.command("list")
@STORE
@_RULE
@_FILE
def list_command(store: Path, rule: str | None, source: str | None) -> None:
    """List the entries: name, kind, where from, what it breaks."""
    for entry in _chosen(entries(_truth(store)), rule, source):
        name = entry.name[:_SHORT]
        if isinstance(entry, KeptRecord):
            rules = " ".join(sorted({result.rule for result in entry.report.violations}))
            click.echo(f"{name}\t{local_name(entry.category)}\t{entry.source}\t{rules}")
        else:
            click.echo(f"{name}\t{entry.count} rows\t{entry.file}\t{entry.rule}")


@quarantine_command.command("show")
@_NAME
@STORE
def show_command(name: str, store: Path) -> None:
    """Print the entry NAME: a record as Turtle that can be edited, its report as comments."""
    entry = _found(_truth(store), name)
    if isinstance(entry, RefusedRows):
        click.echo(f"{entry.count} rows of {entry.file} break the rule {entry.rule}, such as:")
        for row, text in entry.texts:
            click.echo(f"  {entry.file}:{row}: {text}")
        return
    for line in _told(entry):
        click.echo(f"# {line}")
    if entry.text is None:
        raise click.ClickException("the record is longer than 1 MB and was not kept; mend its file")
    click.echo(_turtle(entry.text))


@quarantine_command.command("retry")
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--all", "is_all", is_flag=True, help="Try every record again, as it is.")
@STORE
def retry_command(name: str | None, file: Path | None, is_all: bool, store: Path) -> None:
    """Check the record NAME again, as it is or as FILE has it, and load it if it is good now."""
    if is_all == (name is not None):
        raise click.UsageError("Give a NAME, or choose --all.")
    truth = _truth(store)
    if name is not None:
        entry = _found(truth, name)
        if isinstance(entry, RefusedRows):
            raise click.ClickException("rows are mended in their file, which is then loaded again")
        sys.exit(0 if _is_taken(truth, entry, _graph(entry, file)) else 1)
    tried = [entry for entry in entries(truth) if isinstance(entry, KeptRecord)]
    good = sum(_is_taken(truth, entry, _graph(entry, None)) for entry in tried if entry.text)
    click.echo(f"{good} of {len(tried)} records are loaded now", err=True)
    sys.exit(0 if good == len(tried) else 1)


@quarantine_command.command("drop")
@_NAME
@STORE
@click.option("--reason", required=True, help="Why it is not to be loaded; kept on record.")
def drop_command(name: str, store: Path, reason: str) -> None:
    """Take the entry NAME out without loading it; loading its file again brings it back."""
    if not reason.strip():
        raise click.UsageError("--reason is empty; say why this is not to be loaded")
    truth = _truth(store)
    drop(truth, _found(truth, name), reason)
    truth.flush()


@quarantine_command.command("summary")
@STORE
@click.option(
    "--report",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it here: .txt, .ttl or .html.",
)
def summary_command(store: Path, file: Path | None) -> None:
    """Count what is in quarantine by rule and by source."""
    found = summary.of_quarantine(entries(_truth(store)))
    moment = datetime.now(UTC)
    if file is None:
        summary.write(found, Path(), sys.stdout, moment)
        return
    try:
        with file.open("w", encoding="utf-8") as opened:
            summary.write(found, file, opened, moment)
    except OSError as error:
        raise click.ClickException(f"cannot write the --report {file}: {error.strerror}") from None


COMMANDS = (quarantine_command,)


def _truth(store: Path) -> TruthStore:
    try:
        return TruthStore(store, redo=Config.of_folder(store).redo, create=False)
    except StoreInUse:
        raise click.ClickException(
            f"{store} is open in another process, and a store has one writer: stop the service "
            "first. Mended files can be loaded meanwhile, through the service's batch route"
        ) from None
    except (StoreUnusable, BadSetting) as error:
        raise click.ClickException(str(error)) from None


def _found(truth: TruthStore, name: str) -> _Entry:
    try:
        return find(truth, name)
    except KeyError as error:
        raise click.ClickException(error.args[0]) from None


def _chosen(found: Iterable[_Entry], rule: str | None, source: str | None) -> Iterator[_Entry]:
    for entry in found:
        if isinstance(entry, KeptRecord):
            rules, file = {result.rule for result in entry.report.results}, entry.place.file
        else:
            rules, file = {entry.rule}, entry.file
        if (rule is None or rule in rules) and (source is None or source == file):
            yield entry


def _told(entry: KeptRecord) -> Iterator[str]:
    """Yield what there is to say about a record, line by line."""
    yield f"The {local_name(entry.category)} record of learner {local_name(entry.learner)},"
    yield f"sent by organisation {local_name(entry.holder)}."
    yield f"From {entry.source}, kept out at {entry.moment.isoformat(timespec='seconds')}."
    if entry.run is not None:
        yield f"Run {local_name(entry.run)}."
    for number, result in enumerate(entry.report.results, 1):
        text = " ".join(result.text().split())
        yield f"{number}. {result.severity}, {result.rule} ({result.layer}): {text}"


def _turtle(text: str) -> str:
    """Return N-Triples as Turtle, every literal as it was written."""
    try:
        triples = [quad.triple for quad in _parsed(text, ox.RdfFormat.N_TRIPLES)]
        prefixes = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
        return (
            ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
        ).decode()
    except (SyntaxError, ValueError):  # an identifier that is none: N-Triples is Turtle too
        return text


def _parsed(text: str, form: ox.RdfFormat) -> Iterator[ox.Quad]:
    return ox.parse(text, format=form, base_iri="https://w3id.org/databackpack/", lenient=True)


def _graph(entry: KeptRecord, file: Path | None) -> Graph:
    """Return the record as *file* has it, or as it was kept; a mistake in *file* is told."""
    if file is None:
        if entry.text is None:
            raise click.ClickException("the record was too long to keep; mend its file and load it")
        return Graph().parse(data=entry.text, format="nt")
    try:
        text = file.read_text(encoding="utf-8-sig")
        parsed = _parsed(text, ox.RdfFormat.TURTLE)
        lines = ox.serialize((quad.triple for quad in parsed), format=ox.RdfFormat.N_TRIPLES)
        return Graph().parse(data=lines or b"", format="nt")
    except (OSError, SyntaxError, ValueError) as error:
        raise click.ClickException(f"{file} cannot be read as Turtle: {error}") from None


def _is_taken(truth: TruthStore, entry: KeptRecord, graph: Graph) -> bool:
    """Tell whether the record is loaded now; what is still wrong is told."""
    record = Record(entry.learner, entry.holder, entry.category, graph, entry.place)
    report = take_in(truth, [record])
    for problem in [*report.problems, *report.notes]:
        click.echo(f"{entry.name[:_SHORT]}: {problem}", err=True)
    if report.is_clean:
        click.echo(f"{entry.name[:_SHORT]} is loaded", err=True)
    return report.is_clean
