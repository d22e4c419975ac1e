"""Standing documents and college entry, from the files to who may read and decide."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rdflib import RDF, Literal

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.graphs import guardianship_graph
from databackpack.service.records.terms import to_graph
from tests.loading import Empty, run_empty
from tests.web.asking import cell

RIGHT = Path(__file__).parents[1] / "loaders" / "oneroster"
HEADER = "id,learner,person,kind,since,until,document\n"
MOTHER, LEARNER = "guardian sample:G1", "learner state:S1"
SINCE = "2026-11-01T00:00:00Z"


@pytest.fixture
def service(tmp_path: Path) -> Empty:
    return run_empty(tmp_path, date(2026, 11, 23))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small right folder with a ten-year-old whose mother decides, without any document."""
    copy = Path(shutil.copytree(RIGHT, tmp_path / "folder"))
    (copy / "companion" / "standing.csv").unlink()
    return copy


def load(service: Empty, folder: Path, *rows: str) -> None:
    """Load the folder with these documents; without any, without the file."""
    path = folder / "companion" / "standing.csv"
    path.unlink(missing_ok=True)
    if rows:
        path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    report = service.load(folder)
    told = [(str(problem.source), problem.rule) for problem in report.problems]
    assert told in ([], [("companion/settings.csv:3", "no standing")]), "the mother's own grant"
    assert report.documents == len(rows)


def may(service: Empty, persona: str) -> tuple[bool, bool]:
    """Return whether a person reads the records of S1, and whether the person decides on them."""
    reads = service.seen(persona) != frozenset()
    learner = service.person("learner", "state:S1")
    answer = service.app.test_client().put(
        cell(learner, "progress", "state-agency"),
        json={"level": "none"},
        headers=service.headers(persona),
    )
    assert answer.status_code in (200, 403, 404)
    return reads, answer.status_code == 200


BOTH, NEITHER = (True, True), (False, False)
DOCUMENTS = {
    "nothing": ("", BOTH, NEITHER),
    "barred from deciding": (
        f"1,S1,sample:G1,court-bars-decision,{SINCE},,A",
        (True, False),
        NEITHER,
    ),
    "barred from reading": (
        f"1,S1,sample:G1,court-bars-inspection,{SINCE},,A",
        (False, True),
        NEITHER,
    ),
    "barred in past": (
        f"1,S1,sample:G1,court-bars-decision,2025-01-01T00:00:00Z,{SINCE},A",
        BOTH,
        NEITHER,
    ),
    "barred some day": (
        "1,S1,sample:G1,court-bars-decision,2027-01-01T00:00:00Z,,A",
        BOTH,
        NEITHER,
    ),
    "another guardian barred": (f"1,S1,sample:G2,court-bars-decision,{SINCE},,A", BOTH, NEITHER),
    "emancipated": (f"1,S1,,emancipation,{SINCE},,A", NEITHER, BOTH),
    "dependent for tax, a child": (f"1,S1,sample:G1,tax-dependency,{SINCE},,A", BOTH, NEITHER),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_decides_who_reads_and_who_decides(
    name: str, service: Empty, folder: Path
) -> None:
    row, mother, learner = DOCUMENTS[name]
    load(service, folder, *([row] if row else []))
    assert may(service, MOTHER) == mother
    assert may(service, LEARNER) == learner


def test_of_an_emancipated_dependent_the_guardian_still_reads(service: Empty, folder: Path) -> None:
    tax = f"1,S1,sample:G1,tax-dependency,{SINCE},2026-12-01T00:00:00Z,A"
    load(service, folder, tax, f"2,S1,,emancipation,{SINCE},,B")
    assert may(service, MOTHER) == (True, False)
    service.clock.moment = datetime(2026, 12, 1, tzinfo=UTC)
    assert may(service, MOTHER) == NEITHER
    assert may(service, LEARNER) == BOTH


def test_a_document_is_on_record_with_where_it_is_kept(service: Empty, folder: Path) -> None:
    load(service, folder, f"1,S1,sample:G1,court-bars-decision,{SINCE},,File 12 b")
    learner = ID[f"learner/{service.person('learner', 'state:S1')}"]
    graph = to_graph(service.context.truth.triples(guardianship_graph(learner)))
    (document,) = graph.subjects(RDF.type, BP.StandingDocument)
    said = dict(graph.predicate_objects(document))
    assert said[BP.hasStandingKind] == BP.CourtBarsDecision
    assert said[BP.documentReference] == Literal("File 12 b")
    assert said[BP.concernsPerson] == service.identities.find("guardian", "sample:G1")
    assert said[BP.validFrom] == Literal(datetime(2026, 11, 1, tzinfo=UTC))
    assert BP.validUntil not in said
    assert len(list(graph.subjects(RDF.type, BP.Guardianship))) == 2


def test_a_load_without_documents_ends_no_court_order(service: Empty, folder: Path) -> None:
    order = f"1,S1,sample:G1,court-bars-decision,{SINCE},,A"
    load(service, folder, order)
    load(service, folder)
    assert may(service, MOTHER) == (True, False), "guardianships were loaded, documents were not"
    shutil.rmtree(folder / "companion")
    service.load(folder)
    assert may(service, MOTHER) == (True, False)
    shutil.copytree(RIGHT / "companion", folder / "companion")
    load(service, folder, order.replace(",,A", ",2026-11-20T00:00:00Z,A"))
    assert may(service, MOTHER) == BOTH, "the document says itself when it ends"


def test_a_load_of_documents_alone_leaves_the_guardians(service: Empty, folder: Path) -> None:
    load(service, folder)
    for name in ("guardianships", "settings"):
        (folder / "companion" / f"{name}.csv").unlink()
    load(service, folder, "1,S1,,emancipation,2027-01-01T00:00:00Z,,A")
    assert may(service, MOTHER) == BOTH
    service.clock.moment = datetime(2027, 1, 1, tzinfo=UTC)
    assert may(service, MOTHER) == NEITHER


def test_a_refused_court_order_holds_the_learner_back(service: Empty, folder: Path) -> None:
    load(service, folder)
    (folder / "companion" / "standing.csv").write_text(
        HEADER + "1,S1,sample:G1,court-bars-inspection,yesterday,,A\n", encoding="utf-8"
    )
    assert [problem.rule for problem in service.load(folder).problems] == [
        "bad moment",
        "held back",
    ]
    assert may(service, MOTHER) == NEITHER
    load(service, folder, f"1,S1,sample:G1,court-bars-inspection,{SINCE},,A")
    assert may(service, MOTHER) == (False, True)


def test_the_same_documents_again_change_nothing(service: Empty, folder: Path) -> None:
    order = "1,S1,sample:G1,court-bars-decision,2026-11-01T02:00:00.120+02:00,,A"
    load(service, folder, order)
    epoch = service.context.truth.epoch
    load(service, folder, order)
    assert service.context.truth.epoch == epoch


def test_on_college_entry_the_rights_are_the_learner_s(service: Empty, folder: Path) -> None:
    """34 CFR 99.5: whatever the age; the learner of these files is ten."""
    load(service, folder)
    learner = service.person("learner", "state:S1")
    assert (service.learners(MOTHER), service.learners(LEARNER)) == ([learner], [])

    path = folder / "classes.csv"
    text = path.read_text(encoding="utf-8")
    assert "Math 5,05," in text
    path.write_text(text.replace("Math 5,05,", "Math 5,PS,"), encoding="utf-8")
    load(service, folder)
    assert (service.learners(MOTHER), service.learners(LEARNER)) == ([], [learner])
    assert may(service, MOTHER) == NEITHER
    assert may(service, LEARNER) == BOTH


def test_college_entry_counts_from_its_day(service: Empty, folder: Path) -> None:
    for file, old, new in (
        ("classes.csv", "Math 5,05,", "Math 5,PS,"),
        ("enrollments.csv", "2026-08-25,\n", "2026-12-01,\n"),
        ("enrollments.csv", "2026-09-01,2026-10-01", "2026-12-01,"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    load(service, folder)
    assert may(service, MOTHER) == BOTH
    service.clock.moment = datetime(2026, 12, 1, tzinfo=UTC)
    assert may(service, MOTHER) == NEITHER
    assert may(service, LEARNER) == BOTH
