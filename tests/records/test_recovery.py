"""A backup that is put back, and a process that dies at the worst moment: no word is lost."""

import gc
import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import XSD, URIRef

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Level
from databackpack.service.records import journal
from databackpack.service.records.graphs import (
    DISCLOSURES,
    HOLDS,
    IDENTITY,
    INDEX,
    policy_graph,
)
from databackpack.service.records.identity import Identities
from databackpack.service.records.terms import node
from databackpack.service.records.truth import (
    Change,
    Commit,
    NotKept,
    StoreUnusable,
    TruthStore,
)
from tests.records.restoring import Place, block, found, logged, seen

CHILD, NEWCOMER = "state:S000001", "state:S000005"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Place(tmp_path_factory.mktemp("loaded"))
    with place.opened() as truth:
        place.load(truth, 4)
        assert seen(truth, CHILD)["progress"] is Level.FULL
    return place.folder


@pytest.fixture
def place(loaded: Path, tmp_path: Path) -> Place:
    """A store with four learners, closed, and a backup of it."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    place = Place(tmp_path)
    place.back_up()
    return place


LEARNER = ID["learner/ann"]
WORDS = policy_graph(LEARNER)


def triple(value: str) -> ox.Triple:
    return ox.Triple(node(ID[f"event/{value}"]), node(BP.position), ox.Literal(value))


def change(value: str, graph: URIRef = WORDS) -> Change:
    return Change(graph, [triple(value)], subject=ID[f"event/{value}"], learner=LEARNER)


def refusal(path: Path) -> str:
    """Return why the store at *path* is not served."""
    with pytest.raises(StoreUnusable) as refused:
        TruthStore(path)
    message = str(refused.value)
    del refused
    gc.collect()  # its frames hold the store
    return message


def test_a_withdrawal_made_after_the_backup_is_in_force_when_the_backup_is_put_back(
    place: Place,
) -> None:
    with place.opened() as truth:
        withdrawn = block(truth, CHILD)
        after = seen(truth, CHILD)
        assert "progress" not in after
    place.restore()
    with place.opened() as truth:
        assert seen(truth, CHILD) == after
        assert truth.epoch > withdrawn


def test_a_student_who_came_after_the_backup_keeps_iri_and_block_when_loaded_again(
    place: Place,
) -> None:
    with place.opened() as truth:
        place.load(truth, 6)
        block(truth, NEWCOMER)
        (iri,), after = found(truth, NEWCOMER), seen(truth, NEWCOMER)
        assert after
        assert "progress" not in after
    place.restore()
    with place.opened() as truth:
        assert found(truth, NEWCOMER) == [iri]
        assert seen(truth, NEWCOMER) == {}  # the records are not in the backup
        place.load(truth, 6)
        assert found(truth, NEWCOMER) == [iri]
        assert seen(truth, NEWCOMER) == after


def test_no_epoch_is_used_twice_and_the_journal_tells_all_of_them(place: Place) -> None:
    with place.opened() as truth:
        backed_up, last = truth.epoch, truth.commit([change("1")])
    for rounds in (1, 2):
        place.restore()
        with place.opened() as truth:
            assert truth.epoch == last + 1
            epochs = range(backed_up + 1, truth.epoch + 1)
            told = [journal.changed(truth._store, epoch) for epoch in epochs]
            assert told == [{str(WORDS)}, set()] * rounds  # a commit, a recovery
            moments = [journal.moment(truth._store, epoch) for epoch in epochs]
            assert None not in moments
            assert moments == sorted(moments, key=str)
            last = truth.commit([change(str(rounds + 1))])


def test_the_newest_of_several_words_holds_after_the_backup_is_put_back(place: Place) -> None:
    with place.opened() as truth:
        for value in "12":
            truth.commit([Change(HOLDS, [triple(value)])])
        truth.commit([Change(HOLDS, [triple("1")])])
        held = logged(truth)
    place.restore()
    with place.opened() as truth:
        assert logged(truth) == held


def test_what_files_bring_again_is_named_when_a_backup_is_put_back(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with place.opened() as truth:
        loaded_at = journal.last_moment(truth._store)
        truth.commit([change("1", INDEX), change("2")])
    place.restore()
    with caplog.at_level(logging.WARNING), place.opened():
        pass
    assert f"load again what was loaded since {loaded_at}" in caplog.text
    assert "lacks 1 changes" in caplog.text


DYING = """
import os, signal, sys
from pathlib import Path
from databackpack.service.records import recovery, transaction
from databackpack.service.records.graphs import HOLDS
from databackpack.service.records.truth import Change
from tests.records.restoring import Place, block

what, point, place = sys.argv[1], sys.argv[2], Place(Path(sys.argv[3]))
apply = transaction.apply

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def arm():
    match point.split():
        case ["before", "the", "transaction"]:
            transaction.apply = die
        case ["after", "the", "transaction"]:
            transaction.apply = lambda *all: (apply(*all), die())
        case ["after", "transaction", number]:
            left = iter(range(int(number) - 1))
            transaction.apply = lambda *all: (apply(*all), next(left, None) is None and die())
        case ["before", "the", "disk"]:
            os.fsync = die

if what == "recovery":
    recovery._MOST = 0  # every entry in a transaction of its own
    arm()
with place.opened() as truth:
    if what == "withdrawal":
        arm()
        if point == "before the views":
            truth.subscribe(die)
        print(block(truth, "state:S000001"), flush=True)
    if what == "release":
        arm()
        truth.commit([Change(HOLDS, [])])
    die()
"""

POINTS = {
    "before the transaction": False,
    "after the transaction": True,
    "before the disk": True,
    "before the views": True,
    "after the answer": True,
}
"""Where the process dies, and whether the store has the change then."""


def die_at(point: str, place: Place, what: str = "withdrawal") -> bool:
    """Tell whether a process that withdrew, and died at *point*, had acknowledged it."""
    command = [sys.executable, "-c", DYING, what, point, str(place.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == -signal.SIGKILL, done.stderr
    return bool(done.stdout)


@pytest.mark.parametrize("point", POINTS)
def test_what_the_store_has_after_a_crash_the_backup_has_too(point: str, place: Place) -> None:
    is_acknowledged = die_at(point, place)
    assert is_acknowledged == (point == "after the answer")
    with place.opened() as truth:
        held, epoch = logged(truth), truth.epoch
        assert ("progress" not in seen(truth, CHILD)) == POINTS[point]
    place.restore()
    with place.opened() as truth:
        assert logged(truth) == held
        assert truth.epoch >= epoch
        assert ("progress" not in seen(truth, CHILD)) == POINTS[point]


def test_what_a_commit_took_out_before_the_crash_stays_out(place: Place) -> None:
    with place.opened() as truth:
        truth.commit([Change(HOLDS, [triple("1")])])
    place.back_up()
    die_at("after the transaction", place, "release")
    for again in (False, True):
        if again:
            place.restore()
        with place.opened() as truth:
            assert truth.triples(HOLDS) == set()


@pytest.mark.parametrize("point", ["before the views", "after the answer"])
def test_what_is_on_disk_in_the_log_outlives_the_store(point: str, place: Place) -> None:
    die_at(point, place)
    place.restore()
    with place.opened() as truth:
        assert "progress" not in seen(truth, CHILD)


@pytest.mark.parametrize(
    "point", [*(f"after transaction {n}" for n in range(1, 6)), "before the disk"]
)
def test_a_recovery_that_dies_is_done_again(point: str, place: Place) -> None:
    with place.opened() as truth:
        block(truth, CHILD)
        for value in "121":
            truth.commit([Change(HOLDS, [triple(value)])])
        held, epoch = logged(truth), truth.epoch
    place.restore()
    die_at(point, place, "recovery")
    for again in (False, True):
        if again:
            place.restore()
        with place.opened() as truth:
            assert logged(truth) == held
            epoch += 1
            assert truth.epoch == epoch


def test_a_person_whose_row_is_only_in_the_log_is_in_the_store_when_it_is_opened(
    place: Place,
) -> None:
    with place.opened() as truth:
        iri = Identities(truth).mint("learner", "state:S9")
    place.restore()
    with place.opened() as truth:
        assert Identities(truth).find("learner", "state:S9") == iri
        assert not Identities(truth).find("learner", "state:S8")


def test_without_room_for_the_log_nothing_is_changed_and_nobody_is_told(place: Place) -> None:
    told: list[Commit] = []
    with place.opened() as truth:
        truth.subscribe(told.append)
        before, epoch, size = logged(truth), truth.epoch, place.log.stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
        try:
            with pytest.raises(NotKept, match="nothing was changed"):
                truth.commit([change("1")])
            with pytest.raises(NotKept, match="nothing was changed"):
                Identities(truth).mint("learner", "state:S9")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (logged(truth), truth.epoch, told) == (before, epoch, [])
        assert place.log.stat().st_size == size
        assert truth.commit([change("1")]) == epoch + 1
    place.restore()
    with place.opened() as truth:
        assert triple("1") in truth.triples(WORDS)


def test_where_the_disk_fails_nothing_is_acknowledged_and_the_views_show_the_store(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    told: list[Commit] = []
    with place.opened() as truth:
        truth.subscribe(told.append)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(NotKept, match="may be lost"):
                truth.commit([change("1")])
        assert [commit.epoch for commit in told] == [truth.epoch]
        for again in (change("1"), change("2")):  # the first would change nothing: no answer either
            with pytest.raises(NotKept, match="failed before"):
                truth.commit([again])
        held, epoch = logged(truth), truth.epoch
    with place.opened() as truth:
        assert (logged(truth), truth.epoch) == (held, epoch)
        truth.commit([change("2")])
        held = logged(truth)
    place.restore()
    with place.opened() as truth:
        assert logged(truth) == held


def test_what_is_disclosed_is_not_written_twice(place: Place) -> None:
    with place.opened() as truth:
        size = place.log.stat().st_size
        truth.append(DISCLOSURES, [triple("1")])
        assert place.log.stat().st_size == size
        truth.append(IDENTITY, [triple("1")])
        assert place.log.stat().st_size > size


def test_a_transaction_that_fails_leaves_no_line(place: Place) -> None:
    bad = ox.Triple(ox.BlankNode("x"), node(BP.position), ox.Literal("1"))
    with place.opened() as truth:
        truth.commit([Change(HOLDS, [bad])])
        size = place.log.stat().st_size
        with pytest.raises(SyntaxError):
            truth.commit([Change(HOLDS, []), change("1")])
        assert place.log.stat().st_size == size


def test_a_store_without_its_log_is_not_served_until_somebody_takes_it_as_it_is(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.log.unlink()
    message = refusal(place.store)
    assert "nobody knows what families withdrew" in message
    assert str(place.log) in message
    place.log.write_text("begin anew\n")
    with caplog.at_level(logging.WARNING), place.opened() as truth:
        assert "a redo log begins at epoch" in caplog.text
        block(truth, CHILD)
    place.restore()
    with place.opened() as truth:
        assert "progress" not in seen(truth, CHILD)


def test_a_store_from_before_there_was_a_log_gets_one(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.log.unlink()
    store = ox.Store(str(place.store))
    for quad in list(store.quads_for_pattern(None, None, None, None)):
        if quad.predicate.value.endswith("/identifier"):
            store.remove(quad)
    del store
    with caplog.at_level(logging.WARNING), place.opened() as truth:
        assert "a redo log begins at epoch" in caplog.text
        held = logged(truth)
    caplog.clear()
    with place.opened() as truth:
        assert logged(truth) == held
    assert not caplog.text


def test_a_backup_from_before_the_log_was_begun_gets_all_that_held_then(place: Place) -> None:
    with place.opened() as truth:
        truth.commit([Change(HOLDS, [triple("1")]), change("1")])
    place.back_up()
    with place.opened() as truth:
        block(truth, CHILD)
        truth.commit([Change(HOLDS, []), Change(WORDS, [triple("2")])])
        truth._store.remove_graph(node(HOLDS))  # the engine remembers the names of empty graphs
    place.log.write_bytes(b"begin anew")
    with place.opened() as truth:
        truth.commit([change("3")])
        held = logged(truth)
    place.restore()
    with place.opened() as truth:
        assert logged(truth) == held
        assert "progress" not in seen(truth, CHILD)
        assert len(journal.head(truth._store)) == 1


def test_another_stores_log_is_refused(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    with other.opened() as truth:
        truth.commit([change("1")])
    shutil.copy(other.log, place.log)
    assert "of another store" in refusal(place.store)


def test_a_log_of_another_history_of_the_store_is_refused(place: Place) -> None:
    with place.opened() as truth:
        truth.commit([change("1")])
    shutil.copy(place.log, place.folder / "first.redo")
    place.restore()
    place.log.write_bytes(b"begin anew")
    with place.opened() as truth:
        truth.commit([change("2")])
    shutil.copy(place.folder / "first.redo", place.log)
    assert "went on with another log" in refusal(place.store)


def test_an_older_copy_of_the_log_is_refused(place: Place) -> None:
    shutil.copy(place.log, place.folder / "older.redo")
    with place.opened() as truth:
        truth.commit([change("1")])
        truth.commit([change("2")])
    shutil.copy(place.folder / "older.redo", place.log)
    assert "the log is an older copy" in refusal(place.store)


def test_a_log_without_its_store_keeps_a_new_store_from_being_made(place: Place) -> None:
    shutil.rmtree(place.store)
    assert "put the last backup of the store back" in refusal(place.store)
    assert not place.store.exists()


def test_a_log_that_cannot_be_read_is_told_with_the_reason(place: Place) -> None:
    place.log.unlink()
    place.log.mkdir()
    assert "Is a directory" in refusal(place.store)


def test_the_command_says_in_words_what_is_wrong_with_the_log(place: Place) -> None:
    place.log.write_bytes(place.log.read_bytes()[:-20] + b"x" * 19 + b"\n")
    backpack = str(Path(sys.executable).with_name("backpack"))
    command = [backpack, "audience", "--store", str(place.store)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "its checksum does not fit" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_root_of_all_folders_has_no_place_beside_it_for_a_log() -> None:
    assert "name one below it" in refusal(Path("/"))


def test_the_log_may_be_kept_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "another-disk.redo"
    truth = TruthStore(tmp_path / "store", redo=elsewhere)
    truth.commit([change("1")])
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another-disk.redo", "store"]


def test_a_store_in_memory_has_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    truth = TruthStore()
    assert truth.commit([change("1")]) == 1
    truth.append(IDENTITY, [triple("1")])
    truth.flush()
    assert list(tmp_path.iterdir()) == []


_TRIPLES = st.lists(
    st.builds(
        lambda name, value, datatype: ox.Triple(
            node(ID[f"item/{name}"]), node(BP.position), ox.Literal(value, datatype=node(datatype))
        ),
        st.sampled_from("ab"),
        st.sampled_from(["1", "01", "2", "é\n\"'\\ {}"]),
        st.sampled_from([XSD.integer, XSD.string]),
    ),
    max_size=3,
)
_GRAPHS = [WORDS, HOLDS, IDENTITY, INDEX, ID["graph/not-thought-of"]]
_CHANGES = st.lists(
    st.builds(Change, st.sampled_from(_GRAPHS), _TRIPLES, st.sampled_from([None, ID["item/a"]])),
    max_size=3,
)
Step = Callable[[TruthStore], object]
"""Something done to a store; nothing (None) is to open it anew."""


def _commit(changes: list[Change]) -> Step:
    return lambda truth: truth.commit(changes)


def _append(triples: list[ox.Triple]) -> Step:
    return lambda truth: truth.append(IDENTITY, triples)


_STEPS = st.lists(
    st.one_of(st.builds(_commit, _CHANGES), st.builds(_append, _TRIPLES), st.none()), max_size=6
)


def take(place: Place, steps: Iterable[Step | None]) -> tuple[dict[str, set[str]], int]:
    """Return what is held in logged graphs after *steps*, and the epoch."""
    for _, run in groupby(steps, lambda step: step is None):
        with place.opened() as truth:
            for step in run:
                if step is not None:
                    step(truth)
    with place.opened() as truth:
        return logged(truth), truth.epoch


@settings(max_examples=25, deadline=None)
@given(_STEPS, st.lists(_STEPS, min_size=1, max_size=3))
def test_whatever_was_said_since_the_backup_holds_however_often_it_is_put_back(
    before: list[Step | None], rounds: list[list[Step | None]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        _, first = take(place, before)
        place.back_up()
        for after in rounds:
            held, epoch = take(place, after)
            place.restore()
            assert take(place, []) == (held, epoch if epoch == first else epoch + 1)
