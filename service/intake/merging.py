"""Merges of two learners into one, and words that two are not one; each undone in one commit.

The second learner's part stays under its own name as it is, held back, and the first one gets
records, ties and words of both. So a kill leaves before or after, and undoing takes out what came
from the second part and no more.
"""

from uuid import uuid4

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, ODRL, PROV
from databackpack.service.intake import handover, splitting, unsaying
from databackpack.service.intake.handover import NotPossible
from databackpack.service.intake.stricter import refusals, stand_in
from databackpack.service.intake.uniting import held_back, moved_words, own_of
from databackpack.service.policy import consentrecord
from databackpack.service.records import identityevent
from databackpack.service.records.graphs import (
    IDENTITY_EVENTS,
    OWN_HOLDS,
    emergency_graph,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.identity import Bindings, read_bindings
from databackpack.service.records.identityevent import (
    KEEP_APART,
    MERGE,
    SPLIT,
    IdentityEvent,
    about,
)
from databackpack.service.records.terms import iri, node, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import statements

__all__ = ["keep_apart", "merge", "undo"]


def merge(truth: TruthStore, first: URIRef, second: URIRef, who: str, why: str) -> URIRef:
    """Return the event by which all of *second* is now of *first*; raises NotPossible.

    No policy lets any audience see more of any record than before: see ``stricter``.
    """
    with truth.writing():
        bindings = read_bindings(truth)
        _check(truth, bindings, first, second)
        event, now = ID[f"identity-event/{uuid4()}"], truth.clock()
        closing = refusals(truth, event, first, second, now)
        stands = _stand_ins(truth, event, first, second)
        ours, theirs = (truth.triples(policy_graph(one)) for one in (first, second))
        words = ours | moved_words(theirs, second, first, stands)
        before = [(BP.foundBefore, said.iri) for said in statements.events(truth, first)]
        held = {one: handover.is_held(truth, bindings, one) for one in (first, second)}
        people = [(stand, [(BP.standsFor, of)]) for of, stand in stands.items()]
        people += [(one, []) for one in sorted({said.cell.assigner for said in closing})]
        frame = [(PROV.wasGeneratedBy, event), (BP.hasFirst, first), (BP.hasSecond, second)]
        changes = [
            *handover.hand_over(truth, handover.records_of(truth, second), second, first),
            *handover.union(truth, guardianship_graph, first, second),
            *handover.union(truth, emergency_graph, first, second),
            Change(
                policy_graph(first),
                words | to_triples(consentrecord.write(closing)),
                learner=first,
            ),
            *(Change(OWN_HOLDS, held_back(one, held[one]), subject=one) for one in held),
            handover.hold(first, any(held.values()) or _is_held_by_others(truth, bindings, first)),
            handover.hold(second, True),
            *handover.audience_to(truth, second, second, first),
            _fact(second, (BP.isMergedInto, first)),
            *(_fact(person, *frame, *more) for person, more in people),
            identityevent.write(IdentityEvent(event, MERGE, first, second, who, why, now), *before),
        ]
        truth.commit(changes)
        return event


def keep_apart(truth: TruthStore, first: URIRef, second: URIRef, who: str, why: str) -> URIRef:
    """Return the event that says that *first* and *second* are two: nobody is asked again."""
    if first == second:
        raise NotPossible("name two different learners")
    event = ID[f"identity-event/{uuid4()}"]
    made = IdentityEvent(event, KEEP_APART, first, second, who, why, truth.clock())
    truth.commit([identityevent.write(made)])
    return event


def undo(truth: TruthStore, event: URIRef, who: str, why: str) -> int:
    """Return how many words of the family, said since *event*, were put where they belong.

    All that was not changed since is as it was before. A permission said since goes to the learner
    whom its author guards, a prohibition to both. Raises NotPossible.
    """
    with truth.writing():
        found = _undoable(truth, event)
        changes, words = list[Change](), 0
        if found.action == MERGE:
            changes, words = _part(truth, found)
        elif found.action == SPLIT:
            changes, words = splitting.rejoin(truth, found)
        undoing = IdentityEvent(
            ID[f"identity-event/{uuid4()}"],
            f"undo {found.action}",
            *(found.first, found.second, who, why),
            truth.clock(),
        )
        record = identityevent.write(undoing, (PROV.invalidated, event))
        truth.commit([*changes, identityevent.undone(truth, event, undoing.iri), record])
        return words


def _check(truth: TruthStore, bindings: Bindings, first: URIRef, second: URIRef) -> None:
    if first == second:
        raise NotPossible("name two different learners")
    for one in (first, second):
        if one in bindings.merged:
            other = local_name(bindings.merged[one])
            raise NotPossible(f"{local_name(one)} is merged into {other}: name that one")
        if any(one in (old, new) for (old, _), new in bindings.split.items()):
            raise NotPossible(f"{local_name(one)} was split: undo that first")
    if second in bindings.merged.values():
        raise NotPossible(
            f"others are merged into {local_name(second)}: name it first, or undo those merges"
        )
    handover.check_ready(truth, first, second)


def _stand_ins(
    truth: TruthStore, event: URIRef, first: URIRef, second: URIRef
) -> dict[URIRef, URIRef]:
    """Return who stands for whoever says something about both: the two words stay two."""
    ours, theirs = (_assigners(truth, one) for one in (first, second))
    both = {person for person in theirs if (first if person == second else person) in ours}
    return {person: stand_in(event, person, "word") for person in sorted(both)}


def _assigners(truth: TruthStore, learner: URIRef) -> set[URIRef]:
    words = truth.triples(policy_graph(learner))
    return {iri(triple.object) for triple in words if triple.predicate == node(ODRL.assigner)}


def _is_held_by_others(truth: TruthStore, bindings: Bindings, learner: URIRef) -> bool:
    return any(truth.triples(OWN_HOLDS, one) for one in bindings.sources(learner)[1:])


def _part(truth: TruthStore, event: IdentityEvent) -> tuple[list[Change], int]:
    """Return what undoes a merge, and how many words were said since."""
    first, second, bindings = event.first, event.second, read_bindings(truth)
    parted = unsaying.part(truth, event)
    mine = [source for source in bindings.sources(first) if source != second]
    held = {one: bool(truth.triples(OWN_HOLDS, one)) for one in (*mine, second)}
    records = [one for one in handover.records_of(truth, first) if own_of(one)[1] == second]
    changes = [
        *handover.hand_over(truth, records, first, second),
        *handover.without(truth, guardianship_graph, first, second),
        *handover.without(truth, emergency_graph, first, second),
        Change(policy_graph(first), parted.first, learner=first),
        Change(policy_graph(second), parted.second, learner=second),
        handover.hold(first, any(held[one] for one in mine)),
        handover.hold(second, held[second]),
        Change(OWN_HOLDS, [], subject=second),
        *([Change(OWN_HOLDS, [], subject=first)] if mine == [first] else []),
        *handover.audience_to(truth, second, first, second),
        *(Change(IDENTITY_EVENTS, [], subject=one) for one in (second, *parted.stand_ins)),
    ]
    return changes, parted.words


def _undoable(truth: TruthStore, event: URIRef) -> IdentityEvent:
    known = {one.iri: one for one in identityevent.history(truth)}
    if event not in known:
        raise NotPossible(f"there is no event {local_name(event)}; see: backpack identity history")
    found = known[event]
    if found.action not in (MERGE, SPLIT, KEEP_APART) or found.undone_by is not None:
        raise NotPossible("that event is undone, or undid another one")
    for later in known.values():
        is_open = later.action in (MERGE, SPLIT) and later.undone_by is None
        shares = {later.first, later.second} & {found.first, found.second}
        if found.action != KEEP_APART and is_open and shares and later.moment > found.moment:
            raise NotPossible(f"{local_name(later.iri)} came later: undo it first")
    return found


def _fact(subject: URIRef, *values: tuple[URIRef, URIRef]) -> Change:
    return Change(IDENTITY_EVENTS, about(subject, values), subject=subject)
