"""Epochs: what each commit changed, written in the same transaction as the change."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.namespaces import BP, ID, PROV
from databackpack.service.records.graphs import JOURNAL
from databackpack.service.records.terms import node, text

__all__ = ["changed", "entry", "last_epoch", "last_moment"]

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
        *(ox.Quad(commit, node(BP.hasChanged), node(graph), journal) for graph in graphs),
    }
    remove = {ox.Quad(_HEAD, _EPOCH, _number(epoch - 1), journal)} if epoch > 1 else set()
    return remove, add


def last_epoch(store: ox.Store) -> int:
    """Return the epoch of the last commit, 0 for a new store."""
    quads = list(store.quads_for_pattern(_HEAD, _EPOCH, None, node(JOURNAL)))
    return max((int(text(quad.object)) for quad in quads), default=0)


def last_moment(store: ox.Store) -> datetime:
    """Return the moment of the last commit, the beginning of time for a new store."""
    commit = _commit(last_epoch(store))
    quads = store.quads_for_pattern(commit, node(PROV.endedAtTime), None, node(JOURNAL))
    moments = (datetime.fromisoformat(text(quad.object)) for quad in quads)
    return max(moments, default=datetime.min.replace(tzinfo=UTC))


def changed(store: ox.Store, epoch: int) -> set[str]:
    """Return the names of the graphs that *epoch* changed."""
    pattern = store.quads_for_pattern(_commit(epoch), node(BP.hasChanged), None, node(JOURNAL))
    return {text(quad.object) for quad in pattern}


def _commit(epoch: int) -> ox.NamedNode:
    return node(ID[f"epoch/{epoch}"])


def _number(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=_INTEGER)
