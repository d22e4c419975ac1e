"""A release on record: what was made when, under which agreement, and what that cost; as RDF.

The last release under an agreement is the current one. What it holds is beside it, in graphs that
``service.views.released`` names; of earlier ones this is kept, and who looked like whom.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyoxigraph as ox
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, PROV
from databackpack.service.records.graphs import classes_graph, releases_graph
from databackpack.service.records.terms import node, to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["Losses", "Release", "addition", "classes_before", "last", "on_record", "write"]

_HAS_CLASS, _INTEGER = node(BP.hasReleaseClass), node(XSD.integer)

Losses = Mapping[URIRef, Mapping[URIRef, int]]
"""Property or class → step of its ladder → how many learners of the release are told it so."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of an agreement for its *audience* and one *purpose*, of *moment* and *epoch*.

    *learners* are in it; of *suppressed* of these nothing quasi-identifying is told. *left_out* is
    how many others are in the store. *who* made it.
    """

    agreement: URIRef
    audience: URIRef
    purpose: URIRef
    number: int
    moment: datetime
    epoch: int
    k: int
    who: str
    learners: int
    suppressed: int
    left_out: int
    losses: Losses

    @property
    def iri(self) -> URIRef:
        """Its name; the number is its place among those of the agreement."""
        return ID[f"release/{local_name(self.agreement)}/{self.number}"]


def addition(truth: TruthStore, release: Release, classes: Mapping[URIRef, int]) -> list[Change]:
    """Return what puts *release* on record, with the class of each learner: the current one."""
    name = releases_graph(release.agreement)
    alike = {
        ox.Triple(node(one), _HAS_CLASS, ox.Literal(str(number), datatype=_INTEGER))
        for one, number in classes.items()
    }
    return [
        Change(name, truth.triples(name) | to_triples(write(release))),
        Change(classes_graph(release.agreement, release.number), alike),
    ]


def classes_before(truth: TruthStore, agreement: URIRef) -> dict[URIRef, tuple[str, ...]]:
    """Return the classes that each learner was in, by release: all that its code was told with."""
    found: defaultdict[URIRef, list[str]] = defaultdict(list)
    for release in on_record(truth, agreement):
        graph = classes_graph(agreement, release.number)
        for learner, number in truth.pairs(graph, BP.hasReleaseClass):
            found[learner].append(f"{release.number}: {number}")
    return {learner: tuple(told) for learner, told in found.items()}


def write(release: Release) -> Graph:
    """Return what is on record of *release*; ``on_record`` reads it."""
    values: list[tuple[URIRef, URIRef | Literal]] = [
        (RDF.type, BP.Release),
        (BP.isReleaseUnder, release.agreement),
        (BP.isPublishedFor, release.audience),
        (BP.hasPurpose, release.purpose),
        (BP.sequence, Literal(release.number)),
        (PROV.generatedAtTime, Literal(release.moment.isoformat(), datatype=XSD.dateTime)),
        (BP.epoch, Literal(release.epoch)),
        (BP.minimumGroupSize, Literal(release.k)),
        (BP.personKey, Literal(release.who)),
        (BP.learnersReleased, Literal(release.learners)),
        (BP.learnersSuppressed, Literal(release.suppressed)),
        (BP.learnersLeftOut, Literal(release.left_out)),
    ]
    graph = Graph()
    for predicate, value in values:
        graph.add((release.iri, predicate, value))
    for term, steps in release.losses.items():
        for step, learners in steps.items():
            loss = URIRef(f"{release.iri}/{local_name(term)}/{local_name(step)}")
            graph.add((loss, RDF.type, BP.ReleaseLoss))
            graph.add((loss, BP.isLossOf, release.iri))
            graph.add((loss, BP.concernsTerm, term))
            graph.add((loss, BP.hasStep, step))
            graph.add((loss, BP.learnersReleased, Literal(learners)))
    return graph


def on_record(truth: TruthStore, agreement: URIRef) -> list[Release]:
    """Return the releases under *agreement*, the last one last."""
    graph = to_graph(truth.triples(releases_graph(agreement)))
    found = [_read(graph, URIRef(str(iri))) for iri in graph.subjects(RDF.type, BP.Release)]
    return sorted(found, key=lambda release: release.number)


def last(truth: TruthStore, agreement: URIRef) -> Release | None:
    """Return the current release under *agreement*, None before the first."""
    return next(reversed(on_record(truth, agreement)), None)


def _read(graph: Graph, iri: URIRef) -> Release:
    def text(predicate: URIRef) -> str:
        return str(graph.value(iri, predicate))

    losses: dict[URIRef, dict[URIRef, int]] = {}
    for loss in graph.subjects(BP.isLossOf, iri):
        term, step, learners = (
            str(graph.value(loss, predicate))
            for predicate in (BP.concernsTerm, BP.hasStep, BP.learnersReleased)
        )
        losses.setdefault(URIRef(term), {})[URIRef(step)] = int(learners)
    return Release(
        agreement=URIRef(text(BP.isReleaseUnder)),
        audience=URIRef(text(BP.isPublishedFor)),
        purpose=URIRef(text(BP.hasPurpose)),
        number=int(text(BP.sequence)),
        moment=datetime.fromisoformat(text(PROV.generatedAtTime)),
        epoch=int(text(BP.epoch)),
        k=int(text(BP.minimumGroupSize)),
        who=text(BP.personKey),
        learners=int(text(BP.learnersReleased)),
        suppressed=int(text(BP.learnersSuppressed)),
        left_out=int(text(BP.learnersLeftOut)),
        losses=losses,
    )
