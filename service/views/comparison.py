"""Two dumps of sorted N-Triples, line by line: are they the same, and by how much not."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many triples both dumps hold, and how many only one of them holds."""

    same: int = 0
    only_first: int = 0
    only_second: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether the two dumps are identical."""
        return not self.only_first and not self.only_second


def compare(first: Iterator[bytes], second: Iterator[bytes]) -> Comparison:
    """Return how two dumps, each in pieces of sorted lines, differ; in memory are two pieces."""
    same = only_first = only_second = 0
    ours, theirs = _lines(first), _lines(second)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if one == other:
            same += 1
            one, other = next(ours, None), next(theirs, None)
        elif other is None or (one is not None and one < other):
            only_first += 1
            one = next(ours, None)
        else:
            only_second += 1
            other = next(theirs, None)
    return Comparison(same, only_first, only_second)


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from piece.splitlines()
