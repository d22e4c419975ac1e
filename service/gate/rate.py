"""How often one asker may ask. Beyond it a request is refused before anything is done for it."""

import json
import time
from collections.abc import Sequence
from ipaddress import ip_address
from math import ceil

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import (
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)

from databackpack.service.gate.faults import TooManyRequests

__all__ = ["Rates", "parse"]

_HOUSE = 64
"""Bits of an IPv6 address that one customer of a provider has alone (RFC 6177)."""


def parse(text: str) -> tuple[RateLimitItem, ...]:
    """Return the rates written as ``600/minute; 60/5 seconds``, none for ``none``.

    Raises ValueError.
    """
    found = () if text == "none" else tuple(parse_many(text))
    if not all(item.amount for item in found):
        raise ValueError("a rate of none at all")
    return found


class Rates:
    """What was asked lately, in memory: by each asker, and by each address that shows no token.

    *asker* is for the requests of one subject as one audience, *address* for those of one client
    address whose token does not hold. Neither limits anything by default.
    """

    def __init__(
        self, asker: Sequence[RateLimitItem] = (), address: Sequence[RateLimitItem] = ()
    ) -> None:
        self._asker, self._address = tuple(asker), tuple(address)
        storage = MemoryStorage()
        self._exact = MovingWindowRateLimiter(storage)
        # It is near, not exact, but forgets who came: addresses are without number.
        self._forgetful = SlidingWindowCounterRateLimiter(storage)

    def count_asker(self, audience: str, subject: str) -> None:
        """Count one request; raises TooManyRequests, and then the request does not count."""
        _count(self._exact, self._asker, json.dumps([audience, subject]))

    def count_address(self, address: str | None) -> None:
        """Count one request whose token does not hold; raises TooManyRequests."""
        _count(self._forgetful, self._address, _house(address or ""))


def _count(limiter: RateLimiter, allowed: tuple[RateLimitItem, ...], who: str) -> None:
    for step in (limiter.test, limiter.hit):  # what one rate refuses counts for no other
        for item in allowed:
            if not step(item, who):
                until = limiter.get_window_stats(item, who).reset_time
                raise TooManyRequests(retry_after=max(1, ceil(until - time.time())))


def _house(address: str) -> str:
    """Return *address*, or of an IPv6 one the part that its owner cannot change at will."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped is not None:
        return address
    return str(int(found) >> (128 - _HOUSE))
