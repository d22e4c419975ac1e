"""JSON files item by item; what is wrong with one item is told, and the next one is read."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from databackpack.loaders.record import Problem, Source
from databackpack.loaders.table import Refused

__all__ = ["LARGEST", "Document", "documents", "items"]

LARGEST = 16 * 2**20
"""Characters that the texts of one item may have in all; pictures within badges are texts."""

_DEEPEST = 64
_LONGEST_KEY = 1000
_BOM = b"\xef\xbb\xbf"

Event = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """One item: an object at the top, of an array at the top, or of an ``@graph``.

    *path* is its JSON path; *source* has its number in the file as line.
    """

    value: dict[str, Any]
    path: str
    source: Source


def documents(file: Path) -> Iterator[Document | Problem]:
    """Yield the items of *file* and what is wrong with it; memory holds one item.

    An item with a fault is left out. A file that breaks off gives what stood before the break.
    The ``@context`` beside an ``@graph`` is given to each of its items, and must stand before it.
    """
    with file.open("rb") as stream:
        yield from items(stream, file.name)


def items(stream: BinaryIO, name: str) -> Iterator[Document | Problem]:
    """Yield the items of *stream*, which problems call *name*, as `documents` does."""
    reading = _Reading(name)
    try:
        if stream.read(len(_BOM)) != _BOM:
            stream.seek(0)
        yield from reading.items(stream)
    except ijson.IncompleteJSONError as error:
        rule = "readable file" if "UTF8" in str(error) else "well-formed JSON"
        yield Problem(reading.source, rule, _told(str(error)))
    except UnicodeDecodeError:
        told = "the item has half a character, such as \\ud800 alone; what follows is not read"
        yield Problem(reading.source, "text", told)
    except ijson.JSONError as error:
        yield Problem(reading.source, "well-formed JSON", _told(str(error)))


def _told(error: str) -> str:
    what = " ".join(error.split("\n")[0].split())[:200]
    if "UTF8" in error:
        return f"the file is not in UTF-8 ({what}); save it as UTF-8"
    if "premature" in error or "incomplete" in error:
        return f"the file breaks off ({what}); send it whole"
    return f"the file is no JSON from here on ({what}); correct it"


class _Reading:
    """Builds items of the events of a parser, and collects the faults of the one in hand."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._count = 1
        self._faults: list[Refused] = []
        self._size = 0
        self._events: Iterator[Event] = iter(())

    @property
    def source(self) -> Source:
        """Where the item in hand stands: its number in the file."""
        return Source(self._file, self._count)

    def items(self, stream: BinaryIO) -> Iterator[Document | Problem]:
        self._events = ijson.basic_parse(stream, use_float=True)
        event, value = next(self._events, ("end", None))
        if event == "start_array":
            yield from self._each("$", None)
        elif event == "start_map":
            yield from self._top()
        else:
            self._value(event, value, "$", 0)
            yield Problem(self.source, "JSON object", "$: an object or an array is needed here")
        for _ in self._events:  # what follows the top is a fault, and raises one
            pass

    def _top(self) -> Iterator[Document | Problem]:
        found: dict[str, Any] = {}
        has_items = False
        for event, key in self._events:
            if event == "end_map":
                break
            path = self._enter(found, key, "$")
            event, value = next(self._events)
            if key == "@graph" and event == "start_array":
                has_items = True
                yield from self._each(path, found.get("@context"))
            else:
                found[key] = self._value(event, value, path, 1)
        if not has_items:
            yield from self._finished(found, "$")

    def _each(self, path: str, context: Any) -> Iterator[Document | Problem]:
        for index, (event, value) in enumerate(self._events):
            if event == "end_array":
                return
            here = f"{path}[{index}]"
            item = self._value(event, value, here, 1)
            if isinstance(item, dict) and context is not None:
                item = {"@context": context, **item}
            yield from self._finished(item, here)
            self._count += 1

    def _finished(self, item: Any, path: str) -> Iterator[Document | Problem]:
        if not self._faults and not isinstance(item, dict):
            self._fault("JSON object", f"{path}: an object is needed here")
        if self._faults:
            yield from (Problem(self.source, one.rule, one.message) for one in self._faults)
        else:
            yield Document(item, path, self.source)
        self._faults, self._size = [], 0

    def _value(self, event: str, value: Any, path: str, depth: int) -> Any:
        """Return what begins with *event*; the events up to its end are used up."""
        if event in ("start_map", "start_array"):
            if depth > _DEEPEST:
                self._fault("nesting", f"{path[:200]}: nested more than {_DEEPEST} levels deep")
                self._pass_over()
                return None
            return (self._object if event == "start_map" else self._array)(path, depth)
        if isinstance(value, str):
            self._grow(len(value), path)
            if "\x00" in value:
                self._fault("text", f"{path}: the text holds a NUL character; leave it out")
        elif isinstance(value, float) and not math.isfinite(value):
            self._fault("bad number", f"{path}: the number is too large")
        return value

    def _object(self, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event, key in self._events:
            if event == "end_map":
                break
            here = self._enter(found, key, path)
            found[key] = self._value(*next(self._events), here, depth + 1)
        return found

    def _array(self, path: str, depth: int) -> list[Any]:
        found: list[Any] = []
        for event, value in self._events:
            if event == "end_array":
                break
            found.append(self._value(event, value, f"{path}[{len(found)}]", depth + 1))
        return found

    def _enter(self, found: dict[str, Any], key: str, path: str) -> str:
        """Return the path of *key*, which is a fault where it is there already or is endless."""
        if len(key) > _LONGEST_KEY:
            self._fault("long key", f"{path}: a key of {len(key)} characters; none is so long")
        here = f"{path}.{key[:100]}"
        if key in found:
            self._fault("duplicate key", f"{here} is there twice; keep one")
        self._grow(len(key), path)
        return here

    def _grow(self, length: int, path: str) -> None:
        if self._size <= LARGEST < self._size + length:
            self._fault(
                "too large", f"{path[:200]}: the item is larger than {LARGEST // 2**20} MB of text"
            )
        self._size += length

    def _pass_over(self) -> None:
        depth = 1
        for event, _ in self._events:
            depth += (event in ("start_map", "start_array")) - (event in ("end_map", "end_array"))
            if depth == 0:
                return

    def _fault(self, rule: str, message: str) -> None:
        if len(self._faults) < 20:
            self._faults.append(Refused(rule, message))
