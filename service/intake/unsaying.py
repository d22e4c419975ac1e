"""What families said between an identity event and its undoing, and to whom it belongs then.

INVARIANT: undoing opens nothing. A permission goes only to a learner whom its author guards by
that learner's own part; a prohibition goes to both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.intake.uniting import moved, moved_words, standing_for
from databackpack.service.policy import consentrecord
from databackpack.service.policy.consent import Event, record_iri
from databackpack.service.policy.model import Level
from databackpack.service.records.description import Description
from databackpack.service.records.graphs import IDENTITY_EVENTS, guardianship_graph, policy_graph
from databackpack.service.records.identityevent import IdentityEvent
from databackpack.service.records.terms import iri, node, text, to_triples
from databackpack.service.records.truth import TruthStore

__all__ = ["Parted", "part", "prohibitions_since"]


@dataclass(frozen=True, slots=True)
class Parted:
    """What is on record of each of two learners once a merge is undone.

    *words* counts what was said since; *stand_ins* are those of the merge, no longer needed.
    """

    first: set[ox.Triple]
    second: set[ox.Triple]
    words: int
    stand_ins: frozenset[URIRef]


def part(truth: TruthStore, event: IdentityEvent) -> Parted:
    """Return what belongs to whom of all that is on record of the merged learner of *event*."""
    first, second = event.first, event.second
    stands = standing_for(truth, first, second)
    stand_ins = frozenset(truth.subjects(IDENTITY_EVENTS, PROV.wasGeneratedBy, event.iri))
    own = truth.triples(policy_graph(second))
    held = truth.triples(policy_graph(first))
    rest = held - moved_words(own, second, first, stands)
    before = _before(truth, event)
    theirs = {said.iri for said in _events(own)}
    since = [
        said
        for said in _events(held)
        if said.iri not in before | theirs and said.terms.method != BP.SourceSystem
    ]
    closing = [said for said in _events(held) if said.cell.assigner in stand_ins]
    guards = {one: _guards(truth, first, second, one) for one in (first, second)}
    names = {first: second} | {stand: of for of, stand in stands.items()}
    mine = [said for said in since if said.cell.assigner not in stand_ins]
    leaving = [*closing, *(said for said in mine if not _belongs(said, guards[first]))]
    coming = [
        _of(said, second, names)
        for said in since
        if (said.cell.assigner not in stand_ins or said.cell.assigner in names)
        and _belongs(said, guards[second])
    ]
    return Parted(
        first=_taken_out(rest, {said.iri for said in leaving}),
        second=own | to_triples(consentrecord.write(coming)) | _receipts(held, coming),
        words=len(since),
        stand_ins=stand_ins,
    )


def prohibitions_since(truth: TruthStore, old: URIRef, new: URIRef) -> tuple[set[ox.Triple], int]:
    """Return as words of *old* the prohibitions said of *new* since it was split off, and how many.

    What was permitted meanwhile was said of *new* alone.
    """
    known = {said.iri for said in _events(truth.triples(policy_graph(old)))}
    held = truth.triples(policy_graph(new))
    found = [
        _of(said, old, {new: old})
        for said in _events(held)
        if said.iri not in known and said.statement and said.statement.level is Level.NONE
    ]
    return to_triples(consentrecord.write(found)) | _receipts(held, found), len(found)


def _before(truth: TruthStore, event: IdentityEvent) -> set[URIRef]:
    about = truth.triples(IDENTITY_EVENTS, event.iri)
    return {iri(t.object) for t in about if t.predicate == node(BP.foundBefore)}


def _events(triples: Iterable[ox.Triple]) -> tuple[Event, ...]:
    return consentrecord.read(Description(triples))


def _guards(truth: TruthStore, first: URIRef, second: URIRef, one: URIRef) -> set[URIRef]:
    """Return whose permissions count for *one*: the guardians of its own part, and the learner."""
    ties = truth.triples(guardianship_graph(one))
    if one == first:
        ties -= moved(truth.triples(guardianship_graph(second)), second, first)
    return {first} | {iri(t.object) for t in ties if t.predicate == node(BP.hasGuardian)}


def _belongs(said: Event, guards: set[URIRef]) -> bool:
    is_prohibition = said.statement is not None and said.statement.level is Level.NONE
    return is_prohibition or said.party in guards


def _of(said: Event, learner: URIRef, names: Mapping[URIRef, URIRef]) -> Event:
    """Return *said* as a word about *learner*, by the people whom *names* gives."""
    assigner = names.get(said.cell.assigner, said.cell.assigner)
    statement = said.statement
    return replace(
        said,
        cell=replace(said.cell, learner=learner, assigner=assigner),
        party=names.get(said.party, said.party),
        statement=statement and replace(statement, learner=learner, assigner=assigner),
    )


def _receipts(triples: Iterable[ox.Triple], said: Iterable[Event]) -> set[ox.Triple]:
    """Return the receipts among *triples* for what was *said*."""
    events: dict[Any, URIRef] = {node(one.iri): record_iri(one.cell) for one in said}
    every = list(triples)
    wanted = {
        t.subject: events[t.object]
        for t in every
        if t.predicate == node(BP.isReceiptOf) and t.object in events
    }
    derived = node(PROV.wasDerivedFrom)
    return {
        ox.Triple(t.subject, t.predicate, node(wanted[t.subject])) if t.predicate == derived else t
        for t in every
        if t.subject in wanted
    }


def _taken_out(triples: set[ox.Triple], events: set[URIRef]) -> set[ox.Triple]:
    """Return *triples* without *events*, their policies and receipts, and records left empty."""
    gone: set[Any] = {node(event) for event in events}
    policies = {
        text(t.object) for t in triples if t.subject in gone and t.predicate == node(PROV.generated)
    }
    gone |= {t.subject for t in triples if t.predicate == node(BP.isReceiptOf) and t.object in gone}
    touched = {t.object for t in triples if t.subject in gone and t.predicate == node(BP.isEventOf)}
    left = {
        t
        for t in triples
        if t.subject not in gone and text(t.subject).partition("#")[0] not in policies
    }
    kept = {t.object for t in left if t.predicate == node(BP.isEventOf)}
    return {t for t in left if t.subject not in touched - kept}
