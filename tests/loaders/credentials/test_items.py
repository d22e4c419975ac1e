"""What achievements, results, alignments and identities become."""

from pathlib import Path
from typing import Any

import pytest

from databackpack.loaders.record import Organization, organization_iri
from databackpack.ontology.namespaces import BP, BPC, BPM, ORG, RDFS, SDO
from databackpack.ontology.standards import resolve
from databackpack.shapes import validate_batch
from tests.loaders.credentials.making import SCHOOL, Loaded, Signer, badge, load, record

STANDARD = "http://corestandards.org/Math/Content/5/NBT/A/1"
CASE = "6b9c1708-d7cc-11e8-824f-0242ac160002"
"""The CASE identifier of the same standard."""


def aligned(code: str, address: str = "https://a.example/1", framework: str = "") -> dict[str, Any]:
    found = {"type": "Alignment", "targetName": "A", "targetUrl": address, "targetCode": code}
    return {**found, "targetFramework": framework} if framework else found


def one_badge(folder: Path, **changes: Any) -> Loaded:
    loaded = load(folder, badge(**changes))
    wrong = [report.text() for report in validate_batch(loaded.records) if not report.conforms]
    assert wrong == []
    return loaded


def test_an_unknown_issuer_is_an_organisation_of_its_own_that_no_code_of_a_school_can_name(
    tmp_path: Path,
) -> None:
    parent = {"id": "https://district.example", "type": ["Profile"], "name": "District"}
    issuer = {"id": SCHOOL, "type": ["Profile"], "name": "North", "parentOrg": parent}
    loaded = one_badge(tmp_path, issuer=issuer)
    above, school = (one for one in loaded.items if isinstance(one, Organization))
    assert school.iri == organization_iri(f"ob:{SCHOOL}")
    assert school.graph.value(school.iri, ORG.subOrganizationOf) == above.iri
    assert str(above.graph.value(above.iri, RDFS.label)) == "District"
    assert [one.holder for one in loaded.records] == [school.iri]


@pytest.mark.parametrize(
    "alignment",
    [
        aligned(CASE),
        aligned(CASE, framework="Any framework"),
        aligned("", STANDARD),
        aligned("", "https://www.thecorestandards.org/Math/Content/5/NBT/A/1/"),
        aligned("5.NBT.A.1", framework="Common Core State Standards"),
        aligned("CCSS.Math.Content.5.NBT.A.1"),
    ],
    ids=lambda one: f"{one['targetCode']} {one['targetUrl'][-12:]}",
)
def test_every_way_to_name_a_standard_is_the_standard(
    tmp_path: Path, alignment: dict[str, Any]
) -> None:
    assert str(resolve(STANDARD)) == STANDARD
    loaded = one_badge(tmp_path, achievement={"alignment": [alignment]})
    assert loaded.values(BP.isAlignedTo) == [STANDARD]
    assert loaded.rules == []


def test_an_item_of_case_that_nobody_knows_is_kept_by_its_identifier(tmp_path: Path) -> None:
    unknown = "6b9c1708-aaaa-11e8-824f-0242ac160002"
    loaded = one_badge(tmp_path, achievement={"alignment": [aligned(unknown)]})
    assert loaded.values(BP.isAlignedTo) == [f"urn:uuid:{unknown}"]


@pytest.mark.parametrize(
    ("kind", "kept"), [("ceasn:Competency", True), ("CTDL", False), ("CFItem", False)]
)
def test_a_competency_of_ctdl_that_nobody_knows_is_kept_and_a_programme_is_not(
    tmp_path: Path, kind: str, kept: bool
) -> None:
    address = "https://registry.example/resources/ce-98cb027b-95ef-4494-908d-6f7790ec6b6b"
    alignment = {**aligned("", address), "targetType": kind}
    loaded = one_badge(tmp_path, achievement={"alignment": [alignment]})
    assert loaded.values(BP.isAlignedTo) == ([address] if kept else [])


def test_a_statement_of_asn_that_nobody_knows_is_kept(tmp_path: Path) -> None:
    address = "http://purl.org/ASN/resources/S0000000"
    loaded = one_badge(tmp_path, achievement={"alignment": [aligned("", address)]})
    assert loaded.values(BP.isAlignedTo) == [address]


@pytest.mark.parametrize("code", ["5.NBT.A.1", "degree", ""])
def test_the_code_of_another_framework_is_not_taken_for_common_core(
    tmp_path: Path, code: str
) -> None:
    alignment = aligned(code, framework="Standards of Learning")
    loaded = one_badge(tmp_path, achievement={"alignment": [alignment]})
    assert loaded.values(BP.isAlignedTo) == []
    assert [(one.rule, one.severity) for one in loaded.problems] == [
        ("unknown standard", "Warning")
    ]


def test_a_course_is_on_the_transcript_with_grade_and_credits(tmp_path: Path) -> None:
    loaded = one_badge(
        tmp_path,
        achievement={
            "achievementType": "Course",
            "humanCode": "MA-5",
            "resultDescription": [
                {"id": "urn:uuid:1", "type": ["ResultDescription"], "name": "Grade",
                 "resultType": "LetterGrade"},
                {"id": "urn:uuid:2", "type": ["ResultDescription"], "name": "Final examination",
                 "resultType": "RawScore", "valueMax": "50"},
            ],
        },
        subject={
            "creditsEarned": 1.5,
            "activityEndDate": "2025-06-10",
            "result": [
                {"type": ["Result"], "resultDescription": "urn:uuid:2", "value": "45"},
                {"type": ["Result"], "resultDescription": "urn:uuid:1", "value": "B+"},
            ],
        },
    )  # fmt: skip
    assert {record.category for record in loaded.records} == {BPC.transcript, BPC.assessment}
    assert loaded.values(BP.courseCode) == ["MA-5"]
    assert loaded.values(BP.finalGrade) == ["B+"]
    assert loaded.values(BP.creditsEarned) == ["1.5"]
    assert loaded.values(BP.schoolYear) == ["2024-2025"]
    assert (loaded.values(BP.scoreValue), loaded.values(BP.maximumScore)) == (["45"], ["50"])
    assert loaded.values(SDO.name) == ["Final examination"]


def test_service_is_service_where_a_result_counts_hours_and_else_a_recognition(
    tmp_path: Path,
) -> None:
    hours = {"id": "urn:uuid:1", "type": ["ResultDescription"], "name": "Hours served",
             "resultType": "RawScore"}  # fmt: skip
    given = [{"type": ["Result"], "resultDescription": "urn:uuid:1", "value": "12.5"}]
    about = {"achievementType": "CommunityService", "resultDescription": [hours]}
    loaded = one_badge(tmp_path, achievement=about, subject={"result": given})
    assert [record.category for record in loaded.records] == [BPC.service]
    assert loaded.values(BP.hours) == ["12.5"]
    assert loaded.values(BP.organizer) == ["North"]
    without = one_badge(tmp_path, achievement=about)
    assert [record.category for record in without.records] == [BPC.recognitions]


@pytest.mark.parametrize(("status", "levels"), [("Completed", [str(BPM.Met)]), ("InProgress", [])])
def test_a_competency_is_its_standards_met_unless_it_is_open(
    tmp_path: Path, status: str, levels: list[str]
) -> None:
    loaded = one_badge(
        tmp_path,
        achievement={"achievementType": "Competency", "alignment": [aligned("", STANDARD)]},
        subject={"result": [{"type": ["Result"], "status": status}]},
    )
    assert loaded.values(BP.hasMasteryLevel) == levels
    assert loaded.values(BP.dateIssued) == ["2026-03-01"]


def test_a_test_is_a_result_for_each_of_its_results(tmp_path: Path) -> None:
    results = [
        {"type": ["Result"], "value": "7", "alignment": [aligned("", STANDARD)]},
        {"type": ["Result"], "value": "Proficient"},
    ]
    about = {"achievementType": "Assessment"}
    loaded = one_badge(tmp_path, achievement=about, subject={"result": results})
    assert [record.category for record in loaded.records] == [BPC.assessment]
    assert loaded.values(BP.scoreValue) == ["7"]
    assert loaded.values(BP.performanceLevel) == ["Proficient"]
    assert loaded.values(BP.isAlignedTo) == [STANDARD]


def test_evidence_is_work_in_the_portfolio(tmp_path: Path) -> None:
    essay = {"id": "https://a.example/essay", "type": ["Evidence"], "name": "Essay"}
    loaded = one_badge(tmp_path, evidence=[essay])
    assert sorted(record.category for record in loaded.records) == [BPC.portfolio, BPC.recognitions]
    assert "Essay" in loaded.values(SDO.name)


def test_endorsements_are_named_and_passed_over(tmp_path: Path) -> None:
    endorsement = badge(id="https://a.example/e")
    endorsement["type"] = ["VerifiableCredential", "EndorsementCredential"]
    loaded = load(tmp_path, badge(endorsement=[endorsement]), endorsement)
    assert loaded.rules == ["no place", "no place"]
    assert "endorsement" in loaded.problems[0].message
    assert loaded.values(BP.dateIssued) == ["2026-03-01"]


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ({"id": "did:example:1"}, "did:example:1"),
        ({"id": "urn:uuid:1"}, "ob:urn:uuid:1"),
        ({"identifier": [("ext:stateUniqueId", "605466", False)]}, "state:605466"),
        (
            {"identifier": [("ext:stateUniqueId", "ab12", True)]},
            f"ob:{SCHOOL}:ext:stateUniqueId:ab12",
        ),
        (
            {"id": None, "identifier": [("emailAddress", "Ada@School.example", False)]},
            f"ob:{SCHOOL}:emailAddress:ada@school.example",
        ),
    ],
)
def test_a_learner_is_known_by_an_identifier_that_says_who_gave_it(
    tmp_path: Path, subject: dict[str, Any], key: str
) -> None:
    document = badge()
    inside = document["credentialSubject"]
    subject_text = subject["id"] or key if "id" in subject else subject["identifier"][0][1]
    if "identifier" in subject:
        del inside["id"]
        inside["identifier"] = [
            {"type": "IdentityObject", "identityType": kind, "identityHash": text, "hashed": hashed}
            for kind, text, hashed in subject["identifier"]
        ]
    else:
        inside["id"] = subject["id"]
    loaded = load(tmp_path, document)
    assert loaded.learners == [key]
    text = "".join(record.graph.serialize() for record in loaded.records)
    assert subject_text not in text


def test_a_record_without_names_inside_takes_the_learner_of_the_record(tmp_path: Path) -> None:
    inner = badge()
    del inner["credentialSubject"]["id"]
    loaded = load(tmp_path, record(inner))
    assert loaded.learners == ["did:example:learner"]


def test_the_same_files_give_the_same_items_again(tmp_path: Path) -> None:
    first = load(tmp_path, badge(), record(badge(id="https://a.example/2")))
    again = Loaded(tmp_path / "credentials", people=first.people)
    assert [one.lines for one in again.records] == [one.lines for one in first.records]
    assert len(first.values(BP.dateIssued)) == 2


def test_a_badge_that_comes_alone_and_within_a_record_is_one(tmp_path: Path) -> None:
    alone, within = Signer(), Signer()
    loaded = load(tmp_path, alone.sign(badge()), record(within.sign(badge())))
    assert loaded.rules == []
    assert loaded.values(BP.dateIssued) == ["2026-03-01"]
    assert loaded.values(BP.signedBy) == [alone.did]


def test_another_badge_with_the_same_id_does_not_spoil_the_first(tmp_path: Path) -> None:
    other = badge(achievement={"name": "Everything"})
    loaded = load(tmp_path, badge(), other, badge(id="https://a.example/2"))
    assert loaded.rules == ["duplicate credential"]
    assert (loaded.problems[0].source.file, len(loaded.values(BP.dateIssued))) == ("1.json", 2)
    assert set(loaded.values(SDO.name)) == {"Fractions"}
    assert all(report.conforms for report in validate_batch(loaded.records))
