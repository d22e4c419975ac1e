"""Any CSV by a declarative mapping (RML or YARRRML) → organisations and learners' records.

Morph-KGC runs the mapping over pieces of the file, in a process of its own. What it makes of a row
is an intermediate form, which ``docs/mapping.md`` describes: subjects ``row:<row>/<name>``, one of
our classes, ``map:learner`` (``state:605466``) and ``map:heldBy`` (the code of an organisation) for
the items of learners, and our properties with the cells as they are. This room reads the cells:
codes through their schemes, standards by any of their identifiers, dates and numbers as the shapes
say.

The mapping is checked before any row is read; a mapping with a fault loads nothing. A row that does
not fit the header, or an item of a row that breaks a rule, is one problem and is left out.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from databackpack.loaders.assembly import Assembly
from databackpack.loaders.mapping import chunks
from databackpack.loaders.mapping.engine import Engine, Failed, is_installed
from databackpack.loaders.mapping.rows import add_items
from databackpack.loaders.mapping.rules import Faulty, Mapping, read_mapping
from databackpack.loaders.mapping.terms import nearest
from databackpack.loaders.reading import Group, ungrouped
from databackpack.loaders.record import Item, Mint, Problem, Source
from databackpack.loaders.spool import Spool

__all__ = ["gather", "read"]

_ANY = "*.csv"
_MOST_FAILURES = 20


def read(path: Path, mapping: Path, mint: Mint) -> Iterator[Item]:
    """Yield what `gather` yields, with the items of each group in its place."""
    return ungrouped(gather([path], mapping), mint)


def gather(paths: Sequence[Path], mapping: Path) -> Iterator[Item | Group]:
    """Yield what *mapping* makes of CSV files, or of those of a folder that it names.

    Files that are given together make records together. Problems and organisations come as they
    are met, then learner by learner their records. Memory holds one piece of a file, of 5,000 rows.
    """
    if not is_installed():
        yield Problem(
            Source(mapping.name, 1),
            "not installed",
            "mappings need Morph-KGC; install it with: uv sync --group mapping",
        )
        return
    with tempfile.TemporaryDirectory() as name, Spool() as spool:
        folder = Path(name)
        assembly = Assembly(spool)
        with Engine(folder) as engine:
            try:
                rules = read_mapping(mapping, engine, folder)
                chosen = [found for path in paths for found in _files(path, rules)]
            except Faulty as faulty:
                yield from faulty.problems
                return
            for file, source in chosen:
                yield from _read_file(file, source, rules, engine, folder, assembly)
        yield from assembly.groups()


def _files(path: Path, rules: Mapping) -> list[tuple[Path, str]]:
    """Return the files that are there, each with what the mapping calls it. Raises Faulty."""
    names = sorted(rules.sources())
    if path.is_dir():
        if names == [_ANY]:
            return [(file, _ANY) for file in sorted(path.glob(_ANY))]
        return [(path / name, name) for name in names if name != _ANY]
    if path.name in names:
        return [(path, path.name)]
    if len(names) == 1:
        return [(path, names[0])]
    raise Faulty(
        [
            Problem(
                Source(path.name, 1),
                "unknown source",
                f"the mapping is for {', '.join(names)}{nearest(path.name, names)}",
            )
        ]
    )


def _read_file(
    file: Path, source: str, rules: Mapping, engine: Engine, folder: Path, assembly: Assembly
) -> Iterator[Item]:
    if problem := chunks.check(file):
        yield problem
        return
    places = {name: place for place, name in enumerate(chunks.header(file))}
    columns = rules.columns(source)
    if unknown := sorted(columns - places.keys()):
        for name in unknown:
            yield Problem(
                Source(rules.name, rules.line(name)),
                "unknown column",
                f"{file.name} has no column {name!r}{nearest(name, places)}; nothing of it was "
                "loaded",
            )
        return
    aliases = {name: f"c{places[name]}" for name in sorted(columns)}
    given, written = folder / "rules.nt", folder / "piece.csv"
    rules.write(source, aliases, written, given)
    wanted = {places[name]: alias for name, alias in aliases.items()}
    task = _Task(file.name, wanted, given, written, engine, rules, assembly)
    for piece in chunks.pieces(file):
        yield from [piece] if isinstance(piece, Problem) else task.run(piece)


@dataclass(slots=True)
class _Task:
    """The pieces of one file through the engine."""

    name: str
    wanted: dict[int, str]
    given: Path
    written: Path
    engine: Engine
    rules: Mapping
    assembly: Assembly
    failures: int = 0

    def run(self, piece: list[chunks.Line]) -> Iterator[Item]:
        """Add the items of the rows of *piece*; a row at which the engine fails is left out alone.

        After many such rows the file is given up, for each costs a search.
        """
        if self.failures >= _MOST_FAILURES:
            yield self._refused(piece, "the mapping failed at too many rows before; correct it")
            return
        chunks.write(piece, self.wanted, self.written)
        out = self.written.with_suffix(".json")
        try:
            self.engine.ask(map=str(self.given), out=str(out))
        except Failed as failed:
            if len(piece) > 1 and not failed.has_ended:
                half = len(piece) // 2
                yield from chain(self.run(piece[:half]), self.run(piece[half:]))
            else:
                self.failures = _MOST_FAILURES if failed.has_ended else self.failures + 1
                yield self._refused(piece, failed.words)
            return
        with out.open(encoding="utf-8") as lines:
            yield from add_items(lines, self.name, self.rules, self.assembly)

    def _refused(self, piece: list[chunks.Line], words: str) -> Problem:
        rows = "" if len(piece) == 1 else f" (rows {piece[0][0]} to {piece[-1][0]})"
        return Problem(Source(self.name, piece[0][0]), "mapping failed", f"{words}{rows}")
