"""The file of the redo log: what is in it, what is not, and what is found to be damaged."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.loaders.record import organization_iri, person_iri, record_iri
from databackpack.ontology.namespaces import BP, BPC, ID
from databackpack.service.records import graphs
from databackpack.service.records.redo import (
    Edit,
    Entry,
    RedoLog,
    StoreUnusable,
    is_logged,
    rows,
    whole,
)
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore

LEARNER = person_iri("learner", UUID(int=7))
MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def triple(value: str) -> ox.Triple:
    return ox.Triple(node(LEARNER), node(BP.position), ox.Literal(value))


def commit(epoch: int) -> Entry:
    return Entry(epoch, MOMENT, {"urn:x:graph": Edit("", f"<urn:x:a> <urn:x:b> <urn:x:{epoch}> .")})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of three commits with a row after the second: lines 3, 4, 5 and 6."""
    path = tmp_path / "store.redo"
    log = RedoLog.begin(path, "a store", 0, MOMENT, [])
    for entry in (commit(1), commit(2), rows("urn:x:table", [triple("1")]), commit(3)):
        with log.around(entry):
            pass
    return path


def read(path: Path, epoch: int) -> list[int | None]:
    """Return the epochs of what came after *epoch*."""
    _, later = RedoLog(path).since(epoch)
    return [entry.epoch for entry in later]


@pytest.mark.parametrize(
    "graph",
    [
        graphs.policy_graph(LEARNER),
        graphs.guardianship_graph(LEARNER),
        graphs.emergency_graph(LEARNER),
        graphs.HOLDS,
        graphs.AGREEMENTS,
        graphs.JURISDICTIONS,
        graphs.AUDIENCES,
        graphs.IDENTITY,
        URIRef(f"{graphs.CODES}/researcher-mobility"),
        URIRef(f"{graphs.CODES}/agreement/study"),
        graphs.releases_graph(ID["agreement/study"]),
        graphs.classes_graph(ID["agreement/study"], 1),
        ID["graph/not-thought-of"],
        ID[f"graph/amendment/{LEARNER.rsplit('/', 1)[-1]}/attendance"],
        URIRef(f"{graphs.DISCLOSURES}-rules"),
    ],
)
def test_what_decides_or_names_somebody_is_logged_and_so_is_what_is_not_known(
    graph: URIRef,
) -> None:
    assert is_logged(graph)


@pytest.mark.parametrize(
    "graph",
    [
        record_iri(organization_iri("north"), LEARNER, BPC.attendance),
        graphs.INDEX,
        graphs.REGISTRY,
        graphs.JOURNAL,
        graphs.DISCLOSURES,
        graphs.SPECIAL_EDUCATION_LOG,
        URIRef(f"{graphs.EXPOSURES}/teacher-elm/AcademicResearch"),
        graphs.released_graph(ID["agreement/study"], 1),
        URIRef(f"{graphs.released_graph(ID['agreement/study'], 1)}/holder/learner/progress/rest"),
    ],
)
def test_records_and_what_was_disclosed_are_not_logged(graph: URIRef) -> None:
    assert not is_logged(graph)


def test_a_line_tells_the_commit_and_only_what_changed(tmp_path: Path) -> None:
    truth = TruthStore(tmp_path / "store")
    record = record_iri(organization_iri("north"), LEARNER, BPC.attendance)
    truth.commit([Change(graphs.HOLDS, [triple("1"), triple("2")])])
    truth.commit([Change(graphs.HOLDS, [triple("2"), triple("3")]), Change(record, [triple("7")])])
    line = (tmp_path / "store.redo").read_bytes().splitlines()[-1]
    told = json.loads(line.partition(b" ")[2])
    assert told.pop("moment")
    assert told == {
        "line": 4,
        "epoch": 2,
        "others": 1,
        "graphs": {
            str(graphs.HOLDS): {"removed": f"{triple('1')} .\n", "added": f"{triple('3')} .\n"}
        },
    }


def test_a_log_is_its_owners_alone_and_begun_as_a_whole(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["store.redo"]
    assert RedoLog(path).store == "a store"


def test_what_came_after_an_epoch_is_read_in_order(path: Path) -> None:
    assert read(path, 3) == []
    assert read(path, 2) == [None, 3]
    assert read(path, 0) == [1, 2, None, 3]


def test_a_log_that_begins_later_says_so_and_gives_all_it_has(tmp_path: Path) -> None:
    held = whole("urn:x:graph", iter([triple("1")]))
    log = RedoLog.begin(tmp_path / "log", "a store", 7, MOMENT, held)
    last, later = log.since(6)
    assert last is None
    assert [entry.edits for entry in later] == [
        {},
        {"urn:x:graph": Edit(None, f"{triple('1')} .\n")},
        {},
    ]
    assert log.since(7) == (Entry(7, MOMENT), [])


def test_a_graph_of_many_triples_is_begun_in_several_lines() -> None:
    first, second, third = whole("urn:x:graph", (triple(str(n)) for n in range(20_001)))
    assert first.edits["urn:x:graph"].removed is None
    assert second.edits["urn:x:graph"].removed == third.edits["urn:x:graph"].removed == ""
    assert third.edits["urn:x:graph"].added == f"{triple('20000')} .\n"


def test_a_line_that_was_cut_short_anywhere_counts_for_nothing(path: Path) -> None:
    content = path.read_bytes()
    before = content.rfind(b"\n", 0, -1) + 1
    for length in (before + 1, (before + len(content)) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        log = RedoLog(path)
        with log.around(commit(9)):
            pass
        assert read(path, 0) == [1, 2, None, 9]


def test_a_line_that_was_never_ended_counts_for_nothing(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b" ")
    assert read(path, 0) == [1, 2, None]


@pytest.mark.parametrize("line", [1, 3, 4, 6])
def test_a_damaged_byte_is_found_with_its_line(path: Path, line: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for place in (0, 9, len(lines[line - 1]) // 2, len(lines[line - 1]) - 2):
        damaged = bytearray(lines[line - 1])
        damaged[place] ^= 1
        path.write_bytes(b"".join([*lines[: line - 1], bytes(damaged), *lines[line:]]))
        with pytest.raises(StoreUnusable, match=rf"store\.redo, line {line}: .*back"):
            read(path, -1)


@pytest.mark.parametrize("line", [2, 3, 4, 5])
def test_a_line_that_was_taken_out_is_found(path: Path, line: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[: line - 1], *lines[line:]]))
    with pytest.raises(StoreUnusable, match=f"line {line - 1}: it says that it is line {line - 1}"):
        read(path, -1)


def test_no_more_is_read_than_is_needed(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"a", b"b"), *lines[3:]]))
    assert read(path, 2) == [None, 3]
    with pytest.raises(StoreUnusable, match="line 3"):
        read(path, 0)


@pytest.mark.parametrize("content", [b"", b"\n", b"letter\n", b"begin", b"00000000 {}\n"])
def test_a_file_that_is_no_redo_log_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log"
    file.write_bytes(content)
    with pytest.raises(StoreUnusable, match="line 1"):
        RedoLog(file)
    assert file.read_bytes() == content
