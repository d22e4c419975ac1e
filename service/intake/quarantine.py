"""The quarantine: what validation kept out of the truth store, and why.

A record that was kept out has a graph of its own, with the record as text, its source and its SHACL
report; so have the rows of a file that one rule kept out. No view has any of them, and the redo log
does not either: files bring them again. An entry goes in the commit that brings the same record in
valid form. What readers see of a record whose new form is here is the last form that was good.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

import pyoxigraph as ox
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from databackpack import shapes
from databackpack.loaders import lines
from databackpack.loaders.record import Record
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.intake.report import Group, Report
from databackpack.service.records.graphs import QUARANTINE, quarantine_graph
from databackpack.service.records.terms import node, to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.shapes import writing

__all__ = ["KeptRecord", "Quarantine", "RefusedRows", "drop", "entries", "find"]

_LONGEST_TEXT = 1_000_000
_NAMES = UUID("8f6a7d52-6f0e-4c0e-9d3c-6f3f5f1a7b10")
_PASSING = {node(PROV.generatedAtTime), node(PROV.wasGeneratedBy)}
"""What is not compared: when and in which run the same thing was kept out first stays on record."""


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
    def file(self) -> str:
        """The name of the file that the record came from."""
        return self.source.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """The rows of *file* that *rule* kept out: how many, and the first of them as texts."""

    iri: URIRef
    file: str
    rule: str
    count: int
    texts: tuple[str, ...]
    moment: datetime

    @property
    def name(self) -> str:
        """What commands call the entry by."""
        return local_name(self.iri)


class Quarantine:
    """The quarantine of *truth* while a load runs; the names of its records are in memory."""

    def __init__(self, truth: TruthStore) -> None:
        self._truth = truth
        self._kept = set(truth.subjects(None, RDF.type, BP.QuarantinedRecord))

    def keep(
        self, record: Record, report: shapes.Report, run: URIRef | None = None
    ) -> Iterator[Change]:
        """Yield the change that puts *record* in quarantine; none if it is there as it is."""
        name = quarantine_graph(uuid5(_NAMES, record.iri))
        entry = KeptRecord(
            name,
            record.iri,
            record.learner,
            record.holder,
            record.category,
            str(record.source),
            self._truth.clock(),
            run,
            _text(record.graph),
            report,
        )
        self._kept.add(name)
        yield from _entered(self._truth, name, _write_record(entry))

    def release(self, record: URIRef) -> Iterator[Change]:
        """Yield the change that takes the record called *record* out, if it is in quarantine."""
        name = quarantine_graph(uuid5(_NAMES, record))
        if name in self._kept:
            self._kept.remove(name)
            yield Change(name, ())

    def rows(self, report: Report) -> Iterator[Change]:
        """Yield what the quarantine is to say of rows after the load that *report* tells of.

        Rows of an earlier load go when their file was read again and the rule kept none out.
        """
        named = set()
        for group in report.problems.groups():
            if not group.layer:
                entry = _refused(group, self._truth.clock())
                named.add(entry.iri)
                yield from _entered(self._truth, entry.iri, _write_rows(entry))
        for name in self._truth.subjects(None, RDF.type, BP.RefusedRows):
            if name not in named and _read_rows(self._truth, name).file in report.files:
                yield Change(name, ())


def entries(truth: TruthStore) -> Iterator[KeptRecord | RefusedRows]:
    """Yield all that is in quarantine: records by name, then rows by name."""
    for name in sorted(truth.subjects(None, RDF.type, BP.QuarantinedRecord)):
        yield _read_record(truth, name)
    for name in sorted(truth.subjects(None, RDF.type, BP.RefusedRows)):
        yield _read_rows(truth, name)


def find(truth: TruthStore, name: str) -> KeptRecord | RefusedRows:
    """Return the entry whose name begins with *name*; raises KeyError for none and for several."""
    prefix = quarantine_graph(name)
    for kind, read in ((BP.QuarantinedRecord, _read_record), (BP.RefusedRows, _read_rows)):
        found = [iri for iri in truth.subjects(None, RDF.type, kind) if iri.startswith(prefix)]
        if len(found) == 1 and name:
            return read(truth, found[0])
        if found:
            raise KeyError(f"{len(found)} entries are called {name}…; write more of the name")
    raise KeyError(f"nothing in quarantine is called {name}; see: backpack quarantine list")


def drop(truth: TruthStore, entry: KeptRecord | RefusedRows, reason: str) -> None:
    """*entry* is out of *truth*'s quarantine; who dropped what, when and why stays on record."""
    with truth.writing():
        event = URIRef(f"{QUARANTINE}/dropped#{entry.name}-{truth.epoch + 1}")
        said = Graph()
        said.add((event, RDF.type, BP.DroppedEntry))
        said.add((event, PROV.used, entry.iri))
        said.add((event, BP.dropReason, Literal(reason)))
        said.add((event, PROV.endedAtTime, _stamp(truth.clock())))
        if isinstance(entry, KeptRecord):
            said.add((event, BP.hasRecordName, entry.record))
            said.add((event, BP.sourceLocation, Literal(entry.source)))
        truth.commit(
            [Change(entry.iri, ()), Change(QUARANTINE, to_triples(said), subject=event)],
        )


def _entered(truth: TruthStore, name: URIRef, triples: set[ox.Triple]) -> Iterator[Change]:
    """Yield the change that lets the entry *name* be *triples*, unless it says the same already."""

    def lasting(found: Iterable[ox.Triple]) -> set[ox.Triple]:
        return {triple for triple in found if triple.predicate not in _PASSING}

    if lasting(truth.triples(name)) != lasting(triples):
        yield Change(name, triples)


def _refused(group: Group, moment: datetime) -> RefusedRows:
    name = quarantine_graph(uuid5(_NAMES, f"{group.file}\n{group.rule}"))
    texts = tuple(str(problem) for problem in group.examples)
    return RefusedRows(name, group.file, group.rule, group.count, texts, moment)


def _write_record(entry: KeptRecord) -> set[ox.Triple]:
    graph = writing.write(entry.report, entry.iri)
    terms: list[tuple[URIRef, Node]] = [
        (RDF.type, BP.QuarantinedRecord),
        (BP.hasRecordName, entry.record),
        (BP.isKeptOutOf, entry.learner),
        (BP.wasSentBy, entry.holder),
        (BP.hasCategory, entry.category),
        (BP.sourceLocation, Literal(entry.source)),
        (PROV.generatedAtTime, _stamp(entry.moment)),
        (BP.hasValidationReport, URIRef(f"{entry.iri}#report")),
    ]
    if entry.run is not None:
        terms.append((PROV.wasGeneratedBy, entry.run))
    if entry.text is not None:
        terms.append((BP.recordText, Literal(entry.text)))
    for predicate, value in terms:
        graph.add((entry.iri, predicate, value))
    return to_triples(graph)


def _read_record(truth: TruthStore, name: URIRef) -> KeptRecord:
    graph = to_graph(truth.triples(name))
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


def _write_rows(entry: RefusedRows) -> set[ox.Triple]:
    graph = Graph()
    graph.add((entry.iri, RDF.type, BP.RefusedRows))
    graph.add((entry.iri, BP.sourceFile, _literal(entry.file)))
    graph.add((entry.iri, BP.rule, _literal(entry.rule)))
    graph.add((entry.iri, BP.problemCount, Literal(entry.count)))
    graph.add((entry.iri, PROV.generatedAtTime, _stamp(entry.moment)))
    for text in entry.texts:
        graph.add((entry.iri, BP.problemText, _literal(text)))
    return to_triples(graph)


def _read_rows(truth: TruthStore, name: URIRef) -> RefusedRows:
    graph = to_graph(truth.triples(name))
    return RefusedRows(
        name,
        str(graph.value(name, BP.sourceFile)),
        str(graph.value(name, BP.rule)),
        int(str(graph.value(name, BP.problemCount))),
        tuple(sorted(str(text) for text in graph.objects(name, BP.problemText))),
        _moment(graph, name),
    )


def _text(graph: Graph) -> str | None:
    """Return *graph* as N-Triples, the same at every call; None where that is too long to keep."""
    blank = {term for triple in graph for term in triple if isinstance(term, BNode)}
    if blank:
        graph = _relabelled(graph, blank)
    text = lines.write(graph).decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_TEXT else None


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


def _stamp(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)


def _moment(graph: Graph, name: URIRef) -> datetime:
    found = datetime.fromisoformat(str(graph.value(name, PROV.generatedAtTime)))
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _iri(graph: Graph, name: URIRef, predicate: URIRef) -> URIRef:
    return URIRef(str(graph.value(name, predicate)))
