"""OneRoster 1.2 and 1.1 CSV: a folder in bulk, and companion files for what it cannot carry."""

from collections.abc import Iterator
from pathlib import Path

from databackpack.loaders import companion
from databackpack.loaders.assembly import Assembly
from databackpack.loaders.ledger import Ledger
from databackpack.loaders.oneroster.folder import Folder
from databackpack.loaders.oneroster.gradebook import Gradebook
from databackpack.loaders.oneroster.people import People
from databackpack.loaders.oneroster.places import Places
from databackpack.loaders.reading import Group, ungrouped
from databackpack.loaders.record import Item, Mint, Organization, Problem
from databackpack.loaders.spool import Spool

__all__ = ["gather", "read"]


def read(path: Path, mint: Mint) -> Iterator[Item]:
    """Yield what `gather` yields, with the items of each group in its place."""
    return ungrouped(gather(path), mint)


def gather(path: Path) -> Iterator[Item | Group]:
    """Yield what a OneRoster folder says, and the ``companion`` folder in it, if it has one.

    Problems come as they are found, organisations next; then, learner by learner, guardianships,
    complete records and settings. ``manifest.csv`` decides which files are read. A row that is
    refused is a Problem and is in no record; a malformed file is one Problem, and nothing of it is
    loaded. Results, enrollments and companion rows stay on disk until their record is built;
    organisations, classes, users and line items are held in memory. A student without an identifier
    from the state is minted as ``oneroster:<organisation>:<identifier or sourcedId>``.
    """
    with Spool() as rows:
        assembly = Assembly(rows)
        with Spool() as joins, Ledger() as ledger:
            yield from _assemble(path, joins, ledger, assembly)
        yield from assembly.groups()


def _assemble(
    path: Path, joins: Spool, ledger: Ledger, assembly: Assembly
) -> Iterator[Problem | Organization]:
    """All that is said of learners is in *assembly*; what else there is, is yielded."""
    folder = Folder(path)
    yield from folder.read_manifest()
    if folder.is_empty:
        return
    places = Places(folder)
    yield from places.read()
    people = People(folder, places, joins, ledger, assembly)
    yield from people.read()
    gradebook = Gradebook(folder, places, people, joins, assembly)
    yield from gradebook.read()
    if (path / "companion").is_dir():
        yield from companion.read(
            path / "companion", people.learners, places.kinds, ledger, assembly
        )
    people.join()
    yield from gradebook.join()
