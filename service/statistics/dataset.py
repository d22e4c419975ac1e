"""Cells as RDF: the observations that an audience sees, and the true counts behind them."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.namespaces import BP, ID, QB
from databackpack.queries.cubes import Cube
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.terms import Term, node, text
from databackpack.service.statistics.protection import Cell, Kept
from databackpack.service.statistics.table import TOTAL, Count, Key

__all__ = ["basis", "observations", "read_basis", "read_observations"]

_TYPE, _OBSERVATION, _DATA_SET = node(RDF.type), node(QB.Observation), node(QB.dataSet)
_TOTAL = node(BP.Total)
_LEARNERS, _LOWER, _UPPER = (node(p) for p in (BP.learnerCount, BP.lowerShare, BP.upperShare))
_DIMENSIONS, _CELL = node(BP.countedDimensions), node(BP.countedCell)
_INTEGER, _DECIMAL, _JSON = (node(t) for t in (XSD.integer, XSD.decimal, RDF.JSON))
_NO_DIMENSION = {_TYPE, _DATA_SET, _LEARNERS, _LOWER, _UPPER}


def observations(data_set: URIRef, cube: Cube, cells: Mapping[Key, Cell]) -> set[ox.Triple]:
    """Return the observations of *data_set*: what is hidden or empty has none.

    A cell has the same IRI in each publication: it is made of what the cell says of itself.
    """
    found = set()
    for key, cell in cells.items():
        iri = _iri(data_set, key)
        found |= {
            ox.Triple(iri, _TYPE, _OBSERVATION),
            ox.Triple(iri, _DATA_SET, node(data_set)),
            ox.Triple(iri, _LEARNERS, _number(cell.learners)),
            *_values(iri, cube, key),
        }
        if cell.lower is not None and cell.upper is not None:
            found.add(ox.Triple(iri, _LOWER, _percent(cell.lower)))
            found.add(ox.Triple(iri, _UPPER, _percent(cell.upper)))
    return found


def read_observations(triples: Iterable[ox.Triple]) -> tuple[list[URIRef], dict[Key, Cell]]:
    """Return the dimensions of a data set, sorted, and its cells; their basis is not told.

    What an observation says that is no measure is a dimension, whoever defined it.
    """
    cells = {name: about for name, about in _by_subject(triples).items() if _LEARNERS in about}
    said = {predicate for about in cells.values() for predicate in about}
    dimensions = sorted(one.value for one in said - _NO_DIMENSION)
    found = {}
    for about in cells.values():
        key = _key([about[ox.NamedNode(one)] for one in dimensions])
        lower, upper = (float(text(about[p])) if p in about else None for p in (_LOWER, _UPPER))
        found[key] = Cell(int(text(about[_LEARNERS])), lower, upper, Count(0))
    return [URIRef(one) for one in dimensions], found


def basis(data_set: URIRef, cube: Cube, kept: Kept) -> set[ox.Triple]:
    """Return what the next publication has to know of this one; nobody sees it.

    A cell is one literal: there may be a hundred thousand, in one commit.
    """
    name = node(data_set)
    dimensions = json.dumps([dimension.iri for dimension in cube.dimensions])
    found = {ox.Triple(name, _DIMENSIONS, ox.Literal(dimensions, datatype=_JSON))}
    for key, count in kept.basis.items():
        cell = json.dumps([key, count.learners, count.having, key in kept.shown])
        found.add(ox.Triple(name, _CELL, ox.Literal(cell, datatype=_JSON)))
    return found


def read_basis(cube: Cube, triples: Iterable[ox.Triple]) -> Kept:
    """Return what `basis` wrote.

    Raises Refused where another cube was published under this one's name.
    """
    counts: dict[Key, Count] = {}
    told = set()
    for triple in triples:
        said = json.loads(text(triple.object))
        if triple.predicate == _CELL:
            values, learners, having, is_told = said
            key = tuple(values)
            counts[key] = Count(learners, having)
            if is_told:
                told.add(key)
        elif said != [str(dimension.iri) for dimension in cube.dimensions]:
            raise Refused(
                "qb:dimension",
                f"What was published as {cube.name} has other dimensions. Change its definition "
                "back, or give the new one another name.",
            )
    return Kept(counts, frozenset(told))


def _by_subject(triples: Iterable[ox.Triple]) -> dict[str, dict[ox.NamedNode, Term]]:
    found: dict[str, dict[ox.NamedNode, Term]] = {}
    for triple in triples:
        found.setdefault(text(triple.subject), {})[triple.predicate] = triple.object
    return found


def _key(values: Iterable[Term]) -> Key:
    return tuple(TOTAL if value == _TOTAL else str(value) for value in values)


def _values(iri: ox.NamedNode, cube: Cube, key: Key) -> Iterable[ox.Triple]:
    for dimension, value in zip(cube.dimensions, key, strict=True):
        yield ox.Triple(iri, node(dimension.iri), _TOTAL if value == TOTAL else _term(value))


@lru_cache(maxsize=8192)
def _term(n_triples: str) -> ox.NamedNode | ox.Literal:
    """Return the term that is written as *n_triples*."""
    (quad,) = ox.parse(f"<urn:x> <urn:x> {n_triples} .", format=ox.RdfFormat.N_TRIPLES)
    if not isinstance(quad.object, (ox.NamedNode, ox.Literal)):
        raise ValueError(f"{n_triples} is no value of a dimension")
    return quad.object


def _iri(data_set: URIRef, key: Key) -> ox.NamedNode:
    return node(ID[f"observation/{uuid5(NAMESPACE_URL, ' '.join((data_set, *key)))}"])


@lru_cache
def _number(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=_INTEGER)


@lru_cache
def _percent(value: float) -> ox.Literal:
    return ox.Literal(format(Decimal(str(value)).normalize(), "f"), datatype=_DECIMAL)
