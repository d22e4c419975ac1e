"""The share of the server that one audience or asker may have, so that a flood stays its own."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from rdflib import URIRef

from databackpack.service.gate.faults import TooManyRequests, Unavailable

__all__ = ["Shares"]


class Shares:
    """How many requests are under way: at most *most* of an audience, *most_of_one* of an asker.

    An asker is a subject as one audience; without *most_of_one* it may have all of the audience's.
    """

    def __init__(self, most: int, most_of_one: int | None = None) -> None:
        self._most = most
        self._most_of_one = most if most_of_one is None else most_of_one
        self._running: Counter[tuple[URIRef, str | None]] = Counter()
        self._lock = Lock()

    @contextmanager
    def take(self, audience: URIRef, subject: str = "") -> Iterator[None]:
        """Let one more request run inside; raises Unavailable or TooManyRequests."""
        asker, all_askers = (audience, subject), (audience, None)
        with self._lock:
            if self._running[all_askers] >= self._most:
                raise Unavailable(
                    f"{self._most} other requests of your audience are under way; ask again."
                )
            if self._running[asker] >= self._most_of_one:
                raise TooManyRequests
            self._running.update((asker, all_askers))
        try:
            yield
        finally:
            with self._lock:
                self._running.subtract((asker, all_askers))
                self._running += Counter()  # keeps those above zero
