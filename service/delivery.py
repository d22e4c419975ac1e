"""``backpack load``: files into a store that nobody serves, or to a running service."""

import errno
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

import click
from rich.console import Console

from databackpack.loaders.formats import FORMATS
from databackpack.service.config import BadSetting, Config
from databackpack.service.gate.credentials import NoKey, issue_to_operator, signing_key
from databackpack.service.intake.checking import WorkerLost
from databackpack.service.intake.report import Report
from databackpack.service.intake.summary import of_load, write
from databackpack.service.loading import describe, load
from databackpack.service.opening import STORE
from databackpack.service.records.place import few_files
from databackpack.service.records.truth import (
    NotLoaded,
    StoreInUse,
    StoreUnusable,
    TruthStore,
)
from databackpack.service.sending import send

__all__ = ["COMMANDS"]


@click.command("load")
@click.argument("form", metavar="FORMAT", type=click.Choice(sorted(FORMATS)))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How columns become terms, for csv: RML (.ttl) or YARRRML (.yml).",
)
@click.option(
    "--contexts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of JSON-LD contexts, for ceds and clr; none is ever fetched.",
)
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The issuers' public keys, for clr: a JWKS file.",
)
@click.option(
    "--require-proof",
    is_flag=True,
    help="Load only credentials signed with such a key or the issuer's own did:key, for clr.",
)
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="The truth store.")
@click.option("--service", metavar="ADDRESS", help="Send the files to the service that runs here.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --service: where an operator's token is; see: backpack operator-token",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Read and check everything, keep nothing; with --store, tell what would change there.",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    help="Write all problems here: as text, .ttl or .html.",
)
def _load(
    form: str,
    paths: tuple[Path, ...],
    mapping: Path | None,
    contexts: Path | None,
    keys: Path | None,
    require_proof: bool,
    store: Path | None,
    service: str | None,
    token_file: Path | None,
    dry_run: bool,
    report_file: Path | None,
) -> None:
    """Load files of FORMAT; exit with 1 when something was not loaded.

    Doing it again changes nothing; after a kill it goes on with what is missing.
    """
    if service is not None or token_file is not None:
        if service is None or token_file is None or store is not None or dry_run or mapping:
            raise click.UsageError(
                "A --service takes a --token-file, and neither --store, --dry-run nor --mapping."
            )
        if contexts or keys or require_proof:
            raise click.UsageError("--contexts, --keys and --require-proof are for a --store.")
        with _report(report_file) if report_file else nullcontext() as file:
            is_clean = send(service, token_file, form, list(paths), file, Console(stderr=True))
        sys.exit(0 if is_clean else 1)
    if store is None and not dry_run:
        raise click.UsageError("Name a --store, or choose --dry-run.")
    if (form == "csv") != (mapping is not None):
        raise click.UsageError("Name a --mapping for csv, and for no other format.")
    choices = _choices(form, contexts=contexts, keys=keys, requires_proof=require_proof)
    console = Console(stderr=True)
    with ExitStack() as stack:
        written = None if report_file is None else stack.enter_context(_report(report_file))
        truth = stack.enter_context(_rehearsal(store)) if dry_run else _truth(store)
        report = _loaded(truth, form, list(paths), mapping, choices, console)
        describe(report, console)
        if dry_run:
            console.print("This was a dry run: nothing was kept.")
        if report_file is not None and written is not None:
            write(of_load(report), report_file, written, truth.clock())
    sys.exit(0 if report.is_clean else 1)


def _choices(form: str, **given: object) -> dict[str, object]:
    """Return what was chosen of *given*; raises UsageError where *form* has no such choice."""
    allowed = {"ceds": ("contexts",), "clr": ("contexts", "keys", "requires_proof")}.get(form, ())
    chosen = {name: value for name, value in given.items() if value}
    for name in chosen:
        if name not in allowed:
            option = {"requires_proof": "--require-proof"}.get(name, f"--{name}")
            raise click.UsageError(f"{form} has no {option}.")
    return chosen


def _loaded(
    truth: TruthStore,
    form: str,
    paths: list[Path],
    mapping: Path | None,
    choices: dict[str, object],
    console: Console,
) -> Report:
    try:
        return load(truth, form, paths, console, len(os.sched_getaffinity(0)), mapping, choices)
    except (NotLoaded, WorkerLost) as error:
        raise click.ClickException(str(error)) from None
    except sqlite3.OperationalError as error:  # of what waits in ``loaders.scratch``
        raise _no_room(str(error)) from None
    except OSError as error:
        if error.filename is not None:
            told = f"cannot read {error.filename}: {error.strerror}"
            raise click.ClickException(told) from None
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(str(error.strerror)) from None
        raise


def _no_room(reason: str) -> click.ClickException:
    return click.ClickException(
        f"what waits to be stored could not be written ({reason}) to the folder for temporary "
        "files, /tmp or /var/tmp where TMPDIR names none; what was loaded before is kept. Make "
        "room, or let TMPDIR name another folder, and load again"
    )


def _report(file: Path) -> TextIO:
    """Return *file* open for writing: what cannot be written is told before the loading."""
    try:
        return file.open("w", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write the --report {file}: {error.strerror}") from None


def _truth(store: Path | None) -> TruthStore:
    try:
        with few_files():
            return TruthStore(store, redo=None if store is None else _config(store).redo)
    except (StoreInUse, StoreUnusable) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _rehearsal(store: Path | None) -> Iterator[TruthStore]:
    """Give what may be loaded into and is gone afterwards: as *store* is, if there is one.

    A checkpoint shares the files that never change, so it takes moments, and room only for what the
    load adds; it lies beside the store, in a folder that is its owner's alone.
    """
    if store is None or not store.exists():
        yield TruthStore()
        return
    truth, redo = _truth(store), _config(store).redo or store.with_name(f"{store.name}.redo")
    with TemporaryDirectory(prefix=f"{store.name}.dry-run-", dir=store.parent) as folder:
        copy, log = Path(folder) / "store", Path(folder) / "redo"
        truth.copy(copy)
        shutil.copy(redo, log)
        vars(truth).clear()  # the engine closes a store that nobody holds
        made = TruthStore(copy, create=False, redo=log)
        try:
            yield made
        finally:
            vars(made).clear()


def _config(store: Path) -> Config:
    try:
        return Config.of_folder(store)
    except BadSetting as error:
        raise click.ClickException(str(error)) from None


@click.command("operator-token")
@STORE
@click.option("--subject", required=True, help="Who operates: written to the log.")
@click.option("--hours", type=click.IntRange(1, 24), default=1, show_default=True)
def _token(store: Path, subject: str, hours: int) -> None:
    """Print a token for `load --service` and all else that operators do; it opens no record."""
    config = _config(store)
    try:
        key = signing_key(config.keys, create=False)
    except NoKey:
        raise click.ClickException(
            f"there is no key for {store} yet; it is made by: backpack serve"
        ) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(issue_to_operator(key, subject, config.clock(), timedelta(hours=hours)))


COMMANDS: tuple[click.Command, ...] = (_load, _token)
"""Added to ``backpack`` by the command line."""
