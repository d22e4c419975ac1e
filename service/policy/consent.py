"""How a new word takes the place of an older one: events are added and ended, never edited."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.policy.model import Statement

__all__ = ["policy_iri", "recall", "say"]


def policy_iri(learner: URIRef, *key: str) -> URIRef:
    """Return the IRI of the policy that *key* names among a learner's; the same at each call."""
    return ID[f"policy/{uuid5(UUID(local_name(learner)), '|'.join(key))}"]


def say(
    held: Iterable[Statement], new: Statement, *, over_everybody: bool = False
) -> tuple[Statement, ...]:
    """Return the statements on record once *new* is said now.

    It ends all that the same assigner said on the same category and audience, also what was to
    begin later; with *over_everybody* (the learner is of age) what anybody said there.
    """
    return (
        *(
            _end(statement, new.since)
            if _is_same_cell(statement, new)
            and (over_everybody or statement.assigner == new.assigner)
            else statement
            for statement in held
        ),
        new,
    )


def recall(held: Iterable[Statement], new: Statement) -> tuple[Statement, ...]:
    """Return the statements on record once *new* is read from a file.

    On one category and audience an assigner's words follow each other by their beginnings: an
    older word never ends a newer one. What is on record already changes nothing.
    """
    held = tuple(held)
    if any(statement.iri == new.iri for statement in held):
        return held
    own = [s for s in held if _is_same_cell(s, new) and s.assigner == new.assigner]
    newer = min((s.since for s in own if s.since > new.since), default=None)
    return (
        *(
            _end(statement, new.since)
            if statement in own and statement.since <= new.since
            else statement
            for statement in held
        ),
        new if newer is None else _end(new, newer),
    )


def _is_same_cell(one: Statement, other: Statement) -> bool:
    return (one.category, one.audience) == (other.category, other.audience)


def _end(statement: Statement, moment: datetime) -> Statement:
    ends = [end for end in (statement.withdrawn, moment) if end is not None]
    return replace(statement, withdrawn=min(ends))
