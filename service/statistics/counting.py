"""Counting: in which cells of a cube which learners are, by what an audience may see of them.

A cube's query runs over the records of some whole learners at a time, in memory beside what is
public. Learners are counted here, each once in a cell however many rows say that it is there.
Nothing of a table may be told before `protection` had it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.queries.cubes import Cube
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.records.terms import Term
from databackpack.service.records.truth import TruthStore
from databackpack.service.statistics.definition import InvalidCube, variables
from databackpack.service.statistics.table import Count, Key, Table
from databackpack.service.views import public
from databackpack.service.views.directory import Directory
from databackpack.service.views.engine import Engine, to_n_triples
from databackpack.service.views.projection import is_personal, let_through
from databackpack.service.views.snapshot import Shown, walk

__all__ = ["count", "count_all"]

_BATCH = 500
"""Learners that a query runs over at once; with fewer, most time goes into what is public."""

_TRUE = '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
_IRI = re.compile(r"https://[^\s<>\"{}|^`\\]*")

Advance = Callable[[int, int], None]
"""Told how many learners are done, and of how many."""

_Row = tuple[Term | None, ...]
"""A solution."""

_Withheld = Mapping[str, frozenset[URIRef]]
"""The learners of a batch, each with the categories in which it is not counted."""


def count(
    directory: Directory,
    cube: Cube,
    audience: Audience,
    purpose: URIRef,
    moment: datetime,
    advance: Advance = lambda done, total: None,
) -> Table:
    """Return the table of *cube*, counted as `count_all` counts."""
    (table,) = count_all(directory, [cube], audience, purpose, moment, advance)
    return table


def count_all(
    directory: Directory,
    cubes: Sequence[Cube],
    audience: Audience,
    purpose: URIRef,
    moment: datetime,
    advance: Advance = lambda done, total: None,
) -> list[Table]:
    """Return the table of each of *cubes*, in their order, counted in one walk over the learners.

    A learner counts in a cube where *audience* has at least Aggregate for *purpose* at *moment* on
    each record in the cube's categories that it is about: who withholds one is in no cell. What is
    past the cube's contribution, in the order of keys, is not counted.
    Raises InvalidCube where a query does not do what its definition says, or Disturbed.
    """
    categories = frozenset[URIRef]().union(*(cube.categories for cube in cubes))
    shown = walk(directory, audience, purpose, moment, advance, categories)
    beside, tables = _beside(directory.truth), [_Counter(cube) for cube in cubes]
    while batch := list(islice(shown, _BATCH)):
        engine = Engine()
        engine.load(beside)
        engine.load(to_n_triples(_counted(batch)))
        withheld = {str(one.learner): one.withheld for one in batch}
        for query in dict.fromkeys(cube.query for cube in cubes):
            rows = engine.solutions(query)
            names = [variable.value for variable in rows.variables]
            held = [tuple(row) for row in rows]
            for table in tables:
                if table.cube.query == query:
                    table.add(names, held, withheld)
    return [table.counts() for table in tables]


def _beside(truth: TruthStore) -> bytes:
    """Return what is public as N-Quads, as in every view."""
    registry = to_n_triples(truth.triples(REGISTRY))
    return to_n_triples(public.vocabulary()) + public.loaded(truth).n_quads + registry


def _counted(batch: Iterable[Shown]) -> Iterator[ox.Triple]:
    for one in batch:
        for _, decision, triples in one.records:
            yield from let_through(triples, decision.rule)


class _Counter:
    """The table of *cube* in the making."""

    def __init__(self, cube: Cube) -> None:
        self.cube = cube
        self._found: dict[Key, tuple[int, int]] = {}

    def add(self, names: Sequence[str], rows: Iterable[_Row], withheld: _Withheld) -> None:
        """Count the learners of a batch: *rows*, under *names*, say in which cells they are."""
        for cells in self._cells(names, rows, withheld).values():
            for key in sorted(cells)[: self.cube.contribution]:
                learners, having = self._found.get(key, (0, 0))
                self._found[key] = learners + 1, having + cells[key]

    def counts(self) -> Table:
        """Return the table of all that was added."""
        is_share = self.cube.measure == "share"
        return {
            key: Count(learners, having if is_share else None)
            for key, (learners, having) in self._found.items()
        }

    def _cells(
        self, names: Sequence[str], rows: Iterable[_Row], withheld: _Withheld
    ) -> dict[str, dict[Key, bool]]:
        """Return the cells that each learner is in, and whether with what a share is of."""
        who, *wanted = (names.index(name) for name in variables(self.cube))
        found: dict[str, dict[Key, bool]] = {}
        for row in rows:
            learner, values = row[who], [row[place] for place in wanted]
            if not isinstance(learner, ox.NamedNode) or learner.value not in withheld:
                raise InvalidCube("?learner", "The query gives a row for what is no learner.")
            if withheld[learner.value].isdisjoint(self.cube.categories):
                texts = tuple(_public(value) for value in values if value is not None)
                if len(texts) == len(values):  # else it is in no cell
                    has = self.cube.measure == "share" and texts[-1] == _TRUE
                    key = texts[: len(self.cube.dimensions)]
                    cells = found.setdefault(learner.value, {})
                    cells[key] = has or cells.get(key, False)
        return found


@lru_cache(maxsize=65536)
def _public(value: Term) -> str:
    """Return *value* as N-Triples; raises InvalidCube for a person, and for what a person has."""
    text = str(value)
    if is_personal(value) or any(map(is_personal, map(ox.NamedNode, _IRI.findall(text)))):
        raise InvalidCube(
            "qb:dimension", "A value is a learner or an item of a record. Use what is public."
        )
    return text
