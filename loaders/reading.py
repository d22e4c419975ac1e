"""Reading in two steps, so that the second, learner by learner, can go on in other processes.

The first step, a loader's ``gather(path)``, reads the files: it yields problems and organisations,
then a `Group` for each learner. The second makes items of a group. Whoever takes the items may run
the second step anywhere that has what the first left in memory, such as a process forked after it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from databackpack.loaders.record import Item, Mint, Source

__all__ = ["Build", "Group", "ungrouped"]

Build = Callable[[Any, Mint], Iterator[Item]]
"""(rows of one learner, mint) → the learner's items; it asks *mint* for `Group.people` only."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one learner, as the first step left them: *rows* can be pickled, *build* is not.

    *people* are the (kind, identifier) of all whom the rows name, the learner first; *source* is
    where the first row stood; *count* tells with the first group how many there are, 0 with others.
    """

    people: tuple[tuple[str, str], ...]
    rows: Any
    build: Build
    source: Source
    count: int


def ungrouped(found: Iterable[Item | Group], mint: Mint) -> Iterator[Item]:
    """Yield the items among *found*, and those of its groups, in order."""
    for one in found:
        if isinstance(one, Group):
            yield from one.build(one.rows, mint)
        else:
            yield one
