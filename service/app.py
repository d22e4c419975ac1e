"""The composition root: settings → stores → surfaces, and the one error handler."""

from http import HTTPStatus
from uuid import uuid4

from flask import Flask, Response, g, json
from werkzeug.exceptions import HTTPException

from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.gate.faults import (
    Conflict,
    Forbidden,
    MalformedRequest,
    ServiceError,
    Unavailable,
)
from databackpack.service.gate.issuer import Issuer
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.policy.refusal import NoStanding, NotSettable, Refused, Replayed
from databackpack.service.records.truth import NotKept, TruthStore
from databackpack.service.views.registry import Views
from databackpack.service.web import (
    disclosures,
    emergencies,
    explanations,
    families,
    home,
    operations,
    policies,
    questions,
    sparql,
    views,
)
from databackpack.service.web.context import Context
from databackpack.service.web.session import keep

__all__ = ["create_app", "open_context"]

_MOST_BYTES = 256 * 1024
_SURFACES = (
    *(home, sparql, questions, families, policies, explanations, disclosures, emergencies),
    *(operations, views),
)
_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def open_context(config: Config, *, create: bool = False) -> Context:
    """Return the stores of *config*, open; raises StoreInUse, StoreUnusable or BrokenKey.

    The store is made when it is not there only with *create*: a slip of the pen makes none.
    """
    truth = TruthStore(config.store, config.clock, create=create, redo=config.redo)
    views = Views(truth, jurisdiction.read(config.jurisdiction), budget=config.budget)
    issuer = Issuer(*config.issuer) if any(config.issuer) else None
    return Context(truth, views, signing_key(config.keys), config.limits, issuer=issuer)


def create_app(config: Config, context: Context | None = None) -> Flask:
    """Return the WSGI application over *context*, or over the stores that *config* names."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    context = context or open_context(config)
    keep(app, context.key, is_https=config.https)
    for surface in _SURFACES:
        app.register_blueprint(surface.blueprint(context))

    @app.before_request
    def number() -> None:
        g.request_id = str(uuid4())

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

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
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="databackpack"'
    if isinstance(error, HTTPException) and error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response
