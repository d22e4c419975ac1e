"""``backpack align``: an agency's data dictionary against CEDS and our vocabulary."""

import sys
from pathlib import Path

import click

from databackpack.loaders.dictionary import CONFIRMED, LOOK, MATCH, NONE, Aligned, align
from databackpack.loaders.dictionary.option import ONE_TO_ONE
from databackpack.loaders.dictionary.report import page, skos, table

__all__ = ["COMMANDS"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_MOST_SHOWN = 20


@click.command("align")
@click.argument("dictionary", type=_FILE)
@click.option("--ceds", type=_FILE, help="The whole CEDS ontology: RDF/XML, Turtle, N-Triples.")
@click.option("--confirmed", type=_FILE, help="A table of earlier, with what people decided.")
@click.option("--table", "table_file", type=_OUT, help="Write the table here, as CSV.")
@click.option("--skos", "skos_file", type=_OUT, help="Write the mappings here, as Turtle.")
@click.option("--html", "html_file", type=_OUT, help="Write the report here, as a page.")
def align_command(
    dictionary: Path,
    ceds: Path | None,
    confirmed: Path | None,
    table_file: Path | None,
    skos_file: Path | None,
    html_file: Path | None,
) -> None:
    """Say which elements of DICTIONARY match CEDS and our terms; exit with 1 where rows are bad.

    Without a file to write the table goes to the standard output.
    """
    aligned = align(dictionary, ceds=ceds, confirmed=confirmed)
    for file, form in ((table_file, table), (skos_file, skos), (html_file, page)):
        if file is not None:
            _write(file, form(aligned))
    if table_file is skos_file is html_file is None:
        click.echo(table(aligned), nl=False)
    _tell(aligned)
    sys.exit(1 if aligned.problems else 0)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from None


def _tell(aligned: Aligned) -> None:
    for vocabulary in ("CEDS", "Data Backpack"):
        click.echo(
            f"{vocabulary}: of {len(aligned.elements)} elements "
            f"{aligned.count(vocabulary, MATCH, CONFIRMED)} match, "
            f"{aligned.count(vocabulary, LOOK)} to look at, "
            f"{aligned.count(vocabulary, NONE)} without a match",
            err=True,
        )
    kinds = [one.kind for found in aligned.options.values() for one in found]
    alone = len(kinds) - kinds.count(ONE_TO_ONE)
    click.echo(f"option values: {len(kinds)}, {alone} without a one-to-one partner", err=True)
    click.echo(f"collected twice: {len(aligned.twice)} groups", err=True)
    for problem in aligned.problems[:_MOST_SHOWN]:
        click.echo(str(problem), err=True)
    if (more := len(aligned.problems) - _MOST_SHOWN) > 0:
        click.echo(f"… and {more} more", err=True)


COMMANDS = (align_command,)
