"""Named graphs: those that everybody may see are there by name, everything else is not."""

import re
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from databackpack.ontology.namespaces import ID
from databackpack.service.records.graphs import policy_graph
from databackpack.service.views import public
from tests.running import Running
from tests.web.asking import Response, Web, triples

MATH, ELA = "http://corestandards.org/Math", "http://corestandards.org/ELA-Literacy"
UNKNOWN = str(ID["graph/00000000-0000-4000-8000-000000000000"])
NUMBER = re.compile(rb'"request_id": "[0-9a-f-]{36}"')
PERSONAS = ("state-agency", "guardian")
SIZES = {name.value: len(held) for name, held in public.graphs().items()}
COUNT = "SELECT (COUNT(*) AS ?n) %s { ?s ?p ?o }"
BY_GRAPH = "SELECT ?g (COUNT(*) AS ?n) %s { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"


def rows(answer: Response) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    found = answer.json["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in found]


def count(web: Web, dataset: str, persona: str = "guardian") -> int:
    return int(rows(web.query(persona, COUNT % dataset))[0]["n"])


def by_graph(web: Web, dataset: str = "", persona: str = "guardian") -> dict[str, int]:
    found = rows(web.query(persona, BY_GRAPH % dataset))
    return {row["g"]: int(row["n"]) for row in found}


def asked(web: Web, text: str, **dataset: str | list[str]) -> list[dict[str, str]]:
    parameters = {name.replace("_", "-"): value for name, value in dataset.items()}
    sent = urlencode({"query": text, **parameters}, doseq=True)
    return rows(web.send("GET", f"/sparql?{sent}", web.running.headers("guardian")))


def test_the_ontology_its_schemes_and_the_frameworks_are_named_by_their_own_iris() -> None:
    base = "https://w3id.org/databackpack"
    assert {MATH, ELA, f"{base}/ns", f"{base}/mastery#Scheme", f"{base}/grade#Scheme"} < set(SIZES)


def test_public_graphs_share_no_triple_and_hold_no_blank_node() -> None:
    held = [triple for graph in public.graphs().values() for triple in graph]
    assert len(held) == len(set(held)) == len(public.vocabulary())
    terms = {type(term) for triple in held for term in (triple.subject, triple.object)}
    assert ox.BlankNode not in terms


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_view_names_the_public_graphs_and_no_other(web: Web, persona: str) -> None:
    assert by_graph(web, "", persona) == SIZES


@pytest.mark.parametrize("persona", PERSONAS)
def test_what_is_in_a_named_graph_is_in_the_default_graph_too_and_counts_once(
    web: Web, persona: str
) -> None:
    dump = web.dump(persona)
    assert triples(public.vocabulary()) < dump
    assert count(web, "", persona) == len(dump)


def test_from_chooses_the_default_graph(web: Web) -> None:
    assert count(web, f"FROM <{MATH}>") == SIZES[MATH]
    assert count(web, f"FROM <{MATH}> FROM <{ELA}>") == SIZES[MATH] + SIZES[ELA]
    assert count(web, f"FROM <{MATH}> FROM <{UNKNOWN}>") == SIZES[MATH]
    assert count(web, f"FROM NAMED <{MATH}>") == 0


def test_from_named_chooses_the_named_graphs(web: Web) -> None:
    assert by_graph(web, f"FROM NAMED <{MATH}>") == {MATH: SIZES[MATH]}
    assert by_graph(web, f"FROM NAMED <{MATH}> FROM NAMED <{UNKNOWN}>") == {MATH: SIZES[MATH]}
    assert by_graph(web, f"FROM <{MATH}>") == {}


def test_the_protocol_s_dataset_wins_over_the_query_s(web: Web) -> None:
    text = COUNT % f"FROM <{ELA}> FROM NAMED <{ELA}>"
    assert asked(web, text, default_graph_uri=MATH) == [{"n": str(SIZES[MATH])}]
    assert asked(web, text, named_graph_uri=MATH) == [{"n": "0"}]
    text = BY_GRAPH % f"FROM NAMED <{ELA}>"
    assert asked(web, text, named_graph_uri=MATH) == [{"g": MATH, "n": str(SIZES[MATH])}]
    assert asked(web, text, default_graph_uri=MATH) == []


def test_a_graph_that_the_protocol_names_twice_counts_once(web: Web) -> None:
    twice = [MATH, MATH, UNKNOWN]
    assert asked(web, COUNT % "", default_graph_uri=twice) == [{"n": str(SIZES[MATH])}]
    (row,) = asked(web, BY_GRAPH % "", named_graph_uri=twice)
    assert row == {"g": MATH, "n": str(SIZES[MATH])}


def test_relative_names_are_names_only_after_they_are_resolved(web: Web) -> None:
    base = "BASE <http://corestandards.org/> "
    dataset = "FROM <Math>"
    assert rows(web.query("guardian", base + COUNT % dataset)) == [{"n": str(SIZES[MATH])}]
    assert count(web, dataset) == 0
    for other in ("HTTP://corestandards.org/Math", "http://corestandards.org/%4Dath", f"{MATH}/"):
        assert count(web, f"FROM <{other}>") == 0
    assert count(web, r"FROM <http://corestandards.org/\u004Dath>") == SIZES[MATH]


@pytest.fixture(scope="module")
def hidden(sample: Running) -> list[str]:
    """Names of graphs that the truth store has and no view."""
    learner = ID[f"learner/{sample.person('learner', 'state:S000001')}"]
    records = [str(record.iri) for record in sample.context.views.dossier(learner).records]
    assert records
    own = ["index", "journal", "audiences", "identity", "codes", "disclosures", "registry"]
    return [*records, str(policy_graph(learner)), *(str(ID[f"graph/{name}"]) for name in own)]


def read(web: Web, method: str, name: str, accept: str, persona: str = "guardian") -> Response:
    path = f"/graphs?{urlencode({'graph': name})}"
    return web.send(method, path, web.running.headers(persona, accept))


def told(answer: Response) -> tuple[int, dict[str, str], bytes]:
    """Return all that came back, but for the date and the request's own number."""
    own = ("date", "x-request-id")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status, headers, NUMBER.sub(b"", answer.body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("persona", PERSONAS)
def test_a_hidden_graph_looks_like_one_that_never_was(
    web: Web, hidden: list[str], method: str, persona: str
) -> None:
    for accept in ("text/turtle", "text/html", "*/*"):
        nothing = read(web, method, UNKNOWN, accept, persona)
        assert nothing.status == 404
        for name in hidden:
            assert told(read(web, method, name, accept, persona)) == told(nothing)


@pytest.mark.parametrize("name", SIZES)
def test_a_public_graph_is_read_whole(web: Web, name: str) -> None:
    answer = read(web, "GET", name, "application/n-triples")
    assert answer.status == 200
    wanted = triples(public.graphs()[ox.NamedNode(name)])
    assert frozenset(answer.body.decode().splitlines()) == wanted


def test_the_head_of_a_graph_is_that_of_the_graph(web: Web) -> None:
    whole, head = (read(web, method, MATH, "text/turtle") for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length", "consent-epoch", "etag", "vary"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_default_graph_is_all_of_the_view(web: Web, persona: str) -> None:
    headers = web.running.headers(persona, "application/n-triples")
    answer = web.send("GET", "/graphs?default", headers)
    assert frozenset(answer.body.decode().splitlines()) == web.dump(persona)


MALFORMED = [
    *("", "?", "?default&graph=a:1", "?default=1", "?default&default", "?graph=", "?graph=here"),
    *("?graph=a:1&graph=a:2", "?graph=a:1&format=xml", "?Graph=a:1", "?query=ASK%7B%7D"),
    *("?graph=%FF", "?graph=http://example.org/a%20b"),
]


@pytest.mark.parametrize("query_string", MALFORMED)
def test_a_request_that_names_no_one_graph_is_malformed(web: Web, query_string: str) -> None:
    headers = web.running.headers("guardian", "text/turtle")
    answer = web.send("GET", f"/graphs{query_string}", headers)
    assert answer.status == 400, answer.body
    assert answer.json["detail"]


def test_a_graph_needs_a_token_and_a_format(web: Web) -> None:
    assert web.send("GET", "/graphs?default").status == 401
    answer = read(web, "GET", MATH, "text/csv")
    assert answer.status == 406
    assert "text/turtle" in answer.json["detail"]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "TRACE"])
def test_graphs_are_never_written(web: Web, method: str) -> None:
    headers = web.running.headers("state-agency") | {"Content-Type": "text/turtle"}
    for target in ("default", f"graph={MATH}"):
        answer = web.send(method, f"/graphs?{target}", headers, "<a:s> <a:p> 1 .")
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
