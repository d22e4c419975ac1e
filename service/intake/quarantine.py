"""The quarantine: what validation kept out of the truth store, and why.

A record that was kept out has a graph of its own, with the record as text, its source and its SHACL
report; so have the rows of a file that one rule kept out. No view has any of them, and the redo log
does not either: files bring them again. An entry goes in the commit that brings the same record in
valid form. What readers see of a record whose new form is here is the last form that was good.
"""

from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from pathlib import PurePath
from uuid import UUID, uuid5

import pyoxigraph as ox
from rdflib import RDF, Graph, Literal, URIRef

from databackpack import shapes
from databackpack.loaders.record import Record
from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.intake.entry import (
    KeptRecord,
    RefusedRows,
    read_record,
    read_rows,
    record_text,
    stamp,
    write_record,
    write_rows,
)
from databackpack.service.intake.report import Group, Report
from databackpack.service.records.graphs import QUARANTINE, quarantine_graph
from databackpack.service.records.terms import node, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.shapes.files import is_record_rule

__all__ = ["Quarantine", "drop", "entries", "find"]

_NAMES = UUID("8f6a7d52-6f0e-4c0e-9d3c-6f3f5f1a7b10")
_PASSING = {node(PROV.generatedAtTime), node(PROV.wasGeneratedBy)}
"""What is not compared: when and in which run the same thing was kept out first stays on record."""


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
            record_text(record),
            report,
        )
        self._kept.add(name)
        yield from _entered(self._truth, name, write_record(entry))

    def release(self, record: URIRef) -> Iterator[Change]:
        """Yield the change that takes the record called *record* out, if it is in quarantine."""
        if self._kept:
            name = quarantine_graph(uuid5(_NAMES, record))
            if name in self._kept:
                self._kept.remove(name)
                yield Change(name, ())

    def rows(self, report: Report, files: Container[str]) -> Iterator[Change]:
        """Yield what the quarantine is to say of rows after *report*, of a load of *files*.

        Rows of an earlier load go when a file of that name was read again and the rule kept none
        out.
        """
        named = set()
        for group in report.problems.groups():
            if not is_record_rule(group.rule):
                entry = _refused(group, self._truth.clock())
                named.add(entry.iri)
                yield from _entered(self._truth, entry.iri, write_rows(entry))
        for name in self._truth.subjects(None, RDF.type, BP.RefusedRows):
            file = read_rows(name, self._truth.triples(name)).file
            if name not in named and PurePath(file).name in files:
                yield Change(name, ())


def entries(truth: TruthStore) -> Iterator[KeptRecord | RefusedRows]:
    """Yield all that is in quarantine: records by name, then rows by name."""
    for name in sorted(truth.subjects(None, RDF.type, BP.QuarantinedRecord)):
        yield read_record(name, truth.triples(name))
    for name in sorted(truth.subjects(None, RDF.type, BP.RefusedRows)):
        yield read_rows(name, truth.triples(name))


def find(truth: TruthStore, name: str) -> KeptRecord | RefusedRows:
    """Return the entry whose name begins with *name*; raises KeyError for none and for several."""
    prefix = quarantine_graph(name)
    found = [
        (iri, read)
        for kind, read in ((BP.QuarantinedRecord, read_record), (BP.RefusedRows, read_rows))
        for iri in truth.subjects(None, RDF.type, kind)
        if iri.startswith(prefix)
    ]
    if not found:
        raise KeyError(f"nothing in quarantine is called {name}; see: backpack quarantine list")
    if len(found) > 1 or not name:
        raise KeyError(f"{len(found)} entries are called {name}…; write more of the name")
    ((iri, read),) = found
    return read(iri, truth.triples(iri))


def drop(truth: TruthStore, entry: KeptRecord | RefusedRows, reason: str) -> None:
    """*entry* is out of *truth*'s quarantine; who dropped what, when and why stays on record."""
    with truth.writing():
        event = URIRef(f"{QUARANTINE}/dropped#{entry.name}-{truth.epoch + 1}")
        said = Graph()
        said.add((event, RDF.type, BP.DroppedEntry))
        said.add((event, PROV.used, entry.iri))
        said.add((event, BP.dropReason, Literal(reason)))
        said.add((event, PROV.endedAtTime, stamp(truth.clock())))
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
    texts = tuple((problem.source.line, problem.message) for problem in group.examples)
    return RefusedRows(name, group.file, group.rule, group.count, texts, moment)
