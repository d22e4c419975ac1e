"""``/learners/<id>/explanation`` and ``/preview``: why, who, and what if."""

from flask import Blueprint, Response, jsonify, request
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC
from databackpack.service.gate.faults import MalformedRequest, NotFound
from databackpack.service.policy.model import Audience, Level
from databackpack.service.records.terms import to_graph
from databackpack.service.rights.explanation import Explanation, explain, explain_all, to_rdf, words
from databackpack.service.rights.preview import preview
from databackpack.service.views.population import coverage
from databackpack.service.web.context import Context, to_moment
from databackpack.service.web.families import cell_of, sent_statement
from databackpack.service.web.policies import describe, negotiate_graph, to_response

__all__ = ["blueprint"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("explanations", __name__)
    views, truth = context.views, context.truth

    @surface.get("/learners/<name>/explanation")
    def why(name: str) -> Response:
        learner = context.inspected_learner(context.credential(), name)
        form = negotiate_graph()
        with truth.writing():
            made = _asked(context, learner)
            if form is not None:
                return to_response(to_rdf(views, made), form)
            told = [{**describe(one), "words": words(views, one)} for one in made]
            return jsonify(learner=name, epoch=truth.epoch, explanations=told)

    @surface.post("/learners/<name>/preview/<category>/<audience>")
    def what_if(name: str, category: str, audience: str) -> Response:
        credential = context.credential()
        learner = context.inspected_learner(credential, name)
        form = negotiate_graph()
        with truth.writing():
            statement = sent_statement(context, credential, learner, category, audience)
            seen = preview(views, statement)
        if form is not None:
            return to_response(to_graph({triple for one in seen for triple in one.after}), form)
        return jsonify(
            learner=name,
            epoch=truth.epoch,
            audiences=[
                {
                    "audience": local_name(one.audience.iri),
                    "before": one.level_before.notation,
                    "after": one.level_after.notation,
                    "shown": len(one.after),
                    "added": sorted(f"{triple} ." for triple in one.after - one.before),
                    "removed": sorted(f"{triple} ." for triple in one.before - one.after),
                }
                for one in seen
            ],
        )

    return surface


def _check_person(context: Context, learner: URIRef, target: Audience) -> None:
    """Let an organisation's audience pass, and of persons those who are about this learner.

    Whether any other person exists is nobody's business: both look alike.
    """
    views, moment = context.views, context.truth.clock()
    is_person = target.population in (BP.PersonalWards, BP.PersonalSelf)
    held = views.dossier(learner)
    if is_person and not coverage(target, held, views.law(), moment).is_somebody:
        raise NotFound(f"There is no audience {local_name(target.iri)!r}.")


def _asked(context: Context, learner: URIRef) -> list[Explanation]:
    """Return the explanations that the request asks for: of one cell, or of who sees anything."""
    known = {"category", "audience", "moment"}
    if set(request.args) - known:
        raise MalformedRequest(f"Give {', '.join(sorted(known))} or leave them out.")
    sent = request.args.get("moment")
    moment = None if sent is None else to_moment("moment", sent)
    category, audience = request.args.get("category"), request.args.get("audience")
    if category is not None and audience is not None:
        target = cell_of(context.views, category, audience)
        if isinstance(target, Audience):
            _check_person(context, learner, target)
            return explain(context.views, learner, BPC[category], target, moment)
        return [
            made
            for made in explain_all(context.views, learner, moment)
            if made.audience.role == target and made.category == BPC[category]
        ]
    return [
        made
        for made in explain_all(context.views, learner, moment)
        if made.level > Level.NONE
        and category in (None, local_name(made.category))
        and audience in (None, local_name(made.audience.iri), local_name(made.audience.role))
    ]
