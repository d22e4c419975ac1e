"""How a new word takes the place of an older one: events are added and ended, never edited."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID, uuid5

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.policy.model import Statement

__all__ = ["policy_iri", "supersede"]


def policy_iri(learner: URIRef, *key: str) -> URIRef:
    """Return the IRI of the policy that *key* names among a learner's; the same at each call."""
    return ID[f"policy/{uuid5(UUID(local_name(learner)), '|'.join(key))}"]


def supersede(
    held: Iterable[Statement], new: Statement, *, over_everybody: bool = False
) -> tuple[Statement, ...]:
    """Return the statements on record once *new* is said.

    It ends what the same assigner said before on the same category and audience; with
    *over_everybody* (the learner is of age) what anybody said there. Saying again what is on
    record already changes nothing.
    """
    held = tuple(held)
    if any(statement.iri == new.iri for statement in held):
        return held
    return (*(_end(statement, new, over_everybody) for statement in held), new)


def _end(statement: Statement, new: Statement, over_everybody: bool) -> Statement:
    is_replaced = (
        statement.category == new.category
        and statement.audience == new.audience
        and (over_everybody or statement.assigner == new.assigner)
        and (statement.withdrawn is None or statement.withdrawn > new.since)
    )
    return replace(statement, withdrawn=new.since) if is_replaced else statement
