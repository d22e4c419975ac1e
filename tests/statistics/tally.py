"""An independent count of every cube that is shipped: plain Python over one learner's items.

It shares no code and no query with ``service.statistics`` or ``queries.cubes``: what is counted is
written anew from the words of each definition.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from itertools import pairwise

import pyoxigraph as ox

__all__ = ["CATEGORIES", "COUNTED", "Items", "Keys", "cells", "items"]

BP = "https://w3id.org/databackpack/ns#"
MATH = "http://corestandards.org/Math"
MET = ("Met", "Exceeded")

Items = list[dict[str, list[str]]]
"""The items of one learner: last segment of a property → its values."""

Keys = dict[tuple[str, ...], bool | None]
"""The cells that a learner is in, and whether with what the share is of; None for a count."""

_PROGRESS = {"enrollment", "progress"}
_SUPPORTS = {"supports", "special-education"}
CATEGORIES: Mapping[str, set[str]] = {
    "absence-and-mastery": {"enrollment", "attendance", "progress"},
    "chronic-absence-by-gender": {"enrollment", "attendance", "demographics"},
    "chronic-absence-by-home-language": {"enrollment", "attendance", "demographics"},
    "chronic-absence-by-support": {"enrollment", "attendance", *_SUPPORTS},
    "completeness": {
        *("enrollment", "assessment", "attendance", "demographics", "gradebook", "portfolio"),
        *("progress", "transcript", *_SUPPORTS),
    },
    "evidence": {"assessment", "gradebook", "portfolio"},
    "growth": _PROGRESS,
    "growth-by-support": {*_PROGRESS, *_SUPPORTS},
    "mastery-by-gender": {*_PROGRESS, "demographics"},
    "mastery-by-home-language": {*_PROGRESS, "demographics"},
    "mastery-by-moves": _PROGRESS,
    "mastery-by-support": {*_PROGRESS, *_SUPPORTS},
    "moves": {"enrollment"},
    "on-track": {"enrollment", "assessment", *_SUPPORTS},
}
"""Cube → the categories that a learner who is in it withholds none of."""

COUNTED = {"evidence", "moves"}
"""The cubes that count and do not share."""

_PARTS = {
    "assessment": {"StateAssessmentResult", "LocalAssessmentResult", "AssessmentResult"},
    "attendance": {"AttendanceEvent", "AttendanceSummary"},
    "demographics": {"Demographics"},
    "gradebook": {"GradebookItem"},
    "portfolio": {"Artifact", "PersonalBest"},
    "progress": {"MasteryState"},
    "special-education": {"SpecialEducationSupport"},
    "supports": {"StudentSupport"},
    "transcript": {"CourseResult"},
}
_WORKS = {
    *("Artifact", "GradebookItem", "LocalAssessmentResult", "PersonalBest"),
    "StateAssessmentResult",
}


def items(triples: Iterable[ox.Triple]) -> Items:
    """Return *triples* of records by item."""
    found: dict[str, dict[str, list[str]]] = {}
    for triple in triples:
        assert isinstance(triple.subject, ox.NamedNode)
        assert isinstance(triple.object, (ox.NamedNode, ox.Literal))
        about = found.setdefault(triple.subject.value, {})
        about.setdefault(_last(triple.predicate.value), []).append(triple.object.value)
    return list(found.values())


def cells(cube: str, of: Items, parents: Mapping[str, str]) -> Keys:
    """Return the cells of *cube* that a learner with the items *of* is in."""
    return {
        tuple(value for value in key if value is not None): has
        for key, has in _COUNTS[cube](_Learner(of, parents))
        if None not in key
    }


@dataclass(frozen=True)
class _Learner:
    of: Items
    parents: Mapping[str, str]

    def a(self, *kinds: str) -> Items:
        return [item for item in self.of if set(map(_last, item["type"])) & set(kinds)]

    def stays(self) -> list[tuple[str, str, str, str]]:
        """Return (year, first day, school, grade) of each enrollment, the last one last."""
        return sorted(
            (
                item["schoolYear"][0],
                item.get("entryDate", ["-"])[0],
                item["organization"][0],
                item["hasGradeLevel"][0],
            )
            for item in self.a("Enrollment")
        )

    def stay(self, year: str | None = None) -> tuple[str, str] | None:
        """Return school and grade of the last enrollment, of all or of one year."""
        stays = [stay for stay in self.stays() if year in (None, stay[0])]
        return (stays[-1][2], stays[-1][3]) if stays else None

    def states(self) -> Iterator[tuple[str, str, bool]]:
        """Yield (year, standard, whether met) of each state of mastery."""
        for item in self.a("MasteryState"):
            for standard in item["isAlignedTo"]:
                year = item.get("schoolYear", [""])[0]
                yield year, standard, _last(item["hasMasteryLevel"][0]) in MET

    def met(self, year: str, among: Iterable[str] | None = None) -> tuple[int, int]:
        """Return how many standards were met in a year, and of how many anything is on record."""
        known = [s for s in self.states() if s[0] == year and (among is None or s[1] in among)]
        return len({s[1] for s in known if s[2]}), len({s[1] for s in known})

    def years(self) -> list[str]:
        return sorted({year for year, _, _ in self.states() if year})

    def absences(self) -> dict[str, bool]:
        """Return of each year whether a tenth or more of its days was missed."""
        days: dict[str, tuple[float, float]] = {}
        for item in self.a("AttendanceSummary"):
            missed, enrolled = days.get(item["schoolYear"][0], (0, 0))
            missed += float(item["daysAbsent"][0])
            days[item["schoolYear"][0]] = missed, enrolled + float(item["daysEnrolled"][0])
        return {year: m * 10 >= of for year, (m, of) in days.items() if of}

    def group(self, facet: str) -> str:
        people = self.a("Demographics")
        if facet == "gender":
            return _text(min((g for p in people for g in p.get("gender", [])), default=NOT))
        if facet == "home-language":
            spoken = {one for p in people for one in p.get("homeLanguage", [])} - {"en", "eng"}
            return _iri(BP + ("OtherLanguageAtHome" if spoken else "EnglishAtHome"))
        kinds = sorted({one for item in self.of for one in item.get("hasSupportType", [])})
        if len(kinds) == 1:
            return _iri(kinds[0])
        return _iri(BP + ("SeveralSupports" if kinds else "NoSupport"))

    def district(self, school: str) -> str | None:
        parent = self.parents.get(school)
        return None if parent is None else _iri(parent)


NOT = "not on record"
_Found = Iterator[tuple[tuple[str | None, ...], bool | None]]


def _mastery(learner: _Learner, facet: str) -> _Found:
    stay = learner.stay()
    for standard in {standard for _, standard, _ in learner.states()}:
        if stay is not None:
            has = any(met for _, other, met in learner.states() if other == standard)
            yield (_iri(standard), *map(_iri, stay), learner.group(facet)), has


def _absence(learner: _Learner, facet: str) -> _Found:
    for year, missed in learner.absences().items():
        stay = learner.stay(year)
        if stay is not None:
            yield (_text(year), *map(_iri, stay), learner.group(facet)), missed


def _growth(learner: _Learner) -> Iterator[tuple[str, str, str, str, bool]]:
    """Yield (year, framework, school, grade, whether more) for each year after another one."""
    for year in learner.years():
        stay = learner.stay(year)
        for framework in set(_standards().values()):
            among = {standard for standard, of in _standards().items() if of == framework}
            now, before = learner.met(year, among), learner.met(_year_before(year), among)
            if stay is not None and now[1] and before[1]:
                yield year, framework, *stay, now[0] * before[1] > before[0] * now[1]


def _growth_by_school(learner: _Learner) -> _Found:
    for year, framework, school, grade, more in _growth(learner):
        yield (_text(year), _iri(framework), _iri(school), _iri(grade)), more


def _growth_by_support(learner: _Learner) -> _Found:
    for year, framework, school, _, more in _growth(learner):
        key = _text(year), _iri(framework), learner.district(school), learner.group("support")
        yield key, more


def _moves(learner: _Learner) -> _Found:
    last: dict[str, tuple[str, str]] = {}
    stays = learner.stays()
    for before, after in pairwise(stays):
        if before[2] != after[2]:
            last[after[0]] = before[2], after[2]
    for year, (left, joined) in last.items():
        yield (_text(year), _iri(left), _iri(joined)), None


def _completeness(learner: _Learner) -> _Found:
    stay = learner.stay()
    for part, kinds in _PARTS.items():
        if stay is not None:
            concept = f"https://w3id.org/databackpack/category#{part}"
            yield (_iri(concept), _iri(stay[0])), bool(learner.a(*kinds))


def _on_track(learner: _Learner) -> _Found:
    results = [item for item in learner.a("StateAssessmentResult") if "hasMasteryLevel" in item]
    for year in {item["schoolYear"][0] for item in results if "schoolYear" in item}:
        levels = [r["hasMasteryLevel"][0] for r in results if year in r.get("schoolYear", [])]
        stay = learner.stay(year)
        if stay is not None:
            group = learner.district(stay[0]), learner.group("support")
            yield (_text(year), *group), all(_last(level) in MET for level in levels)


def _evidence(learner: _Learner) -> _Found:
    for item in learner.of:
        for kind in item["type"]:
            if _last(kind) in _WORKS:
                for standard in item.get("isAlignedTo", []):
                    yield (_iri(standard), _iri(item["isHeldBy"][0]), _iri(kind)), None


def _absence_and_mastery(learner: _Learner) -> _Found:
    for year, missed in learner.absences().items():
        after = next((one for one in learner.years() if _year_before(one) == year), None)
        stay = None if after is None else learner.stay(after)
        if after is not None and stay is not None:
            met, seen = learner.met(after)
            flag = f'"{str(missed).lower()}"^^<http://www.w3.org/2001/XMLSchema#boolean>'
            yield (_text(year), learner.district(stay[0]), flag), met * 2 >= seen


def _mastery_by_moves(learner: _Learner) -> _Found:
    for year in {stay[0] for stay in learner.stays()}:
        stays = [stay for stay in learner.stays() if stay[0] == year]
        _, _, school, grade = max(stays, key=lambda stay: stay[1:])
        met, seen = learner.met(year, _mathematics(grade))
        if seen:
            moves = f'"{min(len(stays) - 1, 2)}"^^<http://www.w3.org/2001/XMLSchema#integer>'
            yield (_text(year), learner.district(school), moves), met * 2 >= seen


_COUNTS: Mapping[str, Callable[[_Learner], _Found]] = {
    "absence-and-mastery": _absence_and_mastery,
    "completeness": _completeness,
    "evidence": _evidence,
    "growth": _growth_by_school,
    "growth-by-support": _growth_by_support,
    "mastery-by-moves": _mastery_by_moves,
    "moves": _moves,
    "on-track": _on_track,
    **{
        f"{name}-by-{facet}": partial(count, facet=facet)
        for name, count in (("mastery", _mastery), ("chronic-absence", _absence))
        for facet in ("gender", "home-language", "support")
    },
}


@cache
def _shipped(predicate: str) -> list[tuple[str, str]]:
    """Return what each standard that is shipped has under a property."""
    folder = files("databackpack.ontology.standards")
    texts = [f.read_bytes() for f in folder.iterdir() if f.name.startswith("ccss-")]
    return [
        (quad.subject.value, quad.object.value)
        for text in texts
        for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)
        if quad.predicate.value.endswith(predicate)
        and isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.object, ox.NamedNode)
    ]


@cache
def _standards() -> dict[str, str]:
    """Return the framework of each standard."""
    return dict(_shipped("core#inScheme"))


@cache
def _mathematics(grade: str) -> frozenset[str]:
    of_grade = {one for one, level in _shipped("educationLevelType") if level == grade}
    return frozenset(one for one in of_grade if _standards().get(one) == MATH)


def _year_before(year: str) -> str:
    first = int(year[:4])
    return f"{first - 1}-{first}"


def _last(iri: str) -> str:
    return iri.rsplit("/", 1)[-1].rsplit("#", 1)[-1]


def _iri(value: str) -> str:
    return f"<{value}>"


def _text(value: str) -> str:
    return f'"{value}"'
