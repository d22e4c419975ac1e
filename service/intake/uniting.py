"""What files bring of learners who were merged or split, led to those whom it is about now.

A key keeps its own record graphs and its family's own words (its *part*), so a reload of one
school's files replaces that part and no other. What views read is derived here, in the same
commit: the records say whose they are now, and a learner's policies and guardianships are the union
of the parts. Where nothing was merged or split, nothing here does anything.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, DPV, ID, ODRL
from databackpack.service.records.graphs import (
    AUDIENCES,
    HOLDS,
    IDENTITY_EVENTS,
    INDEX,
    OWN_HOLDS,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.identity import Bindings, read_bindings
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["follow", "held_back", "moved", "moved_words", "own_of", "standing_for"]

_GRAPH, _AUDIENCE = str(ID["graph/"]), str(ID["audience/learner-"])
_WHO_SAYS = {node(ODRL.assigner), node(DPV.isIndicatedBy)}

Triples = Collection[ox.Triple]


def follow(truth: TruthStore, changes: Sequence[Change]) -> list[Change]:
    """Return *changes* of a load as they are to be committed, by what was merged and split."""
    bindings = read_bindings(truth)
    if not bindings:
        return list(changes)
    found: list[Change] = []
    policies: dict[URIRef, Triples] = {}
    ties: dict[URIRef, Triples] = {}
    holds: dict[URIRef, Triples] = {}
    for change in changes:
        own = change.learner
        if change.graph == AUDIENCES:
            found.append(_audience(bindings, change))
        elif own is None or not bindings.concerns(own):
            found.append(change)
        elif change.graph == policy_graph(own):
            policies[own] = change.triples
        elif change.graph == guardianship_graph(own):
            ties[own] = change.triples
        elif change.graph == HOLDS:
            holds[own] = change.triples
        else:
            found.append(_record(bindings, change, own))
    found += _words(truth, bindings, policies)
    found += _ties(truth, bindings, ties)
    found += _holds(truth, bindings, holds)
    return found


def moved(triples: Iterable[ox.Triple], old: URIRef, new: URIRef) -> set[ox.Triple]:
    """Return *triples* with *new* wherever *old* stands."""
    return _put({node(old): node(new)}, triples)


def moved_words(
    triples: Iterable[ox.Triple], old: URIRef, new: URIRef, stands: Mapping[URIRef, URIRef]
) -> set[ox.Triple]:
    """Return what is on record of *old*'s family as that of *new*.

    *stands* has for who said it the one who stands for that person: a consent record is known by
    who says it, and a later word about one part shall not end an earlier one about the other.
    """
    names: dict[Any, Any] = {node(who): node(other) for who, other in stands.items()}
    said = (
        ox.Triple(t.subject, t.predicate, names.get(t.object, t.object))
        if t.predicate in _WHO_SAYS
        else t
        for t in triples
    )
    return moved(said, old, new)


def own_of(record: URIRef) -> tuple[URIRef, URIRef]:
    """Return the holder and the learner by whose key *record*, a graph or its entry, is named."""
    holder, learner, _ = record.removeprefix(_GRAPH).split("/")
    return ID[f"organization/{holder}"], ID[f"learner/{learner}"]


def standing_for(truth: TruthStore, learner: URIRef, source: URIRef) -> dict[URIRef, URIRef]:
    """Return who stands for whom among the words that came to *learner* from *source*."""
    found = {}
    for stand, of in truth.pairs(IDENTITY_EVENTS, BP.standsFor):
        about = {t.object for t in truth.triples(IDENTITY_EVENTS, stand)}
        if {node(learner), node(source)} <= about:
            found[URIRef(of)] = stand
    return found


def held_back(learner: URIRef, is_held: bool) -> set[ox.Triple]:
    """Return what says that *learner* is held back, or nothing."""
    if not is_held:
        return set()
    return {ox.Triple(node(learner), node(BP.isHeldBack), ox.Literal(True))}


def _audience(bindings: Bindings, change: Change) -> Change:
    """Let the audience of a merged learner be that of whom the records belong to."""
    subject = change.subject
    if subject is None or not subject.startswith(_AUDIENCE):
        return change
    own = ID[f"learner/{subject.removeprefix(_AUDIENCE)}"]
    return replace(change, triples=moved(change.triples, own, bindings.learner(own)))


def _record(bindings: Bindings, change: Change, own: URIRef) -> Change:
    """Let a record, or its entry in the index, be of whom it is about now.

    What is kept out waits under the key by which it came.
    """
    name = change.subject if change.graph == INDEX else change.graph
    if name is None or f"/{local_name(own)}/" not in name:
        return replace(change, learner=bindings.learner(own))
    now = bindings.learner(own, own_of(name)[0])
    return replace(change, triples=moved(change.triples, own, now), learner=now)


def _words(
    truth: TruthStore, bindings: Bindings, said: Mapping[URIRef, Triples]
) -> Iterator[Change]:
    """Yield what keeps each part's own words, and adds them to those of the learner."""
    targets = dict.fromkeys(one for own in said for one in bindings.learners(own))
    for own, triples in said.items():
        if own not in targets:
            yield Change(policy_graph(own), triples, learner=bindings.learner(own))
    for learner in targets:
        name = policy_graph(learner)
        wanted = set(said[learner] if learner in said else truth.triples(name))
        for own in bindings.sources(learner)[1:]:
            if own in said:
                stands = standing_for(truth, learner, own)
                wanted |= moved_words(said[own], own, learner, stands)
        yield Change(name, wanted, learner=learner)


def _ties(truth: TruthStore, bindings: Bindings, new: Mapping[URIRef, Triples]) -> Iterator[Change]:
    targets = dict.fromkeys(one for own in new for one in bindings.learners(own))
    for own, triples in new.items():
        if own not in targets:
            yield Change(guardianship_graph(own), triples, learner=bindings.learner(own))
    for learner in targets:
        name = guardianship_graph(learner)
        wanted = set(new[learner] if learner in new else truth.triples(name))
        for own in bindings.sources(learner)[1:]:
            held = truth.triples(guardianship_graph(own))
            wanted -= moved(held, own, learner)
        for own in bindings.sources(learner)[1:]:
            part = new[own] if own in new else truth.triples(guardianship_graph(own))
            wanted |= moved(part, own, learner)
        yield Change(name, wanted, learner=learner)


def _holds(
    truth: TruthStore, bindings: Bindings, new: Mapping[URIRef, Triples]
) -> Iterator[Change]:
    """Yield what holds a learner back while any of the parts is held back."""
    for own, triples in new.items():
        yield Change(OWN_HOLDS, triples, subject=own)
    for learner in dict.fromkeys(one for own in new for one in bindings.learners(own)):
        is_held = any(
            new[own] if own in new else truth.triples(OWN_HOLDS, own)
            for own in bindings.sources(learner)
        )
        yield Change(HOLDS, held_back(learner, is_held), subject=learner, learner=learner)


def _put(names: Mapping[Any, Any], triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    return {
        ox.Triple(names.get(t.subject, t.subject), t.predicate, names.get(t.object, t.object))
        for t in triples
    }
