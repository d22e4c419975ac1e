"""The samples of 1EdTech: what is loaded of each, and why the others are refused."""

from collections import Counter
from pathlib import Path

import pytest
from rdflib import URIRef

from databackpack.loaders.record import Organization
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, RDF, RDFS, SDO
from databackpack.shapes import validate_batch, validate_organization
from tests.loaders.credentials.making import Loaded

KEY = "did:key:z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
"""The key that the simple samples carry."""


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "ob3_clr"


def kinds(loaded: Loaded) -> dict[str, int]:
    found = [kind for record in loaded.records for kind in record.graph.objects(None, RDF.type)]
    return dict(Counter(local_name(URIRef(str(kind))) for kind in found))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clr20_complex.json", {"CourseResult": 4, "Recognition": 1}),
        ("clr20_simple-noproof.json", {"Recognition": 1}),
        ("clr20_simple.json", {"Recognition": 1}),
        ("ob30_complete.json", {"Recognition": 1, "LocalAssessmentResult": 3, "Artifact": 2}),
        ("ob30_simple.json", {"Recognition": 1}),
    ],
)
def test_a_sample_becomes_items_that_conform(
    folder: Path, name: str, expected: dict[str, int]
) -> None:
    loaded = Loaded(folder / name)
    assert kinds(loaded) == expected
    assert len(loaded.people) == 1
    assert [one.text() for one in validate_batch(loaded.records)] == ["Nothing to correct."] * len(
        loaded.records
    )
    for one in loaded.items:
        if isinstance(one, Organization):
            assert validate_organization(one.graph).conforms


@pytest.mark.parametrize(
    ("name", "rule", "told"),
    [
        (
            "ob30_simple-err-credential-subject-result-type.json",
            "unknown term",
            "$.credentialSubject.result[1].type: 'InvalidResult' is no term of its contexts",
        ),
        (
            "ob30_simple-err-evidence-type.json",
            "unknown term",
            "$.evidence[1].type: 'InvalidEvidence' is no term of its contexts",
        ),
        (
            "ob30_simple-noproof.json",
            "missing achievement",
            "$.credentialSubject: it names no achievement",
        ),
    ],
)
def test_a_wrong_sample_is_refused_for_the_right_reason(
    folder: Path, name: str, rule: str, told: str
) -> None:
    loaded = Loaded(folder / name)
    assert [(one.rule, one.message) for one in loaded.problems] == [(rule, told)]
    assert len(loaded.items) == 1


def test_the_proofs_of_the_samples_are_right_where_their_contexts_have_versions(
    folder: Path,
) -> None:
    assert Loaded(folder / "ob30_simple.json").values(BP.signedBy) == [KEY]
    inner = "did:key:z6MkvREVgsHx7Ppae68vCoByy73ZD4aMSJiPML2cryVL8JAx"
    assert Loaded(folder / "clr20_simple.json").values(BP.signedBy) == [inner]
    complete = Loaded(folder / "ob30_complete.json")
    assert set(complete.values(BP.signedBy)) == {
        "did:key:z6Mknyb2Gb4NxzW3xSr9ChTtdQZ1zs77piQ3r9SaJ9vMzmrs"
    }
    assert "unchecked proof" not in complete.rules


def test_proofs_over_contexts_without_a_version_cannot_be_checked(folder: Path) -> None:
    loaded = Loaded(folder / "clr20_complex.json")
    assert loaded.rules.count("unchecked proof") == 7
    assert loaded.values(BP.signedBy) == []


def test_a_credential_of_another_subject_within_a_record_is_refused(folder: Path) -> None:
    (problem,) = (
        one for one in Loaded(folder / "clr20_complex.json").problems if one.severity == "Violation"
    )
    assert problem.rule == "another learner"
    assert "$.credentialSubject.verifiableCredential[0].credentialSubject.id:" in problem.message


def test_the_complete_badge_is_carried_with_its_words_and_dates(folder: Path) -> None:
    loaded = Loaded(folder / "ob30_complete.json")
    assert loaded.values(BP.dateIssued) == ["2010-01-01"]
    assert loaded.values(BP.expiryDate) == ["2030-01-01"]
    assert loaded.values(BP.performanceLevel) == ["A", "Completed", "Mastery"]
    assert loaded.values(BP.issuer) == ["1EdTech University"]
    assert len(loaded.values(SDO.dateCreated)) == 2
    assert "unchecked status" in loaded.rules
    labels = [
        one.graph.value(one.iri, RDFS.label)
        for one in loaded.items
        if isinstance(one, Organization)
    ]
    assert [str(label) for label in labels] == ["Universal Universities", "1EdTech University"]


def test_the_courses_of_the_complex_record_are_on_the_transcript(folder: Path) -> None:
    loaded = Loaded(folder / "clr20_complex.json")
    assert loaded.values(BP.courseTitle) == [
        "Health Careers 1",
        "Human Anatomy and Physiology",
        "Intro to Health Careers",
        "Nurse Assisting 1",
    ]
    assert loaded.values(BP.finalGrade) == ["A"]
    assert set(loaded.values(BP.schoolYear)) == {"2017-2018"}
    assert loaded.learners == ["ob:urn:uuid:360a0e1e-c3f4-4fc4-9975-379889927d54"]


def test_all_samples_in_one_folder_are_one_record_for_each_holder_and_category(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("ob30_simple.json", "clr20_simple.json", "ob30_complete.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    loaded = Loaded(tmp_path)
    names = [one.iri for one in loaded.records]
    assert len(names) == len(set(names)) == 4
    assert kinds(loaded)["Recognition"] == 2  # the badge alone and within the record is one
    assert all(report.conforms for report in validate_batch(loaded.records))
