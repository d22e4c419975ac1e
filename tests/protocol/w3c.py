"""The requests of the W3C's tests, read from their manifests, and a service that holds their data.

What a manifest calls ``ht:Request`` is sent as it stands, with a token and to our own path.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.policy import jurisdiction
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.process import Template
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context
from tests.running import Running, TickingClock, load_sample
from tests.web.asking import Response, Web

__all__ = ["PERSONA", "Case", "Request", "cases", "run_over", "send"]

PERSONA = "state-agency"

_MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
_HT = Namespace("http://www.w3.org/2011/http#")
_CNT = Namespace("http://www.w3.org/2011/content#")


@dataclass(frozen=True)
class Request:
    """One request, and what is expected of its answer."""

    method: str
    path: str
    headers: dict[str, str]
    text: str | None
    encoding: str
    statuses: frozenset[str]
    boolean: bool | None
    form: str | None
    answer: str | None


@dataclass(frozen=True)
class Case:
    """One test: requests to be sent in their order."""

    name: str
    requests: tuple[Request, ...]


def cases(file: Path) -> list[Case]:
    """Return the cases that *file* describes, in its order."""
    graph = Graph().parse(file)
    found = [
        Case(_name(case), tuple(_request(graph, one) for one in _items(graph, requests)))
        for case, action in graph.subject_objects(_MF.action)
        for requests in graph.objects(action, _HT.requests)
    ]
    return sorted(found, key=lambda case: case.name)


def run_over(folder: Path, public: Iterable[ox.Triple | ox.Quad]) -> Running:
    """Return a service with a few learners whose every view holds *public*."""
    clock = TickingClock()
    truth = TruthStore(None, clock)
    identities = load_sample(truth, folder, 12)
    views = Views(truth, jurisdiction.read("us-default"), template=Template(list(public)))
    context = Context(truth, views, signing_key(folder / "keys"))
    app = create_app(Config(store=None, keys=folder / "keys", clock=clock), context)
    return Running(context, app, identities, clock)


def send(web: Web, request: Request, path: str) -> Response:
    """Send *request* as it stands, with a token, to *path*."""
    headers = request.headers | {"Authorization": f"Bearer {web.running.token(PERSONA)}"}
    body = None if request.text is None else request.text.encode(request.encoding)
    return web.send(request.method, path, headers, body)


def _request(graph: Graph, request: Node) -> Request:
    body = graph.value(request, _HT.body)
    response = graph.value(request, _HT.resp)
    told = None if response is None else graph.value(response, _HT.body)
    boolean = graph.value(response, _MF.expectedBoolean)
    return Request(
        method=_text(graph, request, _HT.methodName) or "",
        path=_text(graph, request, _HT.absolutePath) or "",
        headers={
            _text(graph, header, _HT.fieldName) or "": _text(graph, header, _HT.fieldValue) or ""
            for headers in graph.objects(request, _HT.headers)
            for header in _items(graph, headers)
        },
        text=_text(graph, body, _CNT.chars),
        encoding=_text(graph, body, _CNT.characterEncoding) or "utf-8",
        statuses=frozenset(_name(one) for one in graph.objects(response, _MF.expectedStatus)),
        boolean=None if boolean is None else bool(boolean.toPython()),  # type: ignore[attr-defined]
        form=_text(graph, response, _MF.expectedFormat),
        answer=_text(graph, told, _CNT.chars),
    )


def _items(graph: Graph, head: Node) -> list[Node]:
    return list(Collection(graph, head)) if (head, RDF.first, None) in graph else []


def _text(graph: Graph, subject: Node | None, predicate: URIRef) -> str | None:
    value = None if subject is None else graph.value(subject, predicate)
    return str(value) if isinstance(value, Literal) else None


def _name(iri: Node) -> str:
    return str(iri).rpartition("#")[2]
