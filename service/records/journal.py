"""Epochs: what each commit changed, written in the same transaction as the change.

The journal also holds the store's identifier, by which its redo log knows it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.namespaces import BP, DCTERMS, ID, PROV
from databackpack.service.records.graphs import JOURNAL
from databackpack.service.records.terms import node, text

__all__ = [
    "changed",
    "changes",
    "entry",
    "head",
    "identify",
    "identity",
    "last_epoch",
    "last_moment",
    "moment",
]

_HEAD = node(ID["journal"])
_EPOCH = node(BP.epoch)
_INTEGER = node(XSD.integer)


def entry(
    epoch: int, moment: datetime, graphs: Iterable[URIRef]
) -> tuple[set[ox.Quad], set[ox.Quad]]:
    """Return what to remove and what to add so that the journal says *epoch* changed *graphs*."""
    commit, journal = _commit(epoch), node(JOURNAL)
    stamp = ox.Literal(moment.isoformat(), datatype=node(XSD.dateTime))
    add = {
        ox.Quad(_HEAD, _EPOCH, _number(epoch), journal),
        ox.Quad(commit, node(RDF.type), node(BP.Commit), journal),
        ox.Quad(commit, node(PROV.endedAtTime), stamp, journal),
        *changes(epoch, graphs),
    }
    remove = {ox.Quad(_HEAD, _EPOCH, _number(epoch - 1), journal)} if epoch > 1 else set()
    return remove, add


def changes(epoch: int, graphs: Iterable[URIRef]) -> set[ox.Quad]:
    """Return what says that *epoch* changed *graphs*."""
    commit, said, journal = _commit(epoch), node(BP.hasChanged), node(JOURNAL)
    return {ox.Quad(commit, said, node(graph), journal) for graph in graphs}


def head(store: ox.Store) -> set[ox.Quad]:
    """Return what says which epoch is the last; nothing in a new store."""
    return set(store.quads_for_pattern(_HEAD, _EPOCH, None, node(JOURNAL)))


def last_epoch(store: ox.Store) -> int:
    """Return the epoch of the last commit, 0 for a new store."""
    return max((int(text(quad.object)) for quad in head(store)), default=0)


def last_moment(store: ox.Store) -> datetime:
    """Return the moment of the last commit, the beginning of time for a new store."""
    return moment(store, last_epoch(store)) or datetime.min.replace(tzinfo=UTC)


def moment(store: ox.Store, epoch: int) -> datetime | None:
    """Return the moment of *epoch*, None for one that the journal does not have."""
    quads = store.quads_for_pattern(_commit(epoch), node(PROV.endedAtTime), None, node(JOURNAL))
    return max((datetime.fromisoformat(text(quad.object)) for quad in quads), default=None)


def identity(store: ox.Store) -> str | None:
    """Return the identifier of *store*, None for one that never had a redo log."""
    quads = store.quads_for_pattern(_HEAD, node(DCTERMS.identifier), None, node(JOURNAL))
    return next((text(quad.object) for quad in quads), None)


def identify(store: ox.Store, identifier: str) -> None:
    """Let *identifier* be that of *store*, whatever happens to the machine from now on."""
    store.add(ox.Quad(_HEAD, node(DCTERMS.identifier), ox.Literal(identifier), node(JOURNAL)))
    store.flush()


def changed(store: ox.Store, epoch: int) -> set[str]:
    """Return the names of the graphs that *epoch* changed."""
    pattern = store.quads_for_pattern(_commit(epoch), node(BP.hasChanged), None, node(JOURNAL))
    return {text(quad.object) for quad in pattern}


def _commit(epoch: int) -> ox.NamedNode:
    return node(ID[f"epoch/{epoch}"])


def _number(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=_INTEGER)
