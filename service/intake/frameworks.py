"""Frameworks of standards into the truth store: one graph a document, its newest version.

What a newer version has no more stays, deprecated, so that records go on being aligned to
something. A document of an earlier date than the one that is held is not taken.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pyoxigraph as ox
from rdflib import DCTERMS, OWL, RDF, SDO, SKOS, Literal, URIRef

from databackpack import shapes
from databackpack.loaders.record import Framework, Problem
from databackpack.ontology.namespaces import BP, CEASN, PROV
from databackpack.service.intake.entry import problems
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import digest
from databackpack.service.records.graphs import FRAMEWORKS, framework_graph
from databackpack.service.records.terms import node, text, to_ox, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import public

__all__ = ["changes"]

_TYPE, _COMPETENCY = node(RDF.type), node(CEASN.Competency)
_DEPRECATED, _NOTE = node(OWL.deprecated), node(SKOS.historyNote)
_REPLACED = node(DCTERMS.isReplacedBy)
_Triples = set[ox.Triple]


def changes(truth: TruthStore, items: Iterable[object], report: Report) -> Iterator[Change]:
    """Yield what the frameworks among *items* change; *report* has what was found in them."""
    found: dict[URIRef, tuple[Framework, _Triples]] = {}
    for item in items:
        if not isinstance(item, Framework):
            continue
        before = found.get(item.document)
        held = before[1] if before else truth.triples(framework_graph(item.document))
        wanted = _wanted(item, held, report)
        if wanted is not None:
            found[item.document] = item, wanted
    for item, wanted in found.values():
        report.standards += sum(t.predicate == _TYPE and t.object == _COMPETENCY for t in wanted)
        graph = framework_graph(item.document)
        yield Change(graph, wanted)
        yield Change(FRAMEWORKS, _entry(truth, item, graph, wanted), subject=graph)


def _wanted(item: Framework, held: _Triples, report: Report) -> _Triples | None:
    """Return what the document's graph is to hold; None where nothing of it is taken."""
    verdict = shapes.validate_framework(item.graph)
    for problem in problems(item.source, verdict):
        report.tell(problem)
    if not verdict.conforms:
        return None
    new, document = to_triples(item.graph), node(item.document)
    date, last = _modified(new, document), _modified(held, document)
    if date is not None and last is not None and date < last:
        report.tell(
            Problem(
                item.source,
                "older version",
                f"this is the version of {date:%Y-%m-%d} of {item.document}, and that of "
                f"{last:%Y-%m-%d} is held; load the newer one, or a store that has none",
            )
        )
        return None
    return _with_what_is_gone(new, held, "" if date is None else f"{date:%Y-%m-%d}")


def _with_what_is_gone(new: _Triples, held: _Triples, date: str) -> _Triples:
    """Return *new* and of *held* each statement that is not in it any more, as deprecated."""
    present, gone = _statements(new), _statements(held) - _statements(new) - _shipped()
    kept = {t for t in new if t.subject in present | gone or t.predicate != _REPLACED}
    kept |= {t for t in held if t.subject in gone}
    noted = {t.subject for t in kept if t.predicate == _NOTE}
    version = f"Not in the version of {date} any more." if date else "Not in the last version."
    for subject in gone:
        kept.add(ox.Triple(subject, _DEPRECATED, to_ox(Literal(True))))
        if subject not in noted:
            kept.add(ox.Triple(subject, _NOTE, ox.Literal(version, language="en")))
    return kept


def _statements(triples: _Triples) -> set[ox.NamedNode]:
    return {
        t.subject
        for t in triples
        if t.predicate == _TYPE and t.object == _COMPETENCY and isinstance(t.subject, ox.NamedNode)
    }


def _shipped() -> set[ox.NamedNode]:
    """Return the statements that are here whatever a document says of them."""
    return _statements(set(public.vocabulary()))


def _modified(triples: _Triples, document: ox.NamedNode) -> datetime | None:
    dates = [
        datetime.fromisoformat(text(t.object))
        for t in triples
        if t.subject == document and t.predicate == node(DCTERMS.modified)
    ]
    return max((d if d.tzinfo else d.replace(tzinfo=UTC) for d in dates), default=None)


def _entry(truth: TruthStore, item: Framework, graph: URIRef, wanted: _Triples) -> _Triples:
    """Return what the index says of *graph*: as before, where the same is in it as before."""
    hashed = ox.Triple(node(graph), node(SDO.sha256), ox.Literal(_digest(wanted)))
    held = truth.triples(FRAMEWORKS, graph)
    if hashed in held:
        return held
    return {
        hashed,
        ox.Triple(node(graph), node(BP.isGraphOf), node(item.iri)),
        ox.Triple(node(graph), node(PROV.wasDerivedFrom), node(item.document)),
        ox.Triple(node(graph), node(BP.sourceLocation), ox.Literal(str(item.source))),
    }


def _digest(triples: _Triples) -> str:
    n_triples = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    return digest(b"".join(sorted(n_triples.splitlines(keepends=True))))
