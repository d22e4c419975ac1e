"""The strongest reader: has every row but one, and runs the rules with and without the target.

``python -m tests.statistics.rerun`` prints for how many targets the two differ: those of whom such
a reader learns whether they are there. Two learners of one cell and one part are the same to it.
"""

from random import Random

from databackpack.queries.cubes import Cube
from databackpack.service.statistics.protection import protect
from databackpack.service.statistics.table import Count, Table
from tests.statistics.tables import cube_of

K = 10


def generated(seed: int, *shape: int, mean: float) -> Table:
    """Return a table of *shape* whose cells have *mean* learners, more or less."""
    random = Random(seed)  # noqa: S311
    keys: list[tuple[str, ...]] = [()]
    for extent in shape:
        keys = [(*key, f"{n}") for key in keys for n in range(extent)]
    drawn = {key: int(random.expovariate(1 / mean)) for key in keys}
    return {key: Count(n, int(n * random.random())) for key, n in drawn.items() if n}


def told_apart(cube: Cube, table: Table, k: int) -> tuple[int, int]:
    """Return of how many learners, and of how many in all, the reader learns that they are there.

    Counted are learners who have what the share is of; a count's reader sees no less.
    """
    whole = protect(cube, table, k).cells
    differ = total = 0
    for key, count in table.items():
        having = count.having or 0
        for number, part in ((having, 1), (count.learners - having, 0)):
            if number:
                less = Count(count.learners - 1, having - part)
                rest = {other: n for other, n in table.items() if other != key}
                if less.learners:
                    rest[key] = less
                total += number
                told = protect(cube, rest, k).cells
                differ += number * (
                    {other: (c.learners, c.lower, c.upper) for other, c in told.items()}
                    != {other: (c.learners, c.lower, c.upper) for other, c in whole.items()}
                )
    return differ, total


def main() -> None:
    """Print the figure of docs/statistics.md."""
    for name, add_up in (("threshold, rounding, coding", False), ("and complementary cells", True)):
        found = [
            told_apart(cube_of(add_up, add_up, is_share=True), generated(seed, 6, 5, mean=25), K)
            for seed in range(5)
        ]
        differ, total = (sum(column) for column in zip(*found, strict=True))
        print(f"{name}: {differ} of {total} learners, {100 * differ / total:.0f} %")


if __name__ == "__main__":
    main()
