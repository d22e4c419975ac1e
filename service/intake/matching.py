"""Pairs of learners who may be one child: found by indexed lookups, scored, and left to people.

Who has the state's identifier is known by it. Whoever has none may be in the store under another
key: birth date and names say so, schools and grades support it. Nothing is ever merged here.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, product
from uuid import UUID, uuid5

import pyoxigraph as ox
from rapidfuzz import fuzz
from rdflib import XSD, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, ID, ORG, SDO
from databackpack.service.records import identityevent
from databackpack.service.records.graphs import IDENTITY, INDEX, REVIEW
from databackpack.service.records.identity import Bindings, keys_of, read_bindings, subjects_with
from databackpack.service.records.identityevent import KEEP_APART
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = ["Match", "open_matches", "review"]

_STATE = "state:"
_NEAR, _NEARER = 85, 95
"""How near names must be, of 100, with one birth date, and with day and month exchanged."""

_COMMON = 40
"""Learners of one family name from whom on a name says little without a school or a grade."""

_CATEGORIES = {node(BPC[name]) for name in ("identity", "demographics", "enrollment")}
_HAS_CATEGORY = node(BP.hasCategory)


@dataclass(frozen=True, slots=True)
class Match:
    """Two learners who may be one, how near their names are (0 to 100), and what speaks for it."""

    first: URIRef
    second: URIRef
    score: int
    reasons: tuple[str, ...]

    @property
    def iri(self) -> URIRef:
        """The same IRI for the same pair."""
        first, second = sorted((self.first, self.second))
        return ID[f"match/{uuid5(UUID(local_name(first)), str(second))}"]


@dataclass(slots=True)
class _Facts:
    births: set[date] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    family: set[str] = field(default_factory=set)
    stays: set[tuple[str, str]] = field(default_factory=set)
    grades: set[tuple[str, str]] = field(default_factory=set)


def review(truth: TruthStore, learners: Collection[URIRef]) -> None:
    """Let the review queue have whom *learners*, who were just loaded, may be.

    At least one of two has no identifier of the state. No epoch begins: no view shows the queue.
    """
    if all(" state:" in key for _, key in truth.pairs(IDENTITY, BP.personKey) if _of_learner(key)):
        return
    bindings = read_bindings(truth)
    for learner in sorted({bindings.learner(one) for one in learners}):
        for match in _matches(truth, bindings, learner):
            if not truth.triples(REVIEW, match.iri):
                truth.append(REVIEW, _triples(match))


def open_matches(truth: TruthStore) -> list[Match]:
    """Return the pairs that nobody decided on, the nearest first."""
    bindings = read_bindings(truth)
    apart = {
        frozenset((event.first, event.second))
        for event in identityevent.history(truth)
        if event.action == KEEP_APART and event.undone_by is None
    }
    found: dict[frozenset[URIRef], Match] = {}
    for iri, _ in truth.pairs(REVIEW, BP.hasFirst):
        match = _read(truth, iri)
        pair = frozenset((bindings.learner(match.first), bindings.learner(match.second)))
        if len(pair) == 2 and not {pair, frozenset((match.first, match.second))} & apart:
            found.setdefault(pair, match)
    return sorted(found.values(), key=lambda match: (-match.score, match.iri))


def _of_learner(key: str) -> bool:
    return key.startswith("learner ")


def _matches(truth: TruthStore, bindings: Bindings, learner: URIRef) -> Iterator[Match]:
    facts = _facts(truth, learner)
    has_state_id = _has_state_id(truth, bindings, learner)
    for other in sorted(_with_birth(truth, facts.births | _exchanged(facts.births)) - {learner}):
        if has_state_id and _has_state_id(truth, bindings, other):
            continue
        match = _match(truth, learner, facts, other)
        if match is not None:
            yield match


def _match(truth: TruthStore, learner: URIRef, facts: _Facts, other: URIRef) -> Match | None:
    """Return the match of two learners with one birth date, or one miswritten; None if weak."""
    theirs = _facts(truth, other)
    score = _nearness(facts, theirs)
    is_same = bool(facts.births & theirs.births)
    if score < (_NEAR if is_same else _NEARER):
        return None
    reasons = ["the same birth date" if is_same else "birth dates with day and month exchanged"]
    reasons.append("the same names" if score == 100 else f"names that are {score} % alike")
    places = list(_places(facts, theirs))
    if not places and _is_common(truth, facts.family | theirs.family):
        return None
    first, second = sorted((learner, other))
    return Match(first, second, score, (*reasons, *places))


def _places(one: _Facts, other: _Facts) -> Iterator[str]:
    if one.stays & other.stays:
        yield "both at one school in one year: one child twice, or two children"
    elif {school for school, _ in one.stays} & {school for school, _ in other.stays}:
        yield "at one school in different years"
    if one.grades & other.grades:
        yield "in the same grade in the same year"


def _nearness(one: _Facts, other: _Facts) -> int:
    """Return how near the nearest names of two learners are, also where the two were exchanged."""
    straight = _nearest(one.given, other.given) + _nearest(one.family, other.family)
    crossed = _nearest(one.given, other.family) + _nearest(one.family, other.given)
    return round(max(straight, crossed) / 2)


def _nearest(names: Iterable[str], others: Iterable[str]) -> float:
    return max((fuzz.ratio(*pair) for pair in product(names, others)), default=0.0)


def _is_common(truth: TruthStore, names: Iterable[str]) -> bool:
    """Tell whether many learners have one of the family *names*, written as one of them is."""
    spellings = {spelling for name in names for spelling in (name, name.title(), name.upper())}
    return any(
        len(list(islice(subjects_with(truth, SDO.familyName, ox.Literal(name)), _COMMON)))
        == _COMMON
        for name in spellings
    )


def _with_birth(truth: TruthStore, days: Iterable[date]) -> set[URIRef]:
    found: set[URIRef] = set()
    for day in days:
        value = ox.Literal(day.isoformat(), datatype=node(XSD.date))
        for item in subjects_with(truth, SDO.birthDate, value):
            found |= {URIRef(learner) for learner in truth.objects(item, BP.isRecordOf)}
    return found


def _exchanged(days: Iterable[date]) -> set[date]:
    return {day.replace(month=day.day, day=day.month) for day in days if day.day <= 12}


def _has_state_id(truth: TruthStore, bindings: Bindings, learner: URIRef) -> bool:
    keys = (key for one in bindings.sources(learner) for key in keys_of(truth, one))
    return any(key.startswith(_STATE) for key in keys)


def _facts(truth: TruthStore, learner: URIRef) -> _Facts:
    found = _Facts()
    for record in truth.subjects(INDEX, BP.isRecordOf, learner):
        entry = truth.triples(INDEX, record)
        if not any(t.predicate == _HAS_CATEGORY and t.object in _CATEGORIES for t in entry):
            continue
        items: dict[str, dict[str, str]] = {}
        for triple in truth.triples(record):
            about = items.setdefault(text(triple.subject), {})
            about[triple.predicate.value] = text(triple.object)
        for about in items.values():
            _add(found, about)
    return found


def _add(facts: _Facts, about: dict[str, str]) -> None:
    def value(predicate: URIRef) -> str:
        return about.get(str(predicate), "")

    if birth := value(SDO.birthDate):
        facts.births.add(date.fromisoformat(birth))
    facts.given |= {value(SDO.givenName).casefold()} - {""}
    facts.family |= {value(SDO.familyName).casefold()} - {""}
    if year := value(BP.schoolYear):
        facts.stays.add((value(ORG.organization), year))
        facts.grades |= {(grade, year) for grade in (value(BP.hasGradeLevel),) if grade}


def _triples(match: Match) -> list[ox.Triple]:
    subject = node(match.iri)
    return [
        ox.Triple(subject, node(BP.hasFirst), node(match.first)),
        ox.Triple(subject, node(BP.hasSecond), node(match.second)),
        ox.Triple(subject, node(BP.matchScore), ox.Literal(match.score)),
        *(ox.Triple(subject, node(BP.matchReason), ox.Literal(one)) for one in match.reasons),
    ]


def _read(truth: TruthStore, iri: URIRef) -> Match:
    held = truth.triples(REVIEW, iri)
    said = {t.predicate.value: text(t.object) for t in held}
    reasons = (text(t.object) for t in held if t.predicate == node(BP.matchReason))
    return Match(
        URIRef(said[str(BP.hasFirst)]),
        URIRef(said[str(BP.hasSecond)]),
        int(said[str(BP.matchScore)]),
        tuple(sorted(reasons)),
    )
