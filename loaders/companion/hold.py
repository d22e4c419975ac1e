"""Whose family was not heard in full, so that nobody may see their records until it was."""

from collections.abc import Callable, Collection, Iterator

from databackpack.loaders.assembly import Assembly
from databackpack.loaders.record import Problem, Source
from databackpack.loaders.table import Refused, Row, Table

__all__ = ["Holds"]


class Holds:
    """The learners of one folder, and the first row of their family's that was refused.

    INVARIANT: of a row that was refused, nobody knows any more whether it forbade something. One
    that names no student of ``users.csv`` may be anybody's, and so may all of a malformed file.
    """

    def __init__(self, learners: Collection[str]) -> None:
        self._learners = learners
        self._refused: dict[str, Source] = {}
        self._refused_of_all: Source | None = None
        self._first: Source | None = None

    def each(self, table: Table, take: Callable[[Row], None]) -> Iterator[Problem]:
        """Call *take* with every row of a family file and yield what was wrong."""

        def hear(row: Row) -> None:
            try:
                take(row)
            except Refused:
                self._refuse(f"state:{row['learner']}", row.source)
                raise

        self._first = self._first or Source(table.name, 1)
        if not (yield from table.each(hear)):
            self._refuse("", Source(table.name, 1))

    def write(self, assembly: Assembly) -> None:
        """Every learner is in *assembly* as held or not; nobody where there was no family file."""
        if self._first is None:
            return
        for learner in sorted(self._learners):
            refused = self._refused.get(learner, self._refused_of_all)
            assembly.add_hold(learner, is_held=refused is not None, source=refused or self._first)

    def _refuse(self, learner: str, source: Source) -> None:
        if learner in self._learners:
            self._refused.setdefault(learner, source)
        elif self._refused_of_all is None:
            self._refused_of_all = source
