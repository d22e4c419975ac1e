"""Requests as they are on the wire, for what a well-behaved client would never send."""

import socket
from contextlib import suppress
from http.client import HTTPResponse
from urllib.parse import urlsplit

from tests.web.asking import Response, Web

__all__ = ["answer_to", "answers", "bytes_of_answer", "request"]


def request(
    web: Web, asker: str, line: str, headers: list[tuple[str, str]], body: bytes = b""
) -> bytes:
    """Return a request of *asker* with *headers* as they are, given twice or not."""
    token = web.running.token(asker)
    lines = [line, "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer_to(web: Web, sent: bytes) -> Response:
    """Return the first answer to *sent*."""
    return answers(web, sent, 1)[0]


def answers(web: Web, sent: bytes, most: int) -> list[Response]:
    """Return up to *most* answers that come back over one connection."""
    parts = urlsplit(web.address)
    found: list[Response] = []
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=10) as link:
        with suppress(ConnectionError):  # it refuses before it has read all
            link.sendall(sent)
        while len(found) < most:
            answer = HTTPResponse(link)
            try:
                answer.begin()
            except (ConnectionError, OSError, ValueError):
                break
            told = {name.lower(): value for name, value in answer.getheaders()}
            found.append(Response(answer.status, told, answer.read()))
            if told.get("connection", "").lower() == "close":
                break
    return found


def bytes_of_answer(web: Web, sent: bytes) -> bytes:
    """Return all that comes back until the connection ends."""
    parts, found = urlsplit(web.address), b""
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=10) as link:
        link.sendall(sent)
        while piece := link.recv(65536):
            found += piece
    return found
