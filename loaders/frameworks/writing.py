"""What a file says of a framework and its statements, as SKOS and CTDL-ASN in one graph.

Every identifier is typed by whose it is; one that is known to be another statement's is left out.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime

from rdflib import Graph, Literal, URIRef

from databackpack.loaders.frameworks.problems import IRI, Problems, is_foreign
from databackpack.loaders.frameworks.statement import IDENTIFYING, Document, Statement, Text
from databackpack.ontology.codes import UnknownCode, concept
from databackpack.ontology.namespaces import BP, BPG, CEASN, DCTERMS, OWL, PROV, RDF, SKOS, XSD
from databackpack.ontology.standards import (
    answering,
    canonical_code,
    identify,
    is_shipped,
    standard_iri,
)

__all__ = ["write_document", "write_statement"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_FRACTION = re.compile(r"(\.\d*[1-9])0+(?=Z|[+-]|$)")
_RANGE = re.compile(r"(\w{1,2})\s*-\s*(\w{1,2})")
_LONGEST = 20_000
_MOST_GRADES = 30
_OWNED = (*IDENTIFYING, "alternateUri", "canonicalCode", "dotNotation", "shortCode")
"""Kinds of names that no two standards have in common, unlike a state's codes."""

_HIGH_SCHOOL = ("9", "10", "11", "12")


def write_document(
    graph: Graph, scheme: URIRef, own: URIRef, document: Document, problems: Problems
) -> None:
    """Say what the framework is, and what the document says of itself."""
    for kind in (SKOS.ConceptScheme, CEASN.CompetencyFramework):
        graph.add((scheme, RDF.type, kind))
    if own != scheme:
        graph.add((own, RDF.type, PROV.Entity))
        graph.add((scheme, PROV.wasDerivedFrom, own))
    titles = document.titles or ([] if is_shipped(own) else [(document.iri, "")])
    _say(graph, own, DCTERMS.title, titles[:1], document.language)
    _say(graph, own, DCTERMS.description, document.descriptions, document.language)
    for predicate, values in (
        (DCTERMS.publisher, document.publishers),
        (DCTERMS.creator, document.creators),
        (DCTERMS.license, document.licenses),
        (DCTERMS.rights, document.rights),
        (DCTERMS.source, document.sources),
        (DCTERMS.subject, document.subjects),
    ):
        for value in values:
            graph.add((own, predicate, _iri_or_text(value)))
    if document.modified:
        if (modified := _moment(document.modified)) is not None:
            graph.add((own, DCTERMS.modified, modified))
        else:
            problems.add(
                document.line,
                "bad date",
                f"the framework's date {document.modified[:60]!r} is none; write it as 2026-09-01 "
                "or 2026-09-01T00:00:00Z",
            )
    if document.version:
        graph.add((own, OWL.versionInfo, Literal(document.version)))
    if document.status:
        graph.add((own, BP.adoptionStatus, Literal(document.status)))


def write_statement(
    graph: Graph,
    scheme: URIRef,
    statement: Statement,
    iris: dict[str, URIRef],
    document: Document,
    problems: Problems,
) -> None:
    """Say all that the file has of one statement."""
    iri = iris[statement.key]
    if statement.is_gone:
        _relate(graph, iri, statement, iris)
        return
    graph.add((iri, RDF.type, SKOS.Concept))
    graph.add((iri, RDF.type, CEASN.Competency))
    graph.add((iri, SKOS.inScheme, scheme))
    for parent in statement.parents:
        graph.add((iri, SKOS.broader, iris[parent]))
    if not statement.parents and statement.has_place and not is_shipped(iri):
        graph.add((iri, SKOS.topConceptOf, scheme))
    _name(graph, iri, statement, problems)
    language = document.language
    _call(graph, iri, statement, language)
    for predicate, texts in (
        (CEASN.competencyText, statement.texts),
        (CEASN.competencyLabel, statement.labels),
        (CEASN.competencyCategory, statement.categories),
        (CEASN.comment, statement.comments),
    ):
        short = [text for text in texts if len(text[0]) <= _LONGEST]
        if len(short) < len(texts):
            problems.of(
                statement,
                "text too long",
                f"a text of more than {_LONGEST:,} characters is left out; shorten it",
            )
        _say(graph, iri, predicate, short, language)
    if statement.list_id:
        graph.add((iri, CEASN.listID, Literal(statement.list_id)))
    for grade in _grades(statement, problems):
        graph.add((iri, CEASN.educationLevelType, grade))
    _relate(graph, iri, statement, iris)
    _date(graph, iri, statement, document, problems)


def _name(graph: Graph, iri: URIRef, statement: Statement, problems: Problems) -> None:
    """Add the typed identifiers, but those that are known to be another statement's."""
    code = [("codingScheme", statement.code)] if not _is_official(statement.code, iri) else []
    for kind, value in statement.names + code:
        other = _other(iri, kind, value)
        if other is not None:
            problems.of(
                statement,
                "identifier of another",
                f"{kind} {value[:100]!r} is that of <{other}>, so <{iri}> is loaded without it; "
                "tell the publisher",
            )
        elif kind == "alternateUri":
            graph.add((iri, BP.alternateUri, Literal(value, datatype=XSD.anyURI)))
        else:
            datatype = URIRef(kind) if ":" in kind else BP[kind]
            graph.add((iri, SKOS.notation, Literal(value, datatype=datatype)))
    for match in statement.matches:
        if IRI.fullmatch(match) and URIRef(match) != iri and _other(iri, "guid", match) is None:
            graph.add((iri, SKOS.exactMatch, URIRef(match)))


def _is_official(code: str, iri: URIRef) -> bool:
    """Tell whether *code* is none, or that of the Common Core's *iri*, which has it typed so."""
    try:
        return not code or standard_iri(canonical_code(code)) == iri
    except ValueError:
        return False


def _other(iri: URIRef, kind: str, value: str) -> str | None:
    """Return whose the identifier *value* is known to be, None where it is not another's."""
    known = answering(value) if kind in _OWNED else set()
    return None if not known or str(iri) in known else min(known)


def _call(graph: Graph, iri: URIRef, statement: Statement, language: str) -> None:
    """Give the statement its one preferred label, unless it is another's or shipped with one."""
    if is_shipped(iri) or str(iri) != statement.iri:
        return
    if statement.code:
        graph.add((iri, SKOS.prefLabel, Literal(statement.code)))
        return
    for texts in (statement.labels, statement.texts, [(statement.key, "")]):
        if texts:
            _say(graph, iri, SKOS.prefLabel, [(texts[0][0][:200], texts[0][1])], language)
            return


def _grades(statement: Statement, problems: Problems) -> list[URIRef]:
    found: list[URIRef] = []
    for written in statement.grades[:_MOST_GRADES]:
        try:
            found += [concept(BPG.Scheme, one) for one in _each_grade(written)]
        except UnknownCode as error:
            problems.of(statement, "unknown grade", f"{error}; the statement has none of it now")
    return found


def _each_grade(written: str) -> list[str]:
    """Return the grades that a file writes as one: ``9-12``, ``HS``, an address of ASN's."""
    text = written.rsplit("/", 1)[-1].strip()
    if text.upper() == "HS":
        return list(_HIGH_SCHOOL)
    if found := _RANGE.fullmatch(text):
        order = ["K", *map(str, range(1, 13))]
        low, high = (one.upper().lstrip("0").replace("KG", "K") for one in found.groups())
        if low in order and high in order and order.index(low) <= order.index(high):
            return order[order.index(low) : order.index(high) + 1]
    return [text]


def _relate(graph: Graph, iri: URIRef, statement: Statement, iris: dict[str, URIRef]) -> None:
    for predicate, ends in (
        (BP.isPrerequisiteOf, statement.prerequisite_of),
        (BP.precedes, statement.precedes),
        (SKOS.related, statement.related),
    ):
        for end in ends:
            if end in iris:  # what leads to other files is for the crosswalks
                graph.add((iri, predicate, iris[end]))
    for end in statement.replaced_by:
        other = iris.get(end) or identify(end)
        if other is None and is_foreign(end):
            other = URIRef(end)
        if other is not None and other != iri:
            graph.add((iri, DCTERMS.isReplacedBy, other))


def _date(
    graph: Graph, iri: URIRef, statement: Statement, document: Document, problems: Problems
) -> None:
    """Say from when until when it holds; what ended before the document was made is deprecated."""
    for predicate, written in (
        (CEASN.dateValidFrom, statement.since),
        (CEASN.dateValidUntil, statement.until),
    ):
        if written and (moment := _moment(written)) is not None:
            graph.add((iri, predicate, moment))
        elif written:
            problems.of(statement, "bad date", f"{written[:60]!r} is no date; write it 2026-09-01")
    ended = statement.until and document.modified and statement.until[:10] <= document.modified[:10]
    replaced = (iri, DCTERMS.isReplacedBy, None) in graph
    if statement.is_deprecated or ended or replaced:
        graph.add((iri, OWL.deprecated, Literal(True)))


def _say(
    graph: Graph, iri: URIRef, predicate: URIRef, texts: Iterable[Text], language: str
) -> None:
    for text, tag in texts:
        spoken = tag or language
        lang = spoken if _LANGUAGE.fullmatch(spoken) else None
        if text.strip():
            graph.add((iri, predicate, Literal(text, lang=lang)))


def _iri_or_text(value: str) -> URIRef | Literal:
    return URIRef(value) if IRI.fullmatch(value) and "://" in value else Literal(value)


def _moment(written: str) -> Literal | None:
    """Return a date or a moment as the truth store writes it; publishers' types are often wrong."""
    try:
        if len(written) == 10:
            return Literal(date.fromisoformat(written).isoformat(), datatype=XSD.date)
        found = datetime.fromisoformat(written).isoformat().replace("+00:00", "Z")
        return Literal(_FRACTION.sub(r"\1", found), datatype=XSD.dateTime, normalize=False)
    except ValueError:
        return None
