"""An auditor: what is published of a cube, held against a count of one's own, with other code.

It reads the cube's file as data and the rules from the handbook (docs/statistics.md): at least *k*
distinct learners, counts in fives, shares from rounded parts between the edges of D-3, totals from
what is published. It shares no code with ``service.statistics``; the counts are ``tally``'s.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, floor
from pathlib import Path

import numpy as np
import pyoxigraph as ox
from rdflib import Graph
from scipy.optimize import linprog

__all__ = ["ALL", "Observation", "Published", "audit", "hidden_without_need", "read", "told"]

BP = "https://w3id.org/databackpack/ns#"
QB = "http://purl.org/linked-data/cube#"
ALL = f"<{BP}Total>"
EDGES = ((300, 1), (100, 2), (40, 5), (20, 10), (0, 20))
"""From how many learners on, how many percent next to none and to all are not told (D-3)."""

Key = tuple[str, ...]
_Bounds = tuple[int, int | None]
_NO_TABLE = 2
"""HiGHS: no table has these sums within these bounds."""

Counts = Mapping[Key, tuple[int, int | None]]
"""Cell → distinct learners in it, and of them those with what the share is of."""


@dataclass(frozen=True)
class Observation:
    learners: int
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Published:
    """A data set: which of its dimensions add up, and its observations."""

    adds_up: tuple[bool, ...]
    cells: Mapping[Key, Observation]


def read(triples: Iterable[ox.Triple], name: str) -> Published:
    """Return the data set in *triples*, whose cube is called *name*."""
    file = Path(__file__).parents[2] / "queries" / "cubes" / f"{name}.ttl"
    rows = (
        Graph()
        .parse(file)
        .query(
            f"""SELECT ?dimension ?sum {{ ?cube <{QB}component> ?part . ?part <{QB}order> ?order ;
        <{QB}dimension> ?dimension ; <{BP}addsUp> ?sum }} ORDER BY ?order"""
        )
    )
    dimensions = [(str(row[0]), str(row[1]) == "true") for row in rows]  # type: ignore[index]
    about: dict[str, dict[str, str]] = defaultdict(dict)
    for triple in triples:
        about[str(triple.subject)][triple.predicate.value] = str(triple.object)
    found = {}
    for one in about.values():
        if one.get("http://www.w3.org/1999/02/22-rdf-syntax-ns#type") == f"<{QB}Observation>":
            lower, upper = (_number(one.get(f"{BP}{end}Share")) for end in ("lower", "upper"))
            learners = _number(one[f"{BP}learnerCount"])
            assert learners is not None
            key = tuple(one[dimension] for dimension, _ in dimensions)
            assert key not in found, f"{key} is told twice"
            found[key] = Observation(int(learners), lower, upper)
    return Published(tuple(adds for _, adds in dimensions), found)


def audit(of: Published, counts: Counts, k: int, above: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a first publication.

    *above* has the organization above each value that is one.
    """
    leaves = {key: one for key, one in of.cells.items() if ALL not in key}
    for key, one in leaves.items():
        if key not in counts or counts[key][0] < k:
            yield f"{key} is told, of {counts.get(key, (0,))[0]} learners"
        elif one != told(*counts[key], k):
            yield f"{key} is told as {one}, and is {told(*counts[key], k)}"
    yield from _wrong_totals(of, leaves, counts)
    hidden = {key for key in counts if key not in leaves}
    for key in sorted(key for key in hidden if counts[key][0] < k):
        if not _is_wide(key, hidden, leaves, counts, _slices(of, counts, above), k):
            yield f"{key}, which is hidden, follows from what is published"


def hidden_without_need(
    of: Published, counts: Counts, k: int, above: Mapping[str, str]
) -> Iterator[Key]:
    """Yield the cells of *k* learners and more that hide nobody: no slice of theirs hides more."""
    hidden = {key for key in counts if key not in of.cells}
    slices = _slices(of, counts, above)
    for key in sorted(hidden):
        if counts[key][0] >= k and not any(hidden & set(s) - {key} for s in slices if key in s):
            yield key


def told(learners: int, having: int | None, k: int) -> Observation:
    """Return how a cell is told."""
    fives = max(_fives(learners), 5 * ceil(k / 5))
    if having is None:
        return Observation(fives)
    (fewest, most), part = _allowed(fives, k), _fives(having)
    return Observation(fives, *_coded(100 * (part - 2) / most, 100 * (part + 2) / fewest, fives))


def _allowed(told: int, k: int) -> tuple[int, int]:
    """Return the least and greatest count that is told as *told*."""
    alike = [n for n in range(k, told + 5) if max(_fives(n), 5 * ceil(k / 5)) == told]
    return alike[0], alike[-1]


def _fives(count: int) -> int:
    return min((5 * (count // 5), 5 * (count // 5) + 5), key=lambda five: abs(five - count))


def _coded(lower: float, upper: float, learners: int) -> tuple[float, float]:
    edge = next(edge for size, edge in EDGES if learners >= size)
    low, high = max(0, floor(round(lower, 9))), min(100, ceil(round(upper, 9)))
    if low < edge:
        low, high = 0, max(high, edge)
    if high > 100 - edge:
        low, high = min(low, 100 - edge), 100
    return float(low), float(high)


def _wrong_totals(
    of: Published, leaves: Mapping[Key, Observation], counts: Counts
) -> Iterator[str]:
    parts: dict[Key, list[Key]] = defaultdict(list)
    for key in counts:
        choices = [(v, ALL) if adds else (v,) for v, adds in zip(key, of.adds_up, strict=True)]
        for total in product(*choices):
            if total != key:
                parts[total].append(key)
    for total in of.cells:
        if ALL in total and total not in parts:
            yield f"{total} is a total of nothing"
    for total, among in parts.items():
        shown = [leaves[key] for key in among if key in leaves]
        learners = sum(one.learners for one in shown)
        is_enough = bool(shown) and learners >= 0.8 * sum(counts[key][0] for key in among)
        found = of.cells.get(total)
        if (found is not None) != is_enough:
            yield f"the total {total} is {'told' if found else 'not told'}, against the rule"
        elif found is not None and found != _sum(shown):
            yield f"the total {total} is told as {found}; its parts give {_sum(shown)}"


def _sum(parts: list[Observation]) -> Observation:
    learners = sum(one.learners for one in parts)
    ends = [
        [one.learners * end for one in parts if (end := getattr(one, name)) is not None]
        for name in ("lower", "upper")
    ]
    if not ends[0]:
        return Observation(learners)
    lower, upper = (sum(end) / learners for end in ends)
    return Observation(learners, *_coded(lower, upper, learners))


def _slices(of: Published, counts: Counts, above: Mapping[str, str]) -> list[list[Key]]:
    """Return the cells whose sum somebody may know: of one district, or of everybody."""
    found: dict[tuple[int, Key], list[Key]] = defaultdict(list)
    for key in counts:
        for at, adds in enumerate(of.adds_up):
            if adds:
                found[at, (*key[:at], above.get(key[at], ALL), *key[at + 1 :])].append(key)
    return list(found.values())


def _is_wide(
    key: Key,
    hidden: set[Key],
    leaves: Mapping[Key, Observation],
    counts: Counts,
    slices: list[list[Key]],
    k: int,
) -> bool:
    """Tell whether the place of *key* is *k* wide, or as wide as if nothing were told at all."""
    near = {key}
    while more := {other for s in slices if near & set(s) for other in s} - near:
        near |= more
    cells = sorted(near)
    sums = [[float(cell in s) for cell in cells] for s in slices if key in s or near & set(s)]
    if not sums:
        return True
    known = np.array(sums) @ np.array([counts[cell][0] for cell in cells], float)
    free: list[_Bounds] = [(0, None)] * len(cells)
    bound: list[_Bounds] = [
        (0, None) if cell in hidden else _allowed(leaves[cell].learners, k) for cell in cells
    ]
    width = _width(cells.index(key), sums, known, bound)
    return width >= k - 1e-6 or width >= _width(cells.index(key), sums, known, free) - 1e-6


def _width(place: int, sums: list[list[float]], known: object, bounds: list[_Bounds]) -> float:
    """Return how far apart the least and greatest count are that a reader cannot exclude."""
    aim = np.zeros(len(bounds))
    aim[place] = 1
    least = linprog(aim, A_eq=sums, b_eq=known, bounds=bounds)
    most = linprog(-aim, A_eq=sums, b_eq=known, bounds=bounds)
    if least.status == _NO_TABLE:  # a cell is told wrongly, which is a finding of its own
        return float("inf")
    return float(-most.fun - least.fun)


def _number(text: str | None) -> float | None:
    """Return the number that an N-Triples literal writes."""
    return None if text is None else float(text.split('"')[1])
