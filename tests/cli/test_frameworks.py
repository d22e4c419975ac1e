"""``backpack load case`` and its sisters: exit codes, the report, twice the same, no traceback."""

from pathlib import Path

from rdflib import URIRef

from databackpack.service.records.graphs import framework_graph
from databackpack.service.records.truth import TruthStore
from tests.commands import run
from tests.loaders.frameworks.reading import DOCUMENT, item, link, package, write

GRAPH = framework_graph(URIRef(f"urn:uuid:{DOCUMENT}"))


def test_a_framework_is_loaded_once_and_what_is_wrong_is_reported(tmp_path: Path) -> None:
    store, report = tmp_path / "store", tmp_path / "report.txt"
    links = [link("isChildOf", "b", "a"), link("isChildOf", "a", "gone")]
    path = write(tmp_path / "f.json", package([item("a"), item("b")], links))
    first = run("load", "case", path, "--store", store, "--report", report)
    assert first.returncode == 1
    assert "2 statements of standards" in first.stderr.replace("\n", " ")
    assert "dangling parent: CFItems[0]" in report.read_text()
    assert "f.json:" in report.read_text()
    truth = TruthStore(store, create=False)
    epoch, held = truth.epoch, truth.triples(GRAPH)
    assert held
    del truth
    assert run("load", "case", path, "--store", store).returncode == 1
    truth = TruthStore(store, create=False)
    assert (truth.epoch, truth.triples(GRAPH)) == (epoch, held)


def test_a_file_of_another_format_is_told_in_words(tmp_path: Path) -> None:
    path = write(tmp_path / "f.json", "[]")
    for form in ("asn", "case", "ccss", "ctdl-asn", "skos"):
        found = run("load", form, path, "--dry-run")
        assert found.returncode == 1, form
        assert "f.json:1: " in found.stderr, form
        assert "Traceback" not in found.stderr, form
