"""``/healthz``, ``/readyz``, ``/openapi.yaml``: is it alive, can it answer, what it offers."""

from importlib.resources import files

from flask import Blueprint, Response, jsonify

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
        if context.views.learners():
            return jsonify(status="ready", epoch=context.truth.epoch), 200
        return jsonify(status="nothing is loaded yet; run: backpack load"), 503

    @surface.get("/openapi.yaml")
    def openapi() -> Response:
        document = files(__package__ or "").joinpath("openapi.yaml").read_bytes()
        return Response(document, mimetype="application/yaml")  # RFC 9512

    return surface
