"""Learners who are new: in at once by the bulk loader, and seen by nobody until all is there."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.loaders.record import organization_iri, record_iri
from databackpack.ontology.namespaces import BP, BPC, ID
from databackpack.service.records import bulk, journal
from databackpack.service.records.graphs import HOLDS, INDEX, JOURNAL, guardianship_graph
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, Commit, NotLoaded, TruthStore
from databackpack.service.views import dossier

ANN = ID["learner/00000000-0000-4000-8000-000000000001"]
BEN = ID["learner/00000000-0000-4000-8000-000000000002"]
SCHOOL = organization_iri("1")
CHILDREN = (ANN, BEN)


class Killed(Exception):
    """The process ended here."""


def goals(learner: URIRef) -> URIRef:
    return record_iri(SCHOOL, learner, BPC.goals)


def quads(learner: URIRef, said: str = "read more") -> list[ox.Quad]:
    """Return a record of *learner* and its entry in the index."""
    graph, item, index = node(goals(learner)), node(ID[f"item/{learner[-4:]}"]), node(INDEX)
    return [
        ox.Quad(item, node(BP.isRecordOf), node(learner), graph),
        ox.Quad(item, node(BP.goalText), ox.Literal(said), graph),
        ox.Quad(node(learner), node(BP.givenName), ox.Literal("A"), graph),
        ox.Quad(graph, node(BP.isRecordOf), node(learner), index),
        ox.Quad(graph, node(BP.isHeldBy), node(SCHOOL), index),
        ox.Quad(graph, node(BP.hasCategory), node(BPC.goals), index),
    ]


def records(*learners: URIRef, said: str = "read more") -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115  whoever asked closes it
    made = [quad for learner in learners for quad in quads(learner, said)]
    ox.serialize(made, file, ox.RdfFormat.TRIG)
    return file


def words(learner: URIRef) -> Change:
    """Return a change that stands for all that a family says."""
    tie = ox.Triple(node(ID["tie/1"]), node(BP.isGuardianshipOf), node(learner))
    return Change(guardianship_graph(learner), [tie], learner=learner)


def bring(truth: TruthStore, *learners: URIRef, said: str = "read more") -> int:
    graphs = [goals(one) for one in learners]
    with records(*learners, said=said) as file:
        return truth.commit_new({*learners}, set(), file, graphs, list(map(words, learners)))


def content(truth: TruthStore) -> set[ox.Quad]:
    """Return all that the store holds but its journal."""
    return {quad for quad in truth._store if quad.graph_name != node(JOURNAL)}


def test_what_the_bulk_loader_brings_is_what_a_commit_brings() -> None:
    bulky, plain = TruthStore(), TruthStore()
    bring(bulky, *CHILDREN)
    made = {
        graph: {q.triple for q in [*quads(ANN), *quads(BEN)] if q.graph_name == node(graph)}
        for graph in (goals(ANN), goals(BEN), INDEX)
    }
    changes = [Change(graph, triples) for graph, triples in made.items()]
    plain.commit([*changes, *map(words, CHILDREN)])
    assert content(bulky) == content(plain)
    assert not bulky.is_new(ANN)


def test_those_who_listen_hear_of_the_learners_when_they_are_held_and_when_all_is_there() -> None:
    truth, told = TruthStore(), list[tuple[Commit, bool, int]]()
    truth.subscribe(
        lambda commit: told.append(
            (
                commit,
                dossier.read(truth, ANN).is_readable,
                len(truth.triples(goals(ANN))),
            )
        )
    )
    assert bring(truth, *CHILDREN) == 2
    assert [(c.epoch, c.learners, readable, held) for c, readable, held in told] == [
        (1, frozenset(CHILDREN), False, 0),
        (2, frozenset(CHILDREN), True, 3),
    ]


def test_the_journal_names_every_record_that_was_brought() -> None:
    truth = TruthStore()
    bring(truth, *CHILDREN)
    changed = journal.changed(truth._store, 1) | journal.changed(truth._store, 2)
    assert changed >= {str(goals(one)) for one in CHILDREN}


@pytest.mark.parametrize("is_in", [False, True], ids=["before the records", "after the records"])
def test_whoever_is_killed_leaves_learners_whom_nobody_sees_until_they_are_loaded_again(
    is_in: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, whole = TruthStore(), TruthStore()
    insert = bulk.insert

    def die(store: ox.Store, given: IO[bytes], others: set[ox.Quad]) -> None:
        if is_in:
            insert(store, given, others)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(bulk, "insert", die)
        bring(truth, *CHILDREN, said="an earlier file says this")
    assert bool(truth.triples(goals(ANN))) == is_in
    for child in CHILDREN:
        found = dossier.read(truth, child)
        assert (found.records, found.is_readable, truth.is_new(child)) == ((), False, False)
    truth.drop_halves()
    assert content(truth) == set()
    bring(truth, *CHILDREN)
    bring(whole, *CHILDREN)
    assert content(truth) == content(whole)


def test_halves_of_a_learner_whom_the_next_load_does_not_bring_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth, insert = TruthStore(), bulk.insert

    def half(store: ox.Store, given: IO[bytes], others: set[ox.Quad]) -> None:
        insert(store, given, others)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(bulk, "insert", half)
        bring(truth, *CHILDREN)
    truth.drop_halves()
    bring(truth, BEN)
    assert truth.triples(goals(ANN)) == set()
    assert dossier.read(truth, ANN).records == ()
    assert dossier.read(truth, BEN).records


def test_learners_who_got_their_names_in_this_load_are_brought_as_any() -> None:
    by_name, plain = TruthStore(), TruthStore()
    graphs, said = [goals(one) for one in CHILDREN], list(map(words, CHILDREN))
    with records(*CHILDREN) as file:
        by_name.commit_new({*CHILDREN}, {*CHILDREN}, file, graphs, said)
    bring(plain, *CHILDREN)
    assert content(by_name) == content(plain)


def test_who_was_held_back_for_a_refused_word_is_not_new_and_stays_held() -> None:
    truth = TruthStore()
    held = ox.Triple(node(ANN), node(BP.isHeldBack), ox.Literal(True))
    truth.commit([Change(HOLDS, [held], ANN, ANN)])
    assert not truth.is_new(ANN)
    with pytest.raises(ValueError, match="goes by commit"):
        bring(truth, ANN)
    assert truth.triples(HOLDS, ANN) == {held}


def test_a_word_that_is_refused_with_the_records_keeps_the_learner_held() -> None:
    truth = TruthStore()
    held = ox.Triple(node(ANN), node(BP.isHeldBack), ox.Literal(True))
    graphs = [goals(one) for one in CHILDREN]
    with records(*CHILDREN) as file:
        truth.commit_new({*CHILDREN}, set(), file, graphs, [Change(HOLDS, [held], ANN, ANN)])
    assert truth.triples(HOLDS) == {held}
    assert (dossier.read(truth, ANN).records, dossier.read(truth, BEN).is_readable) == ((), True)


def test_learners_who_have_records_cannot_be_brought_as_new() -> None:
    truth = TruthStore()
    bring(truth, ANN)
    before, epoch = content(truth), truth.epoch
    with pytest.raises(ValueError, match="goes by commit"):
        bring(truth, *CHILDREN)
    assert (content(truth), truth.epoch) == (before, epoch)


def test_a_disk_that_is_full_is_told_and_leaves_the_learners_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Full:
        def bulk_load(self, *_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

    truth, insert = TruthStore(), bulk.insert
    monkeypatch.setattr(bulk, "insert", lambda _, *rest: insert(cast("ox.Store", Full()), *rest))
    with pytest.raises(NotLoaded, match=r"No space left on device.*load the same files again"):
        bring(truth, *CHILDREN)
    assert not dossier.read(truth, ANN).is_readable


def test_a_restored_backup_counts_the_records_that_it_lacks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    truth = TruthStore(tmp_path / "store")
    truth.flush()
    truth._store.backup(str(tmp_path / "backup"))
    bring(truth, *CHILDREN)
    vars(truth).clear()
    restored = TruthStore(tmp_path / "backup", redo=tmp_path / "store.redo")
    assert "lacks 2 changes of records" in caplog.text
    assert (restored.triples(HOLDS), restored.is_new(ANN)) == (set(), False)
