"""The values that a decision is made of and made into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from rdflib import URIRef

from databackpack.ontology.namespaces import BP, BPL

__all__ = [
    "Agreement",
    "Audience",
    "Cell",
    "Decision",
    "Emergency",
    "Jurisdiction",
    "Level",
    "Rule",
    "Statement",
    "holds",
    "next_boundary",
]


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
    *purpose* None stands for every purpose; *withdrawn* is the moment a later word replaced it;
    *issued* is the moment it was signed, None where that is *since*.
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
    issued: datetime | None = None

    @property
    def signed(self) -> datetime:
        """The moment at which it was signed."""
        return self.since if self.issued is None else self.issued


@dataclass(frozen=True, slots=True)
class Agreement:
    """A written agreement under which an audience works: a ceiling on what it may see.

    *organizations* are those whose records it covers, themselves and all below them; empty stands
    for all. *level* is the most that it lets through (34 CFR 99.31(a)(3), (a)(6), 99.35).
    *minimum_group_size* is the k of its k-anonymous releases; None: it has none, and what it shows
    is de-identified record by record.
    *noise_budget* is the epsilon that all statistics published under it may take; None: no noise.
    """

    iri: URIRef
    kind: URIRef
    audience: URIRef
    purposes: frozenset[URIRef]
    categories: frozenset[URIRef]
    organizations: frozenset[URIRef]
    level: Level
    since: datetime
    until: datetime
    noise_budget: Decimal | None = None
    minimum_group_size: int | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """A declared threat to health or safety: *categories* are open to *audience* while it lasts."""

    iri: URIRef
    audience: URIRef
    categories: frozenset[URIRef]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Audience:
    """Who asks, for which purposes, over which learners: a role of one *party*.

    *party* is the organisation or the person whose audience it is. One that has *agreements* sees
    only what one of them in force covers.
    """

    iri: URIRef
    role: URIRef
    party: URIRef
    purposes: frozenset[URIRef]
    population: URIRef
    agreements: tuple[Agreement, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What the law gives a role on a category without consent; whether a family may lower it.

    *only* and *without* name the properties that alone, or never, are shown; None is all.
    """

    iri: URIRef
    level: Level
    may_lower: bool
    basis: URIRef
    source: URIRef
    only: frozenset[URIRef] | None = None
    without: frozenset[URIRef] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    label: str = ""


Cell = tuple[URIRef, URIRef]
"""(role, category)"""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The rules of one place; a (role, category) without a rule has no access without consent.

    *emergencies* are the rules that hold while an emergency is declared, *agreed* those under an
    agreement of a kind. *prohibitions* are by purpose: nobody's consent opens anything for such a
    purpose or a narrower one.
    """

    iri: URIRef
    majority_age: int
    minimum_cell_size: int
    rules: Mapping[Cell, Rule] = field(repr=False)
    emergencies: Mapping[Cell, Rule] = field(default_factory=dict, repr=False)
    agreed: Mapping[tuple[Cell, URIRef], Rule] = field(default_factory=dict, repr=False)
    prohibitions: Mapping[URIRef, Rule] = field(default_factory=dict, repr=False)
    emergency_hours: int = 0
    notice: URIRef = BP.NoNotice

    @property
    def dated(self) -> list[Rule]:
        """The rules that begin or end at a moment."""
        every = (*self.rules.values(), *self.agreed.values(), *self.emergencies.values())
        return [rule for rule in every if rule.since is not None or rule.until is not None]


@dataclass(frozen=True, slots=True)
class Decision:
    """A level with what made it: the jurisdiction's rule, if any, and the statements heard."""

    level: Level
    reasons: tuple[URIRef, ...]
    rule: Rule | None = None

    @property
    def is_emergency(self) -> bool:
        """Whether a declared emergency made it (34 CFR 99.36)."""
        return self.rule is not None and self.rule.basis == BP.HealthSafetyEmergency

    @property
    def settable(self) -> bool:
        """Whether a family's word counts here; where the law fixes the level it does not."""
        return self.rule is None or self.rule.may_lower


def holds(since: datetime | None, until: datetime | None, moment: datetime) -> bool:
    """Tell whether *moment* is in the span that includes *since* and ends before *until*."""
    return (since is None or since <= moment) and (until is None or moment < until)


def next_boundary(boundaries: "list[datetime | None]", moment: datetime) -> datetime | None:
    """Return the first of *boundaries* after *moment*."""
    return min((b for b in boundaries if b is not None and b > moment), default=None)
