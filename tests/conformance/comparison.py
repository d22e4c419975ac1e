"""Results compared as the test suite says: by their terms, blank nodes by isomorphism.

A result becomes an RDF dataset, one blank node a row, so that one canonicalization compares all:
two results are the same when their datasets are. Numbers and booleans are compared by value within
their datatype, as the suite asks: it expects 2.0 and 3.0E4 where the engine gives 2 and 30000.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import pyoxigraph as ox
from rdflib import Graph, Namespace

from tests.conformance.case import Case

__all__ = ["expected", "media_type", "result"]

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = tuple[Term | None, ...]

RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
XSD = "http://www.w3.org/2001/XMLSchema#"
_MEDIA_TYPES = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".ttl": "text/turtle",
}

_PARSED = {
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
_VALUES: dict[str, Callable[[str], object]] = {
    f"{XSD}boolean": lambda text: text in ("true", "1"),
    f"{XSD}decimal": lambda text: Decimal(text).normalize(),
    f"{XSD}double": float,
    f"{XSD}float": float,
    f"{XSD}integer": int,
}


def media_type(case: Case) -> str:
    """Return the format in which *case* is asked: that of its expected result."""
    if case.result is None:
        return "application/sparql-results+json, text/turtle"
    if _result_set(case) is not None:
        return _MEDIA_TYPES[".srx"]
    return _MEDIA_TYPES[case.result.suffix]


def expected(case: Case) -> ox.Dataset:
    """Return what the suite says that the result of *case* is."""
    assert case.result is not None
    described = _result_set(case)
    if described is not None:
        return _of_rows(*described, case.is_ordered)
    return result(case.result.read_bytes(), media_type(case), is_ordered=case.is_ordered)


def result(body: bytes, media_type: str, *, is_ordered: bool) -> ox.Dataset:
    """Return a serialized result as a canonical dataset; raises SyntaxError or ValueError."""
    if media_type == "text/turtle":
        return _canonical(ox.parse(body, format=ox.RdfFormat.TURTLE))
    if media_type == "text/csv":
        return _of_csv(body.decode(), is_ordered)
    found = ox.parse_query_results(body, _PARSED[media_type])
    if isinstance(found, ox.QueryBoolean):
        return _of_rows(["boolean"], [(ox.Literal(bool(found)),)], False)
    names = [variable.value for variable in found.variables]
    return _of_rows(names, [tuple(solution) for solution in found], is_ordered)


def _of_csv(text: str, is_ordered: bool) -> ox.Dataset:
    """CSV tells blank nodes from all other terms, and these by nothing but their text."""
    names, *rows = csv.reader(io.StringIO(text, newline=""))
    return _of_rows(names, [tuple(map(_of_cell, row)) for row in rows], is_ordered)


def _of_cell(cell: str) -> Term:
    return ox.BlankNode(cell[2:]) if cell.startswith("_:") else ox.Literal(cell)


def _result_set(case: Case) -> tuple[list[str], list[Row]] | None:
    """Return variables and rows where the result of *case* is solutions written as RDF."""
    if case.result is None or case.result.suffix != ".ttl":
        return None
    graph = Graph().parse(case.result, publicID=case.base)
    names = [str(name) for name in graph.objects(None, RS.resultVariable)]
    rows = []
    for solution in graph.objects(None, RS.solution):
        values = {
            str(graph.value(binding, RS.variable)): graph.value(binding, RS.value)
            for binding in graph.objects(solution, RS.binding)
        }
        cells = [values.get(name) for name in names]
        rows.append(tuple(None if value is None else _of_n3(value.n3()) for value in cells))
    return (names, rows) if names else None


def _of_n3(text: str) -> Term:
    (quad,) = ox.parse(f"<urn:s> <urn:p> {text} .", format=ox.RdfFormat.N_TRIPLES)
    term: Term = quad.object
    return term


def _of_rows(names: Sequence[str], rows: Iterable[Row], is_ordered: bool) -> ox.Dataset:
    """Each row with its place, or with how often it is there."""
    counted = list(enumerate(rows)) if is_ordered else [(n, r) for r, n in Counter(rows).items()]
    quads = [_quad("names", name, ox.Literal(name)) for name in names]
    for number, (place, row) in enumerate(counted):
        quads.append(_quad(f"row{number}", "place", ox.Literal(place)))
        for name, term in zip(names, row, strict=True):
            if term is not None:
                quads.append(_quad(f"row{number}", name, term))
    return _canonical(quads)


def _quad(row: str, name: str, term: Term) -> ox.Quad:
    return ox.Quad(ox.BlankNode(f"test-{row}"), ox.NamedNode(f"urn:test:{name}"), term)


def _canonical(quads: Iterable[ox.Quad]) -> ox.Dataset:
    found = ox.Dataset(ox.Quad(q.subject, q.predicate, _by_value(q.object)) for q in quads)
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return found


def _by_value(term: Term) -> Term:
    if not isinstance(term, ox.Literal) or term.datatype.value not in _VALUES:
        return term
    try:
        value = _VALUES[term.datatype.value](term.value)
    except (ArithmeticError, ValueError):
        return term  # what its datatype does not have is compared by its text
    return ox.Literal(str(value), datatype=term.datatype)
