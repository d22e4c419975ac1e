"""The composition root: settings → stores → surfaces, and the one error handler."""

from http import HTTPStatus

from flask import Flask, Response, g, json, request
from werkzeug.exceptions import HTTPException

from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.gate.faults import (
    Conflict,
    Forbidden,
    MalformedRequest,
    ServiceError,
    TooManyRequests,
    Unavailable,
)
from databackpack.service.gate.issuer import Issuer
from databackpack.service.gate.rate import Rates
from databackpack.service.gate.share import Shares
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.policy.refusal import NoStanding, NotSettable, Refused, Replayed
from databackpack.service.records.truth import NotKept, TruthStore
from databackpack.service.views.registry import Views
from databackpack.service.web import (
    audiences,
    disclosures,
    emergencies,
    explanations,
    families,
    graphs,
    home,
    loads,
    metrics,
    notices,
    operations,
    policies,
    questions,
    sparql,
    statistics,
    views,
)
from databackpack.service.web.access import record
from databackpack.service.web.context import Context
from databackpack.service.web.session import keep
from databackpack.service.web.transport import carry

__all__ = ["create_app", "open_context"]

_MOST_BYTES = 256 * 1024
_MOST_OF_AUDIENCE = 8
"""Requests of one audience under way: half of the threads that answer."""

_RETRY_AFTER = 5
_SURFACES = (
    *(home, sparql, graphs, questions, families, policies, explanations, disclosures, emergencies),
    *(operations, metrics, views, audiences, loads, notices, statistics),
)
_TO_THE_END = {"operations.healthz", "operations.readyz", "metrics.metrics"}
"""What is answered while the service stops."""


def open_context(config: Config, *, create: bool = False) -> Context:
    """Return the stores of *config*, open; raises StoreInUse, StoreUnusable or BrokenKey.

    The store is made when it is not there only with *create*: a slip of the pen makes none.
    """
    truth = TruthStore(config.store, config.clock, create=create, redo=config.redo)
    views = Views(truth, jurisdiction.read(config.jurisdiction), budget=config.budget)
    issuer = Issuer(*config.issuer) if any(config.issuer) else None
    return Context(
        truth,
        views,
        signing_key(config.keys),
        config.limits,
        shares=Shares(_MOST_OF_AUDIENCE, config.concurrency),
        rates=Rates(config.asker_rate, config.address_rate),
        issuer=issuer,
        sizes=config.sizes,
    )


def create_app(config: Config, context: Context | None = None) -> Flask:
    """Return the WSGI application over *context*, or over the stores that *config* names."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    context = context or open_context(config)
    record(app)
    carry(app, config.origins, is_https=config.https)
    keep(app, context.key, is_https=config.https)
    for surface in _SURFACES:
        app.register_blueprint(surface.blueprint(context))

    @app.before_request
    def admit() -> None:
        if context.stopping.is_set() and request.endpoint not in _TO_THE_END:
            raise Unavailable("The service is stopping; ask again in a moment.", _RETRY_AFTER)

    @app.teardown_request
    def give_back(_: BaseException | None) -> None:
        if "share" in g:
            g.share.close()

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        return _problem(app, error)

    return app


def _problem(app: Flask, error: Exception) -> Response:
    """RFC 9457; what goes wrong inside is told to the log, never to the asker."""
    match error:
        case NoStanding() | NotSettable():
            error = Forbidden(str(error))
        case Replayed():
            error = Conflict(str(error))
        case NotKept():
            app.logger.error("request %s: %s", g.request_id, error)
            error = Unavailable("It could not be kept for good, so it does not count. Tell us.")
        case UnreadablePolicy():
            error = Conflict("What is on record cannot be read; nothing was changed. Tell us.")
        case Refused():
            error = MalformedRequest(str(error))
    metrics.REFUSALS.labels(type(error).__name__).inc()
    match error:
        case ServiceError():
            status, title, detail = error.status, error.title, error.detail
        case HTTPException():
            status, title, detail = error.code or 500, error.name, ""
        case _:
            app.logger.exception("request %s failed", g.request_id)
            status, title, detail = 500, "The service failed", ""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "request_id": g.request_id,
        **({"detail": detail} if detail else {}),
    }
    response = Response(json.dumps(body), HTTPStatus(status), mimetype="application/problem+json")
    if isinstance(error, Unavailable | TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="databackpack"'
    if isinstance(error, HTTPException) and error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response
