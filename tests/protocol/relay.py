"""A relay that loses the end of what it passes on, as a connection that breaks does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

__all__ = ["losing"]


@contextmanager
def losing(port: int, lost: int) -> Iterator[int]:
    """Give the port of a relay to *port* that cuts off the last *lost* bytes of each answer.

    It passes on requests without a body, each on a connection of its own.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:  # the server is closed
                    return
                with client:
                    client.sendall(_answer(client, port)[: -lost or None])

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def _answer(client: socket.socket, port: int) -> bytes:
    """Return all that the service says to the request of *client*."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(65536)
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        upstream.sendall(request)
        pieces = list(iter(lambda: upstream.recv(65536), b""))
    return b"".join(pieces)
