"""``/notices/<name>``: the data-use notice of an agreement, and the link to it with every answer.

RFC 6903, section 6: ``terms-of-service``. 34 CFR 99.33(d): a recipient is told of its duties.
"""

from typing import NamedTuple

from flask import Blueprint, Response, g, render_template, request

from databackpack.ontology.codes import local_name
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import NotAcceptable, NotFound
from databackpack.service.gate.results import HTML
from databackpack.service.rights import document, notices
from databackpack.service.rights.agreements import OnRecord
from databackpack.service.web.context import Context
from databackpack.service.web.policies import to_response

__all__ = ["blueprint"]

_TEXT = "text/plain"
_OFFERED = (_TEXT, HTML, *document.FORMATS)


class _Notice(NamedTuple):
    """What a page shows of a notice."""

    name: str
    title: str
    paragraphs: list[str]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*; from then on each answer carries its asker's notices."""
    surface = Blueprint("notices", __name__)
    truth = context.truth

    @surface.get("/notices/<name>")
    def read(name: str) -> Response:
        asker = context.credential()
        try:
            found = notices.named(truth, asker.audience, name)
        except KeyError:
            raise NotFound from None
        accepted = request.accept_mimetypes
        form = accepted.best_match(_OFFERED) if accepted else _TEXT
        if form is None:
            raise NotAcceptable(f"Offered: {', '.join(_OFFERED)}.")
        if form in document.FORMATS:
            response = to_response(notices.terms(found), document.FORMATS[form])
        elif form == HTML:
            page = render_template("notice.html", notice=_shown(asker, found))
            response = Response(page, mimetype=HTML)
        else:
            response = Response(notices.text(truth, asker.audience, found), mimetype=_TEXT)
        response.headers["Vary"] = "Accept, Authorization, Cookie"
        return response

    @surface.after_app_request
    def link(response: Response) -> Response:
        if response.status_code < 400:
            for name in _names():
                response.headers.add("Link", f'</notices/{name}>; rel="terms-of-service"')
        return response

    @surface.app_context_processor
    def foot() -> dict[str, object]:
        return {"notices": shown}

    def shown() -> list[_Notice]:
        """Return what stands at the foot of the page that is made now."""
        return [_shown(g.asker, notices.named(truth, g.asker.audience, name)) for name in _names()]

    def _names() -> list[str]:
        if "asker" not in g or not g.asker.audience.agreements:
            return []
        return notices.in_force(g.asker.audience, g.asker.purpose, truth.clock())

    def _shown(asker: Credential, found: OnRecord) -> _Notice:
        told = notices.text(truth, asker.audience, found)
        title, *paragraphs = told.strip().split("\n\n")
        return _Notice(local_name(found.agreement.iri), title, paragraphs)

    return surface
