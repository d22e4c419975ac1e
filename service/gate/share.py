"""The share of the server that one audience may have, so that a flood of its own is its own."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from rdflib import URIRef

from databackpack.service.gate.faults import Unavailable

__all__ = ["Shares"]


class Shares:
    """How many requests of each audience are under way: never more than *most*."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: Counter[URIRef] = Counter()
        self._lock = Lock()

    @contextmanager
    def take(self, audience: URIRef) -> Iterator[None]:
        """Let one more request of *audience* run inside; raises Unavailable."""
        with self._lock:
            if self._running[audience] >= self._most:
                raise Unavailable(
                    f"{self._most} other requests of your audience are under way; ask again."
                )
            self._running[audience] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[audience] -= 1
                if not self._running[audience]:
                    del self._running[audience]
