"""What holds for every request and answer: encodings, other people's pages, protecting headers."""

import re
from typing import Any

from flask import Flask, Response, g, request
from flask_compress import Compress
from flask_cors import CORS
from werkzeug.exceptions import MethodNotAllowed

from databackpack.service.gate.faults import UnsupportedMediaType

__all__ = ["carry"]

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HSTS = "max-age=31536000"
_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")

_ENCODINGS = ["zstd", "br", "gzip"]
_COMPRESSED = [
    "application/json",
    "application/ld+json",
    "application/n-triples",
    "application/rdf+xml",
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "application/yaml",
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
    "text/turtle",
]
"""Types of answers that are compressed. Pages are not, nor what holds a CSRF token (BREACH)."""

_LEAST = 1024
_ENCODED = re.compile(rf':(?:{"|".join(_ENCODINGS)})(?=")')
"""What an entity tag ends in when its answer was compressed."""

_READING = {"methods": ["GET", "HEAD"]}
_SHARED: dict[str | re.Pattern[str], dict[str, Any]] = {
    re.compile(r"/sparql\Z"): {"methods": ["GET", "HEAD", "POST"]},
    re.compile(r"/(?:questions(?:/[^/]*)?|graphs|\.well-known/void)\Z"): _READING,
}
"""What pages of others may ask, when their origin is on the list: what shows and never writes."""


def carry(app: Flask, origins: tuple[str, ...], *, is_https: bool) -> None:
    """Let *app* keep to all of that; pages of *origins* may ask, none when there are none."""
    headers = {**_HEADERS, **({"Strict-Transport-Security": _HSTS} if is_https else {})}

    @app.before_request
    def check() -> None:
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
        if any(name in request.headers for name in _OVERRIDES):
            routes = app.create_url_adapter(request)
            raise MethodNotAllowed(sorted(routes.allowed_methods() if routes else ()))
        for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
            if name in request.environ:
                request.environ[name] = _ENCODED.sub("", request.environ[name])

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if origins:
            response.vary.add("Origin")
        return response

    _compress(app)
    if origins:
        CORS(
            app,
            resources=_SHARED,
            origins=list(origins),
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Min-Consent-Epoch"],
            expose_headers=["Consent-Epoch", "ETag", "Link", "Retry-After", "X-Request-Id"],
            max_age=600,
            supports_credentials=False,
            always_send=False,
            vary_header=False,  # we say so of every answer, in one line with the rest
            intercept_exceptions=False,
        )


def _compress(app: Flask) -> None:
    """Let *app* compress what is long, as a whole, so that its length can be told."""
    app.config.update(
        COMPRESS_ALGORITHM=_ENCODINGS,
        COMPRESS_MIMETYPES=_COMPRESSED,
        COMPRESS_MIN_SIZE=_LEAST,
        COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,  # the surfaces do, who know what they tell
        COMPRESS_REGISTER=False,
    )
    compress = Compress(app)

    @app.after_request
    def encode(response: Response) -> Response:
        is_refused = all(request.accept_encodings[name] == 0 for name in _ENCODINGS)
        if is_refused or "csrf_token" in g:  # Flask-WTF made one for this answer
            response.vary.add("Accept-Encoding")
            return response
        return compress.after_request(response)
