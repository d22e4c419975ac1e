"""Finding the links that would make a way lead back to where it began."""

from collections.abc import Iterable

__all__ = ["closing"]

Link = tuple[str, str]


def closing(links: Iterable[Link]) -> list[Link]:
    """Return the links without which no way along the others leads back to where it began.

    Found in the order of *links*: the one that comes last on a circle is the one that closes it.
    Works without recursion, for hierarchies of any depth.
    """
    onward: dict[str, list[str]] = {}
    for start, end in links:
        onward.setdefault(start, []).append(end)
    closed: list[Link] = []
    done: set[str] = set()
    for first in onward:
        if first in done:
            continue
        way, on_way = [(first, iter(onward[first]))], {first}
        while way:
            start, ends = way[-1]
            for end in ends:
                if end in on_way:
                    closed.append((start, end))
                elif end not in done:
                    way.append((end, iter(onward.get(end, ()))))
                    on_way.add(end)
                    break
            else:
                done.add(start)
                on_way.discard(start)
                way.pop()
    return closed
