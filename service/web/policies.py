"""``/learners/<id>/policy`` as a document: read as JSON, Turtle or JSON-LD, and written."""

from typing import Any

import pyoxigraph as ox
from flask import Blueprint, Response, jsonify, request
from rdflib import Graph, URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.gate.faults import (
    Forbidden,
    MalformedRequest,
    NotAcceptable,
    UnsupportedMediaType,
)
from databackpack.service.policy import consent
from databackpack.service.policy.consent import Asked, Event
from databackpack.service.policy.model import Statement
from databackpack.service.rights import document, emergency, setting
from databackpack.service.rights.emergency import Declared
from databackpack.service.rights.explanation import Explanation, explain_all
from databackpack.service.views import statements
from databackpack.service.web import publications
from databackpack.service.web.context import Context
from databackpack.service.web.families import acknowledge, check_version

__all__ = ["blueprint", "describe", "negotiate_graph", "to_response"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("policies", __name__)
    views, truth = context.views, context.truth

    @surface.get("/learners/<name>/policy")
    def read(name: str) -> Response:
        credential = context.credential()
        learner = context.inspected_learner(credential, name)
        form = negotiate_graph()
        with truth.writing():
            version = setting.version(views, learner)
            if form is not None:
                response = to_response(statements.graph(truth, learner), form)
            else:
                response = jsonify(
                    learner=name,
                    epoch=truth.epoch,
                    cells=[describe(made) for made in explain_all(views, learner)],
                    **_history(context, learner, credential.audience.party),
                    statistics=publications.told(views),
                )
        response.set_etag(str(version))
        return response

    @surface.post("/learners/<name>/policy")
    def write(name: str) -> Response:
        credential = context.credential()
        learner = context.own_learner(credential, name)
        said = _sent(learner)
        if said.assigner != credential.audience.party:
            raise Forbidden("You may write policies in your own name only (odrl:assigner).")
        with truth.writing():
            check_version(views, learner)
            return acknowledge(views, setting.say(views, said, is_new=False))

    return surface


def _history(context: Context, learner: URIRef, party: URIRef) -> dict[str, Any]:
    """Return words under review, emergencies, and requests that *party* has not answered."""
    events = context.views.events(learner)
    moment = context.truth.clock()
    purposes = statements.purposes(context.truth)
    review = consent.under_review(events, purposes, context.deciders(learner), moment)
    return {
        "review": [_statement(one) for one in review],
        "emergencies": [_emergency(one) for one in emergency.on_record(context.truth, learner)],
        "requests": [
            _request(event, event.asked)
            for event in events
            if event.asked is not None
            and event.cell.assigner == party
            and not _is_answered(event, events)
        ],
    }


def _is_answered(event: Event, events: tuple[Event, ...]) -> bool:
    return any(
        later.cell == event.cell and later.asked is None and later.sequence > event.sequence
        for later in events
    )


def _statement(said: Statement) -> dict[str, Any]:
    return {
        "policy": str(said.iri),
        "category": local_name(said.category),
        "audience": local_name(said.audience),
        "level": said.level.notation,
        "assigner": str(said.assigner),
        "since": said.since.isoformat(),
        "until": None if said.until is None else said.until.isoformat(),
    }


def _emergency(one: Declared) -> dict[str, Any]:
    return {
        "audience": local_name(one.audience),
        "categories": [local_name(category) for category in one.categories],
        "threat": one.threat,
        "declared_by": one.declarer,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
    }


def _request(event: Event, asked: Asked) -> dict[str, Any]:
    return {
        "category": local_name(event.cell.category),
        "audience": local_name(event.cell.audience),
        "level": asked.level.notation,
        "purpose": str(asked.purpose),
        "until": None if asked.until is None else asked.until.isoformat(),
        "asked": event.moment.isoformat(),
    }


def describe(made: Explanation) -> dict[str, Any]:
    """Return one cell of the family's menu as JSON."""
    rule = made.decision.rule
    return {
        "category": local_name(made.category),
        "audience": local_name(made.audience.iri),
        "purpose": str(made.purpose),
        "level": made.level.notation,
        "settable": made.decision.settable,
        "law": None if rule is None else str(rule.source),
        "jurisdiction": local_name(made.jurisdiction.iri),
        "held_by": [str(organization) for organization in made.organizations],
        "reasons": [str(reason) for reason in made.decision.reasons],
    }


def _sent(learner: URIRef) -> Statement:
    """Return the one policy in the request's body, about *learner*."""
    form = document.FORMATS.get(request.mimetype)
    if form is None:
        raise UnsupportedMediaType(f"Send a policy as {' or '.join(document.FORMATS)}.")
    said = document.read(request.get_data(), form)
    if said.learner != learner:
        raise MalformedRequest("The policy is about another learner than the address.")
    return said


def negotiate_graph() -> ox.RdfFormat | None:
    """Return the RDF format that the client likes best, None for JSON; raises NotAcceptable."""
    if not request.accept_mimetypes:
        return None
    best = request.accept_mimetypes.best_match(["application/json", *document.FORMATS])
    if best is None:
        raise NotAcceptable(f"Offered: application/json, {', '.join(document.FORMATS)}.")
    return document.FORMATS.get(best)


def to_response(graph: Graph, form: ox.RdfFormat) -> Response:
    """Return *graph* as an HTTP response in *form*."""
    return Response(document.write(graph, form), mimetype=form.media_type)
