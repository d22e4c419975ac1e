"""An answer as a page for people: a table of solutions, or what is said of each thing."""

from itertools import islice
from typing import Any, NamedTuple

import pyoxigraph as ox
from flask import render_template

from databackpack.service.records.terms import Term
from databackpack.service.views.view import Answer, Form

__all__ = ["MOST", "page"]

MOST = 1000
"""Rows, or triples, that a page shows: it is for reading, the other formats are for keeping."""

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = {f"{_XSD}{kind}" for kind in ("integer", "decimal", "double", "float")}


class _Cell(NamedTuple):
    """What the template writes of a term."""

    text: str = ""
    language: str | None = None
    is_number: bool = False


def page(answered: Answer) -> str:
    """Return the page of an answer, which is JSON or N-Triples; its template escapes all values."""
    shown: dict[str, Any]
    if answered.form is Form.GRAPH:
        shown = _listing(answered.body)
    else:
        found = ox.parse_query_results(answered.body, format=ox.QueryResultsFormat.JSON)
        shown = _table(found) if isinstance(found, ox.QuerySolutions) else {"boolean": bool(found)}
    return render_template("answer.html", epoch=answered.epoch, most=MOST, **shown)


def _table(solutions: ox.QuerySolutions) -> dict[str, Any]:
    rows = [[_cell(term) for term in row] for row in islice(solutions, MOST)]
    size = len(rows) + sum(1 for _ in solutions)
    return {"names": [name.value for name in solutions.variables], "rows": rows, "size": size}


def _listing(n_triples: bytes) -> dict[str, Any]:
    """Return what is said of each subject, in the order in which subjects come first."""
    things: dict[str, list[tuple[str, _Cell]]] = {}
    for quad in islice(ox.parse(n_triples, format=ox.RdfFormat.N_TRIPLES), MOST):
        said = (quad.predicate.value, _cell(quad.object))
        things.setdefault(_cell(quad.subject).text, []).append(said)
    return {"things": things, "size": n_triples.count(b"\n")}


def _cell(term: Term | None) -> _Cell:
    """Return what is shown of *term*; None is a variable without a value."""
    match term:
        case None:
            return _Cell()
        case ox.Literal():
            return _Cell(term.value, term.language, term.datatype.value in _NUMBERS)
        case ox.NamedNode():
            return _Cell(term.value)
        case _:
            return _Cell(str(term))
