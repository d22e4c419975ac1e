"""Asking: the service through its gate, or a store that holds what is true and protects nothing."""

import json
from collections.abc import Mapping

import pyoxigraph as ox

from databackpack import queries
from databackpack.ontology.codes import local_name
from databackpack.queries import cubes
from tests.research.questions import Answer, Bound, Cell, Question, Row, read_text
from tests.research.world import Asked
from tests.running import Running

__all__ = ["ask", "ask_cube", "ask_file", "evaluate", "evaluate_file"]

_TOTAL = "<https://w3id.org/databackpack/ns#Total>"
_BP = "https://w3id.org/databackpack/ns#"


def evaluate(question: Question, held: ox.Store) -> Answer:
    """Return what *question* answers over all of *held*, with no gate and no view."""
    return question.read(_rows(held, question.text, question.bindings))


def evaluate_file(name: str, held: ox.Store) -> list[Row]:
    """Return the rows of a query of this folder over all of *held*."""
    return _rows(held, read_text(name), {})


def ask(running: Running, question: Question, level: Asked) -> Answer:
    """Return what the service answers: as a question of the catalogue where the role may ask it."""
    audience = running.context.views.audience(level.value.audience)
    is_listed = question.name in queries.names()
    if is_listed and local_name(audience.role) in queries.read(question.name).roles:
        return question.read(
            _get(running, level, f"/questions/{question.name}", question.parameters)
        )
    names = " ".join(f"?{name}" for name in question.bindings)
    values = " ".join(map(str, question.bindings.values()))
    text = question.text + (f"VALUES ({names}) {{ ({values}) }}" if names else "")
    return question.read(_get(running, level, "/sparql", {"query": text}))


def ask_cube(running: Running, name: str) -> Answer:
    """Return the cells of the cube *name* that the state agency is told, but for totals."""
    cube = cubes.read(name)
    query = {"query": f"{read_text('cells')}VALUES ?cube {{ <{cube.iri}> }}"}
    cells: dict[str, dict[str, str]] = {}
    for row in _get(running, Asked.PUBLISHED, "/sparql", query, as_terms=True):
        cells.setdefault(row["cell"], {})[row["property"].strip("<>")] = row["value"]
    found: dict[tuple[str, ...], Cell] = {}
    for cell in cells.values():
        key = tuple(cell[str(dimension.iri)] for dimension in cube.dimensions)
        lower, upper = (_number(cell.get(f"{_BP}{end}Share")) for end in ("lower", "upper"))
        learners = _number(cell[f"{_BP}learnerCount"])
        assert learners is not None
        if _TOTAL not in key:
            found[key] = Cell(int(learners), lower, upper)
    return found


def ask_file(running: Running, name: str, level: Asked) -> list[Row]:
    """Return the rows that the service answers to a query of this folder."""
    return [*_get(running, level, "/sparql", {"query": read_text(name)})]


def _rows(held: ox.Store, text: str, bound: Mapping[str, Bound]) -> list[Row]:
    found = held.query(text, substitutions={ox.Variable(n): term for n, term in bound.items()})
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    solutions = [{name: row[name] for name in names} for row in found]
    return [
        {n: t.value for n, t in row.items() if isinstance(t, (ox.NamedNode, ox.Literal))}
        for row in solutions
    ]


def _get(
    running: Running, level: Asked, path: str, values: Mapping[str, str], as_terms: bool = False
) -> list[dict[str, str]]:
    headers = running.headers(level.value.audience, "application/sparql-results+json")
    response = running.app.test_client().get(path, query_string=values, headers=headers)
    assert response.status_code == 200, response.text
    rows = json.loads(response.text)["results"]["bindings"]
    return [
        {name: _term(term) if as_terms else term["value"] for name, term in row.items()}
        for row in rows
    ]


def _term(term: Mapping[str, str]) -> str:
    if term["type"] == "uri":
        return f"<{term['value']}>"
    datatype = ox.NamedNode(term["datatype"]) if "datatype" in term else None
    return str(ox.Literal(term["value"], datatype=datatype, language=term.get("xml:lang")))


def _number(text: str | None) -> float | None:
    return None if text is None else float(text.split('"')[1])
