"""What a merge must add so that it opens nothing: the stricter of two families' words holds.

Where the law gives a level, every word can only lower it, so the union of the words is their
minimum. Where consent alone opens, the silence of one family is a refusal, and in a union of words
it would be drowned by the other's consent: there the merge says no until somebody decides anew.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from rdflib import URIRef

from databackpack import ontology
from databackpack.loaders.record import person_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.consent import Cell, Event, Purposes, Status, Terms
from databackpack.service.policy.decide import concerns
from databackpack.service.policy.model import Level, Statement
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import statements

__all__ = ["refusals", "stand_in"]

_Opening = tuple[URIRef, URIRef, URIRef | None, URIRef]
"""Category, audience, purpose, and who said it."""


def refusals(
    truth: TruthStore, event: URIRef, first: URIRef, second: URIRef, moment: datetime
) -> list[Event]:
    """Return the consent events by which the merge *event* closes what only one family opened.

    Each is a refusal from *moment* on, in the name of somebody who stands for whoever consented:
    it ends when one who decides for the merged learner says something on the same cell.
    """
    said = [statements.read(truth, learner)[1] for learner in (first, second)]
    roles = {iri: URIRef(role) for iri, role in truth.pairs(AUDIENCES, BP.hasRole)}
    purposes = statements.purposes(truth)
    openings: dict[_Opening, None] = {}
    for ours, others in (said, said[::-1]):
        openings |= dict.fromkeys(_openings(ours, others, roles, purposes, moment))
    terms = Terms(BP.SourceSystem, jurisdiction.read("us-default").notice)
    found: list[Event] = []
    for category, audience, purpose, person in sorted(openings, key=repr):
        stand = stand_in(event, person, "refusal")
        cell = Cell(first, stand, category, audience)
        statement = Statement(
            iri=ID[f"policy/{uuid4()}"],
            learner=first,
            category=category,
            audience=audience,
            level=Level.NONE,
            assigner=stand,
            since=moment,
            purpose=purpose,
        )
        sequence = sum(other.cell == cell for other in found) + 1
        found.append(
            Event(
                iri=ID[f"event/{uuid4()}"],
                cell=cell,
                status=Status.REFUSED,
                moment=moment,
                party=event,
                terms=terms,
                sequence=sequence,
                statement=statement,
            )
        )
    return found


def stand_in(event: URIRef, person: URIRef, of: str) -> URIRef:
    """Return who stands for *person* in what *event* says; nobody signs in as such a one."""
    return person_iri("guardian", uuid5(UUID(local_name(event)), f"{of} {person}"))


def _openings(
    ours: Iterable[Statement],
    others: Collection[Statement],
    roles: "dict[URIRef, URIRef]",
    purposes: Purposes,
    moment: datetime,
) -> Iterator[_Opening]:
    """Yield what *ours* may open at *moment* or later while none of *others* speaks of it."""
    for said in ours:
        end = _end(said)
        if said.level is Level.NONE or (end is not None and end <= moment):
            continue
        role = roles.get(said.audience, said.audience)
        if _law_always_speaks(role, said.category):
            continue
        heard = [purpose for purpose in purposes(said.audience) if concerns(said, purpose)]
        if not any(_covers(other, said, role, heard, moment) for other in others):
            yield said.category, said.audience, said.purpose, said.assigner


def _covers(
    other: Statement, said: Statement, role: URIRef, heard: list[URIRef], moment: datetime
) -> bool:
    """Tell whether *other* is heard wherever and whenever *said* is."""
    end, other_end = _end(said), _end(other)
    return (
        other.category == said.category
        and other.audience in (said.audience, role)
        and all(concerns(other, purpose) for purpose in heard)
        and other.since <= max(said.since, moment)
        and (other_end is None or (end is not None and end <= other_end))
    )


def _end(statement: Statement) -> datetime | None:
    ends = [end for end in (statement.until, statement.withdrawn) if end is not None]
    return min(ends, default=None)


def _law_always_speaks(role: URIRef, category: URIRef) -> bool:
    """Tell whether every jurisdiction gives *role* a level without consent, and at any time."""
    for name in ontology.jurisdictions():
        rule = jurisdiction.read(name).rules.get((role, category))
        if rule is None or rule.since is not None or rule.until is not None:
            return False
    return True
