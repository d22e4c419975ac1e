"""``/graphs``: the SPARQL 1.1 Graph Store HTTP Protocol, to read only.

The graphs are those of the asker's own view: the default graph, and those that everybody may see.
"""

import pyoxigraph as ox
from flask import Blueprint, Response, request

from databackpack.service.gate.answer import answer
from databackpack.service.gate.faults import MalformedRequest, NotAcceptable, NotFound
from databackpack.service.gate.protocol import QueryRequest, graph_names, parameters
from databackpack.service.gate.results import GRAPH_FORMATS, HTML, negotiate
from databackpack.service.web.context import Context
from databackpack.service.web.sparql import respond

__all__ = ["blueprint"]

_ANY, _ALL = "ASK { ?s ?p ?o }", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*; direct graph identification (section 4.1) has none."""
    surface = Blueprint("graphs", __name__)

    @surface.get("/graphs")
    def read() -> Response:
        credential = context.credential()
        names, least_epoch = _named(request.query_string), context.least_epoch()
        _, form = negotiate(request.accept_mimetypes)
        if form is None:
            raise NotAcceptable(f"A graph is offered as {', '.join([*GRAPH_FORMATS, HTML])}.")
        if names:
            ask = QueryRequest(_ANY, names, least_epoch=least_epoch)
            json = ox.QueryResultsFormat.JSON
            found = answer(context.views, credential, ask, json, None, context.limits)
            if b"true" not in found.body:
                raise NotFound("There is no graph of this name; GET /sparql lists those there are.")
        asked = QueryRequest(_ALL, names, least_epoch=least_epoch)
        answered = answer(context.views, credential, asked, None, form, context.limits)
        return respond(answered, asked, credential)

    return surface


def _named(query_string: bytes) -> tuple[str, ...]:
    """Return the one graph that is asked for, none for the default one (section 4.2)."""
    match dict(parameters(query_string)):
        case {"default": [""], **others} if not others:
            return ()
        case {"graph": [name], **others} if not others:
            return graph_names([name])
    raise MalformedRequest("Send ?default, or ?graph= with the IRI of one graph, and nothing else.")
