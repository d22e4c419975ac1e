"""Cubes: what is counted for statistics, one Turtle file per cube beside the query that counts.

``<name>.ttl`` is a ``qb:DataStructureDefinition`` (W3C RDF Data Cube): dimensions in their order,
measures, population, categories, how often it may be published. What it must say: the shape of a
cube. ``bp:isCountedBy`` names the ``.rq`` file, which several cubes may have in common: a SELECT of
``?learner``, of a variable for each dimension with its local name and, where a share is wanted, of
``?has``. Its solutions are the cells that each learner is in. It runs over some whole learners at a
time beside what is public, so it never counts learners itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from rdflib import Graph, URIRef
from rdflib import Literal as RDFLiteral
from rdflib.term import Node

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, QB, RDF, RDFS, SKOS

__all__ = ["Cube", "Dimension", "definition", "names", "parse", "read"]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of a cube; one that *has_total* has values that add up to it.

    *iri* is a ``qb:DimensionProperty``, whose local name is the variable of the query.
    """

    iri: URIRef
    label: str
    has_total: bool

    @property
    def variable(self) -> str:
        """The variable of the query that has its values."""
        return local_name(self.iri)


@dataclass(frozen=True, slots=True)
class Cube:
    """What is counted, by which dimensions, of whom.

    *share_of* says in words what the learners of a share have, and is empty where only learners are
    counted. A learner counts by records of *categories*. *months* pass from one release to the
    next. *contribution* is the most cells that one learner is in. *minimum_cell_size* is the
    cube's own and raises that of a jurisdiction.
    """

    name: str
    iri: URIRef
    label: str
    definition: str
    dimensions: tuple[Dimension, ...]
    measure: Literal["count", "share"]
    share_of: str
    categories: frozenset[URIRef]
    months: int
    contribution: int
    query: str
    population: str = ""
    minimum_cell_size: int = 0


def names() -> list[str]:
    """Return the names of the cubes that are shipped, sorted."""
    return sorted(
        file.name.removesuffix(".ttl")
        for file in files(__name__).iterdir()
        if file.name.endswith(".ttl")
    )


@cache
def read(name: str) -> Cube:
    """Return the shipped cube called *name*; raises KeyError."""
    return parse(
        definition(name), lambda file: files(__name__).joinpath(file).read_text(encoding="utf-8")
    )


@cache
def definition(name: str) -> Graph:
    """Return what the file of the shipped cube *name* says; raises KeyError. Only to be read."""
    if name not in names():
        raise KeyError(f"no cube {name!r}; known: {', '.join(names())}")
    text = files(__name__).joinpath(f"{name}.ttl").read_text(encoding="utf-8")
    return Graph().parse(data=text, format="turtle")


def parse(graph: Graph, text: Callable[[str], str]) -> Cube:
    """Return the one cube in *graph*, which conforms to its shape; *text* reads the query's file.

    A dimension that is no term of the vocabulary has its label in *graph*.
    """
    (iri,) = _iris(graph.subjects(RDF.type, QB.DataStructureDefinition))
    components = list(graph.objects(iri, QB.component))
    ordered = sorted(
        (_value(graph, component, QB.order), component)
        for component in components
        if (component, QB.dimension, None) in graph
    )
    is_share = any((component, QB.measure, BP.upperShare) in graph for component in components)
    own_size = graph.value(iri, BP.minimumCellSize)
    return Cube(
        name=local_name(iri),
        iri=iri,
        label=str(graph.value(iri, RDFS.label)),
        definition=str(graph.value(iri, SKOS.definition)),
        dimensions=tuple(_dimension(graph, component) for _, component in ordered),
        measure="share" if is_share else "count",
        share_of=str(graph.value(iri, BP.isShareOf) or ""),
        categories=frozenset(_iris(graph.objects(iri, BP.hasCategory))),
        months=_value(graph, iri, BP.monthsBetweenReleases),
        contribution=_value(graph, iri, BP.mostCells),
        query=text(str(graph.value(iri, BP.isCountedBy))),
        population=str(graph.value(iri, BP.cubePopulation)),
        minimum_cell_size=0 if own_size is None else int(str(own_size)),
    )


def _dimension(graph: Graph, component: Node) -> Dimension:
    iri = URIRef(str(graph.value(component, QB.dimension)))
    label = vocabulary().value(iri, RDFS.label) or graph.value(iri, RDFS.label)
    adds_up = graph.value(component, BP.addsUp)
    return Dimension(iri, str(label), adds_up == RDFLiteral(True))


def _iris(nodes: Iterable[Node]) -> list[URIRef]:
    return [one for one in nodes if isinstance(one, URIRef)]


def _value(graph: Graph, subject: Node, predicate: URIRef) -> int:
    return int(str(graph.value(subject, predicate)))
