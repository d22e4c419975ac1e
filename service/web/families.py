"""``/me`` and ``/learners/<id>/policy``: what a family sees and sets."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, jsonify, request
from rdflib import URIRef

from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, BPA, BPC, ID
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import Forbidden, MalformedRequest, NotFound
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consent
from databackpack.service.policy.model import Audience, Level, Statement
from databackpack.service.policy.purpose import purpose as purpose_of
from databackpack.service.views import statements
from databackpack.service.views.menu import Cell, fixed_cell, menu
from databackpack.service.views.population import coverage, is_of_age
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context

__all__ = ["blueprint"]

_FAMILY = (BPA.guardian, BPA.learner)
_SETTING = {"level", "purpose", "until"}


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("families", __name__)
    views = context.views

    @surface.get("/me")
    def me() -> Response:
        credential = context.credential()
        return jsonify(
            subject=credential.subject,
            audience=local_name(credential.audience.iri),
            purpose=str(credential.purpose),
            learners=[local_name(learner) for learner in _own_learners(views, credential)],
        )

    @surface.get("/learners/<name>/policy")
    def policy(name: str) -> Response:
        learner = _own_learner(views, context.credential(), name)
        with context.truth.writing():
            cells, epoch = menu(views, learner), context.truth.epoch
        return jsonify(learner=name, epoch=epoch, cells=[_describe(cell) for cell in cells])

    @surface.put("/learners/<name>/policy/<category>/<audience>")
    def state(name: str, category: str, audience: str) -> Response:
        credential = context.credential()
        with context.truth.writing():
            learner = _own_learner(views, credential, name)
            statement = _statement(context, credential, learner, category, audience)
            statements.check(statement)
            of_age = is_of_age(views.dossier(learner), views.jurisdiction, statement.since)
            held = statements.read(context.truth, learner)
            words = consent.say(held, statement, over_everybody=of_age)
            epoch = context.truth.commit([statements.change(learner, words)])
        return jsonify(epoch=epoch)

    return surface


def _own_learners(views: Views, credential: Credential) -> list[URIRef]:
    """Return the learners over whose records the asker holds rights now."""
    if credential.audience.role not in _FAMILY:
        return []
    candidates = views.candidates(credential.audience)
    return [learner for learner in candidates if _covers(views, credential, learner)]


def _covers(views: Views, credential: Credential, learner: URIRef) -> bool:
    held = views.dossier(learner)
    moment = views.truth.clock()
    return coverage(
        credential.audience, held, views.parents(), views.jurisdiction, moment
    ).every_holder


def _own_learner(views: Views, credential: Credential, name: str) -> URIRef:
    """A learner of somebody else and one that does not exist give the same fault."""
    learner = ID[f"learner/{name}"]
    if credential.audience.role not in _FAMILY or not _covers(views, credential, learner):
        raise NotFound
    return learner


def _statement(
    context: Context, credential: Credential, learner: URIRef, category: str, audience: str
) -> Statement:
    if BPC[category] not in concepts(BP.CategoryScheme):
        raise NotFound(f"There is no category {category!r}.")
    target = _target(context.views, audience)
    fixed = fixed_cell(context.views, target, BPC[category])
    if fixed is not None:
        raise Forbidden(f"The law fixes this level; see {fixed.source}.")
    level, purpose, until = _setting(context.truth.clock())
    if purpose is None and level > Level.NONE:
        role = target.role if isinstance(target, Audience) else target
        purpose = audiences.usual_purpose(role)
    return Statement(
        iri=ID[f"policy/{uuid4()}"],
        learner=learner,
        category=BPC[category],
        audience=target.iri if isinstance(target, Audience) else target,
        level=level,
        assigner=credential.audience.party,
        since=context.truth.clock(),
        until=until,
        purpose=purpose,
    )


def _target(views: Views, name: str) -> Audience | URIRef:
    """Return the audience called *name*, or the role: a class of parties."""
    if BPA[name] in concepts(BP.AudienceRoleScheme):
        return BPA[name]
    try:
        return views.audience(name)
    except KeyError:
        raise NotFound(f"There is no audience {name!r}.") from None


def _setting(moment: datetime) -> tuple[Level, URIRef | None, datetime | None]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not set(body) <= _SETTING or "level" not in body:
        raise MalformedRequest(
            'Send {"level": "none|aggregate|deidentified|full"} as JSON; '
            '"purpose" and "until" may be added.'
        )
    try:
        level = Level.of(str(body["level"]))
        purpose = None if body.get("purpose") is None else purpose_of(str(body["purpose"]))
        until = None if body.get("until") is None else _moment(str(body["until"]))
    except ValueError as error:
        raise MalformedRequest(str(error)) from None
    if until is not None and until <= moment:
        raise MalformedRequest("until is in the past; leave it out or name a later moment.")
    return level, purpose, until


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; write 2027-06-30T00:00:00Z")
    return moment.astimezone(UTC)


def _describe(cell: Cell) -> dict[str, Any]:
    return {
        "category": local_name(cell.category),
        "audience": local_name(cell.audience.iri),
        "level": cell.decision.level.notation,
        "settable": cell.decision.settable,
        "law": None if cell.decision.rule is None else str(cell.decision.rule.source),
        "reasons": [str(reason) for reason in cell.decision.reasons],
    }
