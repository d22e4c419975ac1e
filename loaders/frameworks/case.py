"""CASE packages, and other JSON with statements and links between them, by a dialect of its keys.

Links between frameworks (exactMatchOf, isPartOf, exemplar …) are not taken here: see
``loaders.alignments``, which reads the same file.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from databackpack.loaders.frameworks.building import build
from databackpack.loaders.frameworks.dialect import Dialect, Place, dialect_of, texts, values
from databackpack.loaders.frameworks.statement import Document, Statement
from databackpack.loaders.frameworks.textfile import FileRefused, TextFile, Twice
from databackpack.loaders.record import Item, Problem, Source

__all__ = ["read"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def read(path: Path) -> Iterator[Item]:
    """Yield the framework in the package *path*, and what is wrong with it."""
    try:
        file = TextFile(path)
        package = file.json()
        dialect = dialect_of(package, path) if isinstance(package, dict) else None
        if dialect is None:
            raise FileRefused(
                1,
                "not a package",
                "the file is no CFPackage: it has no CFDocument; choose the format that it is in, "
                "or tell its keys in a dialect beside it (docs/standards.md)",
            )
        reading = _Reading(file, dialect, package)
        document = reading.document()
    except FileRefused as refused:
        yield refused.problem(path.name)
        return
    statements = reading.statements(document.language)
    yield from reading.problems
    yield from build(document, statements, file.name)


class _Reading:
    """One package, read by its dialect; what cannot be used is among *problems*."""

    def __init__(self, file: TextFile, dialect: Dialect, package: dict[str, Any]) -> None:
        self._file = file
        self._dialect = dialect
        self._package = package
        self.problems: list[Problem] = []

    def document(self) -> Document:
        """Return the one document; raises FileRefused where there are none or more."""
        found = list(self._each(self._dialect.document))
        if len(found) != 1:
            raise FileRefused(
                1,
                "not a package",
                f"a {self._dialect.title} has one document, this one {len(found)}; send one "
                "framework in a file",
            )
        _, said = found[0]
        keys = self._dialect.document_keys
        key, iri = _identity(said, keys)
        document = Document(key, iri, line=self._file.line(key))
        for name in keys.keys() - {"key", "case", "uri"}:
            found_values = values(said, keys[name])
            if name in ("titles", "descriptions"):
                setattr(document, name, [(text, "") for text in found_values])
            elif isinstance(getattr(document, name), list):
                setattr(document, name, found_values)
            elif found_values:
                setattr(document, name, found_values[0])
        return document

    def statements(self, language: str) -> list[Statement]:
        """Return the statements with their links."""
        found = [
            self._statement(at, said, language) for at, said in self._each(self._dialect.statements)
        ]
        for at, said in self._each(self._dialect.parts) if self._dialect.parts else ():
            part = self._statement(at, said, language)
            part.has_place = False
            found.append(part)
        by_key = {statement.key: statement for statement in reversed(found)}
        self._add_links(by_key)
        return [*found, *(one for one in by_key.values() if one.is_gone)]

    def _statement(self, at: str, said: dict[str, Any], language: str) -> Statement:
        keys = self._dialect.statement_keys
        key, iri = _identity(said, keys)
        statement = Statement(key, iri, self._file.line(key), at)
        spoken = texts(said, keys.get("language", [])) or language
        if iri.startswith("urn:uuid:"):
            uuid = iri.removeprefix("urn:uuid:")
            kind = "caseIdentifier" if "case" not in keys or uuid != key else "nodeIdentifier"
            statement.names.append((kind, uuid))
            if uuid != key and _UUID.fullmatch(key):
                statement.names.append(("nodeIdentifier", key))
        address = texts(said, keys.get("uri", []))
        if "://" in address and address != iri:
            statement.names.append(("alternateUri", address))
        statement.code = texts(said, keys.get("code", []))
        for name in ("labels", "texts", "comments", "categories"):
            setattr(statement, name, [(text, spoken) for text in values(said, keys.get(name, []))])
        grades = values(said, keys.get("grades", []))
        statement.grades = [part.strip() for grade in grades for part in grade.split(",")]
        for name in ("list_id", "since", "until"):
            setattr(statement, name, texts(said, keys.get(name, [])))
        return statement

    def _add_links(self, statements: dict[str, Statement]) -> None:
        links, strange = self._dialect.links, Counter[str]()
        for at, said in self._each(links.place):
            kind = texts(said, links.kind)
            meaning = links.kinds.get(_folded(kind))
            if meaning is None:
                if _folded(kind) not in links.others and not kind.startswith("ext:"):
                    strange[kind] += 1
                continue
            name, backwards = meaning
            start, end = (_last(texts(said, keys)) for keys in (links.start, links.end))
            if backwards:
                start, end = end, start
            if start not in statements and name == "replaced_by" and _UUID.fullmatch(start):
                gone = Statement(start, f"urn:uuid:{start}", self._file.line(start), at)
                gone.is_gone, gone.has_place = True, False
                statements[start] = gone
            if start not in statements:
                self._problem(
                    start,
                    "dangling link",
                    f"{at}: {kind} starts at {start[:100]!r}, which is no "
                    "statement of the file; send that statement too",
                )
            elif end not in (ends := getattr(statements[start], name)):
                ends.append(end)
        for kind, count in strange.items():
            self._problem(
                kind,
                "unknown link",
                f"{count} links of the kind {kind[:60]!r} are not loaded: "
                "no such kind is known; CASE has ext: for kinds of one's own",
            )

    def _each(self, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        for at, one in place.each(self._package):
            said = one.get(place.within, one) if isinstance(one, dict) and place.within else one
            if not isinstance(said, dict):
                self._problem("", "JSON object", f"{at}: an object is needed here")
            elif isinstance(said, Twice):
                self._problem(
                    f'"{said.twice}"',
                    "duplicate key",
                    f"{at}.{said.twice[:60]} is there twice; "
                    "nothing of this object is taken: keep one",
                )
            else:
                yield at, said

    def _problem(self, words: str, rule: str, message: str) -> None:
        source = Source(self._file.name, self._file.line(words))
        self.problems.append(Problem(source, rule, message))


def _identity(said: dict[str, Any], keys: dict[str, list[str]]) -> tuple[str, str]:
    """Return by what links call something, and its permanent IRI: a UUID, else its address."""
    key = _last(texts(said, keys["key"]))
    uuid = texts(said, keys.get("case", [])) or key
    address = texts(said, keys.get("uri", []))
    key = key or _last(address)
    if not _UUID.fullmatch(uuid):
        return key, address or uuid
    return key, f"urn:uuid:{uuid.lower()}"


def _last(text: str) -> str:
    """Return an identifier that may be written as an address, UUIDs in lower case."""
    last = text.rstrip("/").rsplit("/", 1)[-1].removeprefix("urn:uuid:")
    return last.lower() if _UUID.fullmatch(last) else last


def _folded(key: str) -> str:
    return key.casefold().replace("_", "").replace("-", "")
