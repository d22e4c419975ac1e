"""The facts of a case in a store of their own, each where loads and families put it."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from rdflib import RDF, Graph, URIRef
from rdflib.term import Node

from databackpack import ontology, shapes
from databackpack.loaders.record import Record, Source
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, ID, ODRL
from databackpack.service.policy import audience as audiences
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import (
    AGREEMENTS,
    AUDIENCES,
    INDEX,
    JURISDICTIONS,
    REGISTRY,
    emergency_graph,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["LEARNER", "check_terms", "store"]

LEARNER = ID["learner/00000000-0000-0000-0000-000000000001"]
"""The one learner whom all cases are about."""

_ORDINARY = Path(__file__).parent / "ordinary.ttl"
_STATED_OR_ORDINARY = {BP.Enrollment, BP.Guardianship}
_ORGANIZATIONS = {BP.School, BP.District, BP.StateAgency, BP.Provider, BP.ResearchTeam}
_GRAPHS = {
    BP.Guardianship: guardianship_graph(LEARNER),
    BP.StandingDocument: guardianship_graph(LEARNER),
    BP.Emergency: emergency_graph(LEARNER),
    BP.Agreement: AGREEMENTS,
    ODRL.Agreement: policy_graph(LEARNER),
}


def store(
    stated: Graph, asker: URIRef, role: URIRef, records: Collection[tuple[URIRef, URIRef]]
) -> TruthStore:
    """Return a store of what a case states, completed by what is ordinary.

    *asker*, in *role*, is among the audiences; *records* (holder, category) are there even if they
    are empty.
    """
    facts = stated + _ordinary(set(stated.objects(None, RDF.type)))
    audience = _audiences(facts, asker, role)
    assert audience[asker].role == role
    truth = TruthStore()
    truth.commit(
        [
            *_changes(facts),
            *(
                Change(AUDIENCES, to_triples(audiences.write(one)), subject=one.iri)
                for one in audience.values()
            ),
            *_record_changes(_records(facts, records)),
        ]
    )
    return truth


def _ordinary(stated: set[Node]) -> Graph:
    """Return what holds in every case, but for facts of a kind that the case states itself."""
    found = Graph().parse(_ORDINARY, format="turtle")
    for kind in _STATED_OR_ORDINARY & stated:
        for subject in list(found.subjects(RDF.type, kind)):
            found.remove((subject, None, None))
    return found


def check_terms(stated: Graph) -> None:
    """Let properties pass that the vocabulary has: a slip would leave a fact without effect."""
    known = set(ontology.graph().subjects())
    for predicate in set(stated.predicates()):
        assert not str(predicate).startswith(BP) or predicate in known, f"unknown: {predicate}"


def _changes(facts: Graph) -> Iterator[Change]:
    """Yield what puts everything but audiences and records into its graph."""
    graphs: dict[URIRef, Graph] = defaultdict(Graph)
    for subject, predicate, value in facts:
        (kind,) = facts.objects(URIRef(str(subject).partition("#")[0]), RDF.type)
        if kind in _ORGANIZATIONS:
            is_law = predicate == BP.isUnderJurisdiction
            graphs[JURISDICTIONS if is_law else REGISTRY].add((subject, predicate, value))
        elif kind != BP.Audience and _category(kind) is None:
            graphs[_GRAPHS[URIRef(str(kind))]].add((subject, predicate, value))
    for report in (
        shapes.validate_policy(graphs[policy_graph(LEARNER)]),
        shapes.validate_agreement(graphs[AGREEMENTS]),
    ):
        assert report.conforms, report.text()
    return (Change(name, to_triples(graph)) for name, graph in graphs.items())


def _audiences(facts: Graph, asker: URIRef, role: URIRef) -> dict[URIRef, Audience]:
    """Return the audiences of all organisations, the asker's own, and those that are described."""
    found = {}
    for organization, code in facts.subject_objects(BP.organizationCode):
        iri, kind = URIRef(str(organization)), facts.value(organization, RDF.type)
        for one in audiences.of_organization(URIRef(str(kind)), iri, str(code)):
            found[one.iri] = one
    if role in (BPA.guardian, BPA.learner):
        found[asker] = audiences.of_person(role, ID[local_name(asker).replace("-", "/", 1)])
    for described in facts.subjects(RDF.type, BP.Audience):
        one = audiences.read(facts, URIRef(str(described)))
        found[one.iri] = one
    return found


def _records(facts: Graph, asked: Collection[tuple[URIRef, URIRef]]) -> list[Record]:
    """Return the records that the items make; the learner's names are in the one asked for."""
    graphs: dict[tuple[URIRef, URIRef], Graph] = {key: Graph() for key in asked}
    for subject, kind in facts.subject_objects(RDF.type):
        category = _category(kind)
        if category is not None:
            said = facts.value(subject, BP.isHeldBy)
            holders = {h for h, c in asked if c == category} if said is None else {said}
            (holder,) = (URIRef(str(one)) for one in holders)
            graph = graphs.setdefault((holder, category), Graph())
            graph += facts.triples((subject, None, None))
    return [
        Record(LEARNER, holder, category, graph, Source("case", 1))
        for (holder, category), graph in graphs.items()
    ]


def _record_changes(records: list[Record]) -> Iterator[Change]:
    for record, report in zip(records, shapes.validate_batch(records), strict=True):
        assert report.conforms, report.text()
        yield Change(record.iri, to_triples(record.graph))
        entry = Graph()
        entry.add((record.iri, BP.isRecordOf, LEARNER))
        entry.add((record.iri, BP.isHeldBy, record.holder))
        entry.add((record.iri, BP.hasCategory, record.category))
        yield Change(INDEX, to_triples(entry), subject=record.iri)


def _category(kind: Node) -> URIRef | None:
    """Return the category of the items of a class; None where they are in no record."""
    found = ontology.graph().value(kind, BP.hasCategory)
    return None if found is None else URIRef(str(found))
