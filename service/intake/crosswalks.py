"""Crosswalks into the truth store: one graph each, its newest version, public as frameworks are."""

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from rdflib import SDO, URIRef

from databackpack import shapes
from databackpack.loaders.record import Crosswalk
from databackpack.ontology.namespaces import BP, PROV, RDF
from databackpack.service.intake.entry import problems
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import digest
from databackpack.service.records.graphs import FRAMEWORKS, framework_graph
from databackpack.service.records.terms import node, to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["changes"]

_TYPE, _ALIGNMENT = node(RDF.type), node(BP.Alignment)


def changes(truth: TruthStore, items: Iterable[object], report: Report) -> Iterator[Change]:
    """Yield what the crosswalks among *items* change; *report* has what was found in them."""
    for item in items:
        if not isinstance(item, Crosswalk):
            continue
        verdict = shapes.validate_crosswalk(item.graph)
        for problem in problems(item.source, verdict):
            report.tell(problem)
        if not verdict.conforms:
            continue
        triples, graph = to_triples(item.graph), framework_graph(item.iri)
        report.alignments += sum(t.predicate == _TYPE and t.object == _ALIGNMENT for t in triples)
        yield Change(graph, triples)
        yield Change(FRAMEWORKS, _entry(truth, item, graph, triples), subject=graph)


def _entry(
    truth: TruthStore, item: Crosswalk, graph: URIRef, triples: set[ox.Triple]
) -> set[ox.Triple]:
    """Return what the index says of *graph*: as before, where the same is in it as before."""
    n_triples = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    hashed = digest(b"".join(sorted(n_triples.splitlines(keepends=True))))
    digested = ox.Triple(node(graph), node(SDO.sha256), ox.Literal(hashed))
    held = truth.triples(FRAMEWORKS, graph)
    if digested in held:
        return held
    return {
        digested,
        ox.Triple(node(graph), node(BP.isGraphOf), node(item.iri)),
        ox.Triple(node(graph), node(PROV.wasDerivedFrom), node(item.iri)),
        ox.Triple(node(graph), node(BP.sourceLocation), ox.Literal(str(item.source))),
    }
