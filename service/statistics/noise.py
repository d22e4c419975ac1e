"""Noise: counts with discrete Laplace noise, by OpenDP, where an agreement asks for it."""

from collections.abc import Callable
from itertools import product
from math import ceil, log

import opendp.prelude as dp

from databackpack.service.policy.refusal import Refused
from databackpack.service.statistics.table import Count, Table

__all__ = ["add"]

_MOST_CELLS = 2_000_000
"""Noise is added to all cells there may be, the empty ones among them."""

_DOUBT = 0.05
"""How often, at most, the noise alone carries a cell that is too small over the threshold."""


def add(table: Table, contribution: int, epsilon: float) -> tuple[Table, float, int]:
    """Return the noisy table, the epsilon that it spent, and a margin for the threshold.

    One learner is in at most *contribution* cells, and in each either has what a share is of or
    has not: the result is epsilon-differentially private for adding or removing one learner,
    given which values each dimension has, which is taken to be public. Cells that become nobody's
    are left out. A cell with *k* and the margin after noise had *k* before it but for 1 in 20.
    Raises ValueError for an epsilon that is not above 0, and Refused for a cube of too many cells.
    """
    if not epsilon > 0:
        raise ValueError(f"a noise epsilon is above 0, not {epsilon}")
    values = [sorted(set(column)) for column in zip(*table, strict=True)]
    keys = list(product(*values)) if table else []
    if len(keys) > _MOST_CELLS:
        raise Refused(
            "bp:noiseBudget",
            f"Noise is needed on {len(keys)} cells, empty ones too; {_MOST_CELLS} are the most. "
            "Publish a cube of fewer dimensions.",
        )
    has_part = any(count.having is not None for count in table.values())
    nobody = Count(0, 0 if has_part else None)
    counted = [table.get(key, nobody) for key in keys]
    having = [count.having or 0 for count in counted]
    others = [count.learners - part for count, part in zip(counted, having, strict=True)]
    scale = contribution / epsilon
    dp.enable_features("contrib")
    measure = dp.m.make_laplace(
        dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int), scale
    )
    privacy: Callable[[int], float] = measure.map
    noisy = [max(0, count) for count in measure(having * has_part + others)]
    parts = noisy[: len(keys)] if has_part else [None] * len(keys)
    rest = noisy[len(keys) * has_part :]
    found = {
        key: Count(more + (part or 0), part)
        for key, part, more in zip(keys, parts, rest, strict=True)
        if more + (part or 0)
    }
    return found, float(privacy(contribution)), ceil(scale * log(1 / (2 * _DOUBT)))
