"""Learners who are new: their records go in by the engine's bulk loader, behind a hold.

The bulk loader is several times as fast as a transaction and is none: whoever kills it leaves
halves. So nobody sees anything of these learners until a last transaction has put in what their
families say and ended the hold. After a kill they stay held until the next load, which takes out
what it finds of them and begins anew.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from os import SEEK_END
from typing import IO

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP
from databackpack.service.records.graphs import HOLDS, INDEX, guardianship_graph, policy_graph
from databackpack.service.records.terms import iri, node

__all__ = ["NotLoaded", "halves", "hold", "insert", "insert_n_quads", "is_new", "leftovers"]

_LOADING = node(BP.isBeingLoaded)
_OWNER = node(BP.isRecordOf)


class NotLoaded(RuntimeError):
    """The records could not be put in; their learners stay held until they are loaded again."""


def hold(learner: URIRef) -> ox.Quad:
    """Return what holds *learner* while records go in."""
    return ox.Quad(node(learner), _LOADING, ox.Literal(True), node(HOLDS))


def is_new(store: ox.Store, learner: URIRef) -> bool:
    """Tell whether nothing is held of *learner*: no record, no word, and nothing that holds back.

    INVARIANT: nobody sees anything of who is new, so nothing of theirs can flicker.
    """
    owned = store.quads_for_pattern(None, _OWNER, node(learner), node(INDEX))
    held = store.quads_for_pattern(node(learner), None, None, node(HOLDS))
    graphs = (policy_graph(learner), guardianship_graph(learner))
    words = (store.quads_for_pattern(None, None, None, node(graph)) for graph in graphs)
    return not any(next(found, None) for found in (owned, held, *words))


def halves(store: ox.Store) -> list[URIRef]:
    """Return the learners whom a load that was killed left held, sorted."""
    held = store.quads_for_pattern(None, _LOADING, None, node(HOLDS))
    return sorted(iri(quad.subject) for quad in held)


def leftovers(store: ox.Store, learner: URIRef) -> Iterator[ox.Quad]:
    """Yield what such a load left of *learner*: the hold, records, and their entries in the index.

    Of a record there may be any part, but each of its quads is in all of the engine's orders.
    """
    owned = list(store.quads_for_pattern(None, _OWNER, node(learner), None))
    said = store.quads_for_pattern(node(learner), None, None, None)
    name = f"/{local_name(learner)}/"
    for graph in {quad.graph_name for quad in (*owned, *said)}:
        if isinstance(graph, ox.NamedNode) and name in graph.value:
            yield from store.quads_for_pattern(None, None, None, graph)
    for quad in owned:
        if quad.graph_name == node(INDEX):
            yield from store.quads_for_pattern(quad.subject, None, None, node(INDEX))
    yield from store.quads_for_pattern(node(learner), None, None, node(HOLDS))


def insert(store: ox.Store, records: IO[bytes], others: Collection[ox.Quad]) -> None:
    """Put *records*, a file of TriG, and *others* into *store*; raises NotLoaded, with a part put.

    INVARIANT: every term of *records* was parsed before, by validation or by whoever wrote it: the
    loader does not look at IRIs a second time.
    """
    with _told():
        records.seek(0, SEEK_END)
        records.write(ox.serialize(others, format=ox.RdfFormat.TRIG) or b"")
        records.flush()
        # Not the file itself: the loader would come back to Python for each piece of it.
        path = f"/dev/fd/{records.fileno()}"
        store.bulk_load(path=path, format=ox.RdfFormat.TRIG, lenient=True)


def insert_n_quads(store: ox.Store, n_quads: bytes) -> None:
    """Put *n_quads*, each term of which was parsed before, into *store*; raises NotLoaded."""
    with _told():
        store.bulk_load(n_quads, ox.RdfFormat.N_QUADS, lenient=True)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotLoaded(
            f"records could not be written ({error.strerror or error}): their learners stay held "
            "back; make room or mend the disk, and load the same files again"
        ) from error
