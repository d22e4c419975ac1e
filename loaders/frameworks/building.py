"""Statements of any format become one graph: SKOS and CTDL-ASN, with every identifier typed."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime

import pyoxigraph as ox
from rdflib import Graph, Literal, URIRef

from databackpack.loaders import lines
from databackpack.loaders.frameworks.cycles import closing
from databackpack.loaders.frameworks.statement import Document, Statement, Text
from databackpack.loaders.record import Framework, Item, Problem, Source
from databackpack.ontology.codes import UnknownCode, concept
from databackpack.ontology.namespaces import BP, BPG, CEASN, DCTERMS, OWL, PROV, RDF, SKOS, XSD
from databackpack.ontology.standards import (
    answering,
    canonical_code,
    framework,
    identify,
    is_shipped,
    learn,
    standard_iri,
)

__all__ = ["build"]

_OURS = "https://w3id.org/databackpack/"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]{1,2000}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_FRACTION = re.compile(r"(\.\d*[1-9])0+(?=Z|[+-]|$)")
_RANGE = re.compile(r"(\w{1,2})\s*-\s*(\w{1,2})")
_LONGEST = 20_000
_MOST_GRADES = 30
_IDENTIFYING = ("asnIdentifier", "caseIdentifier", "ctid", "guid", "nodeIdentifier")
_OWNED = (*_IDENTIFYING, "alternateUri", "canonicalCode", "dotNotation", "shortCode")
"""Kinds of names that no two standards have in common, unlike a state's codes."""

_HIGH_SCHOOL = ("9", "10", "11", "12")


def build(document: Document, statements: Iterable[Statement], file: str) -> Iterator[Item]:
    """Yield the framework that *document* and *statements* of *file* are, and their problems.

    A statement that is known by an identifier is the known one; any other has its own permanent
    IRI. What is wrong with one of them costs that one, or less. A framework that has no IRI of its
    own is one problem, and nothing of it is taken. What is read after it may name its statements.
    """
    problems = _Problems(file)
    if not _is_foreign(document.iri):
        problems.add(
            document.line,
            "framework identifier",
            f"the framework has no identifier that is an address or a UUID, but "
            f"{document.iri[:100]!r}; give it one of its publisher",
        )
        yield from problems.found
        return
    own = URIRef(document.iri)
    scheme = framework(document.iri) or own
    kept = _distinct(statements, document, problems)
    iris = _iris(kept)
    graph = Graph(store="SimpleMemory", bind_namespaces="none")
    _describe(graph, scheme, own, document, problems)
    _link(kept, document, problems)
    for statement in kept:
        _state(graph, scheme, statement, iris, document, problems)
    learn(quad.triple for quad in ox.parse(lines.write(graph), format=ox.RdfFormat.N_TRIPLES))
    yield from problems.found
    yield Framework(scheme, own, graph, Source(file, document.line))


class _Problems:
    """The problems of one file, in the order in which they were met."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def add(self, line: int, rule: str, message: str) -> None:
        self.found.append(Problem(Source(self.file, line), rule, message))

    def of(self, statement: Statement, rule: str, message: str) -> None:
        place = f"{statement.at}: " if statement.at else ""
        self.add(statement.line, rule, f"{place}{message}")


def _distinct(
    statements: Iterable[Statement], document: Document, problems: _Problems
) -> list[Statement]:
    """Return the statements that have an identifier, each of them once."""
    kept: dict[str, Statement] = {}
    by_iri: dict[str, Statement] = {}
    again: dict[str, str] = {document.iri: document.key}
    for statement in statements:
        first = kept.get(statement.key) or by_iri.get(statement.iri)
        if not statement.key or not _is_foreign(statement.iri):
            problems.of(
                statement,
                "identifier",
                f"{(statement.iri or statement.key)[:100]!r} is no identifier of a statement: it "
                "takes a UUID or an address that is not of this system; correct it",
            )
        elif first is not None or statement.iri == document.iri:
            line = document.line if first is None else first.line
            problems.of(
                statement,
                "duplicate identifier",
                f"{statement.iri[:200]!r} is there before, at line {line}; the first one counts, "
                "keep one",
            )
            if first is not None:
                again[statement.key] = first.key
        else:
            kept[statement.key] = by_iri[statement.iri] = statement
    for statement in kept.values():
        statement.parents = [again.get(parent, parent) for parent in statement.parents]
    return list(kept.values())


def _iris(statements: list[Statement]) -> dict[str, URIRef]:
    """Return the IRI of each statement by its key: the known one, else its own.

    INVARIANT: two of a file come to one known IRI only where each is known by the identifier that
    the file's publisher gave it. ASN has one standard's GUID on a cluster too.
    """
    known = {statement.key: identify(statement.iri) for statement in statements}
    iris = {key: iri for key, iri in known.items() if iri is not None}
    taken = set(iris.values())
    for statement in statements:
        if statement.key in iris:
            continue
        others = (identify(value) for kind, value in statement.names if kind in _IDENTIFYING)
        found = next((iri for iri in others if iri is not None), None)
        if found is not None and found not in taken:
            iris[statement.key] = found
            taken.add(found)
    for statement in statements:
        iris.setdefault(statement.key, URIRef(statement.iri))
    return iris


def _link(statements: list[Statement], document: Document, problems: _Problems) -> None:
    """Take out the links that lead nowhere or back to where they began."""
    by_key = {statement.key: statement for statement in statements}
    for statement in statements:
        for parent in [one for one in statement.parents if one not in by_key]:
            statement.parents.remove(parent)
            if parent != document.key:
                problems.of(
                    statement,
                    "dangling parent",
                    f"the parent {parent[:100]!r} is not in the file; the statement is at the top "
                    "now: send the parent too, or correct it",
                )
    for name, rule in (
        ("parents", "cycle"),
        ("prerequisite_of", "prerequisite cycle"),
        ("precedes", "sequence cycle"),
    ):
        links = [(s.key, end) for s in statements for end in getattr(s, name)]
        for start, end in closing(links):
            getattr(by_key[start], name).remove(end)
            problems.of(
                by_key[start],
                rule,
                f"{start[:100]!r} → {end[:100]!r} leads back to where it began; this link is left "
                "out: correct it",
            )


def _describe(
    graph: Graph, scheme: URIRef, own: URIRef, document: Document, problems: _Problems
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


def _state(
    graph: Graph,
    scheme: URIRef,
    statement: Statement,
    iris: dict[str, URIRef],
    document: Document,
    problems: _Problems,
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


def _name(graph: Graph, iri: URIRef, statement: Statement, problems: _Problems) -> None:
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
        if _IRI.fullmatch(match) and URIRef(match) != iri and _other(iri, "guid", match) is None:
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


def _grades(statement: Statement, problems: _Problems) -> list[URIRef]:
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
        if other is None and _is_foreign(end):
            other = URIRef(end)
        if other is not None and other != iri:
            graph.add((iri, DCTERMS.isReplacedBy, other))


def _date(
    graph: Graph, iri: URIRef, statement: Statement, document: Document, problems: _Problems
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
    return URIRef(value) if _IRI.fullmatch(value) and "://" in value else Literal(value)


def _moment(written: str) -> Literal | None:
    """Return a date or a moment as the truth store writes it; publishers' types are often wrong."""
    try:
        if len(written) == 10:
            return Literal(date.fromisoformat(written).isoformat(), datatype=XSD.date)
        found = datetime.fromisoformat(written).isoformat().replace("+00:00", "Z")
        return Literal(_FRACTION.sub(r"\1", found), datatype=XSD.dateTime, normalize=False)
    except ValueError:
        return None


def _is_foreign(iri: str) -> bool:
    """Tell whether *iri* is one, and none of this system: files name no learner and no term."""
    return bool(_IRI.fullmatch(iri)) and not iri.startswith(_OURS)
