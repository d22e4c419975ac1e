"""``/``: the page for people; ``/session``: its sign-in, which keeps a token in a cookie."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from databackpack import queries
from databackpack.ontology.codes import local_name
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import (
    MalformedRequest,
    Unauthenticated,
    UnsupportedMediaType,
)
from databackpack.service.rights.holder import FAMILY
from databackpack.service.views.published import data_sets
from databackpack.service.web import publications, session
from databackpack.service.web.context import Context, sent_json

__all__ = ["blueprint"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface; its page asks ``/questions`` by the cookie of the visitor's session."""
    surface = Blueprint(
        "home",
        __name__,
        static_folder="static",
        static_url_path="/static",
        template_folder="templates",
    )

    @surface.get("/")
    def home() -> str:
        found = [queries.read(name) for name in queries.names()]
        try:
            credential = context.identify(session.presented())
            published = data_sets(context.truth, credential.audience, credential.purpose)
            asker = _described(credential) | {
                "purpose": local_name(credential.purpose),
                "has_statistics": bool(published),
                "is_family": credential.audience.role in FAMILY,
            }
        except (Unauthenticated, MalformedRequest):
            asker = None
        statistics = publications.told(context.views) if asker and asker["is_family"] else None
        return render_template("home.html", questions=found, asker=asker, statistics=statistics)

    @surface.get("/session")
    def show() -> Response:
        return jsonify(_described(context.identify(session.presented())))

    @surface.post("/session")
    def sign_in() -> tuple[Response, int]:
        session.check_origin()
        if request.mimetype != "application/json":  # a form of another site cannot send it
            raise UnsupportedMediaType('Send {"token": "…"} as application/json.')
        sent = sent_json()
        token = sent.get("token") if isinstance(sent, dict) else None
        if not isinstance(token, str):
            raise MalformedRequest('Send {"token": "…"}.')
        token = token.strip()
        asker = context.identify([f"Bearer {token}"])
        until = asker.until or context.truth.clock()
        session.begin(token, until - context.truth.clock())
        return jsonify(_described(asker)), 201

    @surface.delete("/session")
    def sign_out() -> tuple[str, int]:
        session.check_csrf()
        session.end()
        return "", 204

    return surface


def _described(asker: Credential) -> dict[str, Any]:
    return {
        "subject": asker.subject,
        "audience": local_name(asker.audience.iri),
        "purpose": str(asker.purpose),
        "until": None if asker.until is None else asker.until.isoformat(),
        "csrf_token": session.csrf_token(),
    }
