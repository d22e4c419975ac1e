"""JSON of the Ed-Fi API, resource by resource, as the elements that interchange XML would have."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypedDict

import ijson
import yaml

from databackpack.loaders.edfi.node import Node, Refused
from databackpack.loaders.record import Problem, Source

__all__ = ["SUFFIXES", "check", "elements"]

SUFFIXES = (".json", ".ndjson", ".jsonl")

_MOST_VALUES = 200_000  # in one object: more is no row of a school system
_LONGEST = 1_000_000  # characters of one text
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_UTF_8_MARK = b"\xef\xbb\xbf"


class _List(TypedDict, total=False):
    each: str
    text: str
    paths: "_Paths"


_Paths = dict[str, "str | _List"]


class _Resource(TypedDict):
    element: str
    paths: _Paths


@cache
def _resources() -> dict[str, _Resource]:
    text = files(__package__).joinpath("resources.yaml").read_text(encoding="utf-8")
    found: dict[str, _Resource] = yaml.safe_load(text)["resources"]
    return found


def _resource_of(path: Path) -> str:
    """Return the resource that the file's name begins with: ``students-2.json`` is of students."""
    found = re.match(r"[A-Za-z0-9]*", path.name)
    return found[0] if found else ""


def check(path: Path) -> Problem | None:
    """Return why nothing of the file can be read, or None. Reads to the end of it."""
    resource = _resource_of(path)
    if resource not in _resources():
        return Problem(
            Source(path.name, 1),
            "no place",
            f"{resource!r} is no resource that is loaded; name a file by its resource, such as "
            "students.json, or take it out of the folder",
        )
    place = 1
    try:
        with path.open("rb") as stream:
            if encoding := _BYTE_ORDER_MARKS.get(stream.read(2)):
                return Problem(
                    Source(path.name, 1), "not UTF-8", f"it is {encoding}; save it as UTF-8"
                )
        for depth, event, _ in _events(path):
            place += depth == 0 and event != "start_map"
    except ijson.JSONError as error:
        reason = error.args[0]
        if isinstance(reason, bytes):
            reason = reason.decode("utf-8", "replace")
        return Problem(
            Source(path.name, place),
            "well-formed JSON",
            f"{reason.splitlines()[0]} in object {place}; nothing of this file is loaded: mend it "
            "or export it again, as UTF-8",
        )
    except OSError as error:
        return Problem(
            Source(path.name, 1),
            "readable file",
            f"{error.strerror}; check the path and its rights",
        )
    return None


def elements(path: Path) -> Iterator[Node | Problem]:
    """Return each object as the element that it says, or what is wrong with it; memory holds one.

    A line is the object's place in the file, counted from 1: in newline-delimited JSON its line.
    *path* has passed ``check``.
    """
    resource = _resources()[_resource_of(path)]
    for place, (value, fault) in enumerate(_objects(path), start=1):
        try:
            if fault is not None:
                raise fault
            if not isinstance(value, dict):
                raise Refused("JSON object", "it is no object with names and values; mend it")
            yield Node(
                resource["element"],
                place,
                children=_children(resource["paths"], value, place),
            )
        except Refused as refused:
            yield Problem(Source(path.name, place), refused.rule, refused.message)


def _children(paths: _Paths, value: dict[str, Any], place: int) -> tuple[Node, ...]:
    """Return the elements that *paths* find in *value*, those with one name joined to one."""
    tree: dict[str, Any] = {}
    for path, source in paths.items():
        *steps, last = path.split("/")
        found = (
            [Node(last, place, text) for text in _texts(value, source)]
            if isinstance(source, str)
            else _entries(last, source, value, place)
        )
        if found:
            inner = tree
            for step in steps:
                inner = inner.setdefault(step, {})
            inner[last] = found
    return _nodes(tree, place)


def _nodes(tree: dict[str, Any], place: int) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for name, inner in tree.items():
        if isinstance(inner, list):
            nodes += inner
        else:
            nodes.append(Node(name, place, children=_nodes(inner, place)))
    return tuple(nodes)


def _entries(name: str, source: _List, value: dict[str, Any], place: int) -> list[Node]:
    entries = value.get(source["each"])
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("JSON list", f"{source['each']} is no list of objects; mend it")
    if "text" in source:
        return [
            Node(name, place, text) for entry in entries for text in _texts(entry, source["text"])
        ]
    return [
        Node(name, place, children=_children(source["paths"], entry, place)) for entry in entries
    ]


def _texts(value: dict[str, Any], path: str) -> list[str]:
    """Return the text at *path*, in a list that is empty where there is none. Raises Refused."""
    found: Any = value
    for step in path.split("."):
        if not isinstance(found, dict):
            raise Refused("JSON object", f"what holds {path} is no object; mend it")
        found = found.get(step)
        if found is None:
            return []
    if isinstance(found, dict | list):
        raise Refused("JSON value", f"{path} is no text and no number; mend it")
    if isinstance(found, bool):
        return ["true" if found else "false"]
    text = f"{found:f}" if isinstance(found, Decimal) else str(found).strip()
    return [text] if text else []


def _objects(path: Path) -> Iterator[tuple[Any, Refused | None]]:
    """Yield each entry of the outer lists, or each outer object, with what is wrong with it."""
    stack: list[Any] = []
    keys: list[str] = []
    count, fault = 0, None
    for depth, event, found in _events(path):
        if event == "map_key":
            keys[-1] = found
            if found in stack[-1]:
                fault = fault or Refused("duplicate key", f"{found[:40]!r} stands twice; keep one")
            continue
        if event in ("end_map", "end_array"):
            value = stack.pop()
            keys.pop()
        else:
            count += 1
            if event in ("start_map", "start_array"):
                stack.append({} if event == "start_map" else [])
                keys.append("")
                if len(stack) > 1 and count <= _MOST_VALUES:
                    _put(stack[-2], keys[-2], stack[-1])
                continue
            value = found
            fault = fault or _fault_of(value)
            if stack and count <= _MOST_VALUES:
                _put(stack[-1], keys[-1], value)
        if depth == 0:
            if count > _MOST_VALUES:
                fault = Refused("large object", f"it has more than {_MOST_VALUES:,} values")
            yield value, fault
            count, fault = 0, None


def _put(holder: Any, key: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder.append(value)


def _fault_of(value: Any) -> Refused | None:
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return Refused("long text", f"a text has {len(value):,} characters; shorten it")
        if _CONTROL.search(value):
            return Refused("control character", "a text has a control character; take it out")
    return None


def _events(path: Path) -> Iterator[tuple[int, str, Any]]:
    """Yield parse events with their depth below an outer list, which itself gives none."""
    with path.open("rb") as stream:
        if stream.read(3) != _UTF_8_MARK:
            stream.seek(0)
        depth = 0
        for event, value in ijson.basic_parse(stream, multiple_values=True):
            if depth == 0 and event in ("start_array", "end_array"):
                continue
            if event in ("end_map", "end_array"):
                depth -= 1
            yield depth, event, value
            if event in ("start_map", "start_array"):
                depth += 1
