"""Asking the service over a real socket, with nothing between the test and the bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPConnection
from json import loads
from typing import Any
from urllib.parse import quote, urlsplit

from tests.running import Running

__all__ = ["PERSONAS", "Response", "Web", "cell", "triples"]

PERSONAS = (
    "state-agency",
    "district",
    "teacher",
    "other-school-teacher",
    "researcher",
    "guardian",
)
Headers = dict[str, str]


@dataclass(frozen=True)
class Response:
    """What came back, header names in small letters."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return loads(self.body)

    @property
    def told(self) -> tuple[int, dict[str, Any]]:
        """The status and the body of a refusal, but for the request's own number."""
        body = self.json
        assert body.pop("request_id")
        return self.status, body


@dataclass(frozen=True)
class Web:
    """The service at *address*, asked by personas of *running*."""

    running: Running
    address: str

    def send(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        parts = urlsplit(self.address)
        assert parts.hostname is not None
        connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, found, answer.read())
        finally:
            connection.close()

    def query(self, persona: str, text: str, accept: str = "application/json") -> Response:
        headers = self.running.headers(persona, accept)
        headers["Content-Type"] = "application/sparql-query"
        return self.send("POST", "/sparql", headers, text)

    def dump(self, persona: str) -> frozenset[str]:
        """Return every triple that a persona's view holds, as lines."""
        answer = self.query(persona, "CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples")
        assert answer.status == 200, answer.body
        return frozenset(answer.body.decode().splitlines())

    def put(self, persona: str, path: str, body: bytes | str) -> Response:
        headers = self.running.headers(persona) | {"Content-Type": "application/json"}
        return self.send("PUT", path, headers, body)

    def say(self, persona: str, path: str, level: str) -> int:
        """Set a level and return the epoch that was acknowledged."""
        answer = self.put(persona, path, f'{{"level": "{level}"}}')
        assert answer.status == 200, answer.body
        return int(answer.json["epoch"])


def cell(learner: str, category: str, audience: str) -> str:
    """Return the path of one cell of a learner's menu."""
    return f"/learners/{quote(learner, safe='')}/policy/{category}/{audience}"


def triples(found: Iterable[object]) -> frozenset[str]:
    """Return Oxigraph's triples as the lines of N-Triples."""
    return frozenset(f"{triple} ." for triple in found)
