"""Ladders: the steps by which a release tells a property less finely, as the ontology has them.

``ontology/release.ttl`` is the list; what it does not name takes no part in what learners share.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from rdflib import Graph, URIRef
from rdflib.term import Node

from databackpack import ontology
from databackpack.ontology.namespaces import BP, SKOS

__all__ = ["Ladder", "indices", "ladders", "read"]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one property or class, finest first; the last is ``bp:LeftOut``.

    *sharers* are all that are recoded by it, the one that it is named for first. *tells* is the
    property of which a value gives away a value too: a standard tells the grade that it is for.
    """

    iri: URIRef
    precedence: int
    steps: tuple[URIRef, ...]
    sharers: tuple[URIRef, ...]
    tells: URIRef | None


@cache
def ladders() -> tuple[Ladder, ...]:
    """Return the ladders of the ontology: first what a release keeps fine before all else."""
    return read(ontology.graph())


@cache
def indices() -> dict[str, int]:
    """Return the place among the ladders of each property and class that has one, by its IRI."""
    return {
        str(sharer): place for place, ladder in enumerate(ladders()) for sharer in ladder.sharers
    }


def read(graph: Graph) -> tuple[Ladder, ...]:
    """Return the ladders in *graph*, by precedence; raises ValueError for one that does not end."""
    found = [_ladder(graph, iri) for iri in _iris(graph.subjects(BP.isRecodedBy))]
    return tuple(sorted(found, key=lambda ladder: (ladder.precedence, ladder.iri)))


def _ladder(graph: Graph, iri: URIRef) -> Ladder:
    first, *_ = *_iris(graph.objects(iri, BP.isGeneralizedBy)), BP.AsIs
    steps = (first, *_steps(graph, iri))
    if steps[-1] != BP.LeftOut:
        raise ValueError(f"the ladder of {iri} does not end with bp:LeftOut")
    return Ladder(
        iri,
        int(str(graph.value(iri, BP.precedence) or 1000)),
        steps,
        (iri, *_iris(graph.subjects(BP.isRecodedWith, iri))),
        next(iter(_iris(graph.objects(iri, BP.tells))), None),
    )


def _iris(nodes: Iterable[Node]) -> list[URIRef]:
    return sorted(one for one in nodes if isinstance(one, URIRef))


def _steps(graph: Graph, iri: URIRef) -> Iterator[URIRef]:
    seen: set[URIRef] = set()
    step = graph.value(iri, BP.isRecodedBy)
    while isinstance(step, URIRef) and step not in seen:
        seen.add(step)
        yield step
        step = graph.value(step, SKOS.broader)
