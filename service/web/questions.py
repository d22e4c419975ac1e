"""``/questions``: the catalogue, run through the same gate as ``/sparql``."""

from flask import Blueprint, Response, jsonify, request
from rdflib import Literal, URIRef

from databackpack import queries
from databackpack.ontology.codes import local_name
from databackpack.queries import InvalidParameter, Question
from databackpack.service.gate.answer import answer, refuse
from databackpack.service.gate.faults import Forbidden, MalformedRequest, NotFound
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import negotiate
from databackpack.service.web.context import Context
from databackpack.service.web.sparql import respond

__all__ = ["blueprint"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("questions", __name__)

    @surface.get("/questions")
    def catalogue() -> Response:
        found = [queries.read(name) for name in queries.names()]
        return jsonify(questions=[_describe(question) for question in found])

    @surface.get("/questions/<name>")
    def ask(name: str) -> Response:
        credential = context.credential()
        try:
            question = queries.read(name)
        except KeyError:
            raise NotFound(f"There is no question {name[:60]!r}; see /questions.") from None
        if local_name(credential.audience.role) not in question.roles:
            fault = Forbidden(f"This question is for {', '.join(sorted(question.roles))}.")
            refuse(context.views, credential, question.text, fault)
        asked = QueryRequest(
            question.text, bindings=_bindings(question), least_epoch=context.least_epoch()
        )
        formats = negotiate(request.accept_mimetypes)
        answered = answer(context.views, credential, asked, *formats, context.limits)
        return respond(answered, asked, credential)

    return surface


def _bindings(question: Question) -> dict[str, URIRef | Literal]:
    values = {name: request.args.getlist(name) for name in request.args}
    twice = [name for name, given in values.items() if len(given) > 1]
    if twice:
        raise MalformedRequest(f"{twice[0][:40]} is given twice.")
    try:
        return question.bind({name: given[0] for name, given in values.items()})
    except InvalidParameter as error:
        raise MalformedRequest(str(error)) from None


def _describe(question: Question) -> dict[str, object]:
    return {
        "name": question.name,
        "title": question.title,
        "asks": question.asks,
        "number": question.number,
        "roles": sorted(question.roles),
        "parameters": [
            {"name": p.name, "kind": p.kind, "example": p.example} for p in question.parameters
        ],
    }
