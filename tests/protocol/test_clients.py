"""The clients that people already have ask a cross-school question over a real socket."""

import json
import subprocess

import pytest
from rdflib import Variable
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, POST, SPARQLWrapper

from tests.running import Running

QUESTION = """
PREFIX bp: <https://w3id.org/databackpack/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?school (COUNT(DISTINCT ?learner) AS ?learners) WHERE {
  ?state a bp:MasteryState ; bp:isRecordOf ?learner ; bp:isHeldBy/rdfs:label ?school
} GROUP BY ?school ORDER BY ?school
"""
SCHOOLS = {
    f"{name} Sample {kind}" for name, kind in (("Elm", "Elementary"), ("Fern", "Elementary"))
}


@pytest.mark.parametrize("method", ["GET", POST])
def test_sparqlwrapper_asks_across_schools(sample: Running, address: str, method: str) -> None:
    client = SPARQLWrapper(f"{address}/sparql")
    client.addCustomHttpHeader("Authorization", f"Bearer {sample.token('state-agency')}")
    client.setTimeout(20)
    client.setMethod(method)
    client.setReturnFormat(JSON)
    client.setQuery(QUESTION)
    answer = client.queryAndConvert()
    assert isinstance(answer, dict)
    rows = answer["results"]["bindings"]
    found = {row["school"]["value"]: int(row["learners"]["value"]) for row in rows}
    assert set(found) >= SCHOOLS
    assert all(found.values())


def test_sparqlwrapper_reads_csv(sample: Running, address: str) -> None:
    client = SPARQLWrapper(f"{address}/sparql", returnFormat=CSV)
    client.addCustomHttpHeader("Authorization", f"Bearer {sample.token('teacher')}")
    client.addCustomHttpHeader("Accept", "text/csv")
    client.setTimeout(20)
    client.setQuery(QUESTION)
    answer = client.queryAndConvert()
    assert isinstance(answer, bytes)
    lines = answer.decode().splitlines()
    assert lines[0] == "school,learners"
    assert any(line.startswith("Elm Sample Elementary,") for line in lines[1:])


def test_curl_asks_across_schools(sample: Running, address: str) -> None:
    command = [
        *("curl", "--silent", "--show-error", "--max-time", "20"),
        *("--header", f"Authorization: Bearer {sample.token('state-agency')}"),
        *("--header", "Accept: application/sparql-results+json"),
        *("--data-urlencode", f"query={QUESTION}", f"{address}/sparql"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    rows = json.loads(done.stdout)["results"]["bindings"]
    assert {row["school"]["value"] for row in rows} >= SCHOOLS


def test_rdflibs_sparqlstore_asks_across_schools(sample: Running, address: str) -> None:
    headers = {"Authorization": f"Bearer {sample.token('state-agency')}"}
    store = SPARQLStore(f"{address}/sparql", headers=headers)
    rows = store.query(QUESTION)
    assert {str(row[Variable("school")]) for row in rows.bindings} >= SCHOOLS
