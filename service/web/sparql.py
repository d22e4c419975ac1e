"""``/sparql``: the SPARQL 1.1 Protocol's query operation."""

from dataclasses import replace

from flask import Blueprint, Response, request

from databackpack.service.gate import protocol
from databackpack.service.gate.answer import answer
from databackpack.service.gate.results import negotiate
from databackpack.service.views.view import Answer
from databackpack.service.web.context import Context

__all__ = ["blueprint", "respond"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("sparql", __name__)

    @surface.route("/sparql", methods=["GET", "POST"])
    def query() -> Response:
        credential = context.credential()
        asked = protocol.parse(
            request.method if request.method != "HEAD" else "GET",
            dict(request.args.lists()),
            dict(request.form.lists()),
            request.mimetype,
            request.mimetype_params.get("charset", "").lower(),
            request.get_data(),
        )
        asked = replace(asked, least_epoch=context.least_epoch())
        formats = negotiate(request.accept_mimetypes)
        return respond(answer(context.views, credential, asked, *formats, context.limits))

    return surface


def respond(answered: Answer) -> Response:
    """Return *answered* as an HTTP response, stamped with its epoch."""
    media_type = answered.media_type.partition(";")[0]  # Flask adds the charset to text
    response = Response(answered.body, mimetype=media_type)
    response.headers["Consent-Epoch"] = str(answered.epoch)
    response.headers["Vary"] = "Accept, Authorization"
    return response
