"""Who looks alike in a release as it is shown now, and who is too few for that.

A release is k-anonymous when it is made. Each withdrawal makes a class of it smaller: so classes
are counted again at each change.
"""

from collections import defaultdict
from collections.abc import Mapping

from rdflib import URIRef

__all__ = ["SUPPRESSED", "Cohort", "too_small"]

SUPPRESSED = 0
"""The class of all whose quasi-identifiers are suppressed."""


class Cohort:
    """The learners of one release of whom something is shown, in classes of at least *k*.

    The learners of one class look alike in every quasi-identifier. A class has a number below zero
    where nothing is left of its learners without quasi-identifiers.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._classes: dict[URIRef, int] = {}
        self._members: defaultdict[int, set[URIRef]] = defaultdict(set)
        self._hidden: frozenset[int] = frozenset()

    def put(self, learner: URIRef, number: int | None) -> None:
        """Let *learner* be in one class and in no other; None for one who is not shown."""
        before = self._classes.pop(learner, None)
        if before is not None:
            self._members[before].discard(learner)
        if number is not None:
            self._classes[learner] = number
            self._members[number].add(learner)

    def settle(self) -> set[URIRef]:
        """Count again which classes are too small; return the learners for whom that may matter.

        INVARIANT: a function of the classes alone, however they came to be.
        """
        sizes = {number: len(members) for number, members in self._members.items()}
        before, self._hidden = self._hidden, too_small(sizes, self._k)
        turned = before ^ self._hidden
        if SUPPRESSED in turned:
            return set(self._classes)
        return {learner for number in turned for learner in self._members[number]}

    def is_hidden(self, number: int) -> bool:
        """Tell whether no quasi-identifiers of a class may be shown, as it was last counted."""
        return number == SUPPRESSED or number in self._hidden

    def is_silent(self, number: int) -> bool:
        """Tell whether nothing of a class may be shown: too few are hidden, with none to join."""
        return SUPPRESSED in self._hidden and self.is_hidden(number)


def too_small(sizes: Mapping[int, int], k: int) -> frozenset[int]:
    """Return the classes that must be suppressed when as many learners are left as *sizes* says.

    A learner of whom anything was taken out is no longer in its class. Where fewer than *k* would
    then be in ``SUPPRESSED``, the smallest other classes go too; where there is none left, it is
    itself among those returned: nothing may be shown any more.
    """
    found = {one for one, size in sizes.items() if one != SUPPRESSED and 0 < size < k}
    pool = sizes.get(SUPPRESSED, 0) + sum(sizes[one] for one in found if one > SUPPRESSED)
    others = sorted((size, one) for one, size in sizes.items() if one > SUPPRESSED and size >= k)
    for size, one in others:
        if not 0 < pool < k:
            break
        found.add(one)
        pool += size
    return frozenset(found | {SUPPRESSED} if 0 < pool < k else found)
