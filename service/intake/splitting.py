"""Splits: the records of some holders become another learner's, where two had one identifier."""

from collections.abc import Iterable, Mapping
from uuid import uuid4

from rdflib import URIRef

from databackpack.loaders.record import organization_iri, person_iri
from databackpack.ontology.namespaces import BP, BPA, ID
from databackpack.service.intake import handover, unsaying
from databackpack.service.intake.handover import NotPossible
from databackpack.service.intake.uniting import held_back, moved, moved_words, own_of
from databackpack.service.policy import audience as audiences
from databackpack.service.records import identityevent
from databackpack.service.records.graphs import (
    AUDIENCES,
    HOLDS,
    IDENTITY_EVENTS,
    OWN_HOLDS,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.identity import Bindings, read_bindings
from databackpack.service.records.identityevent import SPLIT, IdentityEvent, about
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["rejoin", "split"]


def split(
    truth: TruthStore, learner: URIRef, holders: Iterable[str], who: str, why: str
) -> tuple[URIRef, URIRef]:
    """Return the event, and the new learner whose all records of *holders* (codes) now are.

    Words and guardianships hold for both until somebody decides anew. Raises NotPossible.
    """
    with truth.writing():
        bindings = read_bindings(truth)
        taken = {organization_iri(code): code for code in holders}
        records = {one: own_of(one)[0] for one in handover.records_of(truth, learner)}
        _check(truth, bindings, learner, taken, set(records.values()))
        event, now = ID[f"identity-event/{uuid4()}"], truth.clock()
        new = person_iri("learner", uuid4())
        was_held = handover.is_held(truth, bindings, learner)
        words = moved_words(truth.triples(policy_graph(learner)), learner, new, {})
        ties = moved(truth.triples(guardianship_graph(learner)), learner, new)
        person = audiences.of_person(BPA.learner, new)
        fact = about(new, [(BP.isSplitFrom, learner), *((BP.takesRecordsOf, h) for h in taken)])
        theirs = [record for record, holder in records.items() if holder in taken]
        changes = [
            *handover.hand_over(truth, theirs, learner, new),
            Change(policy_graph(new), words, learner=new),
            Change(guardianship_graph(new), ties, learner=new),
            Change(OWN_HOLDS, held_back(learner, was_held), subject=learner),
            handover.hold(new, was_held),
            Change(AUDIENCES, to_triples(audiences.write(person)), subject=person.iri),
            Change(IDENTITY_EVENTS, fact, subject=new, learner=learner),
            identityevent.write(IdentityEvent(event, SPLIT, learner, new, who, why, now)),
        ]
        truth.commit(changes)
        return event, new


def rejoin(truth: TruthStore, event: IdentityEvent) -> tuple[list[Change], int]:
    """Return what undoes the split *event*, and how many prohibitions said since come along."""
    old, new = event.first, event.second
    others = [part for part in read_bindings(truth).learners(old)[1:] if part != new]
    words, count = unsaying.prohibitions_since(truth, old, new)
    person = audiences.of_person(BPA.learner, new)
    held = truth.triples(policy_graph(old))
    changes = [
        *handover.hand_over(truth, handover.records_of(truth, new), new, old),
        Change(policy_graph(old), held | words, learner=old),
        *(Change(name(new), [], learner=new) for name in (policy_graph, guardianship_graph)),
        *([] if others else [Change(OWN_HOLDS, [], subject=old)]),
        Change(HOLDS, [], subject=new, learner=new),
        Change(AUDIENCES, [], subject=person.iri),
        Change(IDENTITY_EVENTS, [], subject=new),
    ]
    return changes, count


def _check(
    truth: TruthStore,
    bindings: Bindings,
    learner: URIRef,
    taken: Mapping[URIRef, str],
    holders: set[URIRef],
) -> None:
    if learner in bindings.merged or learner in bindings.merged.values():
        raise NotPossible("this learner was merged: undo that event instead")
    if learner in bindings.split.values():
        raise NotPossible("this learner was split off: undo that first")
    handover.check_ready(truth, learner)
    if unknown := sorted(code for holder, code in taken.items() if holder not in holders):
        raise NotPossible(f"{', '.join(unknown)} holds no records of this learner")
    if not taken or set(taken) == holders:
        raise NotPossible("name some holders of this learner's records, and not all of them")
