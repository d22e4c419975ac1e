"""An attack on a release: finding people in it by what one knows of them from elsewhere.

The attacker has the whole release, knows that the person is in it, and knows some properties of
the person for certain and completely, over all years: every value that the person's own records
show at DeIdentified. A code is a candidate where nothing that the release tells of it contradicts
that. What a release tells less finely the attacker reads as it is meant: a district for each of its
schools, a band for its grades. A standard tells its grade.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, SKOS
from databackpack.service.records.terms import node
from tests.releases.recount import KNOWN, ORG, SDO, looks

__all__ = ["EVERYTHING", "OUTSIDE", "Linkage", "attack", "recognize"]

OUTSIDE = frozenset(
    (
        *(str(BP[name]) for name in ("isHeldBy", "hasGradeLevel", "hasSupportType")),
        ORG + "organization",
        SDO + "birthDate",
    )
)
"""What people at a school know of each other: school, grade, birth year, support."""

EVERYTHING = frozenset(KNOWN)

Triples = Iterable[ox.Triple]
Parents = Mapping[URIRef, URIRef]
_Told = dict[str, set[str]]

_GRADE, _ALIGNED = str(BP.hasGradeLevel), str(BP.isAlignedTo)
_OTHER = {str(node(BP.OtherValue)), '"other"'}


@dataclass(frozen=True, slots=True)
class Linkage:
    """How an attack on *targets* people went.

    *certain*: how many had one candidate only. *best*: the likeliest of all guesses to be right.
    *expected*: how many are found by guessing each among its candidates.
    """

    targets: int
    certain: int
    best: float
    expected: float

    def __str__(self) -> str:
        """Say it in a line."""
        share = self.expected / self.targets if self.targets else 0.0
        return (
            f"{self.targets} people, {self.certain} found for certain, "
            f"best guess right in {self.best:.1%}, on average in {share:.1%}"
        )


def attack(
    people: Mapping[URIRef, Triples],
    release: Mapping[URIRef, Triples],
    known: frozenset[str],
    parents: Parents,
) -> Linkage:
    """Return how many of *people* are found in *release* by their true values of *known*.

    Both are by the same codes: the attacker does not look at them, but the attack is judged by
    them. Raises AssertionError where the true code is no candidate: then the release lies.
    """
    kinds: dict[frozenset[tuple[str, frozenset[str]]], list[URIRef]] = {}
    for code, triples in release.items():
        told = _told(triples, known)
        kinds.setdefault(frozenset((p, frozenset(v)) for p, v in told.items()), []).append(code)
    chances = []
    for code, triples in people.items():
        if code not in release:
            continue
        truth = _told(triples, known)
        candidates = [
            one
            for told, codes in kinds.items()
            if all(_agrees(values, truth.get(name, set()), parents) for name, values in told)
            for one in codes
        ]
        assert code in candidates, f"what is released of {code} is not true of it"
        chances.append(1 / len(candidates))
    return Linkage(
        len(chances), sum(one == 1 for one in chances), max(chances, default=0.0), sum(chances)
    )


def recognize(release: Mapping[URIRef, Triples]) -> Linkage:
    """Return how many are found by one who knows all of everybody and how each was recoded.

    Such an attacker knows of each person how it looks in the release, and no more can be known.
    """
    counts: dict[object, int] = {}
    for triples in release.values():
        seen = looks(triples)
        counts[seen] = counts.get(seen, 0) + 1
    return Linkage(
        len(release),
        sum(size == 1 for size in counts.values()),
        max((1 / size for size in counts.values()), default=0.0),
        float(len(counts)),
    )


def _told(triples: Triples, known: frozenset[str]) -> _Told:
    found: _Told = {}
    for triple in triples:
        predicate, value = triple.predicate.value, str(triple.object)
        if predicate == _ALIGNED and _GRADE in known:
            grade = _grade_of(value)
            if grade is not None:
                found.setdefault(_ALIGNED, set()).add(grade)
        elif predicate in known:
            found.setdefault(predicate, set()).add(value)
    return found


def _grade_of(standard: str) -> str | None:
    parts = standard.strip("<>").split("/")
    return parts[5] if "/Content/" in standard and len(parts) > 6 else None


def _agrees(told: frozenset[str], truth: set[str], parents: Parents) -> bool:
    """Tell whether somebody with the values *truth* may be the one of whom *told* is told."""
    if told & truth and told <= truth | _OTHER:
        return told >= truth or bool(told & _OTHER)
    return all(any(_covers(value, one, parents) for one in truth) for value in told) and all(
        any(_covers(value, one, parents) for value in told) for one in truth
    )


def _covers(told: str, true: str, parents: Parents) -> bool:
    if told == true or told in _OTHER:
        return True
    if told.startswith('"'):
        return _years(true) <= _years(told) or _tens(told) == _tens(true)
    return told in _above(true, parents)


def _above(true: str, parents: Parents) -> set[str]:
    """The organizations above one, the band of a grade."""
    iri = URIRef(true.strip("<>"))
    found = {str(node(URIRef(str(b)))) for b in ontology.graph().subjects(SKOS.narrower, iri)}
    while iri in parents and str(node(parents[iri])) not in found:
        iri = parents[iri]
        found.add(str(node(iri)))
    return found


def _years(value: str) -> set[int]:
    """The years that a literal may be of: one, a span, or those of a school year."""
    parts = value.split('"')[1].split("-")
    if not all(part.isdigit() for part in parts) or len(parts[0]) != 4:
        return {-1}
    if len(parts) == 2 and len(parts[1]) == 4:
        return set(range(int(parts[0]), int(parts[1]) + 1))
    return {int(parts[0])}


def _tens(value: str) -> float:
    try:
        return round(float(value.split('"')[1]) / 10)
    except ValueError:
        return float("nan")
