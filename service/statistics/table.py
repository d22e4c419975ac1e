"""A table of counts: what a cube's cells say before anything is protected.

Everything in such a table is private. What may be told of it: protection.py.
"""

from dataclasses import dataclass

__all__ = ["TOTAL", "Count", "Key", "Table"]

Key = tuple[str, ...]
"""One value per dimension as N-Triples text, in the cube's order."""

TOTAL = ""
"""In place of a value: all values of this dimension together."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many distinct learners are in a cell, and of them those that have what a share is of.

    ``having`` is None where the cube counts and does not share.
    """

    learners: int
    having: int | None = None


Table = dict[Key, Count]
"""The cells that at least one learner is in; totals are not among them."""
