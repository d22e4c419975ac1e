"""Newer, older and same versions of a framework; records and questions that name its statements."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import SKOS, URIRef

from databackpack.loaders.value import standard
from databackpack.ontology import standards
from databackpack.ontology.namespaces import CEASN
from databackpack.service.records.graphs import FRAMEWORKS, framework_graph
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import public
from tests.loaders.frameworks.reading import (
    DOCUMENT,
    iri,
    item,
    link,
    loaded,
    package,
    uuid,
    write,
)

GRAPH = framework_graph(URIRef(f"urn:uuid:{DOCUMENT}"))


def said(truth: TruthStore, name: str) -> dict[str, set[str]]:
    """Return what is held of the statement called *name*, by the last segment of the property."""
    found: dict[str, set[str]] = {}
    for triple in truth.triples(GRAPH, iri(name)):
        key = triple.predicate.value.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
        found.setdefault(key, set()).add(triple.object.value)  # type: ignore[union-attr]
    return found


def first() -> dict[str, object]:
    return package([item("a", humanCodingScheme="NW.1"), item("b")], [link("isChildOf", "b", "a")])


def test_the_same_file_again_begins_no_epoch(tmp_path: Path) -> None:
    truth, path = TruthStore(None), write(tmp_path / "f.json", first())
    report = loaded(truth, "case", path)
    assert (report.standards, report.is_clean) == (2, True)
    epoch = truth.epoch
    loaded(truth, "case", path, path)
    renamed = write(tmp_path / "g.json", first())
    loaded(truth, "case", renamed)
    assert truth.epoch == epoch


def test_what_a_newer_version_has_no_more_stays_as_deprecated(tmp_path: Path) -> None:
    truth = TruthStore(None)
    loaded(truth, "case", write(tmp_path / "1.json", first()))
    newer = package([item("a"), item("c")], lastChangeDateTime="2026-10-01")
    path = write(tmp_path / "2.json", newer)
    assert loaded(truth, "case", path).is_clean
    gone = said(truth, "b")
    assert gone["deprecated"] == {"true"}
    assert gone["historyNote"] == {"Not in the version of 2026-10-01 any more."}
    assert gone["competencyText"] == {"Statement b"}
    assert gone["broader"] == {str(iri("a"))}
    assert "deprecated" not in said(truth, "a") | said(truth, "c")
    epoch = truth.epoch
    loaded(truth, "case", path)
    assert truth.epoch == epoch
    newest = write(tmp_path / "3.json", package([item("b")], lastChangeDateTime="2026-11-01"))
    loaded(truth, "case", newest)
    assert "deprecated" not in said(truth, "b")
    assert said(truth, "a")["historyNote"] == {"Not in the version of 2026-11-01 any more."}


def test_what_took_the_place_of_something_gone_is_told(tmp_path: Path) -> None:
    truth = TruthStore(None)
    loaded(truth, "case", write(tmp_path / "1.json", first()))
    newer = package(
        [item("a"), item("c")],
        [link("replacedBy", "b", "c"), link("replacedBy", "never", "a")],
        lastChangeDateTime="2026-10-01",
    )
    path = write(tmp_path / "2.json", newer)
    assert loaded(truth, "case", path).is_clean
    assert said(truth, "b")["isReplacedBy"] == {str(iri("c"))}
    assert said(truth, "b")["competencyText"] == {"Statement b"}
    assert said(truth, "never") == {}


def test_an_older_version_is_refused(tmp_path: Path) -> None:
    truth = TruthStore(None)
    loaded(truth, "case", write(tmp_path / "1.json", first()))
    held = truth.triples(GRAPH)
    older = write(tmp_path / "0.json", package([item("x")], lastChangeDateTime="2025-01-31"))
    report = loaded(truth, "case", older)
    assert [(p.source.file, p.rule) for p in report.problems] == [("0.json", "older version")]
    assert "2025-01-31" in report.problems[0].message
    assert "2026-09-01" in report.problems[0].message
    assert truth.triples(GRAPH) == held


def test_two_versions_in_one_load_come_in_their_order(tmp_path: Path) -> None:
    truth = TruthStore(None)
    newer = package([item("a")], lastChangeDateTime="2026-10-01")
    paths = [write(tmp_path / "1.json", first()), write(tmp_path / "2.json", newer)]
    assert loaded(truth, "case", *paths).is_clean
    assert said(truth, "b")["deprecated"] == {"true"}
    assert "deprecated" not in said(truth, "a")


def test_a_loaded_standard_is_found_while_it_is_known_and_not_after(tmp_path: Path) -> None:
    truth = TruthStore(None)
    loaded(truth, "case", write(tmp_path / "f.json", first()))
    with standards.knowing(public.loaded(truth).names):
        for identifier in ("NW.1", uuid("a"), f"urn:uuid:{uuid('a')}", uuid("a").upper()):
            assert standards.resolve(identifier) == iri("a")
        assert standard("NW.1") == ("iri", str(iri("a")))
        with pytest.raises(standards.UnknownStandard, match=r"NW\.1"):
            standards.resolve("NW.11")
    with pytest.raises(standards.UnknownStandard):
        standards.resolve("NW.1")


def test_a_state_s_code_that_is_the_common_core_s_too_means_the_common_core(
    tmp_path: Path,
) -> None:
    truth = TruthStore(None)
    content = package([item("a", humanCodingScheme="5.NBT.A.1")])
    loaded(truth, "case", write(tmp_path / "f.json", content))
    with standards.knowing(public.loaded(truth).names):
        assert "corestandards.org" in standards.resolve("5.NBT.A.1")
        assert standards.resolve(uuid("a")) == iri("a")


def test_a_second_document_of_a_loaded_framework_adds_to_its_statements(tmp_path: Path) -> None:
    truth = TruthStore(None)
    loaded(truth, "case", write(tmp_path / "1.json", first()))
    other = f"""
    @prefix skos: <{SKOS}> .
    <https://a.example/s> a skos:ConceptScheme .
    <https://a.example/s/1> a skos:Concept ; skos:inScheme <https://a.example/s> ;
      skos:notation "{uuid("a")}"^^<https://w3id.org/databackpack/ns#caseIdentifier> ;
      skos:definition "In other words"@en .
    """
    assert loaded(truth, "skos", write(tmp_path / "2.ttl", other)).is_clean
    graphs = public.loaded(truth).graphs
    texts = {
        t.object.value  # type: ignore[union-attr]
        for held in graphs.values()
        for t in held
        if t.subject == node(iri("a")) and t.predicate == node(CEASN.competencyText)
    }
    assert texts == {"Statement a", "In other words"}
    held = [t for graph in graphs.values() for t in graph]
    assert len(held) == len(set(held))


def test_the_index_says_where_each_document_came_from(tmp_path: Path) -> None:
    truth = TruthStore(None)
    loaded(truth, "case", write(tmp_path / "f.json", first()))
    index = {t.predicate.value.rsplit("/", 1)[-1]: t.object for t in truth.triples(FRAMEWORKS)}
    assert index["ns#isGraphOf"] == ox.NamedNode(f"urn:uuid:{DOCUMENT}")
    assert "f.json:3" in {str(o.value) for o in index.values()}  # type: ignore[union-attr]
