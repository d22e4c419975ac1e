"""The JSON of the Ed-Fi API: the same records as from the XML that says the same."""

import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import yaml
from rdflib import URIRef

from databackpack.loaders import edfi
from databackpack.loaders.edfi import read
from databackpack.loaders.record import Item, Mint, Organization, Problem, Record, person_iri
from databackpack.ontology.namespaces import BP, BPC
from tests.loaders import edfi_json


def _mint(kind: str, identifier: str) -> URIRef:
    return person_iri(kind, uuid5(NAMESPACE_URL, f"{kind} {identifier}"))


@pytest.fixture(scope="module")
def from_xml(shared_data: Path) -> list[Item]:
    return list(read(shared_data / "edfi_sample", _mint))


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("api") / "json"
    edfi_json.write(shared_data / "edfi_sample", target)
    return target


@pytest.fixture(scope="module")
def from_json(folder: Path) -> list[Item]:
    return list(read(folder, _mint))


def _graphs(items: list[Item]) -> dict[URIRef, set[object]]:
    return {item.iri: set(item.graph) for item in items if isinstance(item, Record)}


def test_json_gives_the_records_that_the_xml_gives(
    from_xml: list[Item], from_json: list[Item]
) -> None:
    expected, found = _graphs(from_xml), _graphs(from_json)
    assert found.keys() == expected.keys()
    different = [iri for iri in found if found[iri] != expected[iri]]
    assert not different, (found[different[0]] ^ expected[different[0]], len(different))
    assert len(found) == 3_223


def test_json_gives_the_organizations_that_the_xml_gives(
    from_xml: list[Item], from_json: list[Item]
) -> None:
    sets = [
        {item.iri: set(item.graph) for item in items if isinstance(item, Organization)}
        for items in (from_xml, from_json)
    ]
    assert sets[0] == sets[1]
    assert len(sets[0]) == 4


def test_json_is_refused_for_what_the_xml_is_refused_for(
    from_xml: list[Item], from_json: list[Item]
) -> None:
    counts = [
        Counter(item.rule for item in items if isinstance(item, Problem))
        for items in (from_xml, from_json)
    ]
    for rule in ("unknown standard", "unknown code"):
        assert counts[0][rule] == counts[1][rule] > 0
    assert set(counts[1]) == {"unknown standard", "unknown code", "no place"}
    assert counts[0]["unknown standard"] == 3_680


def test_item_results_of_the_mastery_test_are_all_there(from_json: list[Item]) -> None:
    aligned = [
        standard
        for item in from_json
        if isinstance(item, Record) and item.category == BPC.assessment
        for standard in item.graph.objects(None, BP.isAlignedTo)
    ]
    learners = {item.learner for item in from_json if isinstance(item, Record)}
    assert len(learners) == 960
    assert len(set(aligned)) == 11
    assert set(Counter(aligned).values()) >= {82}


def test_newline_delimited_json_reads_like_an_array(
    folder: Path, tmp_path: Path, from_json: list[Item]
) -> None:
    for name in ("localEducationAgencies", "schools", "students"):
        objects = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        lines = "".join(json.dumps(one) + "\n" for one in objects)
        (tmp_path / f"{name}.ndjson").write_text(lines, encoding="utf-8-sig")
    found = _graphs(list(read(tmp_path, _mint)))
    everything = _graphs(from_json)
    assert len(found) == 2 * 960
    assert all(graph == everything[iri] for iri, graph in found.items())


def _names(paths: dict[str, Any]) -> Iterator[str]:
    """Yield the names of members that a part of the table reads."""
    for source in paths.values():
        if isinstance(source, str):
            yield from source.split(".")
        else:
            yield source["each"]
            yield from _names(source.get("paths", {"": source.get("text", "")}))


def test_every_member_that_the_table_reads_is_in_the_sample_or_named_here(folder: Path) -> None:
    """A misspelt member would read nothing, and no other test would know."""
    text = (files(edfi) / "resources.yaml").read_text(encoding="utf-8")
    sample = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("*.json"))
    read_from = {
        name
        for resource in yaml.safe_load(text)["resources"].values()
        for name in _names(resource["paths"])
    }
    assert {name for name in read_from if f'"{name}"' not in sample} == {
        *("entryDate", "entryGradeLevelDescriptor", "exitWithdrawDate", "maxPoints"),
        *("pointsEarned", "reportedSchoolReference"),
        *("stateEducationAgencyId", "stateEducationAgencyReference"),
    }


def test_a_learner_of_the_api_is_enrolled_by_the_association(
    folder: Path, tmp_path: Path, mint: Mint
) -> None:
    for name in ("localEducationAgencies", "schools"):
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    (tmp_path / "students.json").write_text(
        json.dumps(
            [
                {
                    "id": "3f",
                    "studentUniqueId": "604821",
                    "firstName": "Ann",
                    "lastSurname": "Hem",
                    "birthDate": "2014-11-13",
                    "_etag": "5250",
                }
            ]
        ),
        encoding="utf-8",
    )
    (tmp_path / "studentSchoolAssociations.json").write_text(
        json.dumps(
            [
                {
                    "studentReference": {"studentUniqueId": "604821", "link": {"rel": "Student"}},
                    "schoolReference": {"schoolId": 255901001},
                    "schoolYearTypeReference": {"schoolYear": 2022},
                    "entryDate": "2021-08-23",
                    "entryGradeLevelDescriptor": "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade",
                    "exitWithdrawDate": None,
                }
            ]
        ),
        encoding="utf-8",
    )
    items = list(read(tmp_path, mint))
    assert not [item for item in items if isinstance(item, Problem)]
    (enrollment,) = (
        item for item in items if isinstance(item, Record) and item.category == BPC.enrollment
    )
    values = {str(value).rsplit("#", 1)[-1] for value in enrollment.graph.objects()}
    assert {"2021-2022", "9", "2021-08-23"} <= values


@pytest.mark.parametrize("part", ["descriptors", "Standards-subset.xml"])
def test_files_of_which_nothing_can_be_loaded_say_so(
    part: str, shared_data: Path, mint: Mint
) -> None:
    path = shared_data / "edfi_sample" / part
    items = list(read(path, mint))
    assert len(items) == (len(list(path.glob("*.xml"))) if path.is_dir() else 1)
    assert {item.rule for item in items if isinstance(item, Problem)} == {"nothing to load"}
    assert all("Descriptor" in str(item) or "LearningStandard" in str(item) for item in items)
