"""The service over a real socket, whose one audience has the RDF dataset of the case at hand.

Everything between the socket and the worker is what runs in life: credentials, protocol, guard,
log, gate, host, worker. Only what the view was filled from is the case's and no learner's.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BPA, ID
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import issue, signing_key
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views.engine import to_n_quads
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.process import Template
from databackpack.service.views.registry import Views
from databackpack.service.views.view import View
from databackpack.service.web.context import Context
from tests.conformance.case import Case, RdfDataset
from tests.conformance.comparison import media_type
from tests.running import TickingClock, listening
from tests.web.asking import Response

__all__ = ["Endpoint", "serve"]

_LIFETIME = timedelta(hours=1)


class CaseViews(Views):
    """Views of which every audience has the one that is *shown*."""

    shown: View

    def view(self, audience: Audience, purpose: URIRef) -> View:
        """Return the view that is shown."""
        return self.shown


class Endpoint:
    """The service on *port*; each dataset that was asked has a view of its own, which stays."""

    def __init__(self, context: Context, views: CaseViews, audience: Audience, port: int) -> None:
        self.truth = context.truth
        self._context, self._views, self._audience, self._port = context, views, audience, port
        self._template = Template([])
        self._held: dict[RdfDataset, HostedView] = {}

    def ask(self, case: Case) -> Response:
        """Return the answer to *case* over its dataset, in the format of its expected result."""
        return self.query(case.dataset, case.sent, media_type(case))

    def query(self, dataset: RdfDataset, text: str, accept: str) -> Response:
        """Return the answer to *text* over *dataset*; somebody else asks each time.

        So nobody comes to the limit of what one person may ask.
        """
        if dataset not in self._held:
            self._held[dataset] = self.view(dataset.quads())
        self._views.shown = self._held[dataset]
        headers = {
            "Accept": accept,
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/sparql-query",
        }
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("POST", "/sparql", text.encode(), headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, found, answer.read())
        finally:
            connection.close()

    def hide(self, held: Mapping[ox.NamedNode, Collection[ox.Triple]]) -> None:
        """Let each graph of the truth store that *held* names hold what it says."""
        self.truth.commit([Change(URIRef(name.value), held[name]) for name in held])

    def view(self, quads: Iterable[ox.Quad]) -> HostedView:
        """Return a view of *quads* that is ready; all are forks of one template."""
        view = HostedView(self._template, self.truth.epoch, workers=1)
        view.fill(to_n_quads(quads))
        view.start()
        return view

    def close(self) -> None:
        """End all views and their processes."""
        for view in self._held.values():
            view.close()
        self._template.close()

    def _token(self) -> str:
        (purpose,) = self._audience.purposes
        key, moment = self._context.key, self.truth.clock()
        return issue(key, str(uuid4()), self._audience, purpose, moment, _LIFETIME)


@contextmanager
def serve(folder: Path) -> Iterator[Endpoint]:
    """Give the service on a free port of this machine's own address, its key below *folder*."""
    clock = TickingClock()
    truth = TruthStore(None, clock)
    audience = audiences.of_person(BPA.learner, ID["learner/tester"])
    truth.commit([Change(AUDIENCES, to_triples(audiences.write(audience)))])
    views = CaseViews(truth, jurisdiction.read("us-default"))
    context = Context(truth, views, signing_key(folder))
    app = create_app(Config(store=None, keys=folder, clock=clock), context)
    with listening(app) as port:
        endpoint = Endpoint(context, views, audience, port)
        try:
            yield endpoint
        finally:
            endpoint.close()
            views.close()
