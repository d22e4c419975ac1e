"""Which cubes are meant, and how much noise: what people write, as values."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from rdflib import URIRef

from databackpack.queries import cubes
from databackpack.queries.cubes import Cube
from databackpack.service.policy.model import Audience
from databackpack.service.policy.refusal import Refused, nearest
from databackpack.service.records.truth import TruthStore
from databackpack.service.statistics import schedule

__all__ = ["choose", "to_epsilon"]

_NO_NOISE = 1000
"""An epsilon from which on there is none."""


def choose(
    truth: TruthStore, names: Sequence[str], audience: Audience, purpose: URIRef
) -> list[Cube]:
    """Return the shipped cubes called *names*, or without any those that are due for *audience*.

    Raises Refused.
    """
    if not names:
        due = schedule.due(truth, truth.clock().date())
        names = [one.name for one in due if (one.audience, one.purpose) == (audience.iri, purpose)]
    if not names:
        raise Refused("", "Nothing that was published before is due; name the cubes to publish.")
    known = cubes.names()
    for name in names:
        if name not in known:
            raise Refused("", f"There is no cube {name!r}; there is {nearest(name, known)}.")
    return [cubes.read(name) for name in dict.fromkeys(names)]


def to_epsilon(text: str | None) -> Decimal | None:
    """Return the epsilon that *text* writes, None for None; raises Refused."""
    try:
        found = None if text is None else Decimal(text)
    except InvalidOperation:
        found = Decimal(0)
    if found is not None and not (found.is_finite() and 0 < found < _NO_NOISE):
        raise Refused("bp:epsilon", f"{text!r} is no epsilon; write a number above 0, such as 0.5.")
    return found
