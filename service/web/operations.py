"""``/healthz``, ``/readyz``, ``/openapi.yaml``: is it alive, can it answer, what it offers."""

from collections.abc import Iterator
from importlib.resources import files

from flask import Blueprint, Response, jsonify

from databackpack.service.records.truth import NotKept
from databackpack.service.views.process import ProcessLost
from databackpack.service.web.context import Context

__all__ = ["blueprint"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("operations", __name__)

    @surface.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="alive")

    @surface.get("/readyz")
    def readyz() -> tuple[Response, int]:
        missing = list(_missing(context))
        if missing:
            return jsonify(status="not ready", missing=missing), 503
        return jsonify(status="ready", epoch=context.truth.epoch), 200

    @surface.get("/openapi.yaml")
    def openapi() -> Response:
        document = files(__package__ or "").joinpath("openapi.yaml").read_bytes()
        return Response(document, mimetype="application/yaml")  # RFC 9512

    return surface


def _missing(context: Context) -> Iterator[str]:
    """Yield what keeps the service from answering; each is tried, not remembered."""
    if context.stopping.is_set():
        yield "the service is stopping"
        return
    if context.views.is_empty():
        yield "nothing is loaded yet; run: backpack load"
    try:
        context.truth.check()
    except NotKept:
        yield "what is decided cannot be kept on disk; the log says why when it is next tried"
    try:
        context.views.start()
    except (ProcessLost, OSError):
        yield "the processes that answer queries cannot be started; see the log"
