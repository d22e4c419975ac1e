"""A mapping, read and checked before any row is."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL
from rdflib.term import Node

from databackpack.loaders.mapping.check import RML, Part, Reading, check, columns_of, unescaped
from databackpack.loaders.mapping.chunks import ROW_COLUMN
from databackpack.loaders.mapping.engine import Engine, Failed
from databackpack.loaders.mapping.terms import MAP, ROW
from databackpack.loaders.record import Problem, Source
from databackpack.ontology.namespaces import BP

__all__ = ["Faulty", "Mapping", "read_mapping"]

_FORMS = {".yml": "yml", ".yaml": "yml", ".yarrrml": "yml", ".ttl": "ttl", ".rml": "ttl"}
_LARGEST = 1_000_000  # bytes
_PREFIXES = {"bp": str(BP), "map": MAP, "row": ROW}
_TEMPLATE = re.compile(r"(?<!\\)\{(.*?)(?<!\\)\}")


class Faulty(Exception):
    """A mapping that cannot be used, and why: *problems* in the order of its text."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} faults")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping that has been checked: *version* is what it calls itself, and its SHA-256."""

    name: str
    version: str
    parts: dict[str, Part]
    readings: dict[str, Reading]
    _graph: Graph
    _text: str

    def sources(self) -> set[str]:
        """Return the names of the files that the mapping is for."""
        return {str(source) for source in self._graph.objects(None, RML.source)}

    def columns(self, source: str) -> set[str]:
        """Return the columns that the mapping reads of the file it calls *source*."""
        return {name for one in self._maps(source) for name in columns_of(self._graph, one)}

    def own(self, name: str) -> set[URIRef]:
        """Return the properties of a part of which a column is not also of another part's rows."""
        part = self.parts[name]
        shared = {
            column
            for other in self.parts.values()
            if other is not part and other.sources & part.sources
            for columns in other.columns.values()
            for column in columns
        }
        return {predicate for predicate, columns in part.columns.items() if columns - shared}

    def line(self, words: str) -> int:
        """Return the line of the mapping that first has *words*."""
        return _line(self._text, words)

    def write(self, source: str, aliases: dict[str, str], csv: Path, path: Path) -> None:
        """*path* has the maps of *source* as RML over *csv*, whose columns have *aliases*."""
        names = {ROW_COLUMN: ROW_COLUMN, **aliases}
        graph = Graph(store="SimpleMemory")
        waiting: list[Node] = list(self._maps(source))
        reached: set[Node] = set()
        while waiting:
            node = waiting.pop()
            if node in reached:
                continue
            reached.add(node)
            for predicate, value in self._graph.predicate_objects(node):
                if not isinstance(value, Literal):
                    waiting.append(value)
                elif predicate == RML.source:
                    value = Literal(str(csv))
                elif predicate == RML.reference:
                    value = Literal(names[str(value)])
                elif predicate == RML.template:
                    value = Literal(
                        _TEMPLATE.sub(lambda name: f"{{{names[unescaped(name[1])]}}}", str(value))
                    )
                graph.add((node, predicate, value))
        graph.serialize(path, format="nt", encoding="utf-8")

    def _maps(self, source: str) -> list[Node]:
        return [
            one
            for one, logical in self._graph.subject_objects(RML.logicalSource)
            if str(self._graph.value(logical, RML.source)) == source
        ]


def read_mapping(path: Path, engine: Engine, folder: Path) -> Mapping:
    """Return the mapping in *path*; what the engine is given goes into *folder*. Raises Faulty."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise _faulty(path, 1, "unreadable-file", f"{error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise _faulty(path, 1, "not-utf-8", "not UTF-8; save the mapping as UTF-8") from None
    form = _FORMS.get(path.suffix)
    if form is None or len(data) > _LARGEST:
        known = ", ".join(_FORMS)
        raise _faulty(path, 1, "no mapping", f"a mapping is a file {known} of at most 1 MB")
    declared: dict[str, Any] = {}
    if form == "yml":
        declared = _in_yaml(path, text)
        text_for_engine = json.dumps(declared, default=_iso)
    else:
        text_for_engine = text
    given = folder / f"mapping.{form}"
    given.write_text(text_for_engine, encoding="utf-8")
    try:
        answer = engine.ask(normalize=str(given))
    except Failed as failed:
        line = (failed.line or 1) if form == "ttl" else 1
        words = f"it cannot be read as {'RML' if form == 'ttl' else 'YARRRML'}: {failed.words}"
        raise _faulty(path, line, "no mapping", words) from None
    graph = Graph(store="SimpleMemory").parse(
        data=answer["graph"].replace("<http://schema.org/", "<https://schema.org/"), format="nt"
    )
    if form == "ttl":
        declared = _in_rdf(graph)
    readings = _readings(path, text, declared.get("values") or {})
    parts: dict[str, Part] = {}
    faults = check(graph, set(answer["functions"]), readings, parts)
    problems = [
        Problem(Source(path.name, _line(text, words)), rule, message)
        for rule, message, words in dict.fromkeys(faults)
    ]
    if problems:
        raise Faulty(sorted(problems, key=lambda problem: problem.source.line))
    digest = hashlib.sha256(data).hexdigest()
    version = f"{declared.get('version') or 'no version'} (sha256:{digest})"
    return Mapping(path.name, version, parts, readings, graph, text)


def _in_yaml(path: Path, text: str) -> dict[str, Any]:
    """Return the document, with our prefixes and the source of one file. Raises Faulty."""
    try:
        found: Any = yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        words = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else 1
        raise _faulty(path, line, "no mapping", f"no YAML: {words}") from None
    except RecursionError:
        raise _faulty(path, 1, "no mapping", "it is nested too deep; write it flat") from None
    maps = found.get("mappings", found.get("mapping")) if isinstance(found, dict) else None
    if not isinstance(maps, dict) or not all(isinstance(one, dict) for one in maps.values()):
        words = "it has no mappings: by name, each with s (subject) and po (properties)"
        raise _faulty(path, 1, "no mapping", words)
    for name, one in maps.items():
        if not {"s", "subject", "subjects"} & set(one):
            line = _line(text, f"{name}:")
            words = f"{name} has no subject; write s: row:$(_row)/{name}"
            raise _faulty(path, line, "subject", words)
        if not {"source", "sources"} & set(one):
            one["sources"] = [["*.csv~csv"]]
    return {**found, "prefixes": {**(found.get("prefixes") or {}), **_PREFIXES}}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML in which no name stands twice, as the specification has it (YAML 1.2, 3.2.1.1)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names: set[str] = set()
        for key, _ in node.value:
            if key.value in names and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands twice; keep one", key.start_mark
                )
            names.add(str(key.value))
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def _in_rdf(graph: Graph) -> dict[str, Any]:
    """Return the version and the values that *graph* declares: ``map:code "A=Absent"``."""
    values: dict[str, Any] = {}
    for name, pair in graph.subject_objects(URIRef(MAP + "code")):
        cell, _, code = str(pair).partition("=")
        values.setdefault(str(name).removeprefix(MAP), {}).setdefault("codes", {})[cell] = code
    for way in ("date", "split"):
        for name, how in graph.subject_objects(URIRef(MAP + way)):
            values.setdefault(str(name).removeprefix(MAP), {})[way] = str(how)
    version = next(iter(graph.objects(None, OWL.versionInfo)), None)
    return {"values": values, "version": version}


def _readings(path: Path, text: str, declared: Any) -> dict[str, Reading]:
    """Return the declared ways of reading, by IRI. Raises Faulty."""
    found: dict[str, Reading] = {}
    by_name: dict[Any, Any] = declared if isinstance(declared, dict) else {"values": declared}
    for name, how in by_name.items():
        words = ""
        if not isinstance(how, dict) or set(how) not in ({"codes"}, {"date"}, {"split"}):
            words = "write one of codes, date and split under it"
        elif "codes" in how and not (
            isinstance(how["codes"], dict)
            and all(isinstance(code, str) for pair in how["codes"].items() for code in pair)
        ):
            words = "codes are texts; put each between quotes, for YAML reads No as false"
        elif "codes" not in how and not all(one and isinstance(one, str) for one in how.values()):
            words = "write a text between quotes"
        if words:
            raise _faulty(path, _line(text, f"{name}:"), "unknown reading", f"{name}: {words}")
        found[MAP + str(name)] = how
    return found


def _faulty(path: Path, line: int, rule: str, message: str) -> Faulty:
    return Faulty([Problem(Source(path.name, line), rule, message)])


def _line(text: str, words: str) -> int:
    lines: Iterable[tuple[int, str]] = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if words and words in line), 1)


def _iso(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError
