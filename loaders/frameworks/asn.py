"""Frameworks of the Achievement Standards Network: RDF/JSON, any RDF file, and manifests.

ASN's own identifier (``S1143417``) is what a statement is known by; the addresses of its servers
moved, and what it says to match exactly is in one case another statement.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from databackpack.loaders.frameworks.building import build
from databackpack.loaders.frameworks.statement import Document, Statement, Text
from databackpack.loaders.frameworks.textfile import FileRefused, TextFile
from databackpack.loaders.frameworks.triples import Properties, local, of_rdf_json, parse, said
from databackpack.loaders.record import Item
from databackpack.ontology.standards import identify

__all__ = ["read"]

_ASN = "http://purl.org/ASN/schema/core/"
_PERMANENT = "http://purl.org/ASN/resources/"
_GEM = "http://purl.org/gem/qualifiers/"
_DC, _DCTERMS = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
_CC = "http://creativecommons.org/ns#"
_AUTHOR = "http://www.loc.gov/loc.terms/relators/aut"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_MATCH = "http://www.w3.org/2004/02/skos/core#exactMatch"
_PREFIXES = {
    "asn": _ASN,
    "dcterms": _DCTERMS,
    "skos": _MATCH.removesuffix("exactMatch"),
    "gemq": _GEM,
}
_DOCUMENT = re.compile(r"(?:^|[^0-9A-Z])(D[0-9A-F]{5,8})(?![0-9A-F])")
_IDENTIFIER = re.compile(r"[DS][0-9A-F]{5,8}")


def read(path: Path) -> Iterator[Item]:
    """Yield the framework in *path*, and what is wrong with it."""
    try:
        file = TextFile(path)
        document, found = _found(file, path)
    except FileRefused as refused:
        yield refused.problem(path.name)
        return
    yield from build(document, found, file.name)


def _found(file: TextFile, path: Path) -> tuple[Document, list[Statement]]:
    if not path.suffix.casefold().startswith(".json"):
        return _of_triples(parse(file, path), file)
    package = file.json()
    if isinstance(package, list):
        return _of_manifest(package, file, path)
    if isinstance(package, dict):
        return _of_triples(of_rdf_json(package), file)
    raise FileRefused(1, "not a framework", "the file holds one value; send ASN's export")


def _of_triples(
    subjects: dict[str, Properties], file: TextFile
) -> tuple[Document, list[Statement]]:
    typed: dict[str, list[str]] = {"StandardDocument": [], "Statement": []}
    for subject, properties in subjects.items():
        for kind, _ in said(properties, _TYPE):
            if kind in (_ASN + name for name in typed):
                typed[local(kind)].append(subject)
    if len(typed["StandardDocument"]) != 1:
        raise FileRefused(
            1,
            "not a framework",
            "an export of ASN has one asn:StandardDocument, this file "
            f"{len(typed['StandardDocument'])}; choose the format that it is in, or send one "
            "framework in a file",
        )
    (iri,) = typed["StandardDocument"]
    document = _document(iri, subjects, file)
    statements = [_statement(one, subjects[one], file) for one in typed["Statement"]]
    children = {
        local(child): local(parent)
        for parent, properties in subjects.items()
        for child, _ in said(properties, _GEM + "hasChild")
    }
    for statement in statements:  # exports of 2011 say it from above only
        if not statement.parents and statement.key in children:
            statement.parents.append(children[statement.key])
    return document, statements


def _document(iri: str, subjects: dict[str, Properties], file: TextFile) -> Document:
    properties = subjects[iri]
    document = Document(local(iri), _permanent(iri, properties), line=file.line(iri))
    document.titles = said(properties, _DC + "title", _DCTERMS + "title")
    document.descriptions = said(properties, _DCTERMS + "description")
    document.publishers = _texts(properties, _DC + "publisher", _DCTERMS + "publisher")
    document.creators = _texts(properties, _AUTHOR, _DCTERMS + "creator")
    document.rights = _texts(properties, _DCTERMS + "rights")
    document.sources = _texts(properties, _DCTERMS + "source")
    document.subjects = _texts(properties, _DCTERMS + "subject")
    document.status = next(map(local, _texts(properties, _ASN + "publicationStatus")), "")
    for about in (properties, *(p for s, p in subjects.items() if s != iri and _is_about(p, iri))):
        document.licenses += _texts(about, _CC + "license", _DCTERMS + "license")
        document.rights += _texts(about, _DCTERMS + "rightsHolder")
        document.modified = document.modified or next(
            iter(_texts(about, _DCTERMS + "modified", _ASN + "repositoryDate")), ""
        )
    return document


def _is_about(properties: Properties, iri: str) -> bool:
    return (iri, "") in said(properties, "http://xmlns.com/foaf/0.1/primaryTopic")


def _statement(iri: str, properties: Properties, file: TextFile) -> Statement:
    statement = Statement(local(iri), _permanent(iri, properties), file.line(iri))
    if _IDENTIFIER.fullmatch(local(statement.iri)):
        statement.names.append(("asnIdentifier", local(statement.iri)))
    for notation in _texts(properties, _ASN + "statementNotation"):
        if notation.upper().startswith("CCSS."):
            statement.names.append(("dotNotation", notation))
        else:
            statement.code = statement.code or notation
    for short in _texts(properties, _ASN + "altStatementNotation"):
        is_common_core = not statement.code and bool(statement.names[1:])
        statement.names.append(("shortCode" if is_common_core else "codingScheme", short))
    for match in _texts(properties, _MATCH):
        if match.casefold().startswith("urn:guid:"):
            statement.names.append(("guid", match[len("urn:guid:") :].upper()))
        else:
            statement.names.append(("alternateUri", match))
    statement.texts = said(properties, _DCTERMS + "description")
    statement.comments = said(properties, _ASN + "comment")
    statement.categories = said(properties, _ASN + "statementLabel")[:1]
    statement.list_id = next(iter(_texts(properties, _ASN + "listID")), "")
    statement.grades = _texts(properties, _DCTERMS + "educationLevel")
    statement.parents = [local(parent) for parent in _texts(properties, _GEM + "isChildOf")]
    return statement


def _of_manifest(tree: list[Any], file: TextFile, path: Path) -> tuple[Document, list[Statement]]:
    """Return what a manifest holds: nested statements, the document only by the file's name."""
    statements: list[Statement] = []
    waiting: list[tuple[Any, str]] = [(node, "") for node in reversed(tree)]
    while waiting:
        node, parent = waiting.pop()
        if not isinstance(node, dict) or "id" not in node:
            raise FileRefused(
                1,
                "not a framework",
                "a manifest of ASN is a list of statements with an id and children; choose the "
                "format that the file is in",
            )
        properties = {
            iri: values
            for key in node
            if (iri := _property(key)) and (values := _values(node[key]))
        }
        statement = _statement(str(node["id"]), properties, file)
        statement.parents = [parent] if parent else []
        statements.append(statement)
        children = node.get("children") or []
        waiting += [(child, statement.key) for child in reversed(children)]
    named = _DOCUMENT.search(path.name)
    iri = _PERMANENT + named[1] if named else _scheme(statements)
    if not iri:
        raise FileRefused(
            1,
            "framework identifier",
            "a manifest does not say of which document it is; put ASN's identifier of the document "
            "into the file's name, as in D10003FC.json",
        )
    return Document(local(iri), iri), statements


def _scheme(statements: list[Statement]) -> str:
    """Return the Common Core's framework whose statements these are, empty where it is none."""
    found = [str(iri) for one in statements if (iri := identify(one.iri)) is not None]
    if not found or "corestandards.org/" not in found[0]:
        return ""
    return "/".join(found[0].split("/")[:4])


def _property(key: str) -> str:
    prefix, _, name = key.partition("_")
    return _PREFIXES[prefix] + name if prefix in _PREFIXES and name else ""


def _values(value: Any) -> list[tuple[str, str, str]]:
    found = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and "uri" in one:
            found.append((str(one["uri"]), "", "@id"))
        elif isinstance(one, dict) and "literal" in one:
            found.append((str(one["literal"]), str(one.get("language", "")), ""))
        elif isinstance(one, str) and one:
            found.append((one, "", ""))
    return found


def _permanent(iri: str, properties: Properties) -> str:
    """Return ASN's permanent IRI, also of what is written by the address of a server."""
    own = _texts(properties, _ASN + "identifier")
    if own:
        return own[0]
    return _PERMANENT + local(iri) if _IDENTIFIER.fullmatch(local(iri)) else iri


def _texts(properties: Properties, *predicates: str) -> list[str]:
    found: list[Text] = said(properties, *predicates)
    return [text for text, _ in found if text]
