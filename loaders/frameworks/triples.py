"""RDF files as properties by subject: Turtle, N-Triples, RDF/XML, JSON-LD, and RDF/JSON."""

from pathlib import Path
from typing import Any

import pyoxigraph as ox

from databackpack.loaders.frameworks.statement import Text
from databackpack.loaders.frameworks.textfile import FileRefused, TextFile

__all__ = ["Properties", "Value", "local", "of_rdf_json", "parse", "said"]

Value = tuple[str, str, str]
"""(text or IRI, language, datatype); the datatype of an IRI is ``@id``."""

Properties = dict[str, list[Value]]
"""The values of each property, by its IRI; what http and https are in front makes no difference."""

_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".turtle": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
}
_STRING = "http://www.w3.org/2001/XMLSchema#string"


def parse(file: TextFile, path: Path) -> dict[str, Properties]:
    """Return what *file* says, by subject, in its order; raises FileRefused."""
    form = _FORMATS.get(path.suffix.casefold())
    if form is None:
        known = ", ".join(sorted(_FORMATS))
        raise FileRefused(1, "format", f"the file's name ends in none of {known}; rename it")
    if form == ox.RdfFormat.RDF_XML and "<!DOCTYPE" in file.text:
        raise FileRefused(
            file.line("<!DOCTYPE"),
            "document type",
            "the file declares a document type, whose entities are never expanded; leave it out",
        )
    found: dict[str, Properties] = {}
    try:
        for quad in ox.parse(file.text, format=form):
            predicate, value = _plain(quad.predicate.value), quad.object
            subject = quad.subject
            key = subject.value if isinstance(subject, ox.NamedNode) else f"_:{subject.value}"
            found.setdefault(key, {}).setdefault(predicate, []).append(_value(value))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        what = " ".join(str(error.args[0] if error.args else error).split())[:300]
        raise FileRefused(
            line, "well-formed RDF", f"the file cannot be read from here on ({what}); correct it"
        ) from None
    return found


def _value(value: Any) -> Value:
    if isinstance(value, ox.NamedNode):
        return value.value, "", "@id"
    if isinstance(value, ox.Literal):
        datatype = value.datatype.value
        return value.value, value.language or "", "" if datatype == _STRING else datatype
    return f"_:{value.value}", "", "@id"


def of_rdf_json(package: dict[str, Any]) -> dict[str, Properties]:
    """Return what RDF/JSON says (Talis: subject, property, list of values), by subject."""
    found: dict[str, Properties] = {}
    for subject, properties in package.items():
        if not isinstance(properties, dict):
            continue
        found[subject] = {
            _plain(predicate): [
                (str(one.get("value", "")), str(one.get("lang", "")), "@id")
                if one.get("type") == "uri"
                else (str(one.get("value", "")), str(one.get("lang", "")), "")
                for one in values
                if isinstance(one, dict)
            ]
            for predicate, values in properties.items()
            if isinstance(values, list)
        }
    return found


def said(properties: Properties, *predicates: str) -> list[Text]:
    """Return the values of the first of *predicates* that has any, with their languages."""
    for predicate in predicates:
        if values := properties.get(_plain(predicate)):
            return [(text, language) for text, language, _ in values]
    return []


def local(iri: str) -> str:
    """Return the last segment of *iri*."""
    return iri.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]


def _plain(iri: str) -> str:
    return iri.replace("https://", "http://", 1)
