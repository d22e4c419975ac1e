"""Entries of the quarantine, and how a graph of the truth store holds each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyoxigraph as ox
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from databackpack import shapes
from databackpack.loaders import lines
from databackpack.loaders.record import Problem, Record, Source
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.intake.report import Group
from databackpack.service.records.terms import to_graph, to_triples
from databackpack.shapes import writing

__all__ = [
    "KeptRecord",
    "RefusedRows",
    "problems",
    "read_record",
    "read_rows",
    "record_text",
    "stamp",
    "write_record",
    "write_rows",
]

_LONGEST_TEXT = 1_000_000
_BLANK = re.compile(rb"^_:|> _:\S+ \.$", re.MULTILINE)
Triples = Iterable[ox.Triple]


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record that was kept out; *text* is N-Triples, None where it is longer than 1 MB."""

    iri: URIRef
    record: URIRef
    learner: URIRef
    holder: URIRef
    category: URIRef
    source: str
    moment: datetime
    run: URIRef | None
    text: str | None
    report: shapes.Report

    @property
    def name(self) -> str:
        """What commands call the entry by."""
        return local_name(self.iri)

    @property
    def place(self) -> Source:
        """Where the record came from."""
        file, _, line = self.source.rpartition(":")
        return Source(file, int(line)) if line.isdecimal() else Source(self.source, 0)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong and what is noted, as the load told it."""
        return problems(self.place, self.report)


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """The rows of *file* that *rule* kept out: how many, and line and message of the first."""

    iri: URIRef
    file: str
    rule: str
    count: int
    texts: tuple[tuple[int, str], ...]
    moment: datetime

    @property
    def name(self) -> str:
        """What commands call the entry by."""
        return local_name(self.iri)

    def problems(self) -> Iterator[Problem]:
        """Yield the first of the problems."""
        return (Problem(Source(self.file, line), self.rule, text) for line, text in self.texts)

    def group(self) -> Group:
        """Return all that is known of the problems."""
        return Group(self.rule, self.file, "Violation", "", self.count, list(self.problems()))


def problems(source: Source, report: shapes.Report) -> Iterator[Problem]:
    """Yield what *report* says of the record from *source*, as a load tells it."""
    for result in report.results:
        yield Problem(source, result.rule, result.text(), result.severity, result.layer)


def write_record(entry: KeptRecord) -> set[ox.Triple]:
    """Return *entry* as what its graph is to hold."""
    graph = writing.write(entry.report, entry.iri)
    terms: list[tuple[URIRef, Node]] = [
        (RDF.type, BP.QuarantinedRecord),
        (BP.hasRecordName, entry.record),
        (BP.isKeptOutOf, entry.learner),
        (BP.wasSentBy, entry.holder),
        (BP.hasCategory, entry.category),
        (BP.sourceLocation, Literal(entry.source)),
        (PROV.generatedAtTime, stamp(entry.moment)),
        (BP.hasValidationReport, URIRef(f"{entry.iri}#report")),
    ]
    if entry.run is not None:
        terms.append((PROV.wasGeneratedBy, entry.run))
    if entry.text is not None:
        terms.append((BP.recordText, Literal(entry.text)))
    for predicate, value in terms:
        graph.add((entry.iri, predicate, value))
    return to_triples(graph)


def read_record(name: URIRef, triples: Triples) -> KeptRecord:
    """Return the record in quarantine whose graph *name* holds *triples*."""
    graph = to_graph(set(triples))
    run, text = graph.value(name, PROV.wasGeneratedBy), graph.value(name, BP.recordText)
    return KeptRecord(
        name,
        _iri(graph, name, BP.hasRecordName),
        _iri(graph, name, BP.isKeptOutOf),
        _iri(graph, name, BP.wasSentBy),
        _iri(graph, name, BP.hasCategory),
        str(graph.value(name, BP.sourceLocation)),
        _moment(graph, name),
        URIRef(run) if isinstance(run, URIRef) else None,
        None if text is None else str(text),
        writing.read(graph),
    )


def write_rows(entry: RefusedRows) -> set[ox.Triple]:
    """Return *entry* as what its graph is to hold."""
    graph = Graph()
    graph.add((entry.iri, RDF.type, BP.RefusedRows))
    graph.add((entry.iri, BP.sourceFile, _literal(entry.file)))
    graph.add((entry.iri, BP.rule, _literal(entry.rule)))
    graph.add((entry.iri, BP.problemCount, Literal(entry.count)))
    graph.add((entry.iri, PROV.generatedAtTime, stamp(entry.moment)))
    for line, text in entry.texts:
        graph.add((entry.iri, BP.problemText, _literal(f"{line}: {text}")))
    return to_triples(graph)


def read_rows(name: URIRef, triples: Triples) -> RefusedRows:
    """Return the rows in quarantine whose graph *name* holds *triples*."""
    graph = to_graph(set(triples))
    return RefusedRows(
        name,
        str(graph.value(name, BP.sourceFile)),
        str(graph.value(name, BP.rule)),
        int(str(graph.value(name, BP.problemCount))),
        tuple(sorted(_line(str(text)) for text in graph.objects(name, BP.problemText))),
        _moment(graph, name),
    )


def _line(text: str) -> tuple[int, str]:
    line, _, message = text.partition(": ")
    return int(line), message


def record_text(record: Record) -> str | None:
    """Return *record* as N-Triples, the same at every call; None where that is too long to keep."""
    text = record.lines.decode("utf-8", "replace")
    if len(text) > _LONGEST_TEXT:
        return None
    blank = {term for triple in _graph(record) for term in triple if isinstance(term, BNode)}
    return lines.write(_relabelled(record.graph, blank)).decode() if blank else text


def _graph(record: Record) -> Graph:
    """Return the graph of *record* where its lines have blank nodes, else an empty one."""
    return record.graph if _BLANK.search(record.lines) else Graph()


def _relabelled(graph: Graph, blank: set[BNode]) -> Graph:
    """Return *graph* with labels that do not change from one reading of a file to the next."""

    def told(one: BNode) -> list[str]:
        triples = [*graph.triples((one, None, None)), *graph.triples((None, None, one))]
        return sorted(
            " ".join("_" if isinstance(term, BNode) else lines.term(term) for term in triple)
            for triple in triples
        )

    labels = {one: BNode(f"b{number}") for number, one in enumerate(sorted(blank, key=told))}

    def relabel(term: Node) -> Node:
        return labels[term] if isinstance(term, BNode) else term

    found = Graph()
    for subject, predicate, value in graph:
        found.add((relabel(subject), predicate, relabel(value)))
    return found


def _literal(text: str) -> Literal:
    return Literal(text[:2000].encode("utf-8", "replace").decode())


def stamp(moment: datetime) -> Literal:
    """Return *moment* as a literal."""
    return Literal(moment.isoformat(), datatype=XSD.dateTime)


def _moment(graph: Graph, name: URIRef) -> datetime:
    found = datetime.fromisoformat(str(graph.value(name, PROV.generatedAtTime)))
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _iri(graph: Graph, name: URIRef, predicate: URIRef) -> URIRef:
    return URIRef(str(graph.value(name, predicate)))
