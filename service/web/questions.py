"""``/questions``: the catalogue, run through the same gate as ``/sparql``.

Programs get JSON. People get a page for each question, with a form; sent, it is the same request.
"""

import json
from itertools import chain
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from rdflib import Literal, URIRef

from databackpack import queries
from databackpack.ontology import standards
from databackpack.ontology.codes import local_name
from databackpack.queries import Example, InvalidParameter, Question
from databackpack.service.gate.answer import answer, refuse
from databackpack.service.gate.faults import Forbidden, MalformedRequest, NotFound
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import HTML, is_for_people, negotiate
from databackpack.service.views import public
from databackpack.service.views.view import Form
from databackpack.service.web.context import Context
from databackpack.service.web.session import presented
from databackpack.service.web.sparql import respond

__all__ = ["blueprint"]

_FORM_POLICY = (
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("questions", __name__)

    @surface.get("/questions")
    def catalogue() -> Response:
        found = [queries.read(name) for name in queries.names()]
        if request.accept_mimetypes.best_match(["application/json", HTML]) == HTML:
            return _page("questions.html", questions=found)
        response = jsonify(questions=[_describe(question) for question in found])
        response.headers["Vary"] = "Accept"
        return response

    @surface.get("/questions/<name>")
    def ask(name: str) -> Response:
        is_read = is_for_people(request.accept_mimetypes, Form.RESULTS)
        question = _question(name)
        is_bare = is_read and not request.args
        if question is not None and is_bare and (question.parameters or not presented()):
            return _form(question)
        credential = context.credential()
        if question is None:
            raise NotFound(f"There is no question {name[:60]!r}; see /questions.")
        if local_name(credential.audience.role) not in question.roles:
            fault = Forbidden(f"This question is for {', '.join(sorted(question.roles))}.")
            refuse(context.views, credential, question.text, fault)
        try:
            with standards.knowing(public.loaded(context.truth).names):
                bindings = _bindings(question)
        except MalformedRequest as fault:
            if not is_read:
                raise
            return _form(question, fault.detail)
        asked = QueryRequest(question.text, bindings=bindings, least_epoch=context.least_epoch())
        formats = negotiate(request.accept_mimetypes)
        answered = answer(context.views, credential, asked, *formats, context.limits)
        return respond(answered, asked, credential)

    return surface


def _question(name: str) -> Question | None:
    try:
        return queries.read(name)
    except KeyError:
        return None


def _bindings(question: Question) -> dict[str, URIRef | Literal]:
    twice = [name for name, given in request.args.lists() if len(given) > 1]
    if twice:
        raise MalformedRequest(f"{twice[0][:40]} is given twice; send it once, {question.request}")
    try:
        return question.bind(request.args.to_dict())
    except InvalidParameter as error:
        raise MalformedRequest(str(error)) from None


def _describe(question: Question) -> dict[str, object]:
    example = queries.example(question.name)
    is_results = example.media_type.endswith("json")
    return {
        "name": question.name,
        "title": question.title,
        "asks": question.asks,
        "number": question.number,
        "roles": sorted(question.roles),
        "parameters": [
            {"name": p.name, "kind": p.kind, "meaning": p.meaning, "example": p.example}
            for p in question.parameters
        ],
        "example": {
            "role": example.role,
            "request": question.request,
            "media_type": example.media_type,
            "answer": json.loads(example.text) if is_results else example.text,
        },
    }


def _form(question: Question, problem: str = "") -> Response:
    """Return the page of *question*, filled in as it was sent, or with the examples."""
    sent = request.args.to_dict()
    example = queries.example(question.name)
    response = _page(
        "questions-form.html",
        question=question,
        values={p.name: sent.get(p.name, p.example) for p in question.parameters},
        problem=problem,
        example=example,
        table=_table(example),
    )
    response.status_code = 400 if problem else 200
    return response


def _page(template: str, **shown: Any) -> Response:
    response = Response(render_template(template, **shown), mimetype=HTML)
    response.headers["Content-Security-Policy"] = _FORM_POLICY
    response.headers["Vary"] = "Accept, Cookie"
    return response


def _table(example: Example) -> dict[str, list[Any]] | None:
    """Return the names and rows of an example that has solutions, without empty columns."""
    if not example.media_type.endswith("json"):
        return None
    found = json.loads(example.text)
    solutions = found["results"]["bindings"]
    used = set(chain.from_iterable(solutions))
    names = [name for name in found["head"]["vars"] if name in used]
    rows = [[row.get(name, {}).get("value", "") for name in names] for row in solutions]
    return {"names": names, "rows": rows}
