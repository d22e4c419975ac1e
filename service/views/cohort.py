"""Who looks alike in a release as it is shown now, and who is too few for that.

A release is k-anonymous when it is made. Each withdrawal makes a group of it smaller, or lets one
of its members be told from the others: so it is counted again at each change.
"""

from collections import defaultdict
from collections.abc import Mapping

from rdflib import URIRef

__all__ = ["VANISHING", "Cohort", "Group", "too_small"]

Group = tuple[str, ...]
"""What the quasi-identifiers of its members have in common; () where none of theirs are shown."""

VANISHING = "-"
"""Begins the first word of a group of whose members nothing is left without quasi-identifiers."""


class Cohort:
    """The learners of one release of whom something is shown, in groups of at least *k*.

    Of a group that is hidden, or of (), no quasi-identifier is shown.
    """

    def __init__(self, k: int) -> None:
        self._k = k
        self._groups: dict[URIRef, Group] = {}
        self._members: defaultdict[Group, set[URIRef]] = defaultdict(set)
        self._hidden: frozenset[Group] = frozenset()

    def put(self, learner: URIRef, group: Group | None) -> None:
        """Let *learner* be in *group*, and in no other; None for one of whom nothing is shown."""
        before = self._groups.pop(learner, None)
        if before is not None:
            self._members[before].discard(learner)
            if not self._members[before]:
                del self._members[before]
        if group is not None:
            self._groups[learner] = group
            self._members[group].add(learner)

    def settle(self) -> set[URIRef]:
        """Count again which groups are too small; return the learners for whom that may matter.

        INVARIANT: a function of the groups alone, however they came to be.
        """
        sizes = {group: len(members) for group, members in self._members.items()}
        before, self._hidden = self._hidden, too_small(sizes, self._k)
        turned = before ^ self._hidden
        if () in turned:
            return set(self._groups)
        return {learner for group in turned for learner in self._members.get(group, ())}

    def is_hidden(self, group: Group) -> bool:
        """Tell whether no quasi-identifiers of *group* may be shown, as it was last counted."""
        return not group or group in self._hidden

    def is_silent(self, group: Group) -> bool:
        """Tell whether nothing of *group* may be shown: too few are hidden, with none to join."""
        return () in self._hidden and self.is_hidden(group)


def too_small(sizes: Mapping[Group, int], k: int) -> frozenset[Group]:
    """Return the groups to hide: those of fewer than *k*, and the smallest others with them.

    () is one of them where fewer than *k* would be left of whom anything is shown without
    quasi-identifiers: then they are shown with nothing.
    """
    hidden = {group for group, size in sizes.items() if group and size < k}
    count = sizes.get((), 0) + sum(sizes[one] for one in hidden if not _vanishes(one))
    rest = [one for one in sizes if one and one not in hidden and not _vanishes(one)]
    others = iter(sorted(rest, key=lambda one: (sizes[one], one)))
    while 0 < count < k and (group := next(others, None)) is not None:
        hidden.add(group)
        count += sizes[group]
    return frozenset(hidden | {()} if 0 < count < k else hidden)


def _vanishes(group: Group) -> bool:
    return bool(group) and group[0].startswith(VANISHING)
