"""The ``backpack`` command. Exit codes: 0 done, 1 refused or invalid, 2 wrong usage."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import click
from joserfc.jwk import OKPKey
from rdflib import URIRef
from rich.console import Console

from databackpack.ontology.codes import local_name
from databackpack.service import (
    agreeing,
    alignment,
    delivery,
    demo,
    export,
    governance,
    identification,
    operating,
    publishing,
    quarantine,
    releasing,
    validation,
)
from databackpack.service.app import create_app, open_context
from databackpack.service.config import BadSetting, Config
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import (
    LONGEST_SUBJECT,
    Credential,
    issue_by_name,
    signing_key,
)
from databackpack.service.gate.faults import ServiceError
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import GRAPH_FORMATS, RESULTS_FORMATS
from databackpack.service.opening import STORE, audience_of, opened, purpose_among, unknown
from databackpack.service.operating import audiences
from databackpack.service.records.truth import NotKept, StoreInUse
from databackpack.service.rights import notices
from databackpack.service.serving import CannotListen, bind, serve
from databackpack.service.settings import FILE
from databackpack.service.web.context import Context

__all__ = ["main"]

_FORMATS = {
    "json": ("application/sparql-results+json", "application/ld+json"),
    "xml": ("application/sparql-results+xml", "application/rdf+xml"),
    "csv": ("text/csv", "application/n-triples"),
    "tsv": ("text/tab-separated-values", "text/turtle"),
}


class _Telling(click.Group):
    """Commands that tell of a full or broken disk in words."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NotKept as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Telling)
@click.version_option(package_name="databackpack")
def main() -> None:
    """Keep data backpacks, ask across schools, and let families decide who sees what."""
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)  # reports name the row; it would not


for _command in (
    *agreeing.COMMANDS,
    *alignment.COMMANDS,
    *delivery.COMMANDS,
    *export.COMMANDS,
    *governance.COMMANDS,
    *identification.COMMANDS,
    *operating.COMMANDS,
    *publishing.COMMANDS,
    *quarantine.COMMANDS,
    *releasing.COMMANDS,
    *validation.COMMANDS,
):
    main.add_command(_command)


@main.command("serve")
@STORE
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help=f"The settings file; the variable {FILE} names it for all commands.",
)
def serve_command(store: Path, file: Path | None) -> None:
    """Answer over HTTP until stopped; HOST and PORT say where."""
    config = _config(store, file)
    sockets = _bound(config)
    _serve(config, sockets, opened(store, config=config))


@main.command("audience")
@STORE
def audience_command(store: Path) -> None:
    """List the audiences: name, role and purposes."""
    for audience in opened(store).views.audiences():
        purposes = " ".join(sorted(local_name(purpose) for purpose in audience.purposes))
        click.echo(f"{local_name(audience.iri)}\t{local_name(audience.role)}\t{purposes}")


@main.command("token")
@STORE
@click.option("--audience", required=True, help="The audience's name; see: backpack audience")
@click.option("--purpose", help="The purpose; needed where the audience has several.")
@click.option("--subject", required=True, help="Who asks: written to the disclosure log.")
@click.option("--hours", type=click.IntRange(1, 24 * 366), default=8, show_default=True)
@click.option("--link", metavar="ADDRESS", help="Print a link that signs in at this address.")
def token_command(
    store: Path, audience: str, purpose: str | None, subject: str, hours: int, link: str | None
) -> None:
    """Print a bearer token for one audience and one purpose, also while the service runs."""
    if not (subject.isprintable() and 0 < len(subject) <= LONGEST_SUBJECT):
        raise click.UsageError(f"--subject is one line of 1 to {LONGEST_SUBJECT} characters")
    if link is not None and urlsplit(link).scheme not in ("https", "http"):
        raise click.UsageError("--link is the address of the pages: https://backpack.example.org")
    key, known, moment = _signing(store)
    if audience not in known:
        raise click.ClickException(unknown(audience, known))
    try:
        chosen = purpose_among(known[audience], purpose)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    lifetime = timedelta(hours=hours)
    token = issue_by_name(key, subject, audience, chosen, moment, lifetime)
    click.echo(token if link is None else f"{link.rstrip('/')}/#token={token}")
    until = (moment + lifetime).isoformat(timespec="minutes")
    click.echo(f"for {audience}, {local_name(chosen)}, until {until}", err=True)


@main.command("query")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@STORE
@click.option("--audience", required=True)
@click.option("--purpose")
@click.option("--format", "form", type=click.Choice(sorted(_FORMATS)), default="json")
def query_command(file: Path, store: Path, audience: str, purpose: str | None, form: str) -> None:
    """Ask FILE's query as an audience, through the same gate as over HTTP."""
    text = _text(file)
    context = opened(store)
    credential = _credential(context, audience, purpose, "command line")
    results, graph = _FORMATS[form]
    try:
        answered = answer(
            context.views,
            credential,
            QueryRequest(text),
            RESULTS_FORMATS[results],
            GRAPH_FORMATS[graph],
            context.limits,
        )
    except ServiceError as fault:
        raise click.ClickException(f"{fault.title}. {fault.detail}") from None
    finally:
        context.truth.flush()
    click.echo(answered.body.decode("utf-8"))
    for name in notices.in_force(credential.audience, credential.purpose, context.truth.clock()):
        bound = notices.named(context.truth, credential.audience, name)
        click.echo(notices.text(context.truth, credential.audience, bound), err=True)


@main.command("demo")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"))
@click.option("--build-only", is_flag=True, help="Build everything, do not serve.")
def demo_command(folder: Path, build_only: bool) -> None:
    """Build the sample into FOLDER, write a token for each persona, and serve it."""
    store = folder / "store"
    config = _config(store)
    sockets = [] if build_only else _bound(config)
    context = opened(store, create=True)
    store.chmod(0o700)  # earlier versions left it to everybody
    demo.build(folder, config, context, Console(stderr=True))
    if build_only:
        context.truth.flush()
        return
    _serve(config, sockets, context)


def _config(store: Path, file: Path | None = None) -> Config:
    try:
        return Config.of_folder(store, file=file)
    except BadSetting as error:
        raise click.ClickException(str(error)) from None


def _bound(config: Config) -> list[socket]:
    try:
        return bind(config)
    except CannotListen as error:
        raise click.ClickException(str(error)) from None


def _serve(config: Config, sockets: list[socket], context: Context) -> None:
    try:
        serve(create_app(config, context), sockets, config, context)
    except CannotListen as error:
        raise click.ClickException(str(error)) from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file} is not in UTF-8 (byte {error.start + 1}); save it as UTF-8"
        ) from None


def _signing(store: Path) -> tuple[OKPKey, dict[str, frozenset[URIRef]], datetime]:
    """Return the key of *store*, the purposes of each audience, and the moment."""
    config = _config(store)
    try:
        context = open_context(config)
    except StoreInUse as error:
        try:
            told = audiences(store)
        except click.ClickException as absent:
            raise click.ClickException(f"{error}; {absent.message}") from None
        purposes = {one["name"]: frozenset(map(URIRef, one["purposes"])) for one in told}
        return signing_key(config.keys, create=False), purposes, config.clock()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    known = {local_name(one.iri): one.purposes for one in context.views.audiences()}
    return context.key, known, context.truth.clock()


def _credential(context: Context, name: str, purpose: str | None, subject: str) -> Credential:
    return Credential(subject, *audience_of(context, name, purpose))
