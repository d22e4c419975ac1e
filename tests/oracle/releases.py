"""A naive reading of releases: what would be left of one if all else were deleted, counted anew.

It shares no code with ``service.views`` or ``service.releases``: what a release holds is read from
the store by the names of its graphs, and who looks like whom is told by what is in them.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pyoxigraph as ox
from rdflib import Graph, URIRef
from rdflib.term import Node

from databackpack.loaders.record import Record
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.terms import from_ox
from databackpack.service.records.truth import TruthStore
from tests.oracle import naive
from tests.oracle.world import Child, Word, World
from tests.releases.recount import Looks, looks

Triples = set[ox.Triple]
AUDIENCE = "researcher-atlas"


def crowd(world: World, sizes: tuple[int, ...]) -> World:
    """Return *world* with so many children like its first, like its second, and so on."""
    children = [
        copy(child) for child, size in zip(world.children, sizes, strict=False) for _ in range(size)
    ]
    return replace(world, children=tuple(children), words=())


def copy(child: Child) -> Child:
    """Return a child with the same history and the same guardians, and an identity of its own."""
    names: dict[Node, URIRef] = {child.iri: ID[f"learner/{uuid4()}"]}

    def name(term: Node) -> Node:
        if isinstance(term, URIRef) and "/id/item/" in term:
            names.setdefault(term, ID[f"item/{uuid4()}"])
        return names.get(term, term)

    records = []
    for record in child.records:
        graph = Graph()
        for triple in record.graph:
            graph.add(tuple(map(name, triple)))  # type: ignore[arg-type]
        records.append(
            Record(names[child.iri], record.holder, record.category, graph, record.source)
        )
    return replace(child, iri=names[child.iri], records=tuple(records), alarms=())


def released(truth: TruthStore, number: int, record: Record) -> tuple[Triples, Triples]:
    """Return what a release holds of a record: what is quasi-identifying, and the rest."""
    name = str(record.iri).removeprefix(str(ID["graph/"]))
    below = f"{ID['graph/released/0']}/{number}/{name}"
    identifying, rest = (
        truth.triples(URIRef(f"{below}/{p}")) for p in ("quasi-identifiers", "rest")
    )
    return identifying, rest


def visible(
    world: World, words: list[Word], truth: TruthStore, number: int, moment: datetime, k: int
) -> set[tuple[Node, Node, Node]]:
    """Return what is left of release *number* for the study at *moment*."""
    whole: dict[URIRef, tuple[Triples, Triples]] = {}
    cut: dict[URIRef, Triples] = {}
    for child in world.children:
        parts = {record: released(truth, number, record) for record in child.records}
        held = [record for record in child.records if any(parts[record])]
        left = [record for record in held if is_open(world, words, child, record, moment)]
        identifying, rest = (set[ox.Triple]().union(*(parts[r][i] for r in left)) for i in (0, 1))
        if left and left == held:
            whole[child.iri] = identifying, rest
        elif rest:
            cut[child.iri] = rest
    pairs = truth.pairs(ID[f"graph/releases/0/{number}"], BP.hasReleaseClass)
    numbers = {learner: int(value) for learner, value in pairs}
    return {
        (from_ox(t.subject), from_ox(t.predicate), from_ox(t.object))
        for triples in alike(whole, cut, k, numbers).values()
        for t in triples
    }


def is_open(
    world: World, words: list[Word], child: Child, record: Record, moment: datetime
) -> bool:
    category = str(record.category).rsplit("#", 1)[-1]
    own = [w for w in words if w.learner == child.iri and w.category == category]
    cell = ("researcher", AUDIENCE, category, naive.holder_of(record))
    return naive.level_of(world, own, cell, moment) == "deidentified"


def alike(
    whole: dict[URIRef, tuple[Triples, Triples]],
    cut: dict[URIRef, Triples],
    k: int,
    numbers: dict[URIRef, int],
) -> dict[URIRef, Triples]:
    """Return what is shown of each: everything only of those who are *k* or more of their looks.

    *numbers* tell which of two classes of one size is the first to follow.
    """
    groups: defaultdict[Looks, list[URIRef]] = defaultdict(list)
    for learner, (identifying, rest) in whole.items():
        if identifying:
            groups[looks(identifying | rest)].append(learner)
    told = {one for members in groups.values() if len(members) >= k for one in members}
    shown = dict(cut)
    shown |= {one: rest for one, (_, rest) in whole.items() if one not in told and rest}
    bound = sorted(
        (group for group in groups.values() if group[0] in told and whole[group[0]][1]),
        key=lambda group: (len(group), numbers[group[0]]),
    )
    while 0 < len(shown) < k and bound:
        told -= set(bound[0])
        shown |= {one: whole[one][1] for one in bound.pop(0)}
    if 0 < len(shown) < k:
        shown = {}
    return shown | {one: set().union(*whole[one]) for one in told}
