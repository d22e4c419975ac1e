"""What the store holds of one learner, of one school, or for everybody, graph by graph; as a file.

The same content gives the same bytes. Blocks come learner by learner, so that a school of any size
is written in little memory. docs/export.md describes the three formats.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from uuid import NAMESPACE_URL, uuid5

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, ORG, PREFIXES, PROV
from databackpack.service.records.graphs import (
    FRAMEWORKS,
    HOLDS,
    IDENTITY,
    IDENTITY_EVENTS,
    INDEX,
    OWN_HOLDS,
    REGISTRY,
    RUNS,
    emergency_graph,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.identity import read_bindings
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = [
    "Block",
    "disclosure_graph",
    "of_learner",
    "of_learners_at",
    "of_public",
    "runs_and_organizations",
    "write",
]

Block = tuple[URIRef, frozenset[ox.Triple]]
"""The name of a graph, and what of it belongs to whom the export is about."""

Unit = list[Block]
"""Blocks that belong together: of one learner, or what several learners share."""

_PEOPLE = (str(ID["learner/"]), str(ID["guardian/"]))
_GRAPH_OF = node(BP.isInGraph)
_PREFIXES = {name: str(iri) for name, iri in PREFIXES.items()}


def disclosure_graph(learner: URIRef) -> URIRef:
    """Return the name of the graph of what was disclosed of a learner in stores before this one."""
    return ID[f"graph/disclosures/of/{local_name(learner)}"]


def of_learner(
    truth: TruthStore,
    learner: URIRef,
    disclosed: Iterable[ox.Triple] = (),
    holder: URIRef | None = None,
) -> Unit:
    """Return everything of *learner*, or of its records only those of *holder*.

    *disclosed* is the disclosure log about the learner, which is added to what came by an import.
    """
    found: defaultdict[URIRef, set[ox.Triple]] = defaultdict(set)
    for record in truth.subjects(INDEX, BP.isRecordOf, learner):
        entry = truth.triples(INDEX, record)
        if holder is None or any(t.object == node(holder) for t in entry):
            found[record] |= truth.triples(record)
            found[INDEX] |= entry
    for source in read_bindings(truth).sources(learner):
        for kept_out in truth.subjects(None, BP.isKeptOutOf, source):
            held = truth.triples(kept_out)
            if holder is None or any(t.object == node(holder) for t in held):
                found[kept_out] |= held
        for name in (policy_graph(source), guardianship_graph(source), emergency_graph(source)):
            found[name] |= truth.triples(name)
        for graph in (HOLDS, OWN_HOLDS, IDENTITY, IDENTITY_EVENTS):
            found[graph] |= truth.triples(graph, source)
        for event in (BP.hasFirst, BP.hasSecond):
            for said in truth.subjects(IDENTITY_EVENTS, event, source):
                found[IDENTITY_EVENTS] |= truth.triples(IDENTITY_EVENTS, said)
        for tie in truth.triples(guardianship_graph(source)):
            if tie.predicate == node(BP.hasGuardian):
                found[IDENTITY] |= truth.triples(IDENTITY, URIRef(text(tie.object)))
    log = disclosure_graph(learner)
    found[log] |= truth.triples(log) | _as_stored(disclosed)
    return _blocks(found)


def of_learners_at(truth: TruthStore, holder: URIRef) -> Iterator[Unit]:
    """Yield for each learner all records that *holder* holds, and what belongs to the learner."""
    held = truth.subjects(INDEX, BP.isHeldBy, holder)
    learners = {one for record in held for one in truth.objects(record, BP.isRecordOf)}
    for learner in sorted(learners):
        yield of_learner(truth, URIRef(learner), holder=holder)


def runs_and_organizations(truth: TruthStore, records: Iterable[URIRef]) -> Unit:
    """Return the loads that brought *records*, and the organisations that hold them, with those
    above."""
    found: defaultdict[URIRef, set[ox.Triple]] = defaultdict(set)
    runs, organizations = set[URIRef](), set[URIRef]()
    for record in records:
        for triple in truth.triples(INDEX, record):
            if triple.predicate == node(PROV.wasGeneratedBy):
                runs.add(URIRef(text(triple.object)))
            elif triple.predicate == node(BP.isHeldBy):
                organizations.add(URIRef(text(triple.object)))
    for run in runs:
        said = truth.triples(RUNS, run)
        files = (URIRef(t.object.value) for t in said if isinstance(t.object, ox.NamedNode))
        found[RUNS] |= said.union(*(truth.triples(RUNS, file) for file in files))
    todo = list(organizations)
    while todo:
        said = truth.triples(REGISTRY, todo.pop())
        if not said <= found[REGISTRY]:
            found[REGISTRY] |= said
            above = node(ORG.subOrganizationOf)
            todo += [URIRef(text(t.object)) for t in said if t.predicate == above]
    return _blocks(found)


def of_public(truth: TruthStore) -> Iterator[Unit]:
    """Yield the registry, and each graph of a framework or a crosswalk that was loaded."""
    yield _blocks({REGISTRY: truth.triples(REGISTRY), FRAMEWORKS: truth.triples(FRAMEWORKS)})
    for graph in sorted({URIRef(text(t.subject)) for t in truth.triples(FRAMEWORKS)}):
        yield _blocks({graph: truth.triples(graph)})


def write(units: Iterable[Unit], form: str) -> Iterator[bytes]:
    """Yield *units* as pieces of a file in *form*: nquads, jsonld or turtle."""
    if form == "jsonld":
        separator = b"[\n"
        for unit in units:
            for block in unit:
                yield separator + _json(block)
                separator = b",\n"
        yield b"\n]\n" if separator == b",\n" else b"[]\n"
        return
    if form == "turtle":
        yield b"".join(f"@prefix {name}: <{iri}> .\n".encode() for name, iri in _PREFIXES.items())
    for unit in units:
        yield _turtle(unit) if form == "turtle" else b"".join(map(_n_quads, unit))


def _as_stored(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return *triples* with their literals written as a store writes them."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    return {quad.triple for quad in store}


def _blocks(found: "dict[URIRef, set[ox.Triple]]") -> Unit:
    return [(name, frozenset(found[name])) for name in sorted(found) if found[name]]


def _quads(block: Block) -> list[ox.Quad]:
    name, triples = node(block[0]), sorted(block[1], key=str)
    return [ox.Quad(t.subject, t.predicate, t.object, name) for t in triples]


def _n_quads(block: Block) -> bytes:
    return ox.serialize(_quads(block), format=ox.RdfFormat.N_QUADS) or b""


def _json(block: Block) -> bytes:
    """Return one graph as expanded JSON-LD: without a context, so nothing need be fetched."""
    found = ox.serialize(_quads(block), format=ox.RdfFormat.JSON_LD) or b"[]"
    return found.strip()[1:-1]


def _turtle(unit: Unit) -> bytes:
    """Return *unit* as Turtle that says of each subject in which graph it is.

    A subject of several graphs, and every person, has each statement said once more, as an
    rdf:Statement with its graph.
    """
    graphs: defaultdict[object, set[URIRef]] = defaultdict(set)
    for name, triples in unit:
        for triple in triples:
            graphs[triple.subject].add(name)
    found: set[ox.Triple] = set()
    for name, triples in unit:
        for triple in triples:
            found.add(triple)
            if len(graphs[triple.subject]) == 1 and not text(triple.subject).startswith(_PEOPLE):
                found.add(ox.Triple(triple.subject, _GRAPH_OF, node(name)))
            else:
                found |= _statement(triple, name)
    lines = ox.serialize(sorted(found, key=str), format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    kept = (line for line in (lines or b"").splitlines(True) if not line.startswith(b"@prefix"))
    return b"".join(kept)


def _statement(triple: ox.Triple, graph: URIRef) -> set[ox.Triple]:
    iri = node(ID[f"statement/{uuid5(NAMESPACE_URL, f'{triple} {graph}')}"])
    return {
        ox.Triple(iri, node(RDF.type), node(RDF.Statement)),
        ox.Triple(iri, node(RDF.subject), triple.subject),
        ox.Triple(iri, node(RDF.predicate), triple.predicate),
        ox.Triple(iri, node(RDF.object), triple.object),
        ox.Triple(iri, _GRAPH_OF, node(graph)),
    }
