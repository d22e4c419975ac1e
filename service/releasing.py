"""``backpack release``: k-anonymous releases under agreements: made, told about, handed over."""

import getpass
import gzip
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import click
import pyoxigraph as ox
from rdflib import URIRef
from rich.console import Console

from databackpack.ontology.codes import label, local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.loading import Bar, progress
from databackpack.service.opening import STORE, opened, telling
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.terms import text as words
from databackpack.service.records.truth import NotLoaded
from databackpack.service.releases import building, codebook, output, release, text
from databackpack.service.releases.building import Advance
from databackpack.service.releases.codebook import Book
from databackpack.service.releases.contents import Contents
from databackpack.service.releases.release import Release
from databackpack.service.rights import agreements, notices
from databackpack.service.views import public
from databackpack.service.views.snapshot import Disturbed
from databackpack.service.web.context import Context

__all__ = ["COMMANDS"]

_BY = click.option("--by", default=getpass.getuser, help="Who does it; you, unless named.")


@click.group("release")
def _release() -> None:
    """Give studies releases in which enough learners look alike; AGREEMENT is its name."""


@_release.command("build")
@click.argument("agreement")
@STORE
@_BY
@telling
def _build(agreement: str, store: Path, by: str) -> None:
    """Make a release under AGREEMENT: from now on its audience is shown this one."""
    context = opened(store)
    iri = agreements.named(context.truth, agreement).agreement.iri
    try:
        with _bars() as advance:
            made = building.build(context.views, iri, by, advance)
    except (Disturbed, NotLoaded) as error:
        raise click.ClickException(f"{error}; the release before stays as it was") from None
    finally:
        context.truth.flush()
    click.echo(_line(made))


@_release.command("list")
@STORE
def _list(store: Path) -> None:
    """List all releases; the last one of each agreement is the one that is shown."""
    truth = opened(store).truth
    for one in agreements.on_record(truth):
        for made in release.on_record(truth, one.agreement.iri):
            click.echo(_line(made))


def _line(made: Release) -> str:
    return (
        f"{local_name(made.agreement)}\t{made.number}\t{made.moment.date()}\t{made.learners} "
        f"learners\tgroups of {made.k}\tnothing that identifies of {made.suppressed}\t"
        f"{made.left_out} left out\tby {made.who}"
    )


@_release.command("show")
@click.argument("agreement")
@STORE
@telling
def _show(agreement: str, store: Path) -> None:
    """Tell how finely the current release of AGREEMENT tells what, of how many learners."""
    context = opened(store)
    made = _current(context, agreement)
    click.echo(_line(made))
    for term in sorted(made.losses, key=label):
        steps = (f"{label(step)} {count}" for step, count in made.losses[term].items() if count)
        click.echo(f"{label(term)}\t{', '.join(steps)}")


@_release.command("export")
@click.argument("agreement")
@STORE
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to make; only its owner may read it.",
)
@telling
def _export(agreement: str, store: Path, out: Path) -> None:
    """Write the current release of AGREEMENT, as it is permitted now, and what goes with it.

    release.nt.gz is the release, codebook.html and codebook.ttl tell what is in it, notice.txt what
    it may be used for.
    """
    context = opened(store)
    made = _current(context, agreement)
    try:
        out.mkdir(mode=0o700, parents=True)
        with _bars() as advance:
            _save(context, made, out, advance)
    except FileExistsError:
        raise click.ClickException(f"{out} is there already; name a folder to make") from None
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{out} has release {made.number} of {agreement}")


def _save(context: Context, made: Release, out: Path, advance: Advance) -> None:
    contents, truth = Contents(), context.truth
    with _private(out / "release.nt.gz") as file, gzip.open(file, "wb") as packed:
        for lines in output.learners(context.views, made, advance):
            packed.write(lines)
            contents.add(q.triple for q in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))
    bound = agreements.named(truth, local_name(made.agreement))
    book = Book(made, bound.label, bound.scope, contents, public.known(truth))
    audience = context.views.audience(local_name(made.audience))
    told = {
        "codebook.html": codebook.html(book),
        "codebook.ttl": codebook.graph(book).serialize(format="turtle"),
        "notice.txt": notices.text(truth, audience, bound),
    }
    for name, content in told.items():
        with _private(out / name) as file:
            file.write(content.encode("utf-8"))


@contextmanager
def _private(file: Path) -> Iterator[IO[bytes]]:
    """Give *file* open for writing; nobody but its owner may read it."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
        yield made


@_release.command("text")
@click.argument("agreement")
@click.argument("item")
@STORE
@_BY
@telling
def _text(agreement: str, item: str, store: Path, by: str) -> None:
    """Show the free texts of ITEM, a UUID, and ask of each whether it goes into the next release.

    Anything may stand in them: read them to the end.
    """
    context = opened(store)
    iri = agreements.named(context.truth, agreement).agreement.iri
    for triple in text.offered(context.truth, ID[f"item/{item.rsplit('/', 1)[-1]}"]):
        click.echo(f"{label(URIRef(triple.predicate.value))}: {words(triple.object)}")
        if click.confirm("Is there nothing in it by which anybody could be known?"):
            text.release(context.truth, iri, triple, by)
            click.echo("on record; it is in the next release")
    context.truth.flush()


def _current(context: Context, agreement: str) -> Release:
    bound = agreements.named(context.truth, agreement).agreement
    made = release.last(context.truth, bound.iri)
    if made is None:
        raise Refused(
            str(BP.Release),
            f"There is no release yet; make one with: backpack release build {agreement}",
        )
    return made


@contextmanager
def _bars() -> Iterator[Advance]:
    """Give what shows the progress of each pass over the learners."""
    console, shown = Console(stderr=True), dict[str, Bar]()
    with ExitStack() as stack:

        def show(what: str, done: int, total: int) -> None:
            if what not in shown:
                stack.close()  # the bar of the pass before
                shown[what] = stack.enter_context(progress(what, console))
            if done % 50 == 0 or done == total:
                shown[what].show(done, total)

        yield show


COMMANDS: tuple[click.Command, ...] = (_release,)
"""Added to ``backpack`` by the command line."""
