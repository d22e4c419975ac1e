"""``/me`` and the cells of ``/learners/<id>/policy``: what a family sets, takes back, is asked."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, jsonify, request
from rdflib import URIRef

from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, BPA, BPC, ID
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import MalformedRequest, NotFound, PreconditionFailed
from databackpack.service.policy.consent import Asked, Cell, record_iri
from databackpack.service.policy.consentrecord import receipt_iri
from databackpack.service.policy.model import Audience, Level, Statement
from databackpack.service.policy.purpose import purpose as purpose_of
from databackpack.service.rights import setting
from databackpack.service.rights.holder import own_learners
from databackpack.service.rights.setting import Outcome
from databackpack.service.views.population import coverage
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context, sent_json, to_moment
from databackpack.service.web.publications import told_of_word

__all__ = ["acknowledge", "blueprint", "cell_of", "check_version", "sent_statement"]

_SETTING = {"level", "purpose", "until"}


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("families", __name__)
    views = context.views
    route = "/learners/<name>/policy/<category>/<audience>"

    @surface.get("/me")
    def me() -> Response:
        credential = context.credential()
        learners = own_learners(views, credential.audience)
        return jsonify(
            subject=credential.subject,
            audience=local_name(credential.audience.iri),
            purpose=str(credential.purpose),
            learners=[local_name(learner) for learner in learners],
        )

    @surface.put(route)
    def say(name: str, category: str, audience: str) -> Response:
        credential = context.credential()
        with context.truth.writing():
            learner = context.own_learner(credential, name)
            check_version(views, learner)
            statement = sent_statement(context, credential, learner, category, audience)
            return acknowledge(views, setting.say(views, statement))

    @surface.delete(route)
    def withdraw(name: str, category: str, audience: str) -> Response:
        credential = context.credential()
        with context.truth.writing():
            learner = context.own_learner(credential, name)
            check_version(views, learner)
            target = cell_of(views, category, audience)
            iri = target.iri if isinstance(target, Audience) else target
            cell = Cell(learner, credential.audience.party, BPC[category], iri)
            return acknowledge(views, setting.withdraw(views, cell))

    @surface.post(f"{route}/requests")
    def ask(name: str, category: str, audience: str) -> Response:
        credential = context.credential()
        with context.truth.writing():
            learner = _enrolled(context, credential, name)
            target = cell_of(views, category, audience)
            if not isinstance(target, Audience):
                raise NotFound(f"There is no audience {audience!r}.")
            level, purpose, until = _read_setting(context.truth.clock())
            asked = Asked(level, purpose or min(target.purposes), until)
            if level is Level.NONE:
                raise MalformedRequest("A request asks for aggregate, deidentified or full.")
            for decider in context.deciders(learner):
                cell = Cell(learner, decider, BPC[category], target.iri)
                setting.request(views, cell, asked, credential.audience.party)
            return jsonify(epoch=context.truth.epoch)

    return surface


def _enrolled(context: Context, credential: Credential, name: str) -> URIRef:
    """Return the learner whom the asker, a registrar, has on the roll now."""
    views, learner = context.views, context.learner(name)
    if credential.audience.role == BPA.registrar:
        held, moment = views.dossier(learner), views.truth.clock()
        if coverage(credential.audience, held, views.law(), moment).every_holder:
            return learner
    raise NotFound


def check_version(views: Views, learner: URIRef) -> None:
    """Refuse what was written without knowing the last event (RFC 9110, section 13.1.1)."""
    if request.if_match and not request.if_match.contains(str(setting.version(views, learner))):
        raise PreconditionFailed("Something was said since; read the policy again.")


def acknowledge(views: Views, outcome: Outcome) -> Response:
    """Return the epoch and, if anything changed, the receipt and when statistics follow."""
    told: dict[str, Any] = {"epoch": outcome.epoch}
    event = outcome.event
    if event is not None:
        told["receipt"] = {
            "id": local_name(receipt_iri(event)),
            "issued": event.moment.isoformat(),
            "record": str(record_iri(event.cell)),
            "schema": str(BP.ConsentRecordProfile),
            "status": event.status.value,
        }
        told["statistics"] = told_of_word(views, event.cell)
    return jsonify(told)


def sent_statement(
    context: Context, credential: Credential, learner: URIRef, category: str, audience: str
) -> Statement:
    """Return the word that the request's body says on a cell, as the asker's, from now on."""
    target = cell_of(context.views, category, audience)
    level, purpose, until = _read_setting(context.truth.clock())
    return Statement(
        iri=ID[f"policy/{uuid4()}"],
        learner=learner,
        category=BPC[category],
        audience=target.iri if isinstance(target, Audience) else target,
        level=level,
        assigner=credential.audience.party,
        since=context.truth.clock(),
        until=until,
        purpose=purpose or setting.usual_purpose(target, level),
    )


def cell_of(views: Views, category: str, audience: str) -> Audience | URIRef:
    """Return the audience or the role (a class of parties) of a cell; raises NotFound."""
    if category not in map(local_name, concepts(BP.CategoryScheme)):
        raise NotFound(f"There is no category {category[:60]!r}.")
    if audience in map(local_name, concepts(BP.AudienceRoleScheme)):
        return BPA[audience]
    try:
        return views.audience(audience)
    except KeyError:
        raise NotFound(f"There is no audience {audience[:60]!r}.") from None


def _read_setting(moment: datetime) -> tuple[Level, URIRef | None, datetime | None]:
    """Return level, purpose and end of a setting sent as JSON; raises MalformedRequest."""
    body = sent_json()
    if not isinstance(body, dict) or not set(body) <= _SETTING or "level" not in body:
        raise MalformedRequest(
            'Send {"level": "none|aggregate|deidentified|full"} as JSON; '
            '"purpose" and "until" may be added.'
        )
    try:
        level = Level.of(str(body["level"]))
        purpose = None if body.get("purpose") is None else purpose_of(str(body["purpose"]))
        until = None if body.get("until") is None else to_moment("until", str(body["until"]))
    except ValueError as error:
        raise MalformedRequest(str(error)) from None
    if until is not None and until <= moment:
        raise MalformedRequest("until is in the past; leave it out or name a later moment.")
    return level, purpose, until
