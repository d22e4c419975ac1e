"""What ``docs/ask.md`` says of settings of SPARQLWrapper and rdflib is so in these versions."""

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError

import pytest
from rdflib import Graph, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import JSON, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, Unauthorized

from tests.web.asking import Web

QUESTION = "SELECT ?class { ?item a ?class } LIMIT 3"


@pytest.fixture
def store(web: Web) -> Callable[[str], SPARQLStore]:
    """Makes a store that asks by a method."""

    def make(method: str) -> SPARQLStore:
        headers = {"Authorization": f"Bearer {web.running.token('researcher')}"}
        return SPARQLStore(
            f"{web.address}/sparql", method=method, returnFormat="json", headers=headers
        )

    return make


def wrapper(web: Web, query: str) -> SPARQLWrapper:
    client = SPARQLWrapper(f"{web.address}/sparql", returnFormat=JSON)
    client.setQuery(query)
    return client


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_asks_by_every_method_and_sends_the_name_of_its_graph(
    store: Callable[[str], SPARQLStore], method: str
) -> None:
    assert len(Graph(store(method)).query(QUESTION)) == 3
    assert len(Graph(store(method), identifier=URIRef("urn:mine")).query(QUESTION)) == 0


def test_rdflib_tells_of_a_refusal_only_by_get(store: Callable[[str], SPARQLStore]) -> None:
    with pytest.raises(ValueError) as told:
        Graph(store("GET")).query("SELECT nonsense")
    assert isinstance(told.value.__context__, HTTPError)
    assert told.value.__context__.code == 400
    told.value.__context__.close()


def test_sparqlwrapper_s_credentials_are_no_token(web: Web) -> None:
    client = wrapper(web, QUESTION)
    client.setCredentials("name", "password")
    with pytest.raises(Unauthorized):
        client.query()


@pytest.mark.parametrize("function", ["COALESCE (1)", "CONCAT ('a')", "BNODE ()"])
def test_the_engine_takes_no_space_before_some_brackets(web: Web, function: str) -> None:
    for text, is_taken in ((function, False), (function.replace(" ", ""), True)):
        client = wrapper(web, f"SELECT ({text} AS ?x) {{}}")
        client.addCustomHttpHeader("Authorization", f"Bearer {web.running.token('researcher')}")
        if is_taken:
            found: Any = client.queryAndConvert()
            assert found["results"]["bindings"]
        else:
            with pytest.raises(QueryBadFormed):
                client.query()
