"""The evaluator written as SPARQL: one query over the policies, the law and the requests as RDF.

It shares nothing with the decision in use but the terms: statements are the policies that are on
record, the law is the text of its file, the hierarchy of purposes is followed by property paths.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import profile
from databackpack.service.policy.model import Agreement, Emergency, Statement
from tests.evaluators import places
from tests.evaluators.case import Answers, Case, Key

__all__ = ["QUERY", "evaluate"]

ASK = Namespace("https://example.org/ask#")
QUERY = Path(__file__).with_name("decision.rq").read_text(encoding="utf-8")
NO_POLICY, NO_LEARNER = URIRef("urn:no-policy"), URIRef("urn:no-learner")
VOCABULARY = ("level.ttl", "purpose.ttl")


def evaluate(cases: Sequence[Case], query: str = QUERY) -> Answers:
    """Return what *query* answers over all *cases* in one store."""
    store = ox.Store()
    store.bulk_load("".join(_texts(cases)).encode(), format=ox.RdfFormat.N_TRIPLES)
    found: dict[Key, int] = {}
    solutions = store.query(query)
    assert isinstance(solutions, ox.QuerySolutions)
    for solution in solutions:
        request, category, rank = solution["request"], solution["category"], solution["rank"]
        assert isinstance(request, ox.NamedNode)
        assert isinstance(category, ox.NamedNode)
        assert isinstance(rank, ox.Literal)
        number, place = request.value.removeprefix(ASK).split("-")
        key = int(number), int(place), category.value
        assert key not in found, f"two answers to {key}"
        found[key] = int(rank.value)
    return found


def _texts(cases: Sequence[Case]) -> Iterator[str]:
    """Give everything as N-Triples: vocabulary, law, audiences, what is on record, requests."""
    yield _law()
    asking = {request.audience for case in cases for request in case.requests}
    for audience in sorted(asking, key=lambda audience: audience.iri):
        yield _ntriples(audiences.write(audience))
        for agreement in audience.agreements:
            yield _ntriples(_agreement(agreement))
    for number, case in enumerate(cases):
        yield from (_policy(said) for said in case.statements)
        yield from (_ntriples(_emergency(one, case.learner)) for one in case.emergencies)
        yield _ntriples(_requests(number, case))


@cache
def _law() -> str:
    vocabulary = Graph()
    for name in VOCABULARY:
        text = files(ontology.__name__).joinpath(name).read_text(encoding="utf-8")
        vocabulary.parse(data=text, format="turtle")
    return _ntriples(vocabulary) + "".join(_ntriples(places.graph(p)) for p in places.PLACES)


@cache
def _place(name: str) -> URIRef:
    (iri,) = places.graph(name).subjects(RDF.type, BP.Jurisdiction)
    return URIRef(str(iri))


def _policy(said: Statement) -> str:
    """Return the policy that *said* is on record as; words that are alike are written once."""
    text = _nameless(replace(said, iri=NO_POLICY, learner=NO_LEARNER))
    return text.replace(NO_POLICY, said.iri).replace(NO_LEARNER, said.learner)


@lru_cache(maxsize=2_000)
def _nameless(said: Statement) -> str:
    return _ntriples(profile.write(said))


def _agreement(agreement: Agreement) -> Graph:
    graph = Graph()
    graph.add((agreement.iri, BP.isAgreementOf, agreement.audience))
    graph.add((agreement.iri, BP.hasAgreementKind, agreement.kind))
    graph.add((agreement.iri, BP.grantsLevel, agreement.level.iri))
    for purpose in agreement.purposes:
        graph.add((agreement.iri, BP.hasPurpose, purpose))
    for category in agreement.categories:
        graph.add((agreement.iri, BP.hasCategory, category))
    _span(graph, agreement.iri, agreement.since, agreement.until)
    return graph


def _emergency(emergency: Emergency, learner: URIRef) -> Graph:
    graph = Graph()
    graph.add((emergency.iri, BP.isRecordOf, learner))
    graph.add((emergency.iri, BP.opensTo, emergency.audience))
    for category in emergency.categories:
        graph.add((emergency.iri, BP.hasCategory, category))
    _span(graph, emergency.iri, emergency.since, emergency.until)
    return graph


def _requests(number: int, case: Case) -> Graph:
    graph = Graph()
    for place, request in enumerate(case.requests):
        iri = ASK[f"{number}-{place}"]
        graph.add((iri, ASK.learner, case.learner))
        graph.add((iri, ASK.place, _place(case.place)))
        graph.add((iri, ASK.audience, request.audience.iri))
        graph.add((iri, ASK.purpose, request.purpose))
        graph.add((iri, ASK.moment, _moment(request.moment)))
        for category in case.categories:
            graph.add((iri, ASK.category, category))
    return graph


def _span(graph: Graph, iri: URIRef, since: datetime, until: datetime) -> None:
    graph.add((iri, BP.validFrom, _moment(since)))
    graph.add((iri, BP.validUntil, _moment(until)))


def _moment(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)


def _ntriples(graph: Graph) -> str:
    return graph.serialize(format="nt")
