"""The examples of Michigan's agency (CEPI): organisations and a person, by contexts beside them."""

import json
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from rdflib import Graph, URIRef

from databackpack.loaders.ceds import read
from databackpack.loaders.record import (
    Item,
    Organization,
    Problem,
    Record,
    organization_iri,
    person_iri,
)
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, RDF, RDFS, SDO
from databackpack.shapes import validate_batch, validate_organization


@pytest.fixture
def cepi(shared_data: Path) -> Path:
    return shared_data / "ceds" / "cepi"


class Loaded:
    """What the loader made of a file or a folder."""

    def __init__(self, path: Path, contexts: Path | None = None) -> None:
        self.people: dict[tuple[str, str], URIRef] = {}
        self.items: list[Item] = list(read(path, self._mint, contexts=contexts))
        self.problems = [one for one in self.items if isinstance(one, Problem)]
        self.records = [one for one in self.items if isinstance(one, Record)]
        self.organizations = [one for one in self.items if isinstance(one, Organization)]

    def _mint(self, kind: str, identifier: str) -> URIRef:
        return self.people.setdefault((kind, identifier), person_iri(kind, uuid4()))


def told(one: Organization) -> tuple[str, str, str]:
    kind = one.graph.value(one.iri, RDF.type)
    code, label = (one.graph.value(one.iri, term) for term in (BP.organizationCode, RDFS.label))
    return local_name(URIRef(str(kind))), str(code), str(label)


def test_the_examples_of_organisations_are_organisations_of_their_kind(cepi: Path) -> None:
    loaded = Loaded(cepi)
    assert [told(one) for one in loaded.organizations] == [
        ("School", "4830", "Rochester Hills Elementary"),
        ("District", "6001", "Detroit Public Schools Community District"),
        ("School", "5000", "Lincoln Elementary School"),
    ]
    assert all(validate_organization(one.graph).conforms for one in loaded.organizations)


def test_the_example_of_a_person_is_a_learner_known_by_the_states_identifier(cepi: Path) -> None:
    loaded = Loaded(cepi / "person" / "person_example.json")
    assert list(loaded.people) == [("learner", "state:6202378625")]
    holder = organization_iri("3000000789")
    by_category = {record.category: record for record in loaded.records}
    assert set(by_category) == {BPC.identity, BPC.demographics}
    assert {record.holder for record in loaded.records} == {holder}
    (learner,) = loaded.people.values()
    identity = by_category[BPC.identity].graph
    assert set(identity) == set(
        Graph()
        .add((learner, RDF.type, BP.Learner))
        .add((learner, SDO.givenName, next(identity.objects(None, SDO.givenName))))
        .add((learner, SDO.familyName, next(identity.objects(None, SDO.familyName))))
        .add((learner, BP.learnerIdentifier, next(identity.objects(None, BP.learnerIdentifier))))
    )
    assert [str(one) for one in identity.objects(None, SDO.givenName)] == ["EDITH"]
    about = by_category[BPC.demographics].graph
    assert [str(one) for one in about.objects(None, SDO.birthDate)] == ["1965-05-15"]
    assert [str(one) for one in about.objects(None, BP.gender)] == ["Female"]
    assert all(report.conforms for report in validate_batch(loaded.records))


def test_a_social_security_number_is_nowhere_in_what_is_loaded(cepi: Path) -> None:
    loaded = Loaded(cepi)
    text = "".join(record.graph.serialize() for record in loaded.records)
    assert "989897099" not in text
    assert "124031" not in text
    assert "989897099" not in "".join(map(str, (*loaded.people, *loaded.problems)))


def test_what_has_no_place_is_named_once_a_file(cepi: Path) -> None:
    loaded = Loaded(cepi)
    problems = [one for one in loaded.problems if one.rule == "no place"]
    assert [one.source.file for one in problems] == [
        "k12school_example.json",
        "lea_example.json",
        "organization_example.json",
        "person_example.json",
    ]
    assert "P001943 (3)" in problems[-1].message  # race and ethnicity
    assert {one.severity for one in loaded.problems} == {"Warning"}


def test_a_holder_that_no_file_describes_is_named(cepi: Path) -> None:
    (problem,) = (one for one in Loaded(cepi).problems if one.rule == "unknown organisation")
    assert problem.message.startswith("3000000789 holds records")


def test_a_context_elsewhere_is_found_by_name_and_nothing_is_fetched_without_it(
    cepi: Path, tmp_path: Path
) -> None:
    shutil.copy(cepi / "person" / "person_example.json", tmp_path)
    (problem,) = Loaded(tmp_path).problems
    assert problem.rule == "unknown context"
    assert (
        "https://cepi-dev.state.mi.us/ontology/context-person.json is not here" in problem.message
    )
    assert len(Loaded(tmp_path, cepi / "person").records) == 2


CONTEXT = {
    "@vocab": "https://w3id.org/CEDStandards/terms/",
    "ceds": "https://w3id.org/CEDStandards/terms/",
    "id": "@id",
    "type": "@type",
    "system": {"@id": "ceds:P001571", "@type": "@vocab"},
    "sex": {"@id": "ceds:P000255", "@type": "@vocab"},
    "grade": {"@id": "ceds:P000100", "@type": "@vocab"},
}


def person(number: int, **changes: object) -> dict[str, object]:
    """Return a person with the newer namespace of CEDS and its codes of options."""
    status = {
        "type": "C200411",
        "P200999": {"id": "https://agency.example/organization/101"},
    }
    return {
        "id": f"https://agency.example/person/{number}",
        "type": "C200275",
        "P600336": {"type": "C200377", "P000115": "Ada", "P000172": "Byron", "P201001": status},
        "P600049": {
            "type": "C200291",
            "P001572": str(number),
            "system": "ceds:NI001571173130",
            "P201001": status,
        },
        "P600338": {"type": "C200011", "sex": "ceds:NI000255115740", "P201001": status},
        "P600550": {
            "type": "C200219",
            "P000097": "2025-09-02",
            "P000107": "2026-06-12",
            "grade": "ceds:NI002175181507",
            "P201001": status,
        },
        **changes,
    }


def write(folder: Path, document: object, name: str = "people.json") -> Path:
    (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder


def values(loaded: Loaded, term: URIRef) -> list[str]:
    found = [one for record in loaded.records for one in record.graph.objects(None, term)]
    return sorted(str(one) for one in found)


@pytest.mark.parametrize(
    "namespace", ["https://w3id.org/CEDStandards/terms/", "http://ceds.ed.gov/terms#"]
)
def test_both_namespaces_and_the_codes_of_options_are_read(tmp_path: Path, namespace: str) -> None:
    context = {**CONTEXT, "@vocab": namespace, "ceds": namespace}
    loaded = Loaded(write(tmp_path, {"@context": context, **person(1)}))
    assert [one.rule for one in loaded.problems] == ["unknown organisation"]
    assert len(loaded.records) == 3
    assert values(loaded, BP.gender) == ["Female"]
    assert values(loaded, BP.schoolYear) == ["2025-2026"]
    assert [one[-2:] for one in values(loaded, BP.hasGradeLevel)] == ["#5"]
    assert values(loaded, BP.exitDate) == ["2026-06-12"]
    assert [one.text() for one in validate_batch(loaded.records)] == ["Nothing to correct."] * 3


def test_a_graph_of_many_persons_is_read_item_by_item_and_a_wrong_one_is_told(
    tmp_path: Path,
) -> None:
    people = [person(number) for number in range(1, 51)]
    people[6]["P600336"] = {"type": "C200377", "P000115": "Ada"}
    people[7]["P600550"] = {**dict(people[7]["P600550"]), "P000097": "September"}  # type: ignore[call-overload]
    loaded = Loaded(write(tmp_path, {"@context": CONTEXT, "@graph": people}))
    assert len(loaded.people) == 48
    wrong = [one for one in loaded.problems if one.severity == "Violation"]
    assert [(one.source.line, one.rule) for one in wrong] == [(7, "missing value"), (8, "bad date")]
    assert wrong[0].message.startswith("$.@graph[6].P600336: the family name is missing")
    assert wrong[1].message.startswith("$.@graph[7].P600550: 'September' is no date")


@pytest.mark.parametrize(
    ("changes", "rule", "told"),
    [
        ({"P600049": {"type": "C200291", "P001572": "1"}}, "missing identifier", "$[0]"),
        (
            {"P600336": {"type": "C200377", "P000115": {"id": "x"}}},
            "wrong type",
            "$[0].P600336.P000115",
        ),
        ({"id": f"{person_iri('learner', uuid4())}"}, "subject", "names nobody in a file"),
        ({"type": "C999999"}, "unknown kind", "neither a Person nor an organisation"),
        ({"P600550": {"type": "C200219"}}, "missing value", "entry date"),
        (
            {"P600550": {"type": "C200219", "P000097": "2025-09-02", "grade": "GradeLevel_99"}},
            "unknown code",
            "'99' is not in the scheme",
        ),
    ],
)
def test_a_wrong_person_is_refused_and_the_next_one_is_loaded(
    tmp_path: Path, changes: dict[str, object], rule: str, told: str
) -> None:
    document = [{"@context": CONTEXT, **person(1, **changes)}, {"@context": CONTEXT, **person(2)}]
    loaded = Loaded(write(tmp_path, document))
    (problem,) = (one for one in loaded.problems if one.severity == "Violation")
    assert (problem.source.line, problem.rule) == (1, rule)
    assert told in problem.message
    assert list(loaded.people) == [("learner", "state:2")]


def test_an_identifier_of_a_school_is_scoped_by_the_school(tmp_path: Path) -> None:
    one = person(7)
    one["P600049"] = {**dict(one["P600049"]), "system": "ceds:NI001571173127"}  # type: ignore[call-overload]
    loaded = Loaded(write(tmp_path, {"@context": CONTEXT, **one}))
    assert list(loaded.people) == [("learner", "ceds:101:7")]


def test_the_context_of_ceds_itself_is_used_with_its_names_of_terms_and_options(
    shared_data: Path, tmp_path: Path
) -> None:
    shutil.copy(shared_data / "ceds" / "ceds_context.json", tmp_path)
    committed = {"@id": "https://agency.example/organization/101"}
    status = {"@type": "RecordStatus", "CommittedByOrganization": committed}
    named = {"@type": "PersonName", "FirstName": "Ada", "LastOrSurname": "Byron"}
    identified = {
        "@type": "PersonIdentification",
        "PersonIdentifier": "605466",
        "hasPersonIdentificationSystem": "PersonIdentificationSystem_State",
        "hasRecordStatus": status,
    }
    enrolled = {
        "@type": "K12StudentEnrollment",
        "EnrollmentEntryDate": "2025-09-02",
        "hasEntryGradeLevel": "GradeLevel_05",
        "hasRecordStatus": status,
    }
    sex = {"@type": "PersonSexGender", "hasSex": "Sex_Male"}
    one = {
        "@context": "ceds_context.json",
        "@type": "Person",
        "hasPersonName": named,
        "hasPersonIdentification": identified,
        "hasK12StudentEnrollment": enrolled,
        "hasPersonSexGender": sex,
    }
    loaded = Loaded(write(tmp_path, one))
    assert [problem.rule for problem in loaded.problems] == ["unknown organisation"]
    assert list(loaded.people) == [("learner", "state:605466")]
    assert values(loaded, BP.gender) == ["Male"]
    assert [grade[-2:] for grade in values(loaded, BP.hasGradeLevel)] == ["#5"]


BAD: dict[str, tuple[bytes, str, str]] = {
    "truncated": (json.dumps(person(1))[:90].encode(), "well-formed JSON", "breaks off"),
    "Latin-1": (b'{"@type": "Pers\xf6n"}', "readable file", "UTF-8"),
    "duplicate key": (b'{"@type": "Person", "@type": "Person"}', "duplicate key", "$.@type"),
    "NaN": (b'{"@type": "Person", "x": NaN}', "well-formed JSON", "no JSON"),
    "ten thousand levels": (b'{"x": ' + b"[" * 9999 + b"]" * 9999 + b"}", "nesting", "$.x[0]"),
    "key of a megabyte": (b'{"' + b"k" * 2**20 + b'": 1}', "long key", "1048576"),
    "no context": (json.dumps(person(1)).encode(), "JSON-LD", "$: no term"),
    "graph before its context": (
        json.dumps({"@graph": [person(1)], "@context": CONTEXT}).encode(),
        "JSON-LD",
        "$.@graph[0]: no term",
    ),
    "remote context": (
        json.dumps({"@context": "https://evil.example/c.jsonld", **person(1)}).encode(),
        "unknown context",
        "https://evil.example/c.jsonld is not here",
    ),
    "context outside the folder": (
        json.dumps({"@context": "../../etc/passwd", **person(1)}).encode(),
        "unknown context",
        "etc/passwd is not here",
    ),
    "array of numbers": (b"[1]", "JSON object", "$[0]: an object is needed"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_and_the_file_beside_it_is_loaded(tmp_path: Path, name: str) -> None:
    content, rule, told = BAD[name]
    (tmp_path / "bad.json").write_bytes(content)
    (tmp_path / "good.json").write_bytes(
        b"\xef\xbb\xbf" + json.dumps({"@context": CONTEXT, **person(2)}).encode()
    )
    loaded = Loaded(tmp_path)
    (problem,) = (one for one in loaded.problems if one.severity == "Violation")
    assert (problem.source.file, problem.rule) == ("bad.json", rule)
    assert told in problem.message
    assert list(loaded.people) == [("learner", "state:2")]
