"""Over all cores a load comes to the same as in one thread, and a worker's death is told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from textwrap import dedent
from time import monotonic, sleep

import pyoxigraph as ox
import pytest
from rdflib import Graph, Literal, URIRef

from databackpack.loaders import oneroster
from databackpack.loaders.reading import Group
from databackpack.loaders.record import Item, Mint, Problem, Record, Source, item_iri
from databackpack.ontology.namespaces import BP, BPC, ID, RDF, SDO, XSD
from databackpack.service.intake import take_in
from databackpack.service.intake.checking import Checked, Part, WorkerLost, checked
from databackpack.service.records.graphs import IDENTITY, JOURNAL
from databackpack.service.records.identity import Identities
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore
from tests.bench import delivery

SMALL = Path(__file__).parents[1] / "loaders" / "oneroster"
ELM = ID["organization/00000000-0000-5000-8000-000000000101"]


def quads(truth: TruthStore) -> set[ox.Quad]:
    """Return all that is in *truth* but its journal."""
    held = truth._store.quads_for_pattern(None, None, None, None)
    return {quad for quad in held if quad.graph_name != node(JOURNAL)}


def twin(truth: TruthStore) -> TruthStore:
    """Return a new store that knows the persons whom *truth* knows."""
    made = TruthStore(None)
    made.append(IDENTITY, truth.triples(IDENTITY))
    return made


def plain(part: Part) -> list[object]:
    return [
        (one.record.iri, one.record.lines, str(one.record.source), one.report, one.digest)
        if isinstance(one, Checked)
        else str(one)
        if isinstance(one, Problem)
        else repr(type(one))
        for one in part
    ]


def test_workers_give_what_one_thread_gives_and_in_the_same_order() -> None:
    identities = Identities(TruthStore(None))
    here, there = (
        [one for part in checked(oneroster.gather(SMALL), identities, n) for one in plain(part)]
        for n in (0, 3)
    )
    assert here == there
    assert sum(isinstance(one, tuple) for one in here) > 10
    assert not active_children()


def test_a_load_by_workers_leaves_the_store_that_one_thread_leaves(tmp_path: Path) -> None:
    delivery.write(tmp_path / "many", 60)
    slow = TruthStore(None)
    told: list[int] = []
    expected: list[int] = []
    report = take_in(slow, oneroster.read(SMALL, Identities(slow).mint))
    report = take_in(slow, oneroster.read(tmp_path / "many", Identities(slow).mint))
    assert len(report.learners) == 60
    quick = twin(slow)
    for folder in (SMALL, tmp_path / "many"):
        report = take_in(
            quick,
            oneroster.gather(folder),
            identities=Identities(quick),
            workers=2,
            advance=told.append,
            expect=expected.append,
        )
    assert quads(quick) == quads(slow)
    assert sum(told) == 62
    assert expected[-1] == 60
    assert report.records.total() == 60 * 9


def test_a_second_load_by_workers_changes_what_is_changed_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    delivery.write(folder, 30)
    truth = TruthStore(None)

    def load() -> int:
        before = truth.epoch
        take_in(truth, oneroster.gather(folder), identities=Identities(truth), workers=2)
        return truth.epoch - before

    assert load() > 0
    assert load() == 0
    comments = folder / "companion" / "comments.csv"
    text = comments.read_text()
    comments.write_text(text.replace("note 7.", "note 7, mended."))
    assert load() == 1
    again = twin(truth)
    take_in(again, oneroster.read(folder, Identities(again).mint))
    assert quads(again) == quads(truth)


def comment(learner: URIRef, text: str, source: Source) -> Record:
    graph = Graph()
    item = item_iri(learner, "comment")
    graph.add((item, RDF.type, BP.TeacherComment))
    graph.add((item, BP.isRecordOf, learner))
    graph.add((item, BP.isHeldBy, ELM))
    graph.add((item, SDO.text, Literal(text)))
    graph.add((item, SDO.dateCreated, Literal("2026-10-01", datatype=XSD.date)))
    graph.add((item, BP.authorRole, Literal("teacher")))
    return Record(learner, ELM, BPC.comments, graph, source)


def made_up(count: int, fatal: int, death: str) -> Iterator[Group]:
    """Yield groups with one comment each; who builds number *fatal* dies."""
    build = partial(build_or_die, fatal, death)
    for number in range(count):
        people = (("learner", f"state:{number}"),)
        source = Source("made-up.csv", number + 1)
        yield Group(people, number, build, source, 0 if number else count)


def build_or_die(fatal: int, death: str, number: int, mint: Mint) -> Iterator[Item]:
    if number == fatal:
        if death == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise RuntimeError("no room")
    learner = mint("learner", f"state:{number}")
    yield comment(learner, f"Comment {number}.", Source("made-up.csv", number + 1))


def test_a_worker_that_dies_is_told_with_the_learners_it_had_and_the_rest_is_kept() -> None:
    truth = TruthStore(None)
    found = made_up(2_000, 1_910, "killed")
    with pytest.raises(WorkerLost, match=r"died, at the learner of made-up\.csv:\d+ or"):
        take_in(truth, found, identities=Identities(truth), workers=2)
    assert not active_children()
    done = take_in(truth, made_up(2_000, -1, ""), identities=Identities(truth), workers=2)
    assert len(done.learners) == 2_000
    assert done.is_clean


def test_who_comes_twice_in_one_load_and_among_those_who_were_known_is_new_only_once() -> None:
    first = TruthStore(None)
    take_in(first, made_up(1, -1, ""), identities=Identities(first))
    people = [(("learner", f"state:{number}"),) for number in (*range(60), *range(60))]
    build = partial(build_or_die, -1, "")
    found = [
        Group(who, int(who[0][1].partition(":")[2]), build, Source("a", 1), 0) for who in people
    ]
    report = take_in(first, found, identities=Identities(first), workers=2)
    assert len(report.learners) == 60
    slow = twin(first)
    take_in(slow, found, identities=Identities(slow))
    assert quads(first) == quads(slow)


def test_what_goes_wrong_in_a_worker_goes_wrong_in_the_load() -> None:
    truth = TruthStore(None)
    with pytest.raises(RuntimeError, match="no room"):
        take_in(truth, made_up(80, 40, ""), identities=Identities(truth), workers=2)
    assert not active_children()


def test_records_that_no_group_made_are_checked_by_workers_too() -> None:
    truth = TruthStore(None)
    mint = Identities(truth).mint
    found = [
        comment(mint("learner", f"state:{number}"), text, Source("made-up.ttl", number))
        for number, text in enumerate(("Good.", " ", "Good."), start=1)
    ]
    report = take_in(truth, found, workers=2)
    assert report.records.total() == 2
    (problem,) = report.problems
    assert str(problem).startswith("made-up.ttl:2: TeacherComment-schema_text: ")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_text_that_is_no_unicode_is_refused_with_its_rule(workers: int) -> None:
    truth = TruthStore(None)
    learner = Identities(truth).mint("learner", "state:1")
    report = take_in(truth, [comment(learner, "a\ud800b", Source("a", 3))], workers=workers)
    (problem,) = report.problems
    assert str(problem).startswith("a:3: Record-term: ")
    assert not report.records


@pytest.mark.parametrize("workers", [0, 1])
def test_an_address_that_is_none_is_refused_alone_with_its_rule(workers: int) -> None:
    truth = TruthStore(None)
    mint = Identities(truth).mint
    good, bad = (
        comment(mint("learner", f"state:{number}"), "Good.", Source("a", number))
        for number in (2, 3)
    )
    graph = bad.graph
    graph.add((next(graph.subjects()), BP.isAlignedTo, URIRef("no-scheme")))
    spoiled = Record(bad.learner, bad.holder, bad.category, graph, bad.source)
    report = take_in(truth, [good, spoiled], workers=workers)
    (problem,) = report.problems
    assert str(problem).startswith("a:3: Record-term: ")
    assert report.records.total() == 1


ENDLESS = """
    import os, sys, time
    from databackpack.loaders.reading import Group
    from databackpack.loaders.record import Source
    from databackpack.service.intake import take_in
    from databackpack.service.records.identity import Identities
    from databackpack.service.records.truth import TruthStore

    def build(number, mint):
        os.write(1, f"{os.getpid()}\\n".encode())  # in one piece: two workers write
        time.sleep(600)
        yield from ()

    truth = TruthStore(None)
    groups = (
        Group((("learner", f"state:{n}"),), n, build, Source("a", n), 0) for n in range(10_000)
    )
    take_in(truth, groups, identities=Identities(truth), workers=2)
"""


def test_workers_end_when_their_parent_is_killed() -> None:
    command = (sys.executable, "-c", dedent(ENDLESS))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:  # noqa: S603
        assert load.stdout is not None
        try:
            workers = [int(load.stdout.readline()) for _ in range(2)]
            assert all(Path(f"/proc/{pid}").exists() for pid in workers)
        finally:
            load.kill()
        load.wait()
        begin = monotonic()
        while any(Path(f"/proc/{pid}").exists() for pid in workers):
            assert monotonic() - begin < 20, "a worker outlived the load"
            sleep(0.05)
