"""``/statistics``: what was published for the asker, as pictures with the numbers beside them.

All comes from the asker's own view, through the gate, by queries of our own. A data set that was
published for somebody else is not in it, so it looks like one that is not there.
"""

import csv
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request
from rdflib import Literal, URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import MalformedRequest, NotFound, QueryRequestRefused
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import HTML
from databackpack.service.records.terms import text
from databackpack.service.web import data_set
from databackpack.service.web.context import Context
from databackpack.service.web.slices import AXES, Slice, choose, may_be
from databackpack.service.web.tabulation import Tabulation

__all__ = ["blueprint"]

_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
_JSON = "application/json"
_MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv"}

_Bindings = Mapping[str, URIRef | Literal]


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks, in one request; *epochs* are those that its answers were computed at."""

    context: Context
    credential: Credential
    epochs: list[int]

    def solutions(self, name: str, bindings: _Bindings) -> ox.QuerySolutions:
        """Return the solutions of ``<name>.rq`` over the asker's view; raises as the gate does."""
        least = self.context.least_epoch()
        asked = QueryRequest(_text(name), bindings=bindings, least_epoch=least)
        form, limits = ox.QueryResultsFormat.TSV, self.context.limits
        found = answer(self.context.views, self.credential, asked, form, None, limits)
        self.epochs.append(found.epoch)
        solutions = ox.parse_query_results(found.body, format=form)
        if not isinstance(solutions, ox.QuerySolutions):
            raise TypeError(f"{name}.rq is no SELECT")
        return solutions

    def data_set(self, name: str) -> data_set.DataSet:
        """Return the data set called *name*; raises NotFound where the asker's view has none."""
        found = data_set.read(self.solutions("dimensions", {"name": Literal(name)}))
        if found is None:
            raise NotFound("There are no statistics of this name for you; /statistics lists all.")
        return found

    def tabulation(self, part: Slice) -> Tabulation:
        """Return what is published of *part*."""
        return part.tabulate(self.solutions("cells", part.bindings()))

    def respond(self, body: bytes | str, media_type: str, policy: str | None) -> Response:
        """Return the response, stamped with the epoch that all of it is as new as."""
        response = Response(body, mimetype=media_type)
        response.headers["Consent-Epoch"] = str(min(self.epochs))
        response.headers["Vary"] = "Authorization, Cookie"
        if policy is not None:
            response.headers["Content-Security-Policy"] = policy
        return response


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("statistics", __name__)

    @surface.get("/statistics")
    def catalogue() -> Response:
        asker = _Asker(context, context.credential(), [])
        found = [
            {
                "name": local_name(URIRef(text(row["dataSet"]))),
                **{name: text(row[name]) for name in ("title", "description", "issued")},
            }
            for row in asker.solutions("data-sets", {})
        ]
        if request.accept_mimetypes.best_match([_JSON, HTML]) == HTML:
            page = render_template("statistics.html", data_sets=found)
            response = asker.respond(page, HTML, _PAGE_POLICY)
        else:
            response = asker.respond(json.dumps({"statistics": found}), _JSON, None)
        response.vary.add("Accept")
        return response

    @surface.get("/statistics/<name>")
    def show(name: str) -> Response:
        asker = _Asker(context, context.credential(), [])
        found, problem = asker.data_set(name), ""
        try:
            part, number = choose(found, _sent()), _page_number()
            shown = asker.tabulation(part)
        except (MalformedRequest, QueryRequestRefused) as fault:
            narrow = {"panels": "", "series": ""} if isinstance(fault, QueryRequestRefused) else {}
            part, number, problem = choose(found, narrow), 1, fault.detail
            shown = asker.tabulation(part)
        page = _page(name, part, shown, min(number, shown.pages), problem)
        response = asker.respond(page, HTML, _PAGE_POLICY)
        response.status_code = 400 if problem else 200
        return response

    @surface.get("/statistics/<name>.<form>")
    def export(name: str, form: str) -> Response:
        asker = _Asker(context, context.credential(), [])
        called = name if form in _MEDIA_TYPES else f"{name}.{form}"
        part = choose(asker.data_set(called), _sent())
        shown = asker.tabulation(part)
        if form == "csv":
            response = asker.respond(_table(shown), _MEDIA_TYPES[form], None)
            response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
            return response
        picture = _picture(shown.page(min(_page_number(), shown.pages)), form)
        policy = _SVG_POLICY if form == "svg" else None
        return asker.respond(picture, _MEDIA_TYPES[form], policy)

    return surface


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.rq").read_text(encoding="utf-8")


def _sent() -> dict[str, str]:
    twice = [name for name, given in request.args.lists() if len(given) > 1]
    if twice:
        raise MalformedRequest(f"{twice[0][:40]!r} is given twice; choose one.")
    return request.args.to_dict()


def _page_number() -> int:
    number = request.args.get("page", "1")
    if not (number.isascii() and number.isdecimal() and int(number[:6]) > 0):
        raise MalformedRequest(f"page is {number[:40]!r}; it is a number from 1.")
    return int(number[:6])


def _page(name: str, part: Slice, shown: Tabulation, number: int, problem: str) -> str:
    chosen = {axis: one.name if one else "" for axis, one in zip(AXES, part.axes, strict=True)}
    chosen |= {one.name: member.key for one, member in part.fixed.items()}
    leaf = shown.page(number)
    return render_template(
        "statistics-slice.html",
        name=name,
        data_set=part.data_set,
        part=part,
        chosen=chosen,
        choices={axis: _choices(axis, part) for axis in AXES},
        problem=problem,
        shown=leaf,
        number=number,
        pages=shown.pages,
        picture=b64encode(_picture(leaf, "svg")).decode(),
    )


def _choices(axis: str, part: Slice) -> list[data_set.Dimension]:
    return [one for one in part.data_set.dimensions if may_be(axis, one)]


def _picture(shown: Tabulation, form: str) -> bytes:
    from databackpack.service.web import chart  # matplotlib, which a start should not wait for

    return chart.draw(shown, form)


def _table(shown: Tabulation) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(shown.lines())
    return out.getvalue()
