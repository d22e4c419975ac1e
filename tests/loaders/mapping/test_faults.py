"""Mappings with one thing wrong: told in words, with the line, before any row is read."""

import socket
from pathlib import Path

import pytest

from databackpack.loaders import mapping
from databackpack.loaders.mapping.engine import Engine, Failed
from databackpack.loaders.mapping.rules import Faulty, read_mapping
from databackpack.loaders.record import Organization, Problem

# What the worked mapping has, what it has instead, the line, the rule, words of the message.
FAULTS = [
    ("bp:eventDate", "bp:eventDat", 27, "unknown term", "did you mean bp:eventDate?"),
    ("bp:AttendanceEvent", "bp:AttendenceEvent", 24, "unknown term", "bp:AttendanceEvent"),
    ("[bp:courseCode", "[dcterms:title", 29, "unknown term", "dcterms:title is no property"),
    ("[bp:courseCode", "[bpp:courseCode", 29, "predicate", "a prefix that the mapping declares"),
    ("$(Day), map:day", "$(Day), map:dai", 27, "unknown reading", "did you mean map:day"),
    ("row:$(_row)/attendance", "bp:$(StudentID)", 22, "subject", "never part of a name"),
    (
        "row:$(_row)/attendance",
        "https://w3id.org/databackpack/id/learner/3f0a6a52-0000-4000-8000-000000000000",
        22,
        "subject",
        "whose item it is map:learner says",
    ),
    ("row:$(_row)/attendance", "row:attendance", 22, "subject", "write row:$(_row)/"),
    (
        "- [map:learner, state:$(StudentID)]",
        "",
        22,
        "missing property",
        "attendance lacks map:learner",
    ),
    ("- [bp:eventDate, $(Day), map:day]", "", 22, "missing property", "lacks bp:eventDate"),
    ("[[attendance.csv~csv]]", "[['https://example.org/a.csv~csv']]", 21, "outside source", "net"),
    ("[[attendance.csv~csv]]", "[[../secret.csv~csv]]", 21, "outside source", "the file alone"),
    ("[[attendance.csv~csv]]", "[['data.json~jsonpath', '$']]", 21, "outside source", "no CSV"),
    (
        "sources: [[attendance.csv~csv]]",
        "sources: [{query: SELECT 1, referenceFormulation: sql2008}]",
        21,
        "outside source",
        "no database",
    ),
    (
        "[bp:courseCode, $(Course)]",
        "{p: bp:courseCode, o: {function: 'https://example.org/fetch', parameters: []}}",
        29,
        "unknown function",
        "never a file of functions",
    ),
    (
        "[bp:courseCode, $(Course)]",
        "{p: bp:courseCode, o: {mapping: result}}",
        29,
        "value",
        "the key of that item",
    ),
    ("[bp:courseCode, $(Course)]", "[bp:courseCode, $(Course), en~lang]", 29, "value", "language"),
    ('"X": ExcusedAbsence', "no: ExcusedAbsence", 12, "unknown reading", "between quotes"),
    ("split:", "splitt:", 16, "unknown reading", "one of codes, date and split"),
    ("mappings:", "mapping s:", 1, "no mapping", "it has no mappings"),
    ("  result:", "  attendance:", 31, "no mapping", "'attendance' stands twice"),
    ("[a, bp:AttendanceEvent]", "[a, bp:AttendanceEvent", 25, "no mapping", "no YAML"),
]


@pytest.fixture(scope="module")
def worked(examples: Path) -> str:
    return (examples / "lantern" / "mapping.yml").read_text(encoding="utf-8")


def _faults(text: str | bytes, engine: Engine, folder: Path, name: str = "m.yml") -> list[Problem]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(Faulty) as caught:
        read_mapping(path, engine, folder)
    return caught.value.problems


@pytest.mark.parametrize(("old", "new", "line", "rule", "words"), FAULTS)
def test_a_fault_is_named_with_its_line(
    old: str,
    new: str,
    line: int,
    rule: str,
    words: str,
    worked: str,
    engine: Engine,
    tmp_path: Path,
) -> None:
    assert old in worked
    problems = _faults(worked.replace(old, new, 1), engine, tmp_path)
    assert (str(problems[0].source), problems[0].rule) == (f"m.yml:{line}", rule)
    assert words in problems[0].message


def test_all_faults_are_named_at_once(worked: str, engine: Engine, tmp_path: Path) -> None:
    text = worked.replace("bp:eventDate", "bp:eventDat").replace("bp:scoreValue", "bp:skore")
    found = {(item.source.line, item.rule) for item in _faults(text, engine, tmp_path)}
    assert found == {
        (27, "unknown term"),
        (41, "unknown term"),
    }


@pytest.mark.parametrize(
    ("data", "name", "rule"),
    [
        (b"mappings:\n  \xe9: {}\n", "m.yml", "not-utf-8"),
        (b"mappings: {}", "m.txt", "no mapping"),
        (b"", "m.yml", "no mapping"),
        (b"@prefix bp: <x> .\n<#a> bp: [\n", "m.ttl", "no mapping"),
        (b"", "m.ttl", "no mapping"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nmappings: {}\n", "m.yml", "no mapping"),
        (b"[" * 100_000, "m.yml", "no mapping"),
        (b"!!python/object/apply:os.system ['true']", "m.yml", "no mapping"),
    ],
)
def test_what_is_no_mapping_is_named(
    data: bytes, name: str, rule: str, engine: Engine, tmp_path: Path
) -> None:
    (problem,) = _faults(data, engine, tmp_path, name)
    assert (problem.source.file, problem.rule) == (name, rule)


def test_an_unknown_column_is_named_and_the_other_files_are_loaded(
    examples: Path, tmp_path: Path
) -> None:
    folder = examples / "lantern"
    text = (folder / "attendance.csv").read_text(encoding="utf-8")
    spoiled = tmp_path / "attendance.csv"
    spoiled.write_text(text.replace("Mark", "Marks"), encoding="utf-8")
    paths = [spoiled, folder / "schools.csv"]
    problem, *others = mapping.gather(paths, folder / "mapping.yml")
    assert isinstance(problem, Problem)
    assert (str(problem.source), problem.rule) == ("mapping.yml:28", "unknown column")
    assert "attendance.csv has no column 'Mark'; did you mean Marks?" in problem.message
    assert [isinstance(other, Organization) for other in others] == [True, True]


def test_the_version_says_what_the_mapping_calls_itself_and_its_hash(
    worked: str, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "m.yml"
    path.write_text(worked, encoding="utf-8")
    first = read_mapping(path, engine, tmp_path).version
    assert first.startswith("1 (sha256:")
    path.write_text(worked + "# a word more\n", encoding="utf-8")
    assert read_mapping(path, engine, tmp_path).version != first


def test_the_engine_reaches_nothing_even_where_a_mapping_would(tmp_path: Path) -> None:
    """The check refuses such a source; the process that runs mappings cannot open it either."""
    with socket.create_server(("127.0.0.1", 0)) as listening, Engine(tmp_path) as engine:
        port = listening.getsockname()[1]
        rules = tmp_path / "rules.yml"
        rules.write_text(
            f"""
mappings:
  a:
    sources: [['http://127.0.0.1:{port}/a.csv~csv']]
    s: https://w3id.org/databackpack/row/$(_row)/a
    po: [[https://example.org/p, $(x)]]
""",
            encoding="utf-8",
        )
        with pytest.raises(Failed, match="reaches out"):
            engine.ask(map=str(rules), out=str(tmp_path / "out"))
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_an_engine_that_takes_too_long_is_ended_and_the_next_job_has_a_new_one(
    tmp_path: Path, worked: str
) -> None:
    path = tmp_path / "m.yml"
    path.write_text(worked, encoding="utf-8")
    with Engine(tmp_path, seconds=0.05) as hasty:
        with pytest.raises(Failed, match="make it simpler"):
            hasty.ask(normalize=str(path))
        assert hasty._child is None
