"""k-anonymity: each combination of quasi-identifiers of a release is shared by k learners.

All begin as one class of whom nothing is told. Then one ladder after another, by precedence, is
climbed from its coarsest step to its finest: a class is told apart by a step into those parts that
at least k learners are in, and who is left stays together one step coarser (local recoding). Where
fewer than k are left, as many stay with them as are missing. So no class is ever too small, and
what comes first in precedence is not given up for what comes later.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.releases.generalizer import Generalizer
from databackpack.service.releases.quasi import Look, Profile, Recoding, is_counted, looks
from databackpack.service.views.cohort import SUPPRESSED

__all__ = ["SUPPRESSED", "Plan", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How each learner is recoded, in which class each then is, and what that costs.

    The learners of one class look alike in every quasi-identifier, and there are at least k. Of
    class ``SUPPRESSED`` nothing quasi-identifying is told; the number of a class is below zero
    where nothing at all would be left if it were. Who is not in *recodings* is in no release.
    *losses*: property or class → step → how many learners who have it are told it at that step.
    """

    recodings: Mapping[URIRef, Recoding]
    classes: Mapping[URIRef, int]
    losses: Mapping[URIRef, Mapping[URIRef, int]]


def plan(
    profiles: Mapping[URIRef, Profile],
    k: int,
    generalizer: Generalizer,
    before: Mapping[URIRef, Hashable] = MappingProxyType({}),
) -> Plan:
    """Return how *profiles* are recoded so that at least *k* learners share what is told of each.

    The same for the same profiles in any order. Of fewer than *k* learners nothing is released.
    *before* has who was in which class of earlier releases with the same codes: only who was in the
    same ones is told alike, so that all releases together tell no more than *k* share either.
    """
    population = _Population(profiles, generalizer, before)
    groups = population.alike(_start(profiles, k, generalizer), k)
    for place, step in generalizer.climb():
        groups = [part for group in groups for part in population.refine(group, place, step, k)]
    numbers: dict[tuple[Hashable, _Key], int] = {}
    recodings: dict[URIRef, Recoding] = {}
    classes: dict[URIRef, int] = {}
    for group in groups:
        number = population.number(group, numbers)
        if number is not None:
            for one in group.members:
                recodings[population.learners[one]] = group.recoding
                classes[population.learners[one]] = number
    return Plan(recodings, classes, _losses(profiles, recodings, generalizer))


def _start(profiles: Mapping[URIRef, Profile], k: int, generalizer: Generalizer) -> Recoding:
    """Return the recoding that tells nothing, with the values that fewer than *k* learners have."""
    ladders = generalizer.ladders
    other = {place for place, ladder in enumerate(ladders) if BP.ToOther in ladder.steps}
    sharing: Counter[tuple[str, str]] = Counter()
    for profile in profiles.values():
        values = chain.from_iterable(item[2] for item in profile)
        sharing.update({(name, known[0]) for place, name, known in values if place in other})
    rare = frozenset(value for value, count in sharing.items() if count < k)
    return Recoding(tuple(len(ladder.steps) - 1 for ladder in ladders), rare)


def _losses(
    profiles: Mapping[URIRef, Profile],
    recodings: Mapping[URIRef, Recoding],
    generalizer: Generalizer,
) -> Mapping[URIRef, Mapping[URIRef, int]]:
    told: Counter[tuple[int, int]] = Counter()
    for learner, recoding in recodings.items():
        told.update((place, recoding.steps[place]) for place in _places(profiles[learner]))
    return {
        ladder.iri: {step: told[place, number] for number, step in enumerate(ladder.steps)}
        for place, ladder in enumerate(generalizer.ladders)
        if any(told[place, number] for number in range(len(ladder.steps)))
    }


_Key = tuple[frozenset[int], tuple[int, ...]]
"""What is known of one learner: which looks, and the counted items, each by one of its looks."""

_NOTHING: _Key = (frozenset(), ())


@dataclass(frozen=True, slots=True)
class _Group:
    """Learners, by their place, who are recoded alike and then look alike."""

    recoding: Recoding
    members: list[int]


class _Population:
    """The learners in an order that follows from their profiles, and what is known of them."""

    def __init__(
        self,
        profiles: Mapping[URIRef, Profile],
        generalizer: Generalizer,
        before: Mapping[URIRef, Hashable],
    ) -> None:
        self._generalizer = generalizer
        self._items = sorted(set(chain.from_iterable(profiles.values())))
        numbers = {item: number for number, item in enumerate(self._items)}
        held = sorted(
            (tuple(numbers[item] for item in profile), learner)
            for learner, profile in profiles.items()
        )
        self._profiles = [profile for profile, _ in held]
        self.learners = [learner for _, learner in held]
        self._before = [before.get(learner) for learner in self.learners]
        self._places = [_places(profiles[learner]) for learner in self.learners]
        counted = {number for item, number in numbers.items() if is_counted(item)}
        self._counted = [tuple(filter(counted.__contains__, one)) for one in self._profiles]
        self._numbers: dict[Look, int] = {}
        self._known: dict[Recoding, _Known] = {}

    def alike(self, start: Recoding, k: int) -> list[_Group]:
        """Return those who look alike when nothing is told of them, where they are *k* or more."""
        told: dict[Hashable, list[int]] = {}
        for one, classes in enumerate(self._before):
            told.setdefault(classes, []).append(one)
        parts = chain.from_iterable(self._divide(ones, start) for ones in told.values())
        return [_Group(start, part) for part in parts if len(part) >= k]

    def refine(self, group: _Group, place: int, step: int, k: int) -> Iterator[_Group]:
        """Yield the parts of *group* that a step of one ladder tells apart, each of at least *k*.

        Those who are left, and whom others must join so that they are *k*, stay a step coarser.
        """
        steps = group.recoding.steps
        if steps[place] != step + 1:
            yield group
            return
        finer = Recoding((*steps[:place], step, *steps[place + 1 :]), group.recoding.rare)
        if all(place not in self._places[one] for one in group.members):
            yield _Group(finer, group.members)
            return
        parts = sorted(self._divide(group.members, finer), key=len)
        left = [one for part in parts if len(part) < k for one in part]
        parts = [part for part in parts if len(part) >= k]
        while parts and 0 < len(left) < k:
            spare = min(len(parts[-1]) - k, k - len(left))
            if spare > 0:
                left += parts[-1][-spare:]
                del parts[-1][-spare:]
                parts.sort(key=len)
            else:
                left += parts.pop(0)
        yield from (_Group(finer, part) for part in parts)
        if left:
            yield _Group(group.recoding, sorted(left))

    def number(self, group: _Group, numbers: dict[tuple[Hashable, _Key], int]) -> int | None:
        """Return the number of the class of *group*, None where nothing is shown; note a new one.

        Groups that look alike, and did in earlier releases, are one class.
        """
        first, recoding = group.members[0], group.recoding
        nothing = Recoding(tuple(len(one.steps) - 1 for one in self._generalizer.ladders))
        key = self._key(first, self._under(recoding))
        least = self._key(first, self._under(nothing))
        if key == _NOTHING:
            return None
        if key == least:
            return SUPPRESSED
        number = numbers.setdefault((self._before[first], key), len(numbers) + 1)
        return -number if least == _NOTHING else number

    def _divide(self, members: Iterable[int], recoding: Recoding) -> list[list[int]]:
        parts: dict[_Key, list[int]] = {}
        known = self._under(recoding)
        for one in members:
            parts.setdefault(self._key(one, known), []).append(one)
        return list(parts.values())

    def _key(self, one: int, known: "_Known") -> _Key:
        items = self._profiles[one]
        counted = [known.whole[item] for item in self._counted[one] if known[item]]
        return _EMPTY.union(*map(known.__getitem__, items)), tuple(sorted(counted))

    def _under(self, recoding: Recoding) -> "_Known":
        known = self._known.get(recoding)
        if known is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            known = self._known[recoding] = _Known(self, recoding)
        return known

    def look(self, item: int, recoding: Recoding) -> list[int]:
        """Return the numbers of what is known of *item*; the first is of the whole of it."""
        found = looks(self._items[item], recoding, self._generalizer)
        return [self._numbers.setdefault(one, len(self._numbers)) for one in found]


class _Known(dict[int, frozenset[int]]):
    """Item → the numbers of what is known of it after one recoding, looked at once."""

    def __init__(self, population: _Population, recoding: Recoding) -> None:
        super().__init__()
        self.whole: dict[int, int] = {}
        self._population, self._recoding = population, recoding

    def __missing__(self, item: int) -> frozenset[int]:
        numbers = self._population.look(item, self._recoding)
        if numbers:
            self.whole[item] = numbers[0]
        known = self[item] = frozenset(numbers)
        return known


_EMPTY: frozenset[int] = frozenset()
_REMEMBERED = 2000
"""Recodings of which it is remembered what is known after them."""


def _places(profile: Profile) -> frozenset[int]:
    """Return the ladders that *profile* has anything of."""
    values = (place for item in profile for place, *_ in item[2])
    return frozenset(chain(values, (item[0] for item in profile if item[0] >= 0)))
