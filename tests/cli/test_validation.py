"""``backpack validate``: RDF files against the shapes, offline, each mistake with its place."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rdflib import Graph, Literal
from rdflib.namespace import SH

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.validation import validate_command
from tests.commands import run

CASES = Path(__file__).parents[1] / "shapes"
GOAL = CASES / "goal" / "valid.full.ttl"
RECORD = ID["graph/00000000-0000-5000-8000-000000000101/00000000-0000-4000-8000-000000000001/goals"]


def validate(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(validate_command, [str(one) for one in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def converted(tmp_path: Path, source: Path, name: str, form: str) -> Path:
    file = tmp_path / name
    Graph().parse(source).serialize(file, format=form, encoding="utf-8")
    return file


def test_good_files_are_good_in_each_format(tmp_path: Path) -> None:
    for name, form in (("a.ttl", "turtle"), ("a.nt", "nt"), ("a.jsonld", "json-ld")):
        done = validate(converted(tmp_path, GOAL, name, form))
        assert done.exit_code == 0, done.output
        assert "1 goals records checked: 0 to correct, 0 noted" in done.output
    quads = tmp_path / "a.nq"
    lines = (tmp_path / "a.nt").read_text(encoding="utf-8").strip().splitlines()
    quads.write_text("".join(f"{line[:-1]}<{RECORD}> .\n" for line in lines), encoding="utf-8")
    assert validate(quads).exit_code == 0


@pytest.mark.parametrize("form", ["turtle", "nt", "json-ld"])
def test_a_wrong_code_is_told_with_file_layer_and_rule(tmp_path: Path, form: str) -> None:
    name = {"turtle": "a.ttl", "nt": "a.nt", "json-ld": "a.json"}[form]
    done = validate(converted(tmp_path, CASES / "goal" / "invalid.unknown-status.ttl", name, form))
    assert done.exit_code == 1
    assert f"{name}: Violation (vocabulary) Goal-bp_hasGoalStatus: " in done.output


def test_a_warning_is_told_and_no_failure() -> None:
    done = validate(CASES / "gradebook-item" / "valid.extra-credit.ttl")
    assert done.exit_code == 0
    assert "Warning (structure) GradebookItem-score-within-maximum: " in done.output
    assert "0 to correct, 1 noted" in done.output


def test_one_layer_is_told_alone(tmp_path: Path) -> None:
    file = tmp_path / "goal.ttl"
    text = GOAL.read_text(encoding="utf-8").replace("bp:OpenGoal", "bp:LostGoal")
    file.write_text(text.replace('"2025-09-01"', '"never"'), encoding="utf-8")
    found = {
        layer: validate(file, "--layer", layer).output for layer in ("structure", "vocabulary")
    }
    assert "Goal-bp_startDate" in found["structure"]
    assert "Goal-bp_startDate" not in found["vocabulary"]
    assert "Goal-bp_hasGoalStatus" in found["vocabulary"]
    assert "Goal-bp_hasGoalStatus" not in found["structure"]


SEVERAL = {
    "invalid.two-organisations.ttl",
    "invalid.held-by-another-organisation.ttl",
    "invalid.item-as-learner.ttl",
    "invalid.of-another-category.ttl",
    "invalid.of-another-learner.ttl",
}
"""Wrong as one record or organisation; in a file they are two good ones."""


def test_every_case_of_the_shapes_gets_its_verdict() -> None:
    for path in sorted(CASES.glob("*/*.ttl")):
        if path.parent.name not in ("consent-record", "cube"):  # which nobody sends
            done = validate(path)
            is_good = path.name.startswith("valid.") or path.name in SEVERAL
            assert done.exit_code == (0 if is_good else 1), (path, done.output)


def test_a_quad_about_another_learner_than_its_graph_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.nq"
    nt = converted(tmp_path, GOAL, "a.nt", "nt").read_text(encoding="utf-8").strip()
    other = str(RECORD).replace("000000000001/goals", "000000000002/goals")
    file.write_text("".join(f"{line[:-1]}<{other}> .\n" for line in nt.splitlines()))
    done = validate(file)
    assert done.exit_code == 1
    assert "Record-isRecordOf" in done.output


def test_a_graph_in_two_places_is_told_rather_than_judged_by_halves(tmp_path: Path) -> None:
    file = tmp_path / "a.nq"
    lines = converted(tmp_path, GOAL, "a.nt", "nt").read_text(encoding="utf-8").strip().splitlines()
    quads = [f"{line[:-1]}<{RECORD}> .\n" for line in lines]
    quads.insert(
        3, "<http://a.example/a> <http://a.example/b> <http://a.example/c> <http://a.example/g> .\n"
    )
    file.write_text("".join(quads), encoding="utf-8")
    done = validate(file)
    assert done.exit_code == 1
    assert "sort the file by graphs" in done.output


@contextmanager
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """Give an address and what anybody sends to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def hear() -> None:
            try:
                peer, _ = server.accept()
                heard.append(peer.recv(1000))
                peer.close()
            except OSError:
                pass

        thread = threading.Thread(target=hear)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/context.jsonld", heard
        thread.join()


BAD = {
    "truncated.ttl": ('@prefix a: <http://a.example/> .\na:b a:c "d', ["line 2", "malformed RDF"]),
    "truncated.nt": ("<http://a.example/a> <http://a.example/b>\n", ["malformed RDF", "line 2"]),
    "truncated.json": ('{"@id": "http://a.example/a",\n "http://a.example/b": ', ["malformed RDF"]),
    "no-json.jsonld": ("<rdf/>", ["malformed RDF"]),
    "relative.ttl": ("<a> <b> <c> .", ["malformed RDF", "line 1"]),
    "nothing-known.ttl": ("<http://a.example/a> a <http://a.example/b> .", ["Record-subject"]),
    "unknown.xml": ("<rdf/>", ["unknown format", ".ttl"]),
    "empty-ending": ("", ["unknown format", "no ending"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_with_its_name_and_rule(tmp_path: Path, name: str) -> None:
    text, words = BAD[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copy(GOAL, tmp_path / "good.ttl")
    done = validate(tmp_path / name, tmp_path / "good.ttl")
    assert done.exit_code == 1
    told = next(line for line in done.output.splitlines() if line.startswith(name))
    for word in words:
        assert word in told
    assert "1 goals records" in done.output, "the good file is checked"


def test_text_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(b'<http://a.example/a> <http://a.example/b>\n "\xe9" .')
    done = validate(tmp_path / "a.ttl")
    assert done.exit_code == 1
    assert "a.ttl:2: Violation malformed RDF: " in done.output
    assert "UTF-8" in done.output


def test_a_remote_context_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    with listener() as (address, heard):
        file = tmp_path / "a.jsonld"
        file.write_text(f'{{"@context": "{address}", "@id": "http://a.example/a", "b": "c"}}')
        done = validate(file)
    assert done.exit_code == 1
    assert "nothing is fetched from elsewhere" in done.output
    assert heard == []


def test_a_folder_is_checked_file_by_file_and_summed_up(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("valid.full", "invalid.unknown-status"):
        shutil.copy(CASES / "goal" / f"{name}.ttl", folder)
    report = tmp_path / "report.ttl"
    done = validate(folder, "--report", report)
    assert done.exit_code == 1
    assert "2 goals records checked: 1 to correct, 0 noted" in done.output
    graph = Graph().parse(report)
    assert (None, SH.conforms, Literal(False)) in graph
    assert (None, BP.layer, Literal("vocabulary")) in graph


def test_the_command_is_one_of_backpack() -> None:
    assert run("validate", GOAL).returncode == 0
