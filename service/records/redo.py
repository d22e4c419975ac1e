"""The redo log: what was decided about who sees what, in a file beside the store's folder.

A backup that is put back knows nothing of the withdrawals since. The log does: one line for each
commit, and one for each addition to a table whose loss would part a word from its child. It is
only added to. A line is a checksum and JSON with the line's number.
"""

import json
import mmap
import os
import re
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from databackpack.ontology.namespaces import ID
from databackpack.service.records.graphs import (
    DISCLOSURES,
    EXPOSURES,
    INDEX,
    JOURNAL,
    REGISTRY,
    RELEASED,
    SPECIAL_EDUCATION_LOG,
)
from databackpack.service.records.transaction import by_graph, n_triples

__all__ = [
    "Edit",
    "Entry",
    "NotKept",
    "RedoLog",
    "StoreUnusable",
    "entry",
    "is_logged",
    "rows",
    "whole",
]

_FORMAT = 1
_CHUNK = 10_000
"""Triples in one line of what a log begins with."""

_ROOM = 64 * 1024
"""Bytes that a line may well have."""

_LEFT_OUT = {str(one) for one in (INDEX, REGISTRY, JOURNAL, DISCLOSURES, SPECIAL_EDUCATION_LOG)}
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MADE_AGAIN = re.compile(
    f"{re.escape(ID['graph/'])}(?:{_UUID}/{_UUID}/[^/]+|quarantine/{_UUID})"
    f"|(?:{re.escape(EXPOSURES)}|{re.escape(RELEASED)})/.+"
)


class StoreUnusable(ValueError):
    """There is no store at the path that may be served; the message says what to do."""


class NotKept(RuntimeError):
    """A change could not be written to the redo log, so nobody may be told that it was made."""


def is_logged(graph: str) -> bool:
    """Tell whether the log has what is in *graph*.

    INVARIANT: left out is only what is named here: records (holder, learner, category), those in
    quarantine, the index and the registry, which files bring again; the journal; what was disclosed
    and shown; what a release holds, of which a new one is made. A kind of graph that nobody thought
    of is in the log: that costs room and loses no word.
    """
    return str(graph) not in _LEFT_OUT and _MADE_AGAIN.fullmatch(graph) is None


@dataclass(frozen=True, slots=True)
class Edit:
    """What one graph lost and got, as N-Triples; *removed* None stands for all that it held."""

    removed: str | None
    added: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line says: a commit, or without *epoch* and *moment* additions that made no epoch.

    *others* counts the graphs that the commit changed and that are not logged.
    """

    epoch: int | None
    moment: datetime | None
    edits: Mapping[str, Edit] = field(default_factory=dict)
    others: int = 0


def entry(
    epoch: int,
    moment: datetime,
    removed: Iterable[ox.Quad],
    added: Iterable[ox.Quad],
    others: int = 0,
) -> Entry:
    """Return the entry of the commit that took out *removed* and put in *added*.

    *others* more graphs, none of them logged, were changed for it.
    """
    lost, got = by_graph(removed), by_graph(added)
    names = lost.keys() | got.keys()
    edits = {
        name.value: Edit(n_triples(lost.get(name, ())), n_triples(got.get(name, ())))
        for name in names
        if is_logged(name.value)
    }
    return Entry(epoch, moment, edits, len(names) - len(edits) + others)


def rows(graph: str, triples: Iterable[ox.Triple]) -> Entry:
    """Return the entry of *triples* that are added to *graph* without an epoch."""
    return Entry(None, None, {graph: Edit("", n_triples(triples))})


def whole(graph: str, triples: Iterator[ox.Triple]) -> Iterator[Entry]:
    """Yield entries after which *graph* holds *triples* and nothing else."""
    yield Entry(None, None, {graph: Edit(None, n_triples(islice(triples, _CHUNK)))})
    while chunk := list(islice(triples, _CHUNK)):
        yield rows(graph, chunk)


class RedoLog:
    """The log in the file at *path*; *store* is the identifier of the store that it belongs to.

    Only the process that holds the store may have it open. Raises StoreUnusable, OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_broken = False
        self._file = path.open("r+b", buffering=0)
        weakref.finalize(self, self._file.close)
        self._end = self._drop_unfinished()
        self._number: int = next(self._backwards())["line"]
        with self._mapped(self._end) as data:
            first = _parse(data[: data.find(b"\n") + 1])
        if first is None or first.get("redo") != _FORMAT:
            raise self._damaged(0, "it is not how a redo log begins")
        self.store: str = first["store"]

    @classmethod
    def begin(
        cls, path: Path, store: str, epoch: int, moment: datetime, held: Iterable[Entry]
    ) -> "RedoLog":
        """Return a new log at *path*, which says first that *held* is all there is at *epoch*.

        It is there as a whole or not at all, and its owner's alone: it holds what families say.
        """
        now = Entry(epoch, moment)
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_line(1, {"redo": _FORMAT, "store": store, **_json(now)}))
            for number, each in enumerate([*held, now], 2):
                file.write(_line(number, _json(each)))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return cls(path)

    def since(self, epoch: float = inf) -> tuple[Entry | None, list[Entry]]:
        """Return the last commit up to *epoch* and what came after it, in order.

        None when the log begins later. Reads back no further than that; raises StoreUnusable for
        what is damaged.
        """
        later: list[Entry] = []
        for line in self._backwards():
            found = _entry(line)
            if found.epoch is not None and found.epoch <= epoch:
                return found, later[::-1]
            later.append(found)
        return None, later[::-1]

    @contextmanager
    def around(self, made: Entry) -> Iterator[None]:
        """Let the log have *made* when what is done inside was done, and only then.

        Raises NotKept: before anything is done where there is no room, else after it.
        INVARIANT: a commit's line has its room before, its last byte only after the transaction,
        and is on disk when this returns. Rows leave no epoch by which one could see that they are
        missing, so their line is whole before they are in the store; the next commit puts it on
        disk, and whoever opens the store puts in what it lacks.
        """
        line = _line(self._number + 1, _json(made))
        self._write(line if made.epoch is None else line[:-1] + b" ")
        try:
            yield
        except BaseException:
            self._cut()
            raise
        self._number += 1
        self._end += len(line)
        if made.epoch is not None:
            self.sync()

    def sync(self) -> None:
        """Put all lines on disk, the last of them whole; raises NotKept."""
        self.check()
        try:
            os.pwrite(self._file.fileno(), b"\n", self._end - 1)
            os.fsync(self._file.fileno())
        except OSError as error:
            self._is_broken = True  # what is on disk nobody knows now, and a second try hides it
            raise NotKept(
                f"{self.path} could not be put on disk ({error.strerror}): the last change is made "
                "but may be lost; mend the disk and start again"
            ) from error

    def check(self) -> None:
        """Let nobody change anything once the log has failed; raises NotKept."""
        if self._is_broken:
            raise NotKept(f"{self.path} has failed before; mend the disk and start again")

    def try_out(self) -> None:
        """Raise NotKept when there is no room for another line; what is tried is taken out again.

        Should the process end meanwhile, that is an unfinished line like any other.
        """
        self._write(b" " * _ROOM)
        self._cut()

    def _write(self, line: bytes) -> None:
        self.check()
        done = 0
        try:
            while done < len(line):
                done += os.pwrite(self._file.fileno(), line[done:], self._end + done)
        except OSError as error:
            self._cut()
            raise NotKept(
                f"{self.path} cannot be written ({error.strerror}): nothing was changed; make room "
                "and say it again"
            ) from error

    def _cut(self) -> None:
        """Take out again what was written after the last line."""
        try:
            os.ftruncate(self._file.fileno(), self._end)
        except OSError:
            self._is_broken = True

    def _mapped(self, size: int) -> mmap.mmap:
        return mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ)

    def _drop_unfinished(self) -> int:
        """Return where the last whole line ends: what follows was never acknowledged."""
        size = os.fstat(self._file.fileno()).st_size
        end = 0
        if size:
            with self._mapped(size) as data:
                end = data.rfind(b"\n") + 1
        if end == 0:
            raise self._damaged(0, "it is not how a redo log begins")
        os.ftruncate(self._file.fileno(), end)
        return end

    def _backwards(self) -> Iterator[dict[str, Any]]:
        """Yield the lines from the last to the first; raises StoreUnusable at a damaged one."""
        end, expected = self._end, None
        with self._mapped(end) as data:
            while end > 0:
                begin = data.rfind(b"\n", 0, end - 1) + 1
                line = _parse(data[begin:end])
                if line is None:
                    raise self._damaged(begin, "its checksum does not fit")
                number = line["line"]
                if number != (expected or number) or (number == 1) != (begin == 0):
                    raise self._damaged(begin, f"it says that it is line {number}")
                yield line
                end, expected = begin, number - 1

    def _damaged(self, begin: int, why: str) -> StoreUnusable:
        number = 1
        if begin:
            with self._mapped(begin) as data:
                number += data[:].count(b"\n")
        return StoreUnusable(
            f"{self.path}, line {number}: {why}. The redo log is damaged: put a whole copy of it "
            "back; without one nobody knows what families withdrew. docs/recovery.md says more"
        )


def _json(made: Entry) -> dict[str, Any]:
    return {
        "epoch": made.epoch,
        "moment": None if made.moment is None else made.moment.isoformat(),
        "others": made.others,
        "graphs": {
            name: {"removed": edit.removed, "added": edit.added}
            for name, edit in made.edits.items()
        },
    }


def _entry(line: Mapping[str, Any]) -> Entry:
    moment = line["moment"]
    return Entry(
        line["epoch"],
        None if moment is None else datetime.fromisoformat(moment),
        {name: Edit(edit["removed"], edit["added"]) for name, edit in line["graphs"].items()},
        line["others"],
    )


def _line(number: int, content: Mapping[str, Any]) -> bytes:
    payload = json.dumps({"line": number, **content}, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(payload), payload)


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return what *line* says, None when it is damaged."""
    checksum, _, payload = line.rstrip(b"\n").partition(b" ")
    if checksum != b"%08x" % zlib.crc32(payload):
        return None
    found: dict[str, Any] = json.loads(payload)
    return found
