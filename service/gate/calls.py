"""What a query may call: the functions of SPARQL 1.1 (section 17.4) and its casts (17.5).

The engine has more: those of RDF 1.2, of GeoSPARQL, casts to dates and durations, ADJUST.
"""

import re
from collections.abc import Iterator

from pyparsing import ParseResults
from rdflib.plugins.sparql.parserutils import CompValue

__all__ = ["is_cast", "is_word", "refused"]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_CASTS = ("boolean", "dateTime", "decimal", "double", "float", "integer", "string")
_CAST_IRIS = {f"{_XSD}{name}" for name in _CASTS}

_FUNCTIONS = """
ABS BNODE BOUND CEIL COALESCE CONCAT CONTAINS DATATYPE DAY ENCODE_FOR_URI FLOOR HOURS IF IRI ISBLANK
ISIRI ISLITERAL ISNUMERIC ISURI LANG LANGMATCHES LCASE MD5 MINUTES MONTH NOW RAND REGEX REPLACE
ROUND SAMETERM SECONDS SHA1 SHA256 SHA384 SHA512 STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLEN
STRSTARTS STRUUID SUBSTR TIMEZONE TZ UCASE URI UUID YEAR
"""
_AGGREGATES = "AVG COUNT GROUP_CONCAT MAX MIN SAMPLE SUM"
_KEYWORDS = "ASC BIND BY DESC DISTINCT FILTER HAVING IN REDUCED SELECT VALUES"
_ELEMENTS = "A FALSE TRUE"
"""What stands before a collection, or in one before another."""

_WORDS = {*_FUNCTIONS.split(), *_AGGREGATES.split(), *_KEYWORDS.split(), *_ELEMENTS.split(), ""}
_XSD_DECLARED = re.compile(r"xsd:(?:[ \t\r\n]+|#[^\n\r]*+)*+<([^<>]*)>")
"""Wherever a prefix that ends in xsd may be declared, also in what is none."""


def is_word(word: str) -> bool:
    """Tell whether SPARQL 1.1 lets a bracket follow *word*, before which a number may stand."""
    return word.lstrip("0123456789").upper() in _WORDS


def is_cast(name: str, text: str) -> bool:
    """Tell whether *name*, an IRI or a prefixed name of *text*, is surely a cast.

    One that is not may be one under another prefix, or no function at all.
    """
    if name.startswith("<"):
        return name[1:-1] in _CAST_IRIS
    prefix, _, local = name.partition(":")
    declared = _XSD_DECLARED.findall(text)
    return prefix == "xsd" and local in _CASTS and all(iri == _XSD for iri in declared)


def refused(parsed: object) -> str | None:
    """Return what a parsed query holds that is not run, in words; None when it is nothing.

    A name of an undeclared prefix is refused too: the engine, which needs no space between words,
    may read a keyword at its beginning.
    """
    nodes = list(_nodes(parsed))
    declared: dict[str, set[str]] = {}
    for node in nodes:
        if node.name == "PrefixDecl":
            declared.setdefault(_part(node, "prefix"), set()).add(str(node["iri"]))
    for node in nodes:
        if node.name == "ServiceGraphPattern":
            return "SERVICE"
        if node.name == "pname" and _part(node, "prefix") not in declared:
            return f"the undeclared prefix {_part(node, 'prefix')}:"
        if node.name == "Function" and not _named(node["iri"], declared) <= _CAST_IRIS:
            return f"the function {_written(node['iri'])}"
    return None


def _named(iri: object, declared: dict[str, set[str]]) -> set[str]:
    """Return the IRIs that may be meant: several when a prefix is declared again."""
    if isinstance(iri, CompValue):
        local = _part(iri, "localname")
        return {f"{base}{local}" for base in declared.get(_part(iri, "prefix"), ())}
    return {str(iri)}


def _written(iri: object) -> str:
    if isinstance(iri, CompValue):
        return f"{_part(iri, 'prefix')}:{_part(iri, 'localname')}"
    return f"<{iri}>"


def _part(node: CompValue, name: str) -> str:
    return str(node[name]) if name in node else ""


def _nodes(node: object) -> Iterator[CompValue]:
    if isinstance(node, CompValue):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, ParseResults | list | tuple | set):
        for child in node:
            yield from _nodes(child)
