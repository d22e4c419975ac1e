"""Where a release lies in the truth store: a list of its learners, and what it has of each record.

``service.views.released`` reads it. It goes in without an epoch, behind the record of the last
release, and is shown from the commit on that puts this one on record.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.records.terms import iri, node
from databackpack.service.records.transaction import by_graph
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.engine import to_n_quads
from databackpack.service.views.released import parts

__all__ = ["Told", "discard", "finish", "put"]

Told = tuple[URIRef, list[ox.Quad], set[ox.Triple], set[ox.Triple]]
"""A learner, what is seen of it by record, and what is told: quasi-identifying, and the rest."""

_HOLDS, _TYPE = node(BP.hasReleasedRecord), node(RDF.type)


def put(truth: TruthStore, release: URIRef, learners: Iterable[Told]) -> set[URIRef]:
    """Return those *learners* of whom something is now in the graphs of *release*."""
    rows: list[ox.Quad] = []
    told: list[ox.Quad] = []
    written: set[URIRef] = set()
    name = node(release)
    for learner, seen, *both in learners:
        owners: defaultdict[object, set[ox.NamedNode]] = defaultdict(set)
        graphs = {}
        for record, triples in by_graph(seen).items():
            graphs[record] = tuple(map(node, parts(release, iri(record))))
            for triple in triples:
                owners[triple.subject].add(record)
        held = list(_by_record(graphs, owners, *both))
        told += (quad for _, quad in held)
        listed = sorted({record for record, _ in held}, key=str)
        rows += (ox.Quad(node(learner), _HOLDS, record, name) for record in listed)
        if held:
            written.add(learner)
    truth.stage(to_n_quads(rows))  # before the rest: what is listed can be taken out again
    truth.stage(to_n_quads(told))
    return written


def finish(truth: TruthStore, release: URIRef) -> None:
    """Let it be known that all of *release* is in: a copy of the store may have been made before.

    INVARIANT: of a release of which this is not known nothing is shown, even if it is on record.
    """
    truth.stage(to_n_quads([ox.Quad(node(release), _TYPE, node(BP.Release), node(release))]))


def discard(truth: TruthStore, release: URIRef) -> None:
    """Let nothing be left in the graphs of *release*; the list goes last, which names the rest."""
    for _, record in truth.pairs(release, BP.hasReleasedRecord):
        truth.discard(parts(release, URIRef(record)))
    truth.discard([release])


def _by_record(
    graphs: Mapping[ox.NamedNode, tuple[ox.NamedNode, ...]],
    owners: Mapping[object, set[ox.NamedNode]],
    identifying: set[ox.Triple],
    rest: set[ox.Triple],
) -> Iterator[tuple[ox.NamedNode, ox.Quad]]:
    """Yield each triple in the part of each record that it is from.

    What two records say of one learner is left out but for its class: it could not be taken back
    with one of them.
    """
    for place, triples in enumerate((identifying, rest)):
        for triple in triples:
            records = owners[triple.subject]
            if len(records) == 1 or triple.predicate == _TYPE:
                for record in records:
                    graph = graphs[record][place]
                    yield record, ox.Quad(triple.subject, triple.predicate, triple.object, graph)
