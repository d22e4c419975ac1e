"""Learners who are new: their records go in by the engine's bulk loader, behind a hold.

The bulk loader is several times as fast as a transaction and is none: whoever kills it leaves
halves. So nobody sees anything of these learners until a last transaction has put in what their
families say and ended the hold; after a kill they stay held until they are loaded again.
"""

from collections.abc import Collection, Iterable, Iterator

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP
from databackpack.service.records.graphs import HOLDS, INDEX, guardianship_graph, policy_graph
from databackpack.service.records.terms import node

__all__ = ["NotLoaded", "hold", "insert", "is_new", "leftovers"]

_LOADING = node(BP.isBeingLoaded)
_OWNER = node(BP.isRecordOf)


class NotLoaded(RuntimeError):
    """The records could not be put in; their learners stay held until they are loaded again."""


def hold(learner: URIRef) -> ox.Triple:
    """Return what holds *learner* while records go in."""
    return ox.Triple(node(learner), _LOADING, ox.Literal(True))


def is_new(store: ox.Store, learner: URIRef) -> bool:
    """Tell whether nothing of *learner* counts: no record and no word, or a load that was killed.

    INVARIANT: nobody sees anything of who is new, so nothing of theirs can flicker; and who is held
    for another reason is not new, so no load ends that hold by the way.
    """
    if held := _about(store, HOLDS, learner):
        return held == {hold(learner)}
    owned = store.quads_for_pattern(None, _OWNER, node(learner), node(INDEX))
    graphs = (policy_graph(learner), guardianship_graph(learner))
    return next(owned, None) is None and not any(
        next(store.quads_for_pattern(None, None, None, node(graph)), None) for graph in graphs
    )


def leftovers(store: ox.Store, learners: Iterable[URIRef]) -> Iterator[ox.Quad]:
    """Yield what a load that was killed left of the records of *learners*, and of their index."""
    for learner in learners:
        if hold(learner) not in _about(store, HOLDS, learner):
            continue
        owned = list(store.quads_for_pattern(None, _OWNER, node(learner), None))
        said = store.quads_for_pattern(node(learner), None, None, None)
        name = f"/{local_name(learner)}/"
        graphs = {quad.graph_name for quad in (*owned, *said)}
        for graph in graphs:
            if isinstance(graph, ox.NamedNode) and name in graph.value:
                yield from store.quads_for_pattern(None, None, None, graph)
        for quad in owned:
            if quad.graph_name == node(INDEX):
                yield from store.quads_for_pattern(quad.subject, None, None, node(INDEX))


def insert(store: ox.Store, records: bytes, others: Collection[ox.Quad]) -> None:
    """Put *records* (N-Quads) and *others* into *store*; raises NotLoaded, having put in a part."""
    more = ox.serialize(others, format=ox.RdfFormat.N_QUADS) or b""
    try:
        store.bulk_load(records + more, ox.RdfFormat.N_QUADS)
    except OSError as error:
        raise NotLoaded(
            f"records could not be written ({error.strerror or error}): their learners stay held "
            "back; make room or mend the disk, and load the same files again"
        ) from error


def _about(store: ox.Store, graph: URIRef, subject: URIRef) -> set[ox.Triple]:
    pattern = store.quads_for_pattern(node(subject), None, None, node(graph))
    return {quad.triple for quad in pattern}
