"""SKOS concept schemes of any publisher, in Turtle, N-Triples, RDF/XML or JSON-LD."""

from collections.abc import Iterator
from pathlib import Path

from databackpack.loaders.frameworks.building import build
from databackpack.loaders.frameworks.statement import Document, Statement
from databackpack.loaders.frameworks.textfile import FileRefused, TextFile
from databackpack.loaders.frameworks.triples import Properties, local, parse, said
from databackpack.loaders.record import Item, Problem, Source

__all__ = ["read"]

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_DC, _DCTERMS = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
_CEASN = "http://purl.org/ctdlasn/terms/"
_BP = "http://w3id.org/databackpack/ns#"
_OWL = "http://www.w3.org/2002/07/owl#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_Subjects = dict[str, Properties]


def read(path: Path) -> Iterator[Item]:
    """Yield each concept scheme in *path* as a framework, and what is wrong with it."""
    try:
        file = TextFile(path)
        subjects = parse(file, path)
        schemes = _typed(subjects, "ConceptScheme")
        if not schemes:
            raise FileRefused(
                1,
                "not a framework",
                "the file has no skos:ConceptScheme; choose the format that it is in, or say which "
                "scheme the concepts are in",
            )
    except FileRefused as refused:
        yield refused.problem(path.name)
        return
    members: dict[str, list[Statement]] = {scheme: [] for scheme in schemes}
    for iri in _typed(subjects, "Concept"):
        statement = _statement(iri, subjects[iri], file)
        mine = [one for one, _ in said(subjects[iri], _SKOS + "inScheme", _SKOS + "topConceptOf")]
        mine = [one for one in mine if one in members] or (schemes if len(schemes) == 1 else [])
        if not mine:
            yield Problem(
                Source(file.name, statement.line),
                "concept without scheme",
                f"<{iri[:200]}> is in no scheme of the file, which has {len(schemes)}; say "
                "skos:inScheme",
            )
        for scheme in mine[:1]:
            members[scheme].append(statement)
    _turn_around(subjects, members)
    for scheme, statements in members.items():
        yield from build(_document(scheme, subjects[scheme], file), statements, file.name)


def _typed(subjects: _Subjects, kind: str) -> list[str]:
    return [
        subject
        for subject, properties in subjects.items()
        if (_SKOS + kind, "") in said(properties, _TYPE)
    ]


def _document(iri: str, properties: Properties, file: TextFile) -> Document:
    document = Document(iri, iri, line=file.line(local(iri)))
    document.titles = said(
        properties, _DCTERMS + "title", _DC + "title", _SKOS + "prefLabel", _LABEL
    )
    document.descriptions = said(
        properties, _DCTERMS + "description", _DC + "description", _SKOS + "definition"
    )
    document.publishers = _texts(properties, _DCTERMS + "publisher", _DC + "publisher")
    document.creators = _texts(properties, _DCTERMS + "creator", _DC + "creator")
    document.licenses = _texts(properties, _DCTERMS + "license")
    document.rights = _texts(properties, _DCTERMS + "rights", _DC + "rights")
    document.sources = _texts(properties, _DCTERMS + "source")
    document.subjects = _texts(properties, _DCTERMS + "subject")
    document.modified = _first(properties, _DCTERMS + "modified")
    document.version = _first(properties, _OWL + "versionInfo")
    document.language = _first(properties, _DCTERMS + "language", _DC + "language")
    return document


def _statement(iri: str, properties: Properties, file: TextFile) -> Statement:
    statement = Statement(iri, iri, file.line(local(iri)))
    for text, _, datatype in properties.get(_SKOS + "notation", []):
        plain = datatype.replace("https://", "http://", 1)
        kind = plain.removeprefix(_BP) if plain.startswith(_BP) else datatype
        if kind and not kind.startswith(_XSD):
            statement.names.append((kind, text))
        else:
            statement.code = statement.code or text
            statement.names += [("codingScheme", text)] if statement.code != text else []
    statement.labels = said(properties, _SKOS + "prefLabel")
    statement.texts = said(properties, _CEASN + "competencyText", _SKOS + "definition")
    for note in ("scopeNote", "note", "altLabel"):
        statement.comments += said(properties, _SKOS + note)
    statement.grades = _texts(
        properties, _CEASN + "educationLevelType", _DCTERMS + "educationLevel"
    )
    statement.matches = _texts(properties, _SKOS + "exactMatch")
    statement.parents = _texts(properties, _SKOS + "broader")
    statement.related = _texts(properties, _SKOS + "related")
    statement.prerequisite_of = [text for text, *_ in properties.get(_BP + "isPrerequisiteOf", [])]
    statement.replaced_by = _texts(properties, _DCTERMS + "isReplacedBy")
    statement.is_deprecated = _first(properties, _OWL + "deprecated") in ("true", "1")
    return statement


def _turn_around(subjects: _Subjects, members: dict[str, list[Statement]]) -> None:
    """Let each statement have the parents that say skos:narrower of it."""
    for statements in members.values():
        by_key = {statement.key: statement for statement in statements}
        for parent in by_key:
            for child, _ in said(subjects[parent], _SKOS + "narrower"):
                if child in by_key and parent not in by_key[child].parents:
                    by_key[child].parents.append(parent)


def _texts(properties: Properties, *predicates: str) -> list[str]:
    return [text for text, _ in said(properties, *predicates) if text]


def _first(properties: Properties, *predicates: str) -> str:
    return next(iter(_texts(properties, *predicates)), "")


_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
