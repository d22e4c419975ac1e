"""One line of the log and one count for each request: its route, not its address."""

import logging
from time import perf_counter
from uuid import uuid4

from flask import Flask, Response, g, request

from databackpack import queries
from databackpack.service.web.metrics import DURATIONS, REQUESTS

__all__ = ["record"]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
_LOG = logging.getLogger(__name__)


def record(app: Flask) -> None:
    """Let *app* number each request, log its answer and count it; to be called before others.

    The number is ours: one that a client sends is not read, so none can pass for another's.
    """

    @app.before_request
    def begin() -> None:
        g.request_id = str(uuid4())
        g.begun = perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        seconds = perf_counter() - g.begun
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule is not None else "none"
        role = g.get("role", "none")
        REQUESTS.labels(method, route, response.status_code, role).inc()
        DURATIONS.labels(route).observe(seconds)
        told = {
            "request_id": g.request_id,
            "method": method,
            "route": route,
            "status": response.status_code,
            "seconds": round(seconds, 6),
            "bytes": response.content_length,
            "role": role,
            "question": _question(),
        }
        known = {name: value for name, value in told.items() if value is not None}
        _LOG.info("answered", extra=known)
        return response


def _question() -> str | None:
    """Return the name of the question that is asked, if there is one of that name."""
    name = (request.view_args or {}).get("name")
    is_question = request.endpoint == "questions.ask" and name in queries.names()
    return name if is_question else None
