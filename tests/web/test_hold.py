"""A learner whose family's word was refused in a load: nobody sees anything until it is mended."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from databackpack.loaders import oneroster
from databackpack.loaders.record import Hold, Item, Setting
from databackpack.ontology.namespaces import ID, ODRL
from databackpack.service.intake import take_in
from databackpack.service.loading import describe
from databackpack.service.records.graphs import policy_graph
from databackpack.service.records.truth import Change
from tests.loading import Empty, run_empty

RIGHT = Path(__file__).parents[1] / "loaders" / "oneroster"
SETTINGS = "companion/settings.csv"
BLOCK = "3,S1,sample:G1,goals,teacher-elm,none,,{},\n"
EVERYBODY = ("teacher-elm", "registrar-elm", "district-north", "state-agency-sample")
MOTHER = "guardian sample:G1"


@pytest.fixture
def service(tmp_path: Path) -> Empty:
    return run_empty(tmp_path, date(2026, 11, 23))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small right folder of two learners of one school, to be spoiled."""
    copy = Path(shutil.copytree(RIGHT, tmp_path / "folder"))
    with (copy / "enrollments.csv").open("a", encoding="utf-8") as file:
        file.write("e5,,c5,o-elm,u2,student,2026-08-25,\n")
    return copy


def spoil(folder: Path, when: str = "2026-31-10") -> None:
    """The mother keeps goals from the teacher, but the date is none; or mended, *when* is right."""
    text = (RIGHT / SETTINGS).read_text(encoding="utf-8")
    (folder / SETTINGS).write_text(text + BLOCK.format(when), encoding="utf-8")


def mend(folder: Path) -> None:
    spoil(folder, "2026-10-31T00:00:00Z")


def classes(service: Empty, persona: str, learner: str) -> set[str]:
    """Return the classes of items of *learner* that a persona sees."""
    iri = service.person("learner", f"state:{learner}")
    return {row.rpartition("#")[2] for row in service.seen(persona) if iri in row}


def test_nobody_sees_a_learner_whose_block_was_refused_until_the_mended_file_is_loaded(
    service: Empty, folder: Path
) -> None:
    spoil(folder)
    report = service.load(folder)
    assert [str(problem).split(": ")[:2] for problem in report.problems] == [
        [f"{SETTINGS}:4", "bad moment"],
        [f"{SETTINGS}:4", "held back"],
    ]
    assert "learner S1 is held back: " in report.problems[1].message
    assert "until the row is mended and loaded again" in report.problems[1].message
    for persona in EVERYBODY:
        assert classes(service, persona, "S1") == set(), persona
        assert classes(service, persona, "S2") != set(), persona
    assert service.seen(MOTHER) == frozenset()
    assert service.learners(MOTHER) == []

    mend(folder)
    assert service.load(folder).is_clean
    seen = classes(service, "teacher-elm", "S1")
    assert "Enrollment" in seen
    assert "Goal" not in seen, "the block holds, now that it was heard"
    assert "Goal" in classes(service, MOTHER, "S1")
    assert len(service.learners(MOTHER)) == 1


def test_a_learner_who_was_seen_is_gone_as_soon_as_a_new_block_was_refused(
    service: Empty, folder: Path
) -> None:
    assert service.load(folder).is_clean
    assert "Goal" in classes(service, "teacher-elm", "S1")
    spoil(folder)
    report = service.load(folder)
    assert len(report.held) == 1
    assert classes(service, "teacher-elm", "S1") == set()
    epoch = service.context.truth.epoch
    service.load(folder)
    assert service.context.truth.epoch == epoch, "the same load again changes nothing"
    assert classes(service, "teacher-elm", "S1") == set()


def test_records_and_hold_come_in_one_commit(service: Empty, folder: Path) -> None:
    """At no epoch is the learner there and seen."""
    spoil(folder)
    service.load(folder)
    seen: list[set[str]] = [classes(service, "teacher-elm", "S1")]
    service.context.truth.subscribe(lambda _: seen.append(classes(service, "teacher-elm", "S1")))
    text = (folder / "users.csv").read_text(encoding="utf-8")
    (folder / "users.csv").write_text(text.replace("Wim", "Tarn"), encoding="utf-8")
    service.load(folder)
    assert seen == [set(), set()]


def test_a_load_without_family_files_lifts_nothing(service: Empty, folder: Path) -> None:
    spoil(folder)
    service.load(folder)
    shutil.rmtree(folder / "companion")
    report = service.load(folder)
    assert report.is_clean
    assert (len(report.held), len(report.still_held)) == (0, 1)
    assert classes(service, "teacher-elm", "S1") == set()


def test_the_report_says_how_many_are_held_back_and_which(service: Empty, folder: Path) -> None:
    def words() -> str:
        console = Console(width=200, file=StringIO())
        describe(service.load(folder), console)
        assert isinstance(console.file, StringIO)
        return console.file.getvalue()

    spoil(folder)
    found = words()
    assert "1 held back now: nobody sees anything of these learners" in found
    assert f"{SETTINGS}:4: held back: learner S1 is held back: " in found
    shutil.rmtree(folder / "companion")
    assert "1 held back since an earlier load" in words()
    shutil.copytree(RIGHT / "companion", folder / "companion")
    assert "held back" not in words()


def test_a_word_over_an_unreadable_record_is_refused_and_holds_back(
    service: Empty, folder: Path
) -> None:
    service.load(folder)
    truth = service.context.truth
    learner = ID[f"learner/{service.person('learner', 'state:S1')}"]
    held = truth.triples(policy_graph(learner))
    torn = {triple for triple in held if triple.predicate.value != str(ODRL.target)}
    assert torn != held
    truth.commit([Change(policy_graph(learner), torn, learner=learner)])
    mend(folder)
    assert {problem.rule for problem in service.load(folder).problems} == {
        "unreadable record",
        "held back",
    }
    assert classes(service, "teacher-elm", "S1") == set()
    assert truth.triples(policy_graph(learner)) == torn, "nothing was written over it"


def test_a_malformed_file_hides_everybody_of_the_folder(service: Empty, folder: Path) -> None:
    assert service.load(folder).is_clean
    path = folder / SETTINGS
    path.write_text(path.read_text(encoding="utf-8") + "4,S2\n", encoding="utf-8")
    report = service.load(folder)
    held = sorted(p.message.split(" is ")[0] for p in report.problems if p.rule == "held back")
    assert held == ["learner S1", "learner S2"]
    for persona in EVERYBODY:
        assert service.seen(persona) == frozenset(), persona
    shutil.copy(RIGHT / SETTINGS, path)
    assert service.load(folder).is_clean
    assert classes(service, "teacher-elm", "S2") != set()


def test_what_intake_refuses_holds_back_like_what_the_loader_refuses(
    service: Empty, folder: Path
) -> None:
    """The loader knew the audience; its organisation was refused on the way."""

    def items(audience: str) -> Iterator[Item]:
        for item in oneroster.read(folder, service.identities.mint):
            is_block = isinstance(item, Setting) and item.audience == "teacher-elm"
            yield replace(cast(Setting, item), audience=audience) if is_block else item

    report = take_in(service.context.truth, items("teacher-gone"))
    assert [problem.rule for problem in report.problems] == ["setting", "held back"]
    assert classes(service, "teacher-elm", "S1") == set()
    assert classes(service, "teacher-elm", "S2") != set()
    assert take_in(service.context.truth, items("teacher-elm")).is_clean
    assert classes(service, "teacher-elm", "S1") != set()


def test_a_right_folder_of_the_same_load_lifts_no_hold(service: Empty, folder: Path) -> None:
    spoil(folder)
    items = [*oneroster.read(folder, service.identities.mint)]
    items += oneroster.read(RIGHT, service.identities.mint)
    assert [item.is_held for item in items if isinstance(item, Hold)] == [True, False, False, False]
    assert len(take_in(service.context.truth, items).held) == 1
    assert classes(service, "teacher-elm", "S1") == set()


def test_whoever_is_held_back_looks_like_nobody_to_the_family(service: Empty, folder: Path) -> None:
    """A court order may be what was refused: no guardian decides or reads until it was heard."""
    spoil(folder)
    service.load(folder)
    client, headers = service.app.test_client(), service.headers(MOTHER)
    learner = service.person("learner", "state:S1")
    cell = f"/learners/{learner}/policy/progress/state-agency"
    assert client.get(f"/learners/{learner}/policy", headers=headers).status_code == 404
    assert client.put(cell, json={"level": "full"}, headers=headers).status_code == 404
    mend(folder)
    service.load(folder)
    assert client.put(cell, json={"level": "none"}, headers=headers).status_code == 200
