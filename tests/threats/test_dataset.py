"""Items 1 to 9: whatever dataset a query names, it is answered from the asker's own view."""

from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from databackpack.ontology.namespaces import ID
from tests.gate.outside import Outside
from tests.threats.twins import (
    ASKERS,
    BEN,
    ELM,
    HIDDEN_GRAPHS,
    NORTH,
    NOWHERE,
    Twins,
    check_same,
)
from tests.web.asking import Response

ALL = "{ { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


def names(answer: Response, variable: str = "g") -> set[str]:
    return {row[variable]["value"] for row in answer.json["results"]["bindings"]}


def check_like_nowhere(twins: Twins, asker: str, text: str) -> None:
    """Each hidden graph, put into *text* for %s, gives what a graph that is not gives."""
    nowhere = twins.query(asker, text.replace("%s", str(NOWHERE)))
    assert nowhere.status == 200, nowhere.body
    for graph in HIDDEN_GRAPHS:
        found = twins.query(asker, text.replace("%s", graph))
        assert found.body == nowhere.body.replace(NOWHERE.encode(), graph.encode())


@pytest.mark.parametrize("asker", ASKERS)
def test_01_all_triples_of_all_graphs_are_those_of_the_askers_own(twins: Twins, asker: str) -> None:
    found = names(twins.query(asker, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", "*/*"))
    assert found.isdisjoint(map(str, HIDDEN_GRAPHS))
    learners = "FILTER(STRSTARTS(STR(?o), 'https://w3id.org/databackpack/id/learner/'))"
    held = twins.query(asker, f"SELECT * {{ GRAPH ?g {{ ?s ?p ?o {learners} }} }}")
    assert held.json["results"]["bindings"] == [], "records are in the default graph only"


@pytest.mark.parametrize("asker", ASKERS)
def test_02_no_name_of_another_graph_is_listed(twins: Twins, asker: str) -> None:
    listed = names(twins.query(asker, "SELECT DISTINCT ?g { GRAPH ?g {} }"))
    held = names(twins.query(asker, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"))
    assert listed == held


@pytest.mark.parametrize("asker", ASKERS)
def test_03_a_hidden_graph_is_not_there_to_be_asked(twins: Twins, asker: str) -> None:
    for graph in (*HIDDEN_GRAPHS, NOWHERE):
        for pattern in ("{}", "{ ?s ?p ?o }"):
            answer = twins.query(asker, f"ASK {{ GRAPH <{graph}> {pattern} }}")
            assert answer.json["boolean"] is False
    check_like_nowhere(twins, asker, "SELECT ?n { { GRAPH <%s> {} } BIND(1 AS ?n) }")


@pytest.mark.parametrize("asker", (ELM, NORTH))
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <%s> %all",
        "SELECT * FROM NAMED <%s> %all",
        "SELECT * FROM <%s> FROM NAMED <%s> %all",
        "SELECT (COUNT(*) AS ?n) FROM <%s> FROM <urn:nowhere> %all",
        "ASK FROM <%s> { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } FROM <%s> { ?s ?p ?o }",
        "DESCRIBE <%s> FROM <%s>",
    ],
)
def test_04_a_dataset_in_the_query_is_cut_to_what_the_audience_has(
    twins: Twins, asker: str, text: str
) -> None:
    text = text.replace("%all", ALL)
    check_like_nowhere(twins, asker, text)
    if text.startswith("SELECT *"):
        assert names(twins.query(asker, text.replace("%s", str(NOWHERE))), "s") == set()


@pytest.mark.parametrize("asker", ASKERS)
def test_04_a_graph_is_not_read_by_its_name_as_one_that_is_not(twins: Twins, asker: str) -> None:
    for verb in ("GET", "HEAD"):
        nowhere = twins.send(asker, verb, f"/graphs?graph={quote(NOWHERE, safe='')}")
        assert nowhere.status == 404
        for graph in HIDDEN_GRAPHS:
            found = twins.send(asker, verb, f"/graphs?graph={quote(graph, safe='')}")
            check_same(found, nowhere)
    whole = twins.send(asker, "GET", "/graphs?default", headers={"Accept": "application/n-triples"})
    assert frozenset(whole.body.decode().splitlines()) == twins.whole.dump(asker)


@pytest.mark.parametrize(
    "parameters",
    [
        {"default-graph-uri": "%s"},
        {"named-graph-uri": "%s"},
        {"default-graph-uri": "%s", "named-graph-uri": "%s"},
        {"default-graph-uri": ["%s", str(NOWHERE)]},
        {"default-graph-uri": ["%s", "%s"]},
    ],
)
@pytest.mark.parametrize("dataset", ["", "FROM <%s> FROM NAMED <%s>"])
def test_05_a_dataset_in_the_request_is_cut_likewise_and_wins(
    twins: Twins, parameters: dict[str, object], dataset: str
) -> None:
    body = urlencode({"query": f"SELECT * {dataset} {ALL}", **parameters}, doseq=True)
    told = set()
    for graph in (str(NOWHERE), *HIDDEN_GRAPHS):
        asked = body.replace(quote("%s"), quote(graph, safe=""))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        in_body = twins.send(ELM, "POST", "/sparql", asked, form)
        in_url = twins.send(ELM, "GET", f"/sparql?{asked}")
        assert in_body.body == in_url.body
        told.add(in_url.body)
        query, _, rest = asked.partition("&")
        split = twins.send(ELM, "POST", f"/sparql?{rest}", query, form)
        assert split.body == in_url.body
    (one,) = told
    assert b'"bindings":[]' in one


@pytest.mark.parametrize(
    "parameter",
    [
        *("union-default-graph", "using-graph-uri", "using-named-graph-uri", "using-union-graph"),
        *("user", "access-token", "access_token", "timeout", "default_graph_uri", "update"),
        *("infer", "audience", "reasoning", "dataset", "Query", "query[]", "maxrows", "explain"),
    ],
)
def test_06_parameters_of_other_servers_are_unknown(twins: Twins, parameter: str) -> None:
    for value in ("", "true", str(HIDDEN_GRAPHS[0])):
        sent = f"query=ASK%7B%7D&{quote(parameter)}={quote(value, safe='')}"
        answer = twins.send(ELM, "GET", f"/sparql?{sent}")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert answer.status == twins.send(ELM, "POST", "/sparql", sent, form).status == 400
        assert answer.json["title"] == "Malformed request"


def test_07_from_a_file_or_an_address_is_never_dereferenced(
    twins: Twins, outside: Outside, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text("<urn:a> <urn:b> 'read from the disk' .")
    for iri in (
        secret.as_uri(),
        "file:///etc/passwd",
        outside.iri,
        f"{outside.iri}latest/meta-data/",
    ):
        for dataset in (f"FROM <{iri}>", f"FROM NAMED <{iri}>", f"FROM <{iri}> FROM NAMED <{iri}>"):
            answer = twins.query(ELM, f"SELECT * {dataset} {ALL}")
            assert answer.status == 200
            assert answer.json["results"]["bindings"] == []
        for name in ("default-graph-uri", "named-graph-uri"):
            path = f"/sparql?{urlencode({'query': f'SELECT * {ALL}', name: iri})}"
            assert twins.send(ELM, "GET", path).json["results"]["bindings"] == []


GUISES = {
    "a base": "BASE <%(base)s> SELECT * { GRAPH <%(end)s> { ?s ?p ?o } }",
    "a base, in FROM": "BASE <%(base)s> SELECT * FROM <%(end)s> { ?s ?p ?o }",
    "a prefix": "PREFIX g: <%(base)s> SELECT * { GRAPH g:%(end)s { ?s ?p ?o } }",
    "an escape": "SELECT * { GRAPH <%(base)s\\u0074eacher> { ?s ?p ?o } }",
    "a long escape": "SELECT * { GRAPH <%(base)s\\U00000074eacher> { ?s ?p ?o } }",
    "percent": "SELECT * { GRAPH <%(base)s%%74eacher> { ?s ?p ?o } }",
    "dots": "SELECT * { GRAPH <%(base)sx/../%(end)s> { ?s ?p ?o } }",
    "upper case": "SELECT * { GRAPH <HTTPS://W3ID.ORG/%(path)s%(end)s> { ?s ?p ?o } }",
    "a port": "SELECT * { GRAPH <https://w3id.org:443/%(path)s%(end)s> { ?s ?p ?o } }",
    "a letter that looks alike": "SELECT * { GRAPH <%(base)st\u0435acher> { ?s ?p ?o } }",
    "another normal form": "SELECT * { GRAPH <%(base)ste\u0301acher> { ?s ?p ?o } }",
    "full width": "SELECT * { GRAPH <%(base)s\uff54eacher> { ?s ?p ?o } }",
    "a variable": "SELECT * { BIND(IRI('%(base)s%(end)s') AS ?g) GRAPH ?g { ?s ?p ?o } }",
    "a value": "SELECT * { VALUES ?g { <%(base)s%(end)s> } GRAPH ?g { ?s ?p ?o } }",
    "a base and a function": "BASE <%(base)s> SELECT * { BIND(IRI('%(end)s') AS ?g) "
    "GRAPH ?g { ?s ?p ?o } }",
}


@pytest.mark.parametrize("guise", GUISES)
def test_08_a_graph_is_not_reached_by_another_spelling_of_its_name(
    twins: Twins, guise: str
) -> None:
    base = str(ID["graph/"])  # of one of the decoys
    parts = {"base": base, "path": base.removeprefix("https://w3id.org/"), "end": "teacher"}
    answer = twins.query(ELM, GUISES[guise] % parts)
    assert answer.status == 200, answer.body
    assert answer.json["results"]["bindings"] == []


@pytest.mark.parametrize(
    "name",
    [
        *("urn:x-arq:UnionGraph", "urn:x-arq:DefaultGraph", "urn:x-arq:DefaultGraphNode"),
        *("http://qlever.cs.uni-freiburg.de/builtin-functions/default-graph", "sesame:nil"),
        *("http://www.openlinksw.com/schemas/virtrdf#", "http://www.ontotext.com/explicit"),
    ],
)
def test_09_names_that_other_servers_read_as_all_graphs_are_names_of_nothing(
    twins: Twins, name: str
) -> None:
    """One of the decoys is a graph of such a name."""
    for text in (
        "SELECT * { GRAPH <%s> { ?s ?p ?o } }",
        "SELECT * FROM <%s> { ?s ?p ?o }",
        "SELECT * FROM NAMED <%s> { GRAPH ?g { ?s ?p ?o } }",
    ):
        answer = twins.query(ELM, text.replace("%s", name))
        assert answer.json["results"]["bindings"] == []
    seen = twins.query(ELM, f"SELECT * {{ <{BEN}> ?p ?o }}").json["results"]["bindings"]
    assert seen, "what is hidden is not hidden because nothing is there"
