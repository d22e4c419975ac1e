"""``POST /learners/<id>/emergencies``: break the glass, with a reason that families read."""

from flask import Blueprint, Response, jsonify
from rdflib import URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPC
from databackpack.service.gate.faults import MalformedRequest, NotFound
from databackpack.service.rights import emergency
from databackpack.service.web.context import Context, sent_json

__all__ = ["blueprint"]

_KEYS = {"audience", "categories", "threat", "hours"}


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("emergencies", __name__)
    views = context.views

    @surface.post("/learners/<name>/emergencies")
    def declare(name: str) -> Response:
        credential = context.credential()
        learner = context.learner(name)
        if not emergency.may_declare(views, credential.audience, learner):
            raise NotFound
        audience, categories, threat, hours = _body()
        epoch = emergency.declare(
            views,
            learner,
            (credential.audience, credential.subject),
            context.audience(audience),
            categories,
            threat,
            hours,
        )
        return jsonify(epoch=epoch)

    return surface


def _body() -> tuple[str, list[URIRef], str, int]:
    body = sent_json()
    if not isinstance(body, dict) or set(body) != _KEYS:
        raise MalformedRequest(f"Send {', '.join(sorted(_KEYS))} as JSON.")
    names, threat, hours = body["categories"], body["threat"], body["hours"]
    if not isinstance(names, list) or not isinstance(threat, str) or type(hours) is not int:
        raise MalformedRequest("categories is a list, threat a text, hours a whole number.")
    if any("\ud800" <= letter <= "\udfff" for letter in threat):
        raise MalformedRequest("threat holds a character that is none.")
    categories = [BPC[str(name)] for name in names]
    if set(categories) - set(concepts(BP.CategoryScheme)):
        raise MalformedRequest("categories holds one that is none; see the policy's cells.")
    return str(body["audience"]), categories, threat, hours
