"""Agreements bind their audience: access within them, none after their end, destruction listed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyoxigraph as ox
import pytest

from databackpack.loaders.record import organization_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.refusal import InvalidConsent, NotSettable, Refused, Replayed
from databackpack.service.records.graphs import AGREEMENTS
from databackpack.service.records.truth import Change
from databackpack.service.rights import agreements, jurisdictions
from databackpack.service.views.view import QueryOperation
from tests.running import Running, run_sample

TEXT = (Path(__file__).parent / "agreement.ttl").read_text(encoding="utf-8")
TEXT = TEXT.replace("NORTH", local_name(organization_iri("north")))
STUDY = ID["agreement/sample-study"]
STUDENTS = f"SELECT DISTINCT ?who ?t {{ ?x a ?t ; <{BP.isRecordOf}> ?who ; <{BP.isHeldBy}> ?by }}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A sample of its own, because its clock is moved."""
    return run_sample(tmp_path_factory.mktemp("agreements"), learners=24)


@pytest.fixture(autouse=True)
def _as_it_was(running: Running) -> Iterator[None]:
    yield
    running.context.truth.commit([Change(AGREEMENTS, [])])


def add(running: Running, text: str = TEXT) -> int:
    return agreements.add(running.context.views, agreements.parse(text.encode()))


def held(running: Running, persona: str = "researcher-persistence") -> set[tuple[str, str]]:
    """Return the (holder, class) of the records that a persona sees."""
    answer = running.app.test_client().post(
        "/sparql",
        data=f"SELECT DISTINCT ?by ?t {{ ?x a ?t ; <{BP.isHeldBy}> ?by }}",
        content_type="application/sparql-query",
        headers=running.headers(persona),
    )
    rows = answer.get_json()["results"]["bindings"]
    return {(row["by"]["value"], row["t"]["value"].rsplit("#", 1)[-1]) for row in rows}


def test_access_ends_on_the_day_without_any_event(running: Running) -> None:
    before = held(running)
    add(running)
    schools = {str(organization_iri(code)) for code in ("elm", "birch", "cedar")}
    seen = held(running)
    assert {by for by, _ in seen} == schools
    assert {kind for _, kind in seen} <= {"AttendanceEvent", "AttendanceSummary", "MasteryState"}
    assert seen != before
    epoch = running.context.truth.epoch
    moment = running.clock.moment
    try:
        running.clock.moment = datetime(2027, 6, 29, 23, 59, 59, tzinfo=UTC)
        assert held(running) == seen
        running.clock.moment = datetime(2027, 6, 30, tzinfo=UTC)
        assert held(running) == set()
        assert running.context.truth.epoch == epoch
    finally:
        running.clock.moment = moment
        running.context.views._live.clear()


def test_an_agreement_is_a_ceiling_for_what_families_consent_to(running: Running) -> None:
    assert held(running, "researcher-mobility")
    text = TEXT.replace("researcher-persistence", "researcher-mobility")
    add(running, text.replace("bp:StudyAgreement", "bp:ConsentedAgreement"))
    seen = held(running, "researcher-mobility")
    assert {kind for _, kind in seen} <= {"AttendanceEvent", "AttendanceSummary", "MasteryState"}
    assert seen <= {
        (str(organization_iri(c)), k) for c in ("elm", "birch", "cedar") for _, k in seen
    }


def test_an_agreement_that_is_ended_gives_nothing_any_more(running: Running) -> None:
    add(running)
    assert held(running)
    epoch = running.context.truth.epoch
    assert agreements.end(running.context.views, STUDY) > epoch
    assert held(running) == set()


def test_what_is_overdue_for_destruction_is_listed_until_it_is_certified(
    running: Running,
) -> None:
    add(running)
    truth = running.context.truth
    assert agreements.overdue(truth, date(2027, 12, 31)) == []
    (late,) = agreements.overdue(truth, date(2028, 1, 1))
    assert late.agreement.iri == STUDY
    assert late.representative == "Sample Principal Investigator"
    views, today = running.context.views, running.clock.moment.date()
    with pytest.raises(Refused, match="still to come"):
        agreements.certify(views, STUDY, today + timedelta(days=1))
    agreements.certify(views, STUDY, today)
    assert agreements.overdue(truth, date(2028, 1, 3)) == []
    with pytest.raises(Refused, match="already"):
        agreements.certify(views, STUDY, today)


def test_an_agreement_on_record_is_not_written_anew_and_ends_once(running: Running) -> None:
    add(running)
    with pytest.raises(Replayed, match="on record already"):
        add(running)
    agreements.end(running.context.views, STUDY)
    with pytest.raises(Replayed):
        add(running)
    with pytest.raises(Refused, match="ended already"):
        agreements.end(running.context.views, STUDY)
    assert held(running) == set()


def test_a_credential_from_before_the_end_sees_nothing_after_it(running: Running) -> None:
    """The audience that a token named is read anew before a view is made for it."""
    add(running)
    views = running.context.views
    before = views.audience("researcher-persistence")
    (purpose,) = before.purposes
    agreements.end(views, STUDY)
    query = QueryOperation(f"ASK {{ ?x <{BP.isRecordOf}> ?y }}", ox.QueryResultsFormat.JSON, None)
    assert b"false" in views.view(before, purpose).evaluate(query).body


def test_a_block_that_an_agreement_of_the_law_overrides_is_refused(running: Running) -> None:
    """A family must not believe that it was heard."""
    text = TEXT.replace("bp:StudyAgreement", "bp:AuditAgreement")
    add(running, text.replace("attendance, bpc:progress", "assessment"))
    child = running.person("learner", "state:S000001")
    path = f"/learners/{child}/policy/assessment/researcher-persistence"
    headers = running.headers("guardian sample:G00001")
    answer = running.app.test_client().put(path, json={"level": "none"}, headers=headers)
    assert answer.status_code == 403
    assert "99.35" in answer.get_json()["detail"]


MISSING = {
    "purpose": "  bp:hasPurpose dpv:AcademicResearch ;\n",
    "scope": TEXT[TEXT.index("  bp:hasScope") : TEXT.index("  bp:hasCategory")],
    "information": "  bp:hasCategory bpc:attendance, bpc:progress ;\n",
    "level": "  bp:grantsLevel bpl:DeIdentified ;\n",
    "representative": '  bp:representative "Sample Principal Investigator" ;\n',
    "beginning": '  bp:validFrom "2026-11-01T00:00:00Z"^^xsd:dateTime ;\n',
    "end": '  bp:validUntil "2027-06-30T00:00:00Z"^^xsd:dateTime ;\n',
    "audience": "  bp:isAgreementOf <https://w3id.org/databackpack/id/audience/"
    "researcher-persistence> ;\n",
    "kind": "  bp:hasAgreementKind bp:StudyAgreement ;\n",
}


@pytest.mark.parametrize("what", MISSING)
def test_an_agreement_without_one_of_its_parts_is_refused(running: Running, what: str) -> None:
    text = TEXT.replace(MISSING[what], "")
    assert text != TEXT
    held_before = running.context.truth.triples(AGREEMENTS)
    with pytest.raises(InvalidConsent) as refused:
        add(running, text)
    assert "Agreement-" in refused.value.rule
    assert running.context.truth.triples(AGREEMENTS) == held_before


def test_without_a_day_of_destruction_it_is_refused(running: Running) -> None:
    text = TEXT.replace('000Z"^^xsd:dateTime ;\n  bp:destroyBy "2027-12-31"^^xsd:date .', "")
    text = text.replace(' ;\n  bp:destroyBy "2027-12-31"^^xsd:date .', " .")
    with pytest.raises(InvalidConsent, match="destroy"):
        add(running, text)


WRONG: list[tuple[str, str, type[Refused], str]] = [
    ("dpv:AcademicResearch", "dpv:Marketing", NotSettable, "99.33"),
    ("dpv:AcademicResearch", "bp:RightOfAccess", InvalidConsent, "AcademicResearch"),
    ("bpc:attendance,", "bpc:secrets,", InvalidConsent, "secrets"),
    ("researcher-persistence", "researcher-nobody", InvalidConsent, "nobody"),
    ("2027-06-30T00:00:00Z", "2026-06-30T00:00:00Z", InvalidConsent, "ends after"),
    ("bpl:DeIdentified", "bpl:None", InvalidConsent, "most"),
    ("bp:StudyAgreement", "bp:Handshake", InvalidConsent, "kind"),
    ("a bp:Agreement", "a bp:Understanding", InvalidConsent, "no agreement"),
    ("rdfs:label", "bp:nickname", InvalidConsent, "nickname"),
    ("@prefix dpv: <https://w3id.org/dpv#> .", "", InvalidConsent, "cannot be read"),
]


@pytest.mark.parametrize(("part", "other", "refusal", "told"), WRONG)
def test_an_agreement_with_something_else_in_it_is_refused(
    running: Running, part: str, other: str, refusal: type[Refused], told: str
) -> None:
    assert part in TEXT
    with pytest.raises(refusal, match=told):
        add(running, TEXT.replace(part, other))


def test_an_unknown_agreement_cannot_be_ended(running: Running) -> None:
    with pytest.raises(Refused, match="nothing"):
        agreements.end(running.context.views, ID["agreement/nothing"])


def test_a_school_under_another_jurisdiction_answers_otherwise_and_nothing_else_changes(
    running: Running,
) -> None:
    """One school switches: its own teachers see less, the records stay, and back again."""
    views, truth = running.context.views, running.context.truth
    personas = ("teacher-elm", "teacher-fern", "registrar-fern", "guardian sample:G00001")
    before = {persona: held(running, persona) for persona in personas}
    records = {one: views.dossier(one).records for one in views.learners()}
    jurisdictions.bind(views, "elm", "us-parental-authorization")
    after = {persona: held(running, persona) for persona in personas}
    elm = str(organization_iri("elm"))
    kinds = {kind for by, kind in after["teacher-elm"] if by == elm}
    assert kinds <= {"Enrollment", "SpecialEducationSupport"}
    assert after["teacher-elm"] < before["teacher-elm"]
    assert after["guardian sample:G00001"] == before["guardian sample:G00001"]
    for persona in ("teacher-fern", "registrar-fern"):
        assert {x for x in before[persona] if x[0] != elm} == {
            x for x in after[persona] if x[0] != elm
        }
    assert {one: views.dossier(one).records for one in views.learners()} == records
    assert ("elm", "Elm Sample Elementary", "us-parental-authorization") in (
        jurisdictions.organizations(views)
    )
    jurisdictions.bind(views, "elm", None)
    assert {persona: held(running, persona) for persona in personas} == before
    assert truth.triples(AGREEMENTS) is not None


def test_a_jurisdiction_of_a_district_binds_its_schools(running: Running) -> None:
    views = running.context.views
    jurisdictions.bind(views, "south", "us-parental-authorization")
    found = {code: place for code, _, place in jurisdictions.organizations(views)}
    assert {found[code] for code in ("south", "fern", "hazel", "maple")} == {
        "us-parental-authorization"
    }
    assert found["elm"] == found["sample"] == "us-default"
    jurisdictions.bind(views, "south", None)


def test_an_unknown_school_or_jurisdiction_is_named_with_those_there_are(running: Running) -> None:
    with pytest.raises(Refused, match="elm"):
        jurisdictions.bind(running.context.views, "oak", "us-default")
    with pytest.raises(Refused, match="us-default"):
        jurisdictions.bind(running.context.views, "elm", "atlantis")


def test_a_family_may_allow_what_its_school_may_not_read_of_itself(running: Running) -> None:
    views = running.context.views
    child = running.person("learner", "state:S000001")
    jurisdictions.bind(views, "elm", "us-parental-authorization")
    client, until = running.app.test_client(), running.clock.moment + timedelta(days=1)
    path = f"/learners/{child}/policy/progress/teacher-elm"
    body = {"level": "full", "until": until.isoformat()}
    for guardian in ("guardian sample:G00001", "guardian sample:G00002"):
        answer = client.put(path, json=body, headers=running.headers(guardian))
        assert answer.status_code == 200, answer.text
    text = f"ASK {{ ?x a <{BP.MasteryState}> ; <{BP.isRecordOf}> <{ID[f'learner/{child}']}> }}"
    answer = client.post(
        "/sparql",
        data=text,
        content_type="application/sparql-query",
        headers=running.headers("teacher-elm"),
    )
    assert answer.get_json()["boolean"]
    jurisdictions.bind(views, "elm", None)
