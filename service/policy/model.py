"""The values that a decision is made of and made into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from rdflib import URIRef

from databackpack.ontology.namespaces import BPL

__all__ = ["Audience", "Decision", "Jurisdiction", "Level", "Rule", "Statement"]


class Level(IntEnum):
    """How much of a category is seen: None < Aggregate < DeIdentified < Full."""

    NONE = 0
    AGGREGATE = 1
    DEIDENTIFIED = 2
    FULL = 3

    @property
    def iri(self) -> URIRef:
        """The concept in the scheme of detail levels."""
        return _IRIS[self]

    @property
    def notation(self) -> str:
        """The word that files and requests use, such as ``deidentified``."""
        return self.name.lower()

    @classmethod
    def of(cls, value: str) -> "Level":
        """Return the level with *value* as notation or IRI; raises ValueError."""
        for level, iri in _IRIS.items():
            if value in (str(iri), level.notation):
                return level
        raise ValueError(f"{value!r} is no detail level; use none, aggregate, deidentified or full")


_IRIS = {
    Level.NONE: BPL["None"],
    Level.AGGREGATE: BPL.Aggregate,
    Level.DEIDENTIFIED: BPL.DeIdentified,
    Level.FULL: BPL.Full,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """The word of one assigner on (learner, category, audience), in force from *since* to *until*.

    *audience* names one audience or, as a class of parties (34 CFR 99.30(b)(3)), a role.
    *purpose* None stands for every purpose; *withdrawn* is the moment a later word replaced it.
    """

    iri: URIRef
    learner: URIRef
    category: URIRef
    audience: URIRef
    level: Level
    assigner: URIRef
    since: datetime
    until: datetime | None = None
    purpose: URIRef | None = None
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who asks, for which purposes, over which learners: a role of one *party*.

    *party* is the organisation or the person whose audience it is.
    """

    iri: URIRef
    role: URIRef
    party: URIRef
    purposes: frozenset[URIRef]
    population: URIRef


@dataclass(frozen=True, slots=True)
class Rule:
    """What the law gives a role on a category without consent; whether a family may lower it."""

    iri: URIRef
    level: Level
    may_lower: bool
    basis: URIRef
    source: URIRef


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The rules of one place; a (role, category) without a rule has no access without consent."""

    iri: URIRef
    majority_age: int
    minimum_cell_size: int
    rules: Mapping[tuple[URIRef, URIRef], Rule] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """A level with what made it: the jurisdiction's rule, if any, and the statements heard."""

    level: Level
    reasons: tuple[URIRef, ...]
    rule: Rule | None = None

    @property
    def settable(self) -> bool:
        """Whether a family's word counts here; where the law fixes the level it does not."""
        return self.rule is None or self.rule.may_lower
