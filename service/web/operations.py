"""``/healthz`` and ``/readyz``: is the process alive, can it answer."""

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

    return surface
