"""Askers who send queries, well-formed and spoiled, and what must hold of each answer."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from gzip import decompress
from random import Random
from threading import Event
from time import monotonic, sleep
from urllib.parse import quote_from_bytes

from databackpack import queries
from databackpack.service.gate.results import GRAPH_FORMATS, RESULTS_FORMATS
from tests.fuzz.grammar import Grammar, spell
from tests.fuzz.mutation import spoil, tokens
from tests.fuzz.secrets import Secrets
from tests.fuzz.wellformed import literals, media_type
from tests.serving import NotServing, Served
from tests.web.asking import Response

__all__ = ["Asker", "all_ask", "ask"]

_ONE_OF = tuple(RESULTS_FORMATS), tuple(GRAPH_FORMATS)
_ODD = ("text/html", "*/*", "image/png", "text/csv;q=0.1, text/turtle;q=x", ";;", "a" * 9_000, "")
_GRAPHS = ("default-graph-uri", "named-graph-uri")
_FORM = "application/x-www-form-urlencoded"
_PATIENCE = 30.0


@dataclass
class Asker:
    """One persona who asks *served*, in an order that *random* decides.

    *met* counts statuses, *formats* the media types of answers. *ended* has the queries whose
    worker ended for want of memory, or so we are told.
    """

    served: Served
    persona: str
    secrets: Secrets
    random: Random
    met: Counter[int] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    ended: list[bytes] = field(default_factory=list)

    def run(self, most: int, is_over: Event) -> None:
        """Send *most* queries, or fewer when others have found something."""
        for query in self._queries():
            if self.met.total() >= most or is_over.is_set():
                return
            try:
                self._send(query)
            except BaseException:
                is_over.set()
                raise

    def _queries(self) -> Iterator[bytes]:
        grammar = Grammar(self.random, self.secrets.words)
        written = [tokens(queries.read(name).text) for name in queries.names()]
        while True:
            made = grammar.query()
            kind = self.random.random()
            if kind < 0.6:
                yield spell(made, self.random).encode()
            elif kind < 0.88:
                yield spoil(made, grammar.query(), self.random)
            else:
                yield spoil(self.random.choice(written), made, self.random)

    def _send(self, query: bytes) -> None:
        """Send *query* in one of the protocol's ways and look at what comes back."""
        method, path, headers, body = self._request(query)
        answer = self.served.send(method, path, headers, body)
        self.met[answer.status] += 1
        where = f"{self.persona}: {method} {path[:2000]} {headers.get('Content-Type')} {body!r}"
        assert answer.status < 500 or answer.status == 503, (answer.status, answer.body, where)
        if answer.headers.get("content-encoding") == "gzip":
            answer = Response(answer.status, answer.headers, decompress(answer.body))
        try:
            said = literals(answer)
        except Exception as error:
            message = f"{answer.status} is not well-formed: {answer.headers} {answer.body[:2000]!r}"
            raise AssertionError(f"{message}\n{where}") from error
        told = self.secrets.found(query, _told(answer), said)
        assert not told, f"it tells {told[:3]}: {answer.headers} {answer.body[:2000]!r}\n{where}"
        if answer.status == 200:
            self.formats[media_type(answer)] += 1
            assert int(answer.headers["consent-epoch"]) > 0
            return
        if answer.status in (429, 503):
            assert int(answer.headers["retry-after"]) > 0, answer.headers
            if "memory" in answer.json["detail"]:
                self.ended.append(query)
            ask(self.served, self.persona, "ASK {}")  # whatever it was, the next one is answered

    def _request(self, query: bytes) -> tuple[str, str, dict[str, str], bytes | None]:
        headers = self.served.headers(self.persona, self._accept())
        if self.random.random() < 0.2:
            headers["Accept-Encoding"] = "gzip"
        more = ""
        if self.random.random() < 0.06:
            graph = self.random.choice([*self.secrets.words.hidden, "urn:none", "<", ""])
            more = f"&{self.random.choice(_GRAPHS)}={quote_from_bytes(graph.encode(), safe='')}"
        encoded = "query=" + quote_from_bytes(query, safe="")
        match self.random.randrange(3):
            case 0:
                return "GET", f"/sparql?{encoded}{more}", headers, None
            case 1:
                return (
                    "POST",
                    "/sparql",
                    headers | {"Content-Type": _FORM},
                    (encoded + more).encode(),
                )
            case _:
                headers["Content-Type"] = "application/sparql-query"
                return "POST", f"/sparql{more.replace('&', '?')}", headers, query

    def _accept(self) -> str:
        """Return a format for results and one for triples, or something odd."""
        if self.random.random() < 0.15:
            return self.random.choice(_ODD)
        return ", ".join(self.random.choice(formats) for formats in _ONE_OF)


def ask(served: Served, persona: str, text: str, accept: str = "application/json") -> Response:
    """Return the answer to an ordinary query, asked again while the service says so."""
    end = monotonic() + _PATIENCE
    while (answer := served.query(persona, text, accept)).status in (429, 503):
        assert monotonic() < end, f"{persona} is not answered any more: {answer.body!r}"
        sleep(0.1)
    assert answer.status == 200, (answer.status, answer.body)
    return answer


def all_ask(askers: list[Asker], most: int) -> None:
    """Let all of *askers* send *most* queries each, at once; raise what one of them met."""
    is_over = Event()
    with ThreadPoolExecutor(len(askers)) as threads:
        found = [threads.submit(asker.run, most, is_over) for asker in askers]
    failures = [failure for each in found if (failure := each.exception())]
    for failure in failures:
        with suppress(NotServing):
            raise failure
    if failures:
        raise failures[0]


def _told(answer: Response) -> bytes:
    """Return all that *answer* tells: its body, and its headers, which might tell too."""
    return b"\n".join([answer.body, *(value.encode() for value in answer.headers.values())])
