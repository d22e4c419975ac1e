"""``/learners/<id>/disclosures`` and ``/disclosures``: the log, for those who may read it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.gate.faults import MalformedRequest, NotFound
from databackpack.service.rights import disclosures
from databackpack.service.rights.disclosures import Access
from databackpack.service.web.context import Context, to_moment
from databackpack.service.web.policies import negotiate_graph, to_response

__all__ = ["blueprint"]

_MOST = 1_000


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("disclosures", __name__)
    views, truth = context.views, context.truth

    @surface.get("/learners/<name>/disclosures")
    def of_learner(name: str) -> Response:
        credential = context.credential()
        learner = context.learner(name)
        if not disclosures.may_read(views, credential.audience, learner):
            raise NotFound
        with truth.writing():
            found = disclosures.of_learner(truth, learner)
        return _answer(found, learner=name)

    @surface.get("/disclosures")
    def of_everybody() -> Response:
        if not disclosures.may_audit(context.credential().audience):
            raise NotFound
        special = request.args.get("log") == "special-education"
        with truth.writing():
            found = disclosures.of_everybody(truth, special_education=special)
        return _answer(found)

    return surface


def _answer(found: list[Access], **told: Any) -> Response:
    """Return what the request's *since*, *basis* and *outcome* leave of *found*, a page of it.

    *next* is the moment to go on from; None on the last page.
    """
    since, basis, outcome = _filters()
    kept = [
        access
        for access in found
        if (since is None or access.entry.moment >= since)
        and (basis is None or basis in {local_name(part.basis) for part in access.parts})
        and outcome in (None, access.entry.outcome)
    ]
    page, rest = kept[:_MOST], kept[_MOST:]
    form = negotiate_graph()
    if form is not None:
        return to_response(disclosures.to_rdf(page), form)
    following = rest[0].entry.moment.isoformat() if rest else None
    return jsonify(**told, next=following, disclosures=list(_described(page)))


def _filters() -> tuple[datetime | None, str | None, str | None]:
    known = {"since", "basis", "outcome", "log"}
    if set(request.args) - known:
        raise MalformedRequest(f"Give {', '.join(sorted(known))} or leave them out.")
    text = request.args.get("since")
    since = None if text is None else to_moment("since", text)
    return since, request.args.get("basis"), request.args.get("outcome")


def _described(page: Iterable[Access]) -> Iterable[dict[str, Any]]:
    for access in page:
        entry = access.entry
        yield {
            "id": local_name(entry.iri),
            "who": entry.subject,
            "audience": str(entry.audience).removeprefix(str(ID["audience/"])),
            "when": entry.moment.isoformat(),
            "purpose": str(entry.purpose),
            "outcome": entry.outcome,
            "epoch": entry.epoch,
            "query": entry.digest,
            "categories": [
                {
                    "category": local_name(part.category),
                    "level": part.level.notation,
                    "basis": local_name(part.basis),
                }
                for part in access.parts
            ],
        }
