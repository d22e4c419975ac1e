"""CTDL-ASN frameworks of the Credential Registry: JSON-LD with an ``@graph``.

Properties are known by their last segment, with ``ceasn:`` or either address in front. A context
at another address than CTDL-ASN's could make anything of them; none is ever fetched.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from databackpack.loaders.frameworks.building import build
from databackpack.loaders.frameworks.statement import Document, Statement, Text
from databackpack.loaders.frameworks.textfile import FileRefused, TextFile, Twice
from databackpack.loaders.frameworks.triples import local
from databackpack.loaders.record import Item, Problem, Source

__all__ = ["read"]

_CONTEXTS = (
    "credreg.net/ctdlasn/schema/context/json",
    "credreg.net/ctdl/schema/context/json",
    "purl.org/ctdlasn/terms",
    "purl.org/ctdl/terms",
)
_Object = dict[str, Any]


def read(path: Path) -> Iterator[Item]:
    """Yield the framework in *path*, and what is wrong with it."""
    try:
        file = TextFile(path)
        nodes = _nodes(file)
        named = [node for node in nodes if "CompetencyFramework" in _kinds(node)]
        if len(named) != 1:
            raise FileRefused(
                1,
                "not a framework",
                f"a file of CTDL-ASN has one ceasn:CompetencyFramework, this one {len(named)}; "
                "choose the format that it is in, or send one framework in a file",
            )
    except FileRefused as refused:
        yield refused.problem(path.name)
        return
    document = _document(named[0], file)
    statements = []
    for index, node in enumerate(nodes):
        if "Competency" not in _kinds(node):
            continue
        if isinstance(node, Twice):
            source = Source(file.name, file.line(str(node.get("@id", ""))))
            yield Problem(
                source,
                "duplicate key",
                f"@graph[{index}].{node.twice[:60]} is there twice; "
                "nothing of this competency is taken: keep one",
            )
            continue
        statements.append(_statement(node, f"@graph[{index}]", file))
    _turn_around(named[0], nodes, statements)
    yield from build(document, statements, file.name)


def _nodes(file: TextFile) -> list[_Object]:
    """Return the objects of the graph; raises FileRefused."""
    package = file.json()
    if not isinstance(package, dict) or not isinstance(package.get("@graph"), list):
        raise FileRefused(
            1, "not a framework", "the file has no @graph; choose the format that it is in"
        )
    for context in _listed(package.get("@context")):
        if isinstance(context, str) and not any(
            context.split("://")[-1].rstrip("/") == known for known in _CONTEXTS
        ):
            raise FileRefused(
                file.line(context),
                "unknown context",
                f"the context {context[:200]!r} is none of CTDL-ASN's, and none is fetched; use "
                "https://credreg.net/ctdlasn/schema/context/json",
            )
    return [node for node in package["@graph"] if isinstance(node, dict)]


def _document(node: _Object, file: TextFile) -> Document:
    iri = str(node.get("@id", ""))
    document = Document(iri, iri, line=file.line(iri))
    document.titles = _texts(node, "name")
    document.descriptions = _texts(node, "description")
    document.publishers = _plain(node, "publisherName") + _plain(node, "publisher")
    document.creators = _plain(node, "creator")
    document.licenses = _plain(node, "license")
    document.rights = _plain(node, "rights") + _plain(node, "rightsHolder")
    document.sources = _plain(node, "source")
    document.modified = next(iter(_plain(node, "dateModified")), "")
    document.version = next(iter(_plain(node, "versionIdentifier")), "")
    document.status = next(map(local, _plain(node, "publicationStatusType")), "")
    document.language = next(iter(_plain(node, "inLanguage")), "")
    return document


def _statement(node: _Object, at: str, file: TextFile) -> Statement:
    iri = str(node.get("@id", ""))
    statement = Statement(iri, iri, file.line(iri), at)
    statement.names = [("ctid", value) for value in _plain(node, "ctid")]
    statement.names += [("codingScheme", value) for value in _plain(node, "altCodedNotation")]
    statement.code = next(iter(_plain(node, "codedNotation")), "")
    statement.texts = _texts(node, "competencyText")
    statement.labels = _texts(node, "competencyLabel")
    statement.categories = _texts(node, "competencyCategory")
    statement.comments = _texts(node, "comment")
    statement.list_id = next(iter(_plain(node, "listID")), "")
    statement.grades = _plain(node, "educationLevelType")
    statement.matches = _plain(node, "sameAs") + _plain(node, "exactAlignment")
    statement.parents = _plain(node, "isChildOf")
    statement.replaced_by = _plain(node, "isReplacedBy") + _plain(node, "supersededBy")
    statement.until = next(iter(_plain(node, "dateValidUntil")), "")
    return statement


def _turn_around(framework: _Object, nodes: list[_Object], statements: list[Statement]) -> None:
    """Let each statement have the parents that say so from above only."""
    by_key = {statement.key: statement for statement in statements}
    for node in nodes:
        for child in _plain(node, "hasChild") if node is not framework else ():
            if child in by_key and str(node.get("@id")) not in by_key[child].parents:
                by_key[child].parents.append(str(node.get("@id")))


def _kinds(node: _Object) -> set[str]:
    return {_name(kind) for kind in _listed(node.get("@type")) if isinstance(kind, str)}


def _name(key: str) -> str:
    return local(key).rpartition(":")[2]


def _texts(node: _Object, name: str) -> list[Text]:
    """Return texts with their languages: a text, ``{"en": …}`` or ``{"@value": …}``."""
    found: list[Text] = []
    for key, value in node.items():
        if _name(key) != name:
            continue
        for one in _listed(value):
            if not isinstance(one, dict):
                found.append((str(one), ""))
            elif "@value" in one:
                found.append((str(one["@value"]), str(one.get("@language", ""))))
            elif "@id" in one:
                found.append((str(one["@id"]), ""))
            else:
                found += [(str(t), tag) for tag, each in one.items() for t in _listed(each)]
    return found


def _plain(node: _Object, name: str) -> list[str]:
    return [text for text, _ in _texts(node, name) if text]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
