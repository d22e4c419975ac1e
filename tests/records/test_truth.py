"""The truth store: one transaction a change, one epoch a transaction, and nothing by halves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Graph, Literal, URIRef

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records import journal
from databackpack.service.records.graphs import DISCLOSURES, INDEX
from databackpack.service.records.identity import Identities
from databackpack.service.records.terms import from_ox, node, to_graph, to_ox, to_triples
from databackpack.service.records.truth import Change, Commit, TruthStore

GRAPH, OTHER = ID["graph/one"], ID["graph/other"]
LEARNER = ID["learner/ann"]
SCORE = BP.scoreValue


def triple(value: str, subject: URIRef = ID["item/a"]) -> ox.Triple:
    return ox.Triple(node(subject), node(SCORE), ox.Literal(value))


def test_a_commit_replaces_what_the_graph_held_and_raises_the_epoch_by_one() -> None:
    truth = TruthStore()
    assert truth.commit([Change(GRAPH, [triple("1"), triple("2")])]) == 1
    assert truth.commit([Change(GRAPH, [triple("2"), triple("3")])]) == 2
    assert truth.triples(GRAPH) == {triple("2"), triple("3")}


def test_a_change_of_one_subject_leaves_the_others_of_its_graph() -> None:
    truth = TruthStore()
    other = triple("9", ID["item/b"])
    truth.commit([Change(GRAPH, [triple("1"), other])])
    truth.commit([Change(GRAPH, [triple("2")], subject=ID["item/a"])])
    assert truth.triples(GRAPH) == {triple("2"), other}


def test_a_commit_that_changes_nothing_is_no_epoch_and_tells_nobody() -> None:
    truth, told = TruthStore(), list[Commit]()
    truth.subscribe(told.append)
    change = Change(GRAPH, [triple("1")], learner=LEARNER)
    assert truth.commit([change]) == truth.commit([change]) == 1
    assert len(told) == 1


def test_listeners_hear_of_the_learners_whose_graphs_changed_and_of_no_others() -> None:
    truth, told = TruthStore(), list[Commit]()
    truth.commit([Change(OTHER, [triple("1")], learner=ID["learner/ben"])])
    truth.subscribe(told.append)
    same = Change(OTHER, [triple("1")], learner=ID["learner/ben"])
    truth.commit([Change(GRAPH, [triple("1")], learner=LEARNER), same])
    assert told == [Commit(2, frozenset({GRAPH}), frozenset({LEARNER}))]


def test_a_commit_with_a_value_that_cannot_be_stored_changes_nothing() -> None:
    truth = TruthStore()
    bad = ox.Triple(ox.BlankNode("x"), node(SCORE), ox.Literal("1"))
    truth.commit([Change(OTHER, [bad])])  # inserted: a blank node is renamed, so never removed
    with pytest.raises(SyntaxError):
        truth.commit([Change(GRAPH, [triple("1")]), Change(OTHER, [])])
    assert truth.triples(GRAPH) == set()
    assert truth.epoch == 1


def test_the_epoch_and_its_journal_are_there_after_opening_anew(tmp_path: Path) -> None:
    truth = TruthStore(tmp_path / "store")
    truth.commit([Change(GRAPH, [triple("1")])])
    truth.commit([Change(OTHER, [triple("1")])])
    del truth
    again = TruthStore(tmp_path / "store")
    assert again.epoch == 2
    assert again.triples(GRAPH) == {triple("1")}
    del again
    store = ox.Store(str(tmp_path / "store"))
    assert journal.changed(store, 1) == {str(GRAPH)}
    assert journal.changed(store, 2) == {str(OTHER)}


def test_a_second_process_is_told_that_the_store_is_in_use(tmp_path: Path) -> None:
    held = TruthStore(tmp_path / "store")
    backpack = str(Path(sys.executable).with_name("backpack"))
    command = [backpack, "audience", "--store", str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert held.epoch == 0
    assert done.returncode == 1
    assert "is open in another process" in done.stderr
    assert "Traceback" not in done.stderr


WRITER = """
import sys
from pathlib import Path
import pyoxigraph as ox
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.graphs import INDEX
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore

truth = TruthStore(Path(sys.argv[1]))
print("open", flush=True)
for number in range(10_000):
    record = ID[f"graph/{number}"]
    values = [ox.Triple(node(record), node(BP.position), ox.Literal(str(n))) for n in range(200)]
    index = [ox.Triple(node(record), node(BP.isRecordOf), node(ID["learner/ann"]))]
    print(truth.commit([Change(record, values), Change(INDEX, index, subject=record)]), flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_commits_and_all_it_had_acknowledged(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:  # noqa: S603
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(1.0)
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = [int(line) for line in writer.stdout.read().split()]
    truth = TruthStore(tmp_path / "store")
    assert truth.epoch >= acknowledged[-1] > 10
    indexed = list(truth.subjects(INDEX, BP.isRecordOf, LEARNER))
    assert len(indexed) == truth.epoch
    assert {len(truth.triples(record)) for record in indexed} == {200}


def test_a_person_keeps_the_iri_when_the_store_is_opened_anew(tmp_path: Path) -> None:
    truth = TruthStore(tmp_path / "store")
    iri = Identities(truth).mint("learner", "state:S1")
    assert UUID(str(iri).rsplit("/", 1)[-1]).version == 4
    assert "S1" not in str(iri)
    del truth
    again = Identities(TruthStore(tmp_path / "store"))
    assert again.mint("learner", "state:S1") == again.find("learner", "state:S1") == iri
    assert again.find("guardian", "state:S1") is None


def test_who_is_named_by_a_key_in_a_log_is_nobody_of_that_key() -> None:
    truth = TruthStore()
    said, key = node(BP.personKey), ox.Literal("learner state:S1")
    lines = [ox.Triple(node(ID[f"access/{number}"]), said, key) for number in range(50)]
    truth.append(DISCLOSURES, lines)
    assert Identities(truth).find("learner", "state:S1") is None
    iri = Identities(truth).mint("learner", "state:S1")
    assert Identities(truth).find("learner", "state:S1") == iri


def test_two_threads_may_save_the_same_persons_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = TruthStore()
    identities, both, append = Identities(truth), Barrier(2, timeout=20), truth.append

    def meet(graph: URIRef, triples: Iterable[ox.Triple]) -> None:
        both.wait()
        append(graph, triples)

    monkeypatch.setattr(truth, "append", meet)
    minted = identities.mint_all([("learner", "state:S1")])
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(identities.save) for _ in range(2)]:
            done.result()
    assert Identities(truth).find("learner", "state:S1") == minted["learner", "state:S1"]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_LITERALS = st.one_of(
    _TEXT.map(Literal),
    st.builds(lambda t, lang: Literal(t, lang=lang), _TEXT, st.sampled_from(["en", "de-at"])),
    st.builds(
        lambda t, kind: Literal(t, datatype=kind, normalize=False),
        _TEXT,
        st.sampled_from([XSD.decimal, XSD.date, XSD.dateTime, BP.canonicalCode]),
    ),
)


@given(_LITERALS)
def test_a_literal_comes_back_as_it_went(literal: Literal) -> None:
    back = from_ox(to_ox(literal))
    assert isinstance(back, Literal)
    assert (str(back), back.language) == (str(literal), literal.language)
    assert (back.datatype or XSD.string) == (literal.datatype or XSD.string) or literal.language


@given(st.lists(_LITERALS, max_size=5))
def test_a_graph_survives_the_store(literals: list[Literal]) -> None:
    graph = Graph()
    for literal in literals:
        graph.add((ID["item/a"], SCORE, literal))
    truth = TruthStore()
    truth.commit([Change(GRAPH, to_triples(graph))])
    assert to_triples(to_graph(truth.triples(GRAPH))) == to_triples(graph)


def test_blank_nodes_are_refused() -> None:
    for subject, value in ((BNode(), Literal("1")), (ID["item/a"], BNode())):
        graph = Graph()
        graph.add((subject, SCORE, value))
        with pytest.raises(ValueError, match="cannot be stored"):
            to_triples(graph)
