"""Loaded frameworks as askers see them: in every view, also one that was there before."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.service.records.graphs import FRAMEWORKS, framework_graph
from databackpack.service.views import public
from tests.loaders.frameworks.reading import DOCUMENT, iri, item, link, loaded, package, uuid, write
from tests.running import run_sample
from tests.web.asking import Web, triples

FRAMEWORK = f"urn:uuid:{DOCUMENT}"
BY_GRAPH = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
MATH = "http://corestandards.org/Math"
ALSO = f"""
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<{MATH}> a skos:ConceptScheme .
<{MATH}/Content/5/NBT/A/1> a skos:Concept ; skos:inScheme <{MATH}> ;
  skos:definition "In words of our own"@en .
"""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A service of one's own whose views are there before anything is loaded beside them."""
    running = run_sample(tmp_path_factory.mktemp("frameworks"), learners=24)
    with running.listening() as address:
        yield Web(running, address)


@pytest.fixture(scope="module")
def before(web: Web) -> dict[str, frozenset[str]]:
    return {persona: web.dump(persona) for persona in ("state-agency", "guardian")}


@pytest.fixture(scope="module")
def brought(
    web: Web, before: dict[str, frozenset[str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A framework, and more of one that is shipped, loaded while the service runs."""
    folder = tmp_path_factory.mktemp("files")
    items = [item("a", humanCodingScheme="NW.1"), item("b")]
    path = write(folder / "f.json", package(items, [link("isChildOf", "b", "a")]))
    for form, file in (("case", path), ("skos", write(folder / "f.ttl", ALSO))):
        report = loaded(web.running.context.truth, form, file)
        assert report.is_clean, report.problems
    return folder


@pytest.mark.parametrize("persona", ["state-agency", "guardian"])
def test_a_load_reaches_every_view_and_adds_nothing_else(
    web: Web, before: dict[str, frozenset[str]], brought: Path, persona: str
) -> None:
    held = public.loaded(web.running.context.truth).graphs
    added = triples(t for graph in held.values() for t in graph)
    assert len(added) >= 20
    dump = web.dump(persona)
    assert dump == before[persona] | added
    assert not before[persona] & added
    count = web.query(persona, COUNT).json["results"]["bindings"][0]["n"]["value"]
    assert int(count) == len(dump)


def test_a_loaded_framework_is_a_named_graph_and_one_that_is_shipped_grows(
    web: Web, brought: Path
) -> None:
    rows = web.query("guardian", BY_GRAPH).json["results"]["bindings"]
    sizes = {row["g"]["value"]: int(row["n"]["value"]) for row in rows}
    wanted = {name.value: len(held) for name, held in public.graphs().items()}
    for name, held in public.loaded(web.running.context.truth).graphs.items():
        wanted[name.value] = wanted.get(name.value, 0) + len(held)
    assert sizes == wanted
    assert sizes[MATH] == len(public.graphs()[ox.NamedNode(MATH)]) + 1


def test_the_graphs_of_the_truth_store_are_in_no_view(web: Web, brought: Path) -> None:
    for name in (FRAMEWORKS, framework_graph(URIRef(FRAMEWORK))):
        path = f"/graphs?{urlencode({'graph': name})}"
        headers = web.running.headers("state-agency", "text/turtle")
        assert web.send("GET", path, headers).status == 404
    path = f"/graphs?{urlencode({'graph': FRAMEWORK})}"
    headers = web.running.headers("state-agency", "application/n-triples")
    answer = web.send("GET", path, headers)
    held = public.loaded(web.running.context.truth).graphs[ox.NamedNode(FRAMEWORK)]
    assert frozenset(answer.body.decode().splitlines()) == triples(held)


def test_a_question_takes_the_code_of_a_loaded_standard(web: Web, brought: Path) -> None:
    def ask(code: str) -> int:
        path = f"/questions/learners-meeting-standard?{urlencode({'standard': code})}"
        return web.send("GET", path, web.running.headers("state-agency")).status

    assert (ask("NW.1"), ask(uuid("b")), ask("3.OA.A.1")) == (200, 200, 200)
    assert ask("NW.2") == 400


def test_a_view_goes_back_with_the_framework_s_newest_version(web: Web, brought: Path) -> None:
    newer = package([item("a", humanCodingScheme="NW.1")], lastChangeDateTime="2026-10-01")
    loaded(web.running.context.truth, "case", write(brought / "g.json", newer))
    text = f"ASK {{ <{iri('b')}> <http://www.w3.org/2002/07/owl#deprecated> true }}"
    assert web.query("guardian", text).json == {"head": {}, "boolean": True}
