"""Identity events: who decided that two learners are one, or one two, or two not one; when and why.

Each is a prov:Activity in a graph that no view reads. They are kept when they are undone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyoxigraph as ox
from rdflib import RDF, RDFS, XSD, URIRef

from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.records.graphs import IDENTITY_EVENTS
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["KEEP_APART", "MERGE", "SPLIT", "IdentityEvent", "about", "history", "undone", "write"]

MERGE, SPLIT, KEEP_APART = "merge", "split", "keep apart"


@dataclass(frozen=True, slots=True)
class IdentityEvent:
    """What was decided about *first* and *second*; *undone_by* names the event that undid it."""

    iri: URIRef
    action: str
    first: URIRef
    second: URIRef
    who: str
    why: str
    moment: datetime
    undone_by: URIRef | None = None


def write(event: IdentityEvent, *more: tuple[URIRef, URIRef]) -> Change:
    """Return the change that puts *event* on record, with *more* said about it."""
    values = [
        (RDF.type, BP.IdentityEvent),
        (RDF.type, PROV.Activity),
        (BP.hasFirst, event.first),
        (BP.hasSecond, event.second),
        *more,
    ]
    words = {
        BP.identityAction: ox.Literal(event.action),
        BP.personKey: ox.Literal(event.who),
        RDFS.comment: ox.Literal(event.why),
        PROV.endedAtTime: ox.Literal(event.moment.isoformat(), datatype=node(XSD.dateTime)),
    }
    triples = about(event.iri, values)
    triples |= {ox.Triple(node(event.iri), node(name), word) for name, word in words.items()}
    return Change(IDENTITY_EVENTS, triples, subject=event.iri)


def about(subject: URIRef, values: Iterable[tuple[URIRef, URIRef]]) -> set[ox.Triple]:
    """Return what says *values*, each a property and an IRI, of *subject*."""
    return {ox.Triple(node(subject), node(name), node(value)) for name, value in values}


def undone(truth: TruthStore, event: URIRef, by: URIRef) -> Change:
    """Return the change that says that *event* was undone *by* another one."""
    held = truth.triples(IDENTITY_EVENTS, event)
    said = about(event, [(PROV.wasInvalidatedBy, by)])
    return Change(IDENTITY_EVENTS, held | said, subject=event)


def history(truth: TruthStore, learner: URIRef | None = None) -> list[IdentityEvent]:
    """Return the events about *learner*, or (None) all of them, in order of time."""
    every = truth.subjects(IDENTITY_EVENTS, RDF.type, BP.IdentityEvent)
    found = [_read(truth, event) for event in every]
    kept = [event for event in found if learner in (None, event.first, event.second)]
    return sorted(kept, key=lambda event: (event.moment, event.iri))


def _read(truth: TruthStore, event: URIRef) -> IdentityEvent:
    said = {t.predicate.value: text(t.object) for t in truth.triples(IDENTITY_EVENTS, event)}
    by = said.get(str(PROV.wasInvalidatedBy))
    return IdentityEvent(
        iri=event,
        action=said[str(BP.identityAction)],
        first=URIRef(said[str(BP.hasFirst)]),
        second=URIRef(said[str(BP.hasSecond)]),
        who=said[str(BP.personKey)],
        why=said[str(RDFS.comment)],
        moment=datetime.fromisoformat(said[str(PROV.endedAtTime)]),
        undone_by=None if by is None else URIRef(by),
    )
