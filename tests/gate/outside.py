"""A place on this machine that a query must never reach, and an engine that would go there."""

import socket
from threading import Thread

import pyoxigraph as ox

__all__ = ["Outside", "engine"]


class Outside:
    """A listening socket that counts who comes; *iri* is where it listens."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self.calls = 0
        self.iri = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def reached_by(self, text: str, store: ox.Store) -> bool:
        """Tell whether *text*, evaluated without any guard, comes here."""
        before = self.calls
        try:
            result = store.query(text)
            if not isinstance(result, ox.QueryBoolean):
                list(result)
        except SyntaxError:
            return False
        except (OSError, RuntimeError, ValueError):
            pass  # a connection that is closed at once; it counts all the same
        return self.calls > before

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def engine() -> ox.Store:
    """Return a store with a row for each way that the texts of the tests name a thing."""
    store, example = ox.Store(), "http://e/"
    values: list[ox.NamedNode | ox.Literal] = [
        ox.Literal(True),
        ox.Literal(1),
        ox.Literal("x"),
        ox.Literal("x", language="en"),
        *(ox.NamedNode(example + name) for name in ("", "o", "o.b", "a-", "%41", "a.")),
    ]
    for value in values:
        store.add(ox.Quad(ox.NamedNode(example + "a"), ox.NamedNode(example + "b"), value))
    return store
