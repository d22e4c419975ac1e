"""The child process: Morph-KGC reads a mapping and runs it over one file, and nothing else.

Run as a program, never imported: one JSON object per line in, one out.

``{"normalize": FILE}`` → ``{"graph": N-Triples, "functions": [IRI, …]}``, the mapping as RML
whatever it was written in; ``{"map": FILE, "out": FILE}`` → ``{"rows": COUNT}``, with in *out* one
JSON list per item of a row, sorted by row: row, name, and a list of (property, value, datatype or
empty).
Whatever goes wrong is ``{"error": WORDS, "line": NUMBER or null}``.
"""

import json
import os
import re
import resource
import sys
from collections import defaultdict
from functools import lru_cache
from typing import Any

MEMORY = 4 * 1024**3  # bytes of address space: the libraries alone take 1.5 GB of it
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")


def main() -> None:
    """Answer each line; nothing that a library prints gets among the answers."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import morph_kgc  # noqa: F401  (before the hook: loading starts processes)

    sys.addaudithook(_refuse_to_reach_out)
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = _normalize(job["normalize"]) if "normalize" in job else _map(**job)
        except BaseException as error:
            answer = {"error": _words(error), "line": _line(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _refuse_to_reach_out(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError("a mapping reaches out of the file")


def _config(mapping: str) -> str:
    return (
        "[CONFIGURATION]\nlogging_level = CRITICAL\nnumber_of_processes = 1\nna_values =\n"
        f"[csv]\nmappings = {mapping}\n"
    )


def _normalize(path: str) -> dict[str, Any]:
    from morph_kgc.args_parser import load_config_from_argument
    from morph_kgc.fnml.built_in_functions import bif_dict
    from morph_kgc.mapping.mapping_parser import MappingParser

    parser = MappingParser(load_config_from_argument(_config(path)))
    graph = parser._normalize_mapping_graph(parser._load_mapping_graph("csv"))
    return {"graph": _renamed(graph).serialize(format="nt"), "functions": sorted(bif_dict)}


def _renamed(graph: Any) -> Any:
    """Return *graph* with names of triples maps that are IRIs: YARRRML's need not be."""
    from morph_kgc.constants import RML_LOGICAL_SOURCE
    from rdflib import Graph, URIRef

    maps = sorted(set(graph.subjects(URIRef(RML_LOGICAL_SOURCE))))
    names = {node: URIRef(f"urn:x-map:{place}") for place, node in enumerate(maps)}
    renamed = Graph()
    for subject, predicate, value in graph:
        renamed.add((names.get(subject, subject), predicate, names.get(value, value)))
    return renamed


@lru_cache(maxsize=4)
def _parsed(text: str, path: str) -> tuple[Any, list[Any], Any, Any]:
    """Return the mapping in *path*, which holds *text*: reading it takes a second."""
    from morph_kgc.args_parser import load_config_from_argument
    from morph_kgc.constants import RML_TRIPLES_MAP_CLASS
    from morph_kgc.mapping.mapping_parser import retrieve_mappings

    config = load_config_from_argument(_config(path))
    rules, functions, http = retrieve_mappings(config)
    config.set("CONFIGURATION", "http_api_df", http.to_csv())
    asserted = rules.loc[rules["triples_map_type"] == RML_TRIPLES_MAP_CLASS]
    groups = [group for _, group in asserted.groupby(by="mapping_partition")]
    return config, groups, rules, functions


def _map(map: str, out: str) -> dict[str, Any]:
    from morph_kgc.materializer import _materialize_mapping_group_to_set

    with open(map, encoding="utf-8") as file:  # noqa: PTH123
        config, groups, rules, functions = _parsed(file.read(), map)
    statements = set[str]()
    for group in groups:
        statements |= _materialize_mapping_group_to_set(
            group.copy(), rules.copy(), functions, config, None
        )
    items: dict[tuple[int, str], list[tuple[str, str, str]]] = defaultdict(list)
    for statement in statements:
        row, name, predicate, value, datatype = _value(statement)
        items[int(row), name].append((predicate, value, datatype))
    with open(out, "w", encoding="utf-8") as file:  # noqa: PTH123
        for (number, name), values in sorted(items.items()):
            file.write(json.dumps([number, name, sorted(values)]) + "\n")
    return {"rows": len(items)}


def _value(statement: str) -> tuple[str, str, str, str, str]:
    """Return the row, the name of the item, the property, the value and its datatype."""
    from pyoxigraph import Literal, RdfFormat, parse

    subject, predicate, rest = statement.split(" ", 2)
    row, name = subject[1:-1].rsplit("/", 2)[1:]
    (triple,) = parse(f"<s:s> <p:p> {rest} .", format=RdfFormat.N_TRIPLES)
    value = triple.object
    datatype = value.datatype.value if isinstance(value, Literal) else ""
    return row, name, predicate[1:-1], value.value, "" if datatype == _STRING else datatype


def _words(error: BaseException) -> str:
    problem = getattr(error, "problem", None)
    return f"{problem or error or type(error).__name__}".strip()[:500]


def _line(error: BaseException) -> int | None:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else None


if __name__ == "__main__":
    main()
