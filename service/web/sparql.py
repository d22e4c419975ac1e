"""``/sparql``: the SPARQL 1.1 Protocol's query operation, and what the service says of itself."""

from dataclasses import replace

from flask import Blueprint, Response, request

from databackpack.service.gate import protocol
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import HTML, entity_tag, is_for_people, negotiate
from databackpack.service.views.view import Answer
from databackpack.service.web import description
from databackpack.service.web.context import Context
from databackpack.service.web.page import page

__all__ = ["blueprint", "respond"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("sparql", __name__)

    @surface.route("/sparql", methods=["GET", "POST"])
    def query() -> Response:
        credential = context.credential()
        if request.method in ("GET", "HEAD") and not request.query_string:
            return respond(*description.service(context, credential), credential)
        asked = protocol.parse(
            request.method,
            request.query_string,
            request.mimetype,
            request.mimetype_params.get("charset", "").lower(),
            request.get_data(),
        )
        asked = replace(asked, least_epoch=context.least_epoch())
        formats = negotiate(request.accept_mimetypes)
        answered = answer(context.views, credential, asked, *formats, context.limits)
        return respond(answered, asked, credential)

    @surface.get("/.well-known/void")
    def void() -> Response:
        credential = context.credential()
        return respond(*description.dataset(context, credential), credential)

    return surface


def respond(answered: Answer, asked: QueryRequest, credential: Credential) -> Response:
    """Return *answered* as an HTTP response, stamped with its epoch.

    It is whole, with its length. To a client that has it already (If-None-Match) it is 304, which
    was authorised, computed and logged all the same.
    """
    media_type = answered.media_type.partition(";")[0]  # Flask adds the charset to text
    body: bytes | str = answered.body
    if is_for_people(request.accept_mimetypes, answered.form):
        media_type, body = HTML, page(answered)
    response = Response(body, mimetype=media_type)
    response.headers["Consent-Epoch"] = str(answered.epoch)
    response.headers["Vary"] = "Accept, Authorization, Cookie"
    response.set_etag(entity_tag(credential, asked, answered, media_type))
    response.make_conditional(request)
    return response
