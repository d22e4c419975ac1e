"""One value, told less and less finely: what each step of a ladder makes of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby

import pyoxigraph as ox
from rdflib import URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, CEASN, SKOS, XSD
from databackpack.service.policy.jurisdiction import Parents, ancestry
from databackpack.service.records.terms import Term, node, text
from databackpack.service.releases.ladder import Ladder, indices, ladders
from databackpack.service.views import public

__all__ = ["Generalizer", "Rungs"]

Shown = ox.NamedNode | ox.Literal | None
"""What is shown of a value; None for nothing."""


@dataclass(frozen=True, slots=True)
class Rungs:
    """One value at each step of its ladder: what is *shown*, and what that lets a reader *know*.

    ``known`` has N-Triples texts, "" where nothing is shown; at a step of ``bp:ToOther`` the value
    itself: whether it is rare is known only where all learners are.
    """

    shown: tuple[Shown, ...]
    known: tuple[str, ...]


class Generalizer:
    """The ladders, over the organizations of one registry and over what is public of values.

    *parents* has each organization's parent. *vocabulary* says of which grade and framework a
    standard is: what is shipped, unless more is given, such as the frameworks that were loaded. A
    standard of which it says nothing counts as itself.
    """

    def __init__(self, parents: Parents, vocabulary: Iterable[ox.Triple] | None = None) -> None:
        self.ladders = ladders()
        self.indices = indices()
        self.tells = {str(one.iri): str(one.tells) for one in self.ladders if one.tells is not None}
        self._parents = parents
        self._said = _said(public.vocabulary() if vocabulary is None else vocabulary)
        self._rungs: dict[tuple[str, Term], Rungs] = {}

    def climb(self) -> Iterator[tuple[int, int]]:
        """Yield (place of a ladder, step) in the order in which a release tells more.

        Ladders of the same precedence are climbed together, a step each.
        """
        places = range(len(self.ladders))
        for _, tied in groupby(places, lambda place: self.ladders[place].precedence):
            together = list(tied)
            highest = max(len(self.ladders[place].steps) for place in together)
            for step in range(highest - 2, -1, -1):
                yield from (
                    (place, step) for place in together if step < len(self.ladders[place].steps) - 1
                )

    def rungs(self, predicate: str, value: Term) -> Rungs:
        """Return *value* of *predicate*, which has a ladder, at each of its steps."""
        key = predicate, value
        found = self._rungs.get(key)
        if found is None:
            ladder = self.ladders[self.indices[predicate]]
            found = self._rungs[key] = self._climb(ladder, value)
        return found

    def _climb(self, ladder: Ladder, value: Term) -> Rungs:
        shown = tuple(self._take(step, value) for step in ladder.steps)
        known = ["" if one is None else str(one) for one in shown]
        if ladder.tells is not None:
            told = self._said.get((CEASN.educationLevelType, value))
            known[0] = " ".join(map(str, told)) if told else known[0]
        return Rungs(shown, tuple(known))

    def _take(self, step: URIRef, value: Term) -> Shown:
        """Return what *step* makes of *value* as every de-identified view shows it."""
        if step in _ORGANIZATIONS:
            return self._above(step, value)
        if step == BP.ToFramework:
            return next(iter(self._said.get((SKOS.inScheme, value), ())), None)
        made = _STEPS.get(step)
        if made is not None:
            return made(value)
        return value if isinstance(value, (ox.NamedNode, ox.Literal)) else None

    def _above(self, step: URIRef, value: Term) -> Shown:
        line = ancestry(URIRef(text(value)), self._parents)
        topmost = len(line) - 1
        return node(line[topmost if step == BP.ToState else max(topmost - 1, 0)])


def _said(
    vocabulary: Iterable[ox.Triple],
) -> Mapping[tuple[URIRef, Term], list[ox.NamedNode]]:
    """What *vocabulary* says of standards: grades and frameworks, sorted."""
    properties = {node(iri): iri for iri in (CEASN.educationLevelType, SKOS.inScheme)}
    found: dict[tuple[URIRef, Term], list[ox.NamedNode]] = {}
    for triple in vocabulary:
        looked_at = properties.get(triple.predicate)
        if looked_at is not None and isinstance(triple.object, ox.NamedNode):
            found.setdefault((looked_at, triple.subject), []).append(triple.object)
    return {key: sorted(said, key=str) for key, said in found.items()}


def _leave_out(value: Term) -> Shown:
    return None


def _to_school_year(value: Term) -> Shown:
    if not _is(value, XSD.gYearMonth):
        return None
    year, month = (int(part) for part in text(value).rsplit("-", 1))
    first = year if month >= 7 else year - 1
    return ox.Literal(f"{first}-{first + 1}")


def _to_two_years(value: Term) -> Shown:
    return _to_years(value, 2)


def _to_four_years(value: Term) -> Shown:
    return _to_years(value, 4)


def _to_years(value: Term, count: int) -> Shown:
    if not _is(value, XSD.gYear):
        return None
    first = int(text(value)) // count * count
    return ox.Literal(f"{first}-{first + count - 1}")


def _to_tens(value: Term) -> Shown:
    if not isinstance(value, ox.Literal):
        return None
    return ox.Literal(str(round(Decimal(value.value) / 10) * 10), datatype=value.datatype)


def _to_grade_band(value: Term) -> Shown:
    return _bands().get(text(value))


def _is(value: Term, datatype: URIRef) -> bool:
    return isinstance(value, ox.Literal) and value.datatype == node(datatype)


@cache
def _bands() -> dict[str, ox.NamedNode]:
    """The band that each grade is in."""
    graph = ontology.graph()
    return {
        str(grade): node(URIRef(str(band))) for band, grade in graph.subject_objects(SKOS.narrower)
    }


_ORGANIZATIONS = frozenset((BP.ToDistrict, BP.ToState))
_STEPS: Mapping[URIRef, Callable[[Term], Shown]] = {
    BP.LeftOut: _leave_out,
    BP.ToSchoolYear: _to_school_year,
    BP.ToTwoYears: _to_two_years,
    BP.ToFourYears: _to_four_years,
    BP.ToTens: _to_tens,
    BP.ToGradeBand: _to_grade_band,
}
