"""What a mapping may say in RML, and what of it is no part of a mapping of ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDF
from rdflib.term import Node

from databackpack.loaders.mapping.chunks import ROW_COLUMN
from databackpack.loaders.mapping.terms import (
    HOLDER,
    KEY,
    LEARNER,
    MAP,
    ORGANIZATIONS,
    ROW,
    classes,
    nearest,
    properties,
    short,
)
from databackpack.ontology.namespaces import BP

__all__ = ["RML", "Fault", "Part", "Reading", "check", "columns_of"]

RML = Namespace("http://w3id.org/rml/")

Fault = tuple[str, str, str]
"""(rule, words, what to look for in the mapping's text to find the line)."""

Reading = dict[str, Any]
"""A way of reading cells: ``{"codes": {cell: code}}``, ``{"date": format}`` or ``{"split": text}``.
"""

_SUBJECT = re.compile(re.escape(ROW) + r"\{" + ROW_COLUMN + r"\}/([A-Za-z0-9-]+)")
_REFERENCE = re.compile(r"(?<!\\)\{(.*?)(?<!\\)\}")
_SOURCE = re.compile(r"[^/\\:{}]+\.csv", re.IGNORECASE)
_TERM_MAPS = (RML.reference, RML.template, RML.constant, RML.functionExecution)


@dataclass(slots=True)
class Part:
    """One item of each row: its classes, and by property the columns that its values come from."""

    sources: set[str] = field(default_factory=set)
    kinds: set[URIRef] = field(default_factory=set)
    columns: dict[URIRef, set[str]] = field(default_factory=dict)


def check(
    graph: Graph, functions: set[str], readings: dict[str, Reading], parts: dict[str, Part]
) -> Iterator[Fault]:
    """Yield the faults of *graph*, and fill *parts* by their names.

    Values become literals without a datatype of XML Schema: which one a property has we say.
    """
    maps = sorted(set(graph.subjects(RML.logicalSource)), key=str)
    if not maps:
        yield "no mapping", "it has no mapping of rows; see docs/mapping.md for an example", ""
    for one in maps:
        yield from _source_faults(graph, one)
        template = str(graph.value(graph.value(one, RML.subjectMap), RML.template) or "")
        if not (found := _SUBJECT.fullmatch(template)):
            subject = graph.value(one, RML.subjectMap)
            given = next((str(value) for value in _values(graph, subject)), "nothing")
            told = short(given).strip("<>").replace("{", "$(").replace("}", ")")
            yield (
                "subject",
                f"the subject is {told[:100]!r}; write row:$({ROW_COLUMN})/ and a name for the "
                "item, such as row:$(_row)/attendance: an identifier is never part of a name, and "
                "whose item it is map:learner says",
                told,
            )
            continue
        part = parts.setdefault(found[1], Part())
        part.sources |= set(
            map(str, graph.objects(graph.value(one, RML.logicalSource), RML.source))
        )
        for pair in graph.objects(one, RML.predicateObjectMap):
            yield from _pair_faults(graph, pair, part, functions, readings)
    for name, part in parts.items():
        yield from _part_faults(name, part)


def columns_of(graph: Graph, root: Node) -> set[str]:
    """Return the columns that what hangs on *root* refers to."""
    found: set[str] = set()
    for node in _reached(graph, root):
        found |= {str(name) for name in graph.objects(node, RML.reference)}
        for template in graph.objects(node, RML.template):
            found |= {unescaped(name) for name in _REFERENCE.findall(str(template))}
    return found - {ROW_COLUMN}


def _source_faults(graph: Graph, one: Node) -> Iterator[Fault]:
    source = graph.value(one, RML.logicalSource)
    known = {RML.source, RML.referenceFormulation, RML.iterator, RDF.type}
    location = graph.value(source, RML.source)
    formulation = str(graph.value(source, RML.referenceFormulation) or "CSV")
    named = str(location or graph.value(source, RML.query) or "")
    if (
        set(graph.predicates(source)) - known
        or not isinstance(location, Literal)
        or not _SOURCE.fullmatch(str(location))
        or not formulation.upper().endswith("CSV")
    ):
        yield (
            "outside source",
            f"the source {named[:100]!r} is no CSV file beside the others; name the file alone, "
            "such as attendance.csv~csv: a mapping reads no database, no other format and nothing "
            "from the network",
            named.split("\n")[0][:40],
        )


def _pair_faults(
    graph: Graph,
    pair: Node,
    part: Part,
    functions: set[str],
    readings: dict[str, Reading],
) -> Iterator[Fault]:
    for place in graph.objects(pair, RML.graphMap):
        if graph.value(place, RML.constant) != RML.defaultGraph:
            yield "graph", "a mapping names no graph; leave it out", "graph"
    predicates = {graph.value(one, RML.constant) for one in graph.objects(pair, RML.predicateMap)}
    for predicate in predicates:
        if not isinstance(predicate, URIRef):
            yield (
                "predicate",
                f"the property {str(predicate)[:100]!r} is no property with a prefix that the "
                "mapping declares; write one, such as bp:eventDate",
                str(predicate),
            )
    for value in graph.objects(pair, RML.objectMap):
        yield from _value_faults(graph, value, functions, readings)
        columns = columns_of(graph, value)
        for predicate in predicates:
            if predicate == RDF.type:
                yield from _kind_faults(graph, value, part, readings)
            elif isinstance(predicate, URIRef):
                part.columns.setdefault(predicate, set()).update(columns)


def _value_faults(
    graph: Graph, value: Node, functions: set[str], readings: dict[str, Reading]
) -> Iterator[Fault]:
    if not any((value, one, None) in graph for one in _TERM_MAPS):
        yield "value", "a value is of another row or map; write the key of that item", "mapping:"
    if (value, RML.languageMap, None) in graph:
        yield "value", "a value has a language; leave it out", "~lang"
    for node in _reached(graph, value):
        for function in graph.objects(node, RML.functionMap):
            name = str(graph.value(function, RML.constant))
            if name not in functions:
                yield (
                    "unknown function",
                    f"{name[:200]!r} is no function that a mapping has; only the built-in ones "
                    "are run, never a file of functions",
                    re.split(r"[#/:]", name)[-1],
                )
    for holder in list(graph.objects(value, RML.datatypeMap)):
        datatype = str(graph.value(holder, RML.constant))
        if datatype.startswith(MAP) and datatype not in readings:
            yield (
                "unknown reading",
                f"{short(datatype)} is none of the values that the mapping declares"
                + nearest(short(datatype), map(short, readings)),
                short(datatype),
            )
        if not datatype.startswith(MAP):
            graph.remove((value, RML.datatypeMap, holder))
    if (value, RML.constant, None) not in graph:
        graph.set((value, RML.termType, RML.Literal))


def _kind_faults(
    graph: Graph, value: Node, part: Part, readings: dict[str, Reading]
) -> Iterator[Fault]:
    constant = graph.value(value, RML.constant)
    datatype = str(graph.value(graph.value(value, RML.datatypeMap), RML.constant))
    if constant is not None:
        found = [str(constant)]
    elif codes := readings.get(datatype, {}).get("codes"):
        found = [BP[code.removeprefix("bp:")] for code in codes.values()]
    else:
        yield "class", "a class is a term, or a column that declared codes read", "[a,"
        return
    for name in found:
        part.kinds.add(URIRef(name))
        if URIRef(name) not in classes():
            yield (
                "unknown term",
                f"{short(name)} is no class of records or of organisations"
                + nearest(short(name), map(short, classes())),
                short(name),
            )


def _part_faults(name: str, part: Part) -> Iterator[Fault]:
    if not part.kinds:
        yield "class", f"{name} has no class; write what it is, such as [a, bp:Goal]", f"/{name}"
    if not part.kinds <= set(classes()) or not part.kinds:
        return
    is_organization = part.kinds <= set(ORGANIZATIONS)
    if len(part.kinds) > 1 and not is_organization:
        kinds = ", ".join(sorted(map(short, part.kinds)))
        yield "class", f"{name} is several things: {kinds}; make an item of each", f"/{name}"
        return
    control = set() if is_organization else {LEARNER, HOLDER, KEY}
    taken = {prop: how for kind in part.kinds for prop, how in properties(kind).items()}
    unknown = [one for one in part.columns if one not in taken and one not in control]
    for predicate in unknown:
        known = map(short, [*taken, *control])
        yield (
            "unknown term",
            f"{short(predicate)} is no property of {short(sorted(part.kinds)[0])}"
            + nearest(short(predicate), known),
            short(predicate),
        )
    needed = {prop for prop, how in taken.items() if how.is_needed} | (control - {KEY})
    for predicate in sorted(needed - set(part.columns)) if not unknown else ():
        yield (
            "missing property",
            f"{name} lacks {short(predicate)}; every item needs it",
            f"/{name}",
        )


def _values(graph: Graph, term_map: Node | None) -> Iterator[Node]:
    for predicate in _TERM_MAPS:
        yield from graph.objects(term_map, predicate)


def _reached(graph: Graph, root: Node) -> set[Node]:
    """Return *root* and what hangs on it."""
    reached, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += [one for one in graph.objects(node) if not isinstance(one, Literal)]
    return reached


def unescaped(name: str) -> str:
    """Return a column's name as the file has it: braces stand with a backslash in a template."""
    return name.replace("\\{", "{").replace("\\}", "}")
