"""What a load brought into the truth store, and what it did not."""

import json
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import overload

from rdflib import URIRef

from databackpack.loaders.record import Problem, Source

__all__ = ["Group", "Problems", "Report"]

_IN_MEMORY = 1024 * 1024
"""Bytes of problems that stay in memory; what is more goes to a temporary file."""

_EXAMPLES = 20


@dataclass(slots=True)
class Group:
    """The problems of one rule in one file: how many, and the first of them."""

    rule: str
    file: str
    severity: str
    layer: str
    count: int = 0
    examples: list[Problem] = field(default_factory=list)


class Problems(Sequence[Problem]):
    """Problems in the order in which they were found: all are counted, few are in memory.

    They can be gone through again and again; whoever asks for one by its place reads all before it.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with this
        weakref.finalize(self, self._file.close)
        self._groups: dict[tuple[str, str, str, str], Group] = {}
        self._count = 0

    def append(self, problem: Problem) -> None:
        """*problem* is counted and kept."""
        source = problem.source
        row = (source.file, source.line, problem.rule, problem.message)
        self._file.seek(0, SEEK_END)
        self._file.write(json.dumps([*row, problem.severity, problem.layer]).encode() + b"\n")
        self._count += 1
        key = (problem.rule, source.file, problem.severity, problem.layer)
        group = self._groups.setdefault(key, Group(*key))
        group.count += 1
        if group.count <= _EXAMPLES:
            group.examples.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """All *problems* are counted and kept."""
        for problem in problems:
            self.append(problem)

    def __iadd__(self, problems: Iterable[Problem]) -> "Problems":
        self.extend(problems)
        return self

    def groups(self) -> list[Group]:
        """Return the problems by rule and file, the rarest first: they drown most easily."""
        return sorted(self._groups.values(), key=lambda group: (group.count, group.rule))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Problem]:
        place = 0
        for _ in range(self._count):
            self._file.seek(place)
            file, line, rule, message, severity, layer = json.loads(self._file.readline())
            place = self._file.tell()
            yield Problem(Source(file, line), rule, message, severity, layer)

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> list[Problem]: ...
    def __getitem__(self, index: int | slice) -> Problem | list[Problem]:
        if isinstance(index, slice):
            return list(islice(self, *index.indices(self._count)))
        try:
            return next(islice(self, index if index >= 0 else self._count + index, None))
        except (StopIteration, ValueError):
            raise IndexError(index) from None

    def __repr__(self) -> str:
        return repr([str(problem) for problem in islice(self, 10)])


@dataclass(slots=True)
class Report:
    """What was loaded, by category, and what was not, with the reason.

    *changed* counts the records that differ from what was held. *notes* are warnings and notes on
    what was loaded all the same. *held* are the learners whom nobody may see, because a word of the
    family is among *problems*; *still_held* those whom an earlier load held back and this one did
    not let go.
    """

    records: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    learners: set[URIRef] = field(default_factory=set)
    organizations: int = 0
    standards: int = 0
    alignments: int = 0
    guardianships: int = 0
    documents: int = 0
    settings: int = 0
    held: set[URIRef] = field(default_factory=set)
    still_held: set[URIRef] = field(default_factory=set)
    problems: Problems = field(default_factory=Problems)
    notes: Problems = field(default_factory=Problems)

    def tell(self, problem: Problem) -> None:
        """*problem* is among those of its kind: what was not loaded, or what is noted."""
        (self.problems if problem.severity == "Violation" else self.notes).append(problem)

    @property
    def is_clean(self) -> bool:
        """Whether everything was loaded."""
        return not self.problems
