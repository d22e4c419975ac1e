"""What was published for whom, and from which day on the next publication may follow.

A cube says how many months lie between two publications: whoever could ask for one at any time
could subtract what was said before a withdrawal from what is said after it.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, DCTERMS, QB
from databackpack.service.records.graphs import STATISTICS
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = ["Publication", "due", "on_record", "outline"]

_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?")


@dataclass(frozen=True, slots=True)
class Publication:
    """A data set on record: of which cube, for whom, since when, by which threshold.

    *population*, *share_of* (empty where learners are counted only): as of ``queries.cubes.Cube``.
    *sequence* counts the publications of the cube for this audience and purpose; *months* lie
    between two. *epsilon* is what its noise spent, None without noise.
    """

    iri: URIRef
    cube: URIRef
    title: str
    definition: str
    population: str
    share_of: str
    audience: URIRef
    purpose: URIRef
    categories: frozenset[URIRef]
    issued: datetime
    months: int
    sequence: int
    minimum_cell_size: int
    epsilon: Decimal | None = None

    @property
    def name(self) -> str:
        """The name of the cube."""
        return local_name(self.iri)

    @property
    def next_day(self) -> date:
        """The first day on which the next publication may follow."""
        years, month = divmod(self.issued.month - 1 + self.months, 12)
        year, month = self.issued.year + years, month + 1
        return date(year, month, min(self.issued.day, monthrange(year, month)[1]))

    def to_triples(self) -> set[ox.Triple]:
        """Return what the data set says of itself."""
        return {
            ox.Triple(node(self.iri), node(predicate), value) for predicate, value in self._said()
        }

    def _said(self) -> Iterable[tuple[URIRef, ox.NamedNode | ox.Literal]]:
        years, months = divmod(self.months, 12)
        period = f"P{f'{years}Y' if years else ''}{f'{months}M' if months else ''}"
        yield RDF.type, node(QB.DataSet)
        yield QB.structure, node(self.cube)
        yield DCTERMS.title, ox.Literal(self.title, language="en")
        yield DCTERMS.description, ox.Literal(self.definition, language="en")
        yield BP.cubePopulation, ox.Literal(self.population)
        if self.share_of:
            yield BP.isShareOf, ox.Literal(self.share_of)
        yield DCTERMS.issued, _typed(self.issued.isoformat(), XSD.dateTime)
        yield DCTERMS.accrualPeriodicity, _typed(period, XSD.duration)
        yield BP.isPublishedFor, node(self.audience)
        yield BP.hasPurpose, node(self.purpose)
        yield BP.minimumCellSize, _typed(str(self.minimum_cell_size), XSD.integer)
        yield BP.sequence, _typed(str(self.sequence), XSD.integer)
        yield from ((BP.hasCategory, node(category)) for category in self.categories)
        if self.epsilon is not None:
            yield BP.epsilon, _typed(format(self.epsilon, "f"), XSD.decimal)


def on_record(truth: TruthStore) -> list[Publication]:
    """Return all publications, that whose next day comes first first."""
    names = {iri for iri in truth.subjects(None, RDF.type, QB.DataSet) if _is_ours(iri)}
    found = [_read(iri, truth.triples(iri, iri)) for iri in names]
    return sorted(found, key=lambda one: (one.next_day, one.iri))


def outline(truth: TruthStore, one: Publication) -> dict[str, str | int]:
    """Return what operators are told of a publication: cube, observations, day of the next."""
    cells = sum(1 for _ in truth.subjects(one.iri, QB.dataSet, one.iri))
    return {"cube": one.name, "cells": cells, "next": one.next_day.isoformat()}


def due(truth: TruthStore, today: date) -> list[Publication]:
    """Return the publications after which the next one may follow *today*."""
    return [one for one in on_record(truth) if one.next_day <= today]


def _is_ours(iri: URIRef) -> bool:
    return iri.startswith(f"{STATISTICS}/")


def _read(iri: URIRef, triples: set[ox.Triple]) -> Publication:
    about = {triple.predicate.value: text(triple.object) for triple in triples}
    period = _PERIOD.fullmatch(about[str(DCTERMS.accrualPeriodicity)])
    if period is None:
        raise ValueError(f"{iri} does not say how many months lie between two publications")
    years, months = (int(number or 0) for number in period.groups())
    epsilon = about.get(str(BP.epsilon))
    return Publication(
        iri=iri,
        cube=URIRef(about[str(QB.structure)]),
        title=about[str(DCTERMS.title)],
        definition=about[str(DCTERMS.description)],
        population=about[str(BP.cubePopulation)],
        share_of=about.get(str(BP.isShareOf), ""),
        audience=URIRef(about[str(BP.isPublishedFor)]),
        purpose=URIRef(about[str(BP.hasPurpose)]),
        categories=frozenset(
            URIRef(text(t.object)) for t in triples if t.predicate == node(BP.hasCategory)
        ),
        issued=datetime.fromisoformat(about[str(DCTERMS.issued)]),
        months=12 * years + months,
        sequence=int(about[str(BP.sequence)]),
        minimum_cell_size=int(about[str(BP.minimumCellSize)]),
        epsilon=None if epsilon is None else Decimal(epsilon),
    )


def _typed(value: str, datatype: URIRef) -> ox.Literal:
    return ox.Literal(value, datatype=node(datatype))
