"""A cube that an agency defines in a file of its own, held against what cubes must keep to."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
from pyparsing import ParseException
from rdflib import Graph, URIRef, Variable
from rdflib.paths import (
    AlternativePath,
    InvPath,
    MulPath,
    NegatedPath,
    SequencePath,
)
from rdflib.paths import (
    Path as PropertyPath,
)
from rdflib.plugins.sparql.algebra import translateQuery, traverse
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from databackpack import ontology, shapes
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, QB, RDF
from databackpack.queries import cubes
from databackpack.queries.cubes import Cube
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.terms import to_graph
from databackpack.service.views.engine import Engine

__all__ = ["InvalidCube", "read_file", "variables"]

_WITHHELD = {BP.DirectIdentifier, BP.FreeText}


class InvalidCube(Refused):
    """A cube's definition, or its query, is not whole or would tell of persons."""


def variables(cube: Cube) -> list[str]:
    """Return the variables that the query of *cube* has: of learner, dimensions and share."""
    has = ["has"] if cube.measure == "share" else []
    return ["learner", *(dimension.variable for dimension in cube.dimensions), *has]


def read_file(path: Path, minimum_cell_size: int) -> Cube:
    """Return the cube in the Turtle file *path*, whose query is in a file beside it.

    Raises InvalidCube with the rule: it does not conform to its shape, a dimension or the query is
    of what identifies a person, or its cells may be smaller than *minimum_cell_size*, which the
    jurisdiction asks for.
    """
    graph = _parsed(path)
    if len(set(graph.subjects(RDF.type, QB.DataStructureDefinition))) != 1:
        raise InvalidCube(
            "qb:DataStructureDefinition", f"{path.name} defines no cube, or several; write one."
        )
    report = shapes.validate_cube(graph)
    if not report.conforms:
        rules = ", ".join(sorted({result.rule for result in report.results}))
        raise InvalidCube(rules, report.text())
    cube = cubes.parse(graph, lambda name: _text(path.with_name(name)))
    own = cube.minimum_cell_size
    if own and own < minimum_cell_size:
        raise InvalidCube(
            "bp:minimumCellSize",
            f"The cells of a cube are of at least {minimum_cell_size} learners here, not {own}. "
            "Write more, or leave it out.",
        )
    _check(cube)
    return cube


def _parsed(path: Path) -> Graph:
    try:
        quads = ox.parse(_text(path).encode(), format=ox.RdfFormat.TURTLE)
        return to_graph({quad.triple for quad in quads})
    except (SyntaxError, ValueError) as error:
        raise InvalidCube("Turtle", f"{path.name} cannot be read: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidCube("UTF-8", f"{path.name} cannot be read: {error}") from None


def _check(cube: Cube) -> None:
    """Let the query of *cube* pass; raises InvalidCube."""
    if "SERVICE" in cube.query.upper():
        raise InvalidCube("SERVICE", "No query leaves this store: do not write SERVICE in it.")
    try:
        names = {variable.value for variable in Engine().solutions(cube.query).variables}
        predicates = list(_predicates(cube.query))
    except (SyntaxError, ValueError, ParseException) as error:
        raise InvalidCube("SPARQL 1.1", f"The query is no SELECT of SPARQL 1.1: {error}") from None
    missing = [name for name in variables(cube) if name not in names]
    if missing:
        raise InvalidCube(
            "bp:isCountedBy", f"The query selects no ?{missing[0]}. A cube needs it: add it."
        )
    for predicate in predicates:
        if not isinstance(predicate, URIRef):
            raise InvalidCube(
                "bp:hasIdentifiability",
                "The query asks for properties that it does not name. Write their IRIs.",
            )
        kind = ontology.graph().value(predicate, BP.hasIdentifiability)
        if isinstance(kind, URIRef) and kind in _WITHHELD:
            raise InvalidCube(
                "bp:hasIdentifiability",
                f"The query asks for {local_name(predicate)}, which is a {local_name(kind)}. "
                "No statistic is made from what identifies a person or is free text.",
            )


def _predicates(query: str) -> Iterator[Node]:
    """Yield the predicates in the patterns of *query*; a negated one is a variable."""
    found: list[Node | PropertyPath] = []

    def visit(part: object) -> None:
        if isinstance(part, CompValue) and part.name in ("BGP", "TriplesBlock"):
            found.extend(predicate for _, predicate, _ in part.triples)

    traverse(translateQuery(parseQuery(query)).algebra, visitPre=visit)
    while found:
        match found.pop():
            case SequencePath() | AlternativePath() as path:
                found += path.args
            case InvPath() as path:
                found.append(path.arg)
            case MulPath() as path:
                found.append(path.path)
            case NegatedPath():
                yield Variable("any")
            case Node() as predicate:
                yield predicate
