"""The changes by which what is held of one learner becomes what is held of another."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA
from databackpack.service.intake.uniting import held_back, moved
from databackpack.service.policy import audience as audiences
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.records.graphs import AUDIENCES, HOLDS, INDEX, OWN_HOLDS, emergency_graph
from databackpack.service.records.identity import Bindings
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import statements

__all__ = [
    "NotPossible",
    "audience_to",
    "check_ready",
    "hand_over",
    "hold",
    "is_held",
    "records_of",
    "union",
    "without",
]

Name = Callable[[URIRef], URIRef]
"""A learner → the name of a graph of that learner."""


class NotPossible(ValueError):
    """These learners cannot be merged, split or parted so; the message says what to do first."""


def records_of(truth: TruthStore, learner: URIRef) -> list[URIRef]:
    """Return the names of the record graphs of *learner*, sorted."""
    return sorted(truth.subjects(INDEX, BP.isRecordOf, learner))


def check_ready(truth: TruthStore, *learners: URIRef) -> None:
    """Let learners pass of whom all is known and nothing is open for hours only.

    Raises NotPossible.
    """
    for one in learners:
        name = local_name(one)
        if not records_of(truth, one):
            raise NotPossible(f"nothing is held of a learner {name}")
        if any(t.predicate == node(BP.isBeingLoaded) for t in truth.triples(HOLDS, one)):
            raise NotPossible(f"a load of {name} has not ended: load the files again first")
        for _, end in truth.pairs(emergency_graph(one), BP.validUntil):
            if datetime.fromisoformat(end) > truth.clock():
                raise NotPossible(
                    f"an emergency is declared about {name} until {end}: wait for its end, so "
                    "that it opens no other records"
                )
        try:
            statements.read(truth, one)
        except UnreadablePolicy as error:
            raise NotPossible(f"a policy of {name} cannot be read: {error}") from None


def hand_over(
    truth: TruthStore, records: Iterable[URIRef], old: URIRef, new: URIRef
) -> Iterator[Change]:
    """Yield what makes *records* of *old* those of *new*, under the names that they have."""
    for record in records:
        entry = truth.triples(INDEX, record)
        yield Change(record, moved(truth.triples(record), old, new), learner=new)
        yield Change(INDEX, moved(entry, old, new), subject=record, learner=new)


def union(truth: TruthStore, name: Name, first: URIRef, second: URIRef) -> Iterator[Change]:
    """Yield what gives *first* what the graph *name* has of *second* too."""
    if theirs := truth.triples(name(second)):
        wanted = truth.triples(name(first)) | moved(theirs, second, first)
        yield Change(name(first), wanted, learner=first)


def without(truth: TruthStore, name: Name, first: URIRef, second: URIRef) -> Iterator[Change]:
    """Yield what takes from *first* what the graph *name* has of *second*."""
    if theirs := truth.triples(name(second)):
        wanted = truth.triples(name(first)) - moved(theirs, second, first)
        yield Change(name(first), wanted, learner=first)


def is_held(truth: TruthStore, bindings: Bindings, learner: URIRef) -> bool:
    """Tell whether *learner*'s own part is held back."""
    graph = OWN_HOLDS if bindings.concerns(learner) else HOLDS
    return bool(truth.triples(graph, learner))


def hold(learner: URIRef, is_held: bool) -> Change:
    """Return what holds *learner* back, or lets go."""
    return Change(HOLDS, held_back(learner, is_held), subject=learner, learner=learner)


def audience_to(truth: TruthStore, learner: URIRef, old: URIRef, new: URIRef) -> Iterator[Change]:
    """Yield what makes the audience of *learner*, if there is one, that of *new*."""
    audience = audiences.of_person(BPA.learner, learner).iri
    if held := truth.triples(AUDIENCES, audience):
        yield Change(AUDIENCES, moved(held, old, new), subject=audience)
