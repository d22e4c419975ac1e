"""``backpack load crosswalk`` and ``sssom``, and ``backpack align``: files in, files out."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rdflib import URIRef

from databackpack.loaders import alignments
from databackpack.service.cli import main
from databackpack.service.intake import take_in
from databackpack.service.records.truth import TruthStore
from tests.commands import run
from tests.running import run_sample

DICTIONARY = Path(__file__).parents[1] / "loaders/dictionary/state.csv"
SET = (
    "#mapping_set_id: https://example.org/ohio\n"
    "#mapping_set_title: Ohio to Common Core\n"
    "subject_id\tsubject_label\tpredicate_id\tobject_id\tauthor_label\n"
    "https://example.org/ohio/3.1\tOhio 3.1\tskos:exactMatch\t3.OA.A.1\tA. Reader\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "ohio.sssom.tsv"
    path.write_text(SET, encoding="utf-8")
    return path


def test_a_crosswalk_is_loaded_once_and_its_bad_rows_are_reported(
    table: Path, tmp_path: Path
) -> None:
    store, report = tmp_path / "store", tmp_path / "report.txt"
    with table.open("a") as file:
        file.write("https://example.org/ohio/3.2\tOhio 3.2\tlikes\t3.OA.A.2\tA. Reader\n")
    first = run("load", "sssom", table, "--store", store, "--report", report)
    assert first.returncode == 1
    assert "1 alignments" in first.stderr.replace("\n", " ")
    assert report.read_text().startswith("ohio.sssom.tsv:5: unknown relation: 'likes'")
    epoch = TruthStore(store, create=False).epoch
    again = run("load", "sssom", table, "--store", store)
    assert again.returncode == 1
    assert TruthStore(store, create=False).epoch == epoch


def test_who_loads_a_crosswalk_that_is_there_changes_nothing(table: Path) -> None:
    truth = TruthStore(None)
    for _ in range(2):
        report = take_in(truth, alignments.read_set(table, _nobody))
        assert report.is_clean
        assert report.alignments == 1
    assert truth.epoch == 1


def test_a_crosswalk_that_is_loaded_while_serving_is_in_every_view(
    table: Path, tmp_path: Path
) -> None:
    running = run_sample(tmp_path, learners=4)
    question = "/questions/statement-matches?standard=3.OA.A.1"
    client = running.app.test_client()
    before = client.get(question, headers=running.headers("researcher", "text/csv"))
    assert "Ohio" not in before.text
    take_in(running.context.truth, alignments.read_set(table, _nobody))
    query = (
        "PREFIX bp: <https://w3id.org/databackpack/ns#> "
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
        "SELECT ?label ?strength { ?a bp:alignsTo|bp:alignsFrom ?s ; bp:hasStrength ?strength . "
        '?s skos:prefLabel ?label FILTER(?label = "Ohio 3.1") }'
    )
    for persona in ("researcher", "teacher"):
        answer = client.post(
            "/sparql",
            data=query,
            content_type="application/sparql-query",
            headers=running.headers(persona, "text/csv"),
        )
        assert answer.status_code == 200, answer.text
        assert answer.text.splitlines()[1:] == [
            "Ohio 3.1,https://w3id.org/databackpack/ns#EquivalentStrength"
        ]


def test_align_prints_the_table_and_writes_what_it_is_asked_for(tmp_path: Path) -> None:
    printed = align(DICTIONARY)
    assert printed.exit_code == 0, printed.stderr
    assert printed.stdout.splitlines()[0].startswith("table,element,vocabulary,target")
    assert "option values:" in printed.stderr
    files = {name: tmp_path / f"out.{name}" for name in ("csv", "ttl", "html")}
    options = ("--table", files["csv"], "--skos", files["ttl"], "--html", files["html"])
    written = align(DICTIONARY, *options)
    assert written.exit_code == 0, written.stderr
    assert written.stdout == ""
    assert files["csv"].read_text() == printed.stdout
    assert "skos:ConceptScheme" in files["ttl"].read_text()
    assert files["html"].read_text().startswith("<!DOCTYPE html>")
    again = align(DICTIONARY, "--confirmed", files["csv"])
    assert again.exit_code == 0
    assert again.stdout == printed.stdout, "nobody has decided anything"


def test_align_tells_a_mistake_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a^b\n1^2\n")
    told = run("align", tmp_path / "d.csv")
    assert told.returncode == 1
    assert "d.csv:1: missing column: " in told.stderr
    assert "Traceback" not in told.stderr
    unwritable = align(DICTIONARY, "--table", tmp_path / "none" / "t.csv")
    assert unwritable.exit_code == 1
    assert "cannot write" in unwritable.stderr


def align(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["align", *(str(one) for one in arguments)])


def _nobody(kind: str, identifier: str) -> URIRef:
    raise AssertionError(f"a crosswalk is about nobody, but {kind} {identifier} was asked for")
