"""What the service says of itself: the W3C's tests of it, and counts that tell of no learner."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, VOID, Graph, Literal, Namespace, URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.gate.results import GRAPH_FORMATS
from databackpack.service.records import disclosures
from databackpack.service.records.terms import node, text, to_graph
from databackpack.service.views import public
from tests.running import Running
from tests.web.asking import Web

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
# The terms of the Service Description vocabulary that we use: domain, range, how many at most.
SCHEMA = {
    SD.endpoint: (SD.Service, None, 1),
    SD.supportedLanguage: (SD.Service, None, 3),
    SD.defaultEntailmentRegime: (SD.Service, None, 1),
    SD.resultFormat: (SD.Service, None, 9),
    SD.defaultDataset: (SD.Service, SD.Dataset, 1),
    SD.defaultGraph: (SD.Dataset, SD.Graph, 1),
    SD.namedGraph: (SD.Dataset, SD.NamedGraph, 99),
    SD.name: (SD.NamedGraph, None, 1),
    SD.graph: (SD.NamedGraph, SD.Graph, 1),
}
LEAST, ROUNDED_TO = 10, 5
SERVICE, DATASET = "/sparql", "/.well-known/void"


def described(
    web: Web, path: str, persona: str = "state-agency", accept: str = "text/turtle"
) -> Graph:
    answer = web.send("GET", path, web.running.headers(persona, accept))
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].partition(";")[0] == accept
    return to_graph({quad.triple for quad in ox.parse(answer.body, format=GRAPH_FORMATS[accept])})


def test_these_are_the_w3c_s_tests(shared_data: Path) -> None:
    manifest = Graph().parse(shared_data / "w3c" / "service-description" / "manifest.ttl")
    names = {str(name) for _, _, name in manifest if isinstance(name, Literal)}
    assert names >= {
        "GET on endpoint returns RDF",
        "Service description contains a matching sd:endpoint triple",
        "Service description conforms to schema",
    }


@pytest.mark.parametrize("accept", GRAPH_FORMATS)
@pytest.mark.parametrize("path", [SERVICE, DATASET])
def test_get_on_the_endpoint_returns_rdf(web: Web, path: str, accept: str) -> None:
    found = described(web, path, accept=accept)
    assert set(found) == set(described(web, path))
    assert len(found) > 20


def test_the_description_has_a_matching_endpoint(web: Web) -> None:
    found = described(web, SERVICE)
    (service,) = found.subjects(RDF.type, SD.Service)
    assert list(found.objects(service, SD.endpoint)) == [URIRef(f"{web.address}{SERVICE}")]


@pytest.mark.parametrize("path", [SERVICE, DATASET])
def test_the_description_conforms_to_the_schema(web: Web, path: str) -> None:
    found = described(web, path)
    for subject, predicate, value in found:
        if str(predicate).startswith(str(SD)):
            domain, kind, most = SCHEMA[URIRef(str(predicate))]
            assert (subject, RDF.type, domain) in found
            assert kind is None or (value, RDF.type, kind) in found
            assert len(list(found.objects(subject, predicate))) <= most
    for named in found.subjects(RDF.type, SD.NamedGraph):
        assert len(list(found.objects(named, SD.name))) == 1
    assert path == DATASET or (None, SD.endpoint, None) in found


def test_no_federation_and_no_update_is_described(web: Web) -> None:
    found = described(web, SERVICE)
    assert set(found.objects(None, SD.supportedLanguage)) == {SD.SPARQL11Query}
    assert not set(found.objects(None, SD.feature))


def test_the_named_graphs_are_those_that_everybody_may_see(web: Web) -> None:
    for persona in ("state-agency", "guardian"):
        found = described(web, SERVICE, persona)
        sizes = {
            str(found.value(named, SD.name)): int(str(found.value(graph, VOID.triples)))
            for named, graph in found.subject_objects(SD.graph)
        }
        assert sizes == {name.value: len(held) for name, held in public.graphs().items()}


def test_the_description_leads_to_the_one_of_the_default_graph(web: Web) -> None:
    found = described(web, SERVICE)
    (graph,) = found.objects(None, SD.defaultGraph)
    (address,) = found.objects(graph, RDFS.seeAlso)
    assert str(address) == f"{web.address}{DATASET}"
    there = described(web, DATASET)
    assert (graph, RDF.type, VOID.Dataset) in there
    assert str(there.value(graph, VOID.sparqlEndpoint)) == f"{web.address}{SERVICE}"
    dump = str(there.value(graph, VOID.dataDump)).removeprefix(web.address)
    headers = web.running.headers("guardian", "application/n-triples")
    assert frozenset(web.send("GET", dump, headers).body.decode().splitlines()) == web.dump(
        "guardian"
    )


def counted(found: Graph) -> dict[tuple[str, str], int]:
    """Return the sizes of all partitions that a description of a dataset tells."""
    return {
        (kind, str(term)): int(str(found.value(part, size)))
        for kind, size in (("property", VOID.triples), ("class", VOID.entities))
        for part, term in found.subject_objects(VOID[kind])
    }


def naive(dump: Iterable[str]) -> tuple[dict[tuple[str, str], int], Counter[str]]:
    """Return the sizes that may be told of the triples in *dump*, and how many are what."""
    triples = [q.triple for q in ox.parse("\n".join(dump), format=ox.RdfFormat.N_TRIPLES)]
    learner_of = {
        text(t.subject): text(t.object) for t in triples if t.predicate == node(BP.isRecordOf)
    }
    learner_of |= {learner: learner for learner in learner_of.values()}
    sizes: Counter[tuple[str, str]] = Counter()
    own: Counter[tuple[str, str]] = Counter()
    learners: dict[tuple[str, str], set[str]] = {}
    for triple in triples:
        keys = [("property", triple.predicate.value)]
        if triple.predicate == node(RDF.type):
            keys.append(("class", text(triple.object)))
        for key in keys:
            learner = learner_of.get(text(triple.subject))
            if learner is None:
                sizes[key] += 1
            else:
                own[key] += 1
                learners.setdefault(key, set()).add(learner)
    tally: Counter[str] = Counter()
    for key, size in own.items():
        is_told = len(learners[key]) >= LEAST
        tally["told" if is_told else "suppressed"] += 1
        sizes[key] += ROUNDED_TO * round(size / ROUNDED_TO) if is_told else 0
    return {key: size for key, size in sizes.items() if size}, tally


def test_counts_are_of_enough_learners_and_rounded(web: Web) -> None:
    tally: Counter[str] = Counter()
    for persona in ("state-agency", "teacher", "guardian", "researcher"):
        found = described(web, DATASET, persona)
        wanted, seen = naive(web.dump(persona))
        assert counted(found) == wanted
        tally += seen
        (total,) = (found.value(one, VOID.triples) for one in found.subjects(RDF.type, SD.Graph))
        properties = [size for (kind, _), size in wanted.items() if kind == "property"]
        assert int(str(total)) == sum(properties)
    assert tally["told"] > 20
    assert tally["suppressed"] > 20


def test_a_class_of_a_few_learners_is_not_even_named(web: Web) -> None:
    found = counted(described(web, DATASET, "guardian"))
    assert ("class", str(BP.MasteryState)) not in found
    assert ("class", str(BP.MasteryState)) in counted(described(web, DATASET))
    assert ("property", str(BP.isRecordOf)) not in found


def test_a_description_is_logged_like_any_query(web: Web, sample: Running) -> None:
    for path, queries in ((SERVICE, 1), (DATASET, 2)):
        before = len(list(disclosures.entries(sample.context.truth)))
        described(web, path)
        assert len(list(disclosures.entries(sample.context.truth))) == before + queries


@pytest.mark.parametrize("path", [SERVICE, DATASET])
def test_a_description_needs_a_token_and_a_format(web: Web, path: str) -> None:
    assert web.send("GET", path).status == 401
    for accept in ("application/sparql-results+json", "image/png"):
        answer = web.send("GET", path, web.running.headers("teacher", accept))
        assert answer.status == 406
        assert "text/turtle" in answer.json["detail"]


@pytest.mark.parametrize("host", ["a b", "<>", "a{b}", '"', "example.org/<x>"])
def test_a_host_that_is_none_is_refused_and_not_repeated(web: Web, host: str) -> None:
    headers = web.running.headers("teacher", "text/turtle") | {"Host": host}
    answer = web.send("GET", SERVICE, headers)
    assert answer.status == 400, answer.body
    assert answer.json["detail"] == "The Host header names no host."
