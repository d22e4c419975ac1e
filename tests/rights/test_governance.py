"""``backpack policy|agreement|jurisdiction|log`` on a store on disk, as a custodian uses them."""

import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from rdflib import Graph, URIRef

from databackpack.loaders import sample
from databackpack.loaders.record import organization_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, EDU, ID, PROV
from databackpack.service.cli import main
from databackpack.service.policy import profile
from databackpack.service.policy.model import Level, Statement
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from tests.rights.test_form import FILLED

CHILD, AGREEMENT = "state:S000001", Path(__file__).parent / "agreement.ttl"


def backpack(*arguments: str | Path) -> Result:
    """Return what the command says, with the store that it opened closed again."""
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    result.exception = result.exc_info = None  # their frames hold the store
    gc.collect()
    return result


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("governance")
    sample.write(folder / "sample", learners=4, today=datetime.now(UTC).date())
    loaded = backpack("load", "oneroster", folder / "sample", "--store", folder / "store")
    assert loaded.exit_code == 0, loaded.output
    return folder / "store"


def person(store: Path, kind: str, key: str) -> URIRef:
    truth = TruthStore(store)
    found = Identities(truth).find(kind, key)
    assert found is not None
    del truth
    gc.collect()
    return found


@pytest.fixture
def said(store: Path) -> Statement:
    """What a guardian signed on a form just now."""
    moment = datetime.now(UTC)
    return Statement(
        iri=ID[f"policy/{uuid4()}"],
        learner=person(store, "learner", CHILD),
        category=BPC.goals,
        audience=ID["audience/provider-lantern"],
        level=Level.FULL,
        assigner=person(store, "guardian", "sample:G00001"),
        since=moment,
        until=moment + timedelta(days=30),
        purpose=EDU.StudentLearningFeedbackManagement,
    )


def written(said: Statement, folder: Path, form: str) -> Path:
    suffix, name = {"turtle": (".ttl", "turtle"), "jsonld": (".jsonld", "json-ld")}[form]
    file = folder / f"policy{suffix}"
    file.write_text(profile.write(said).serialize(format=name), encoding="utf-8")
    return file


@pytest.mark.parametrize("form", ["turtle", "jsonld"])
def test_a_signed_form_is_put_on_record_and_read_back(
    store: Path, said: Statement, tmp_path: Path, form: str
) -> None:
    answer = backpack("policy", "write", written(said, tmp_path, form), "--store", store)
    assert answer.exit_code == 0, answer.output
    shown = backpack("policy", "show", CHILD, "--store", store)
    graph = Graph().parse(data=shown.stdout, format="turtle")
    assert profile.read(graph, said.iri) == said
    (event,) = graph.subjects(PROV.generated, said.iri)
    assert (event, None, BP.SignedForm) in graph
    again = backpack("policy", "write", written(said, tmp_path, form), "--store", store)
    assert again.exit_code == 1
    assert "on record already" in again.output


def test_a_form_that_says_more_than_the_profile_is_refused_with_the_term(
    store: Path, said: Statement, tmp_path: Path
) -> None:
    file = written(said, tmp_path, "turtle")
    with file.open("a") as text:
        text.write(f"<{said.iri}> <http://www.w3.org/ns/odrl/2/duty> <urn:x:duty> .\n")
    answer = backpack("policy", "write", file, "--store", store)
    assert answer.exit_code == 1
    assert "duty" in answer.output


def test_a_guardian_without_standing_is_refused(
    store: Path, said: Statement, tmp_path: Path
) -> None:
    stranger = person(store, "guardian", "sample:G00007")
    other = replace(said, assigner=stranger)
    answer = backpack("policy", "write", written(other, tmp_path, "turtle"), "--store", store)
    assert answer.exit_code == 1
    assert "34 CFR 99.4" in answer.output


def test_who_sees_what_is_said_in_words(store: Path) -> None:
    answer = backpack(
        "policy", "explain", CHILD, "--store", store, "--category", "attendance",
        "--audience", "state-agency",
    )  # fmt: skip
    assert answer.exit_code == 0
    assert "see in full attendance" in answer.stdout
    assert "34 CFR 99.35" in answer.stdout
    for wrong in (["--category", "secrets"], ["--moment", "yesterday"]):
        assert backpack("policy", "explain", CHILD, "--store", store, *wrong).exit_code in (1, 2)
    unknown = backpack("policy", "explain", "state:NOBODY", "--store", store)
    assert unknown.exit_code == 1
    assert "NOBODY" in unknown.output


def test_an_agreement_is_kept_listed_ended_and_certified(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "agreement.ttl"
    text = AGREEMENT.read_text().replace("NORTH", local_name(organization_iri("north")))
    file.write_text(text)
    assert backpack("agreement", "add", file, "--store", store).exit_code == 0
    assert "in force until 2027-06-30" in backpack("agreement", "list", "--store", store).stdout
    assert backpack("agreement", "due", "--store", store).exit_code == 0
    assert backpack("agreement", "end", "sample-study", "--store", store).exit_code == 0
    assert "not in force" in backpack("agreement", "list", "--store", store).stdout
    former = text.replace("agreement/sample-study", "agreement/former-study")
    for now, then in (("2027-12", "2026-11"), ("2027-06", "2026-10"), ("2026-11-01", "2025-11-01")):
        former = former.replace(now, then)
    file.write_text(former.replace("2026-11-31", "2026-11-02"))
    assert backpack("agreement", "add", file, "--store", store).exit_code == 0
    listed = backpack("agreement", "list", "--overdue", "--store", store)
    assert "OVERDUE" in listed.stdout
    assert "former-study" in listed.stdout
    late = backpack("agreement", "due", "--store", store, "--days", "3650")
    assert late.exit_code == 1
    names = [line.split("\t")[0] for line in late.stdout.splitlines()]
    assert [name for name in names if name != "form-study"] == ["former-study", "sample-study"]
    assert "destroy by 2026-11-02, OVERDUE for " in late.stdout
    done = backpack("agreement", "destroyed", "former-study", "2026-11-20", "--store", store)
    assert done.exit_code == 0
    assert backpack("agreement", "list", "--overdue", "--store", store).stdout == ""
    assert backpack("agreement", "due", "--store", store).exit_code == 0
    broken = tmp_path / "broken.ttl"
    broken.write_text(text.replace("bp:hasPurpose dpv:AcademicResearch ;", ""))
    answer = backpack("agreement", "add", broken, "--store", store)
    assert answer.exit_code == 1
    assert "Agreement-bp_hasPurpose" in answer.output
    assert backpack("agreement", "end", "nothing", "--store", store).exit_code == 1


def test_a_school_is_bound_to_another_jurisdiction_and_back(store: Path) -> None:
    def places() -> str:
        return backpack("jurisdiction", "list", "--store", store).stdout

    before = places()
    set_ = ("jurisdiction", "set", "elm", "us-parental-authorization", "--store", store)
    assert backpack(*set_).exit_code == 0
    assert "elm\tElm Sample Elementary\tus-parental-authorization" in places()
    assert backpack("jurisdiction", "set", "elm", "--store", store).exit_code == 0
    assert places() == before
    for wrong in (["oak", "us-default"], ["elm", "atlantis"]):
        answer = backpack("jurisdiction", "set", *wrong, "--store", store)
        assert answer.exit_code == 1
        assert "known:" in answer.output


def test_the_log_is_printed_for_auditors_and_for_one_learner(store: Path, tmp_path: Path) -> None:
    query = tmp_path / "ask.rq"
    query.write_text("ASK {}")
    asked = backpack("query", query, "--store", store, "--audience", "state-agency-sample")
    assert asked.exit_code == 0, asked.output
    for arguments in ([], ["--learner", CHILD], ["--basis", "AuditEvaluation"]):
        answer = backpack("log", "--store", store, *arguments)
        assert answer.exit_code == 0, answer.output
        assert "state-agency-sample\tEducationManagement" in answer.stdout
        assert "answered" in answer.stdout
    assert backpack("log", "--store", store, "--basis", "HealthSafetyEmergency").stdout == ""
    assert backpack("log", "--store", store, "--since", "2030-01-01").stdout == ""
    graph = backpack("log", "--store", store, "--format", "turtle")
    assert Graph().parse(data=graph.stdout, format="turtle")


def test_a_folder_that_is_no_store_is_told_so(tmp_path: Path) -> None:
    answer = backpack("log", "--store", tmp_path / "nowhere")
    assert answer.exit_code == 2
    assert "nowhere" in answer.output


def test_an_agreement_by_a_form_has_its_notice_and_its_report(store: Path, tmp_path: Path) -> None:
    form = tmp_path / "agreement.yaml"
    form.write_text(backpack("agreement", "template", "study").stdout)
    empty = backpack("agreement", "add", form, "--store", store)
    assert empty.exit_code == 1
    assert "representative (line" in empty.output
    filled = FILLED.replace("sample-study", "form-study")
    form.write_text(filled.replace("noise-budget: ~", "noise-budget: 2.5"))
    assert backpack("agreement", "add", form, "--store", store).exit_code == 0
    query = tmp_path / "ask.rq"
    query.write_text("ASK {}")
    asked = backpack("query", query, "--store", store, "--audience", "researcher-persistence")
    assert asked.stderr.startswith("Data-use notice: Sample study of moving between schools")
    assert "Data-use" not in asked.stdout
    other = backpack("query", query, "--store", store, "--audience", "researcher-mobility")
    assert other.stderr == ""
    report = backpack("agreement", "report", "form-study", "--store", store)
    assert "1  answered" in report.stdout
    assert "command line" in report.stdout
    assert "noise budget    2.5 of 2.5 left" in report.stdout
    table = ("agreement", "report", "form-study", "--store", store, "--format", "csv")
    assert len(backpack(*table).stdout.splitlines()) == 2
    assert len(backpack(*table, "--since", "2030-01-01").stdout.splitlines()) == 1
    assert backpack("agreement", "report", "nothing", "--store", store).exit_code == 1
    assert backpack("agreement", "template", "handshake").exit_code == 1
    assert backpack("agreement", "end", "form-study", "--store", store).exit_code == 0
