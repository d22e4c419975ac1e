"""Crosswalks as they are published: all of them load, and say what their publishers say."""

import csv
import json
from pathlib import Path

import pytest
from rdflib import Literal, URIRef

from databackpack import shapes
from databackpack.ontology.namespaces import BP, DCTERMS, OWL, RDFS, SKOS
from databackpack.ontology.standards import resolve
from tests.loaders.alignments.reading import Read, read

PUBLISHED = {
    "learning_commons/texas_ccss_math_crosswalk.csv": {"aligned": 258},
    "coherence_map/prerequisite_edges.csv": {"isPrerequisiteOf": 757},
    "coherence_map/related_edges.csv": {"relatesTo": 142},
    "learning_commons/multistate_ccss_math.json": {"buildsTowards": 757, "relatesTo": 142},
    "learning_commons/michigan_math_cur.json": {"supports": 1_759},
    "case_samples/opensalt-ccss-rp-CFPackage.json": {
        "exactMatchOf": 16,
        "precedes": 3,
        "exemplar": 2,
        "isRelatedTo": 2,
    },
}


@pytest.fixture(scope="module")
def texas(shared_data: Path) -> Read:
    return read(shared_data / "learning_commons/texas_ccss_math_crosswalk.csv")


@pytest.mark.parametrize("file", PUBLISHED)
def test_every_relation_of_a_published_file_becomes_an_alignment(
    shared_data: Path, file: str
) -> None:
    found = read(shared_data / file)
    assert found.told == []
    assert found.relations() == PUBLISHED[file]
    assert len(found.alignments) == sum(PUBLISHED[file].values())


@pytest.mark.parametrize("file", [name for name in PUBLISHED if "michigan" not in name])
def test_the_shapes_find_nothing_in_it(shared_data: Path, file: str) -> None:
    assert shapes.validate_crosswalk(read(shared_data / file).graph).text() == (
        "Nothing to correct."
    )


def test_the_texas_crosswalk_has_the_pairs_of_the_file_and_its_licence(
    shared_data: Path, texas: Read
) -> None:
    with (shared_data / "learning_commons/texas_ccss_math_crosswalk.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert texas.pairs() == {
        (*sorted((f"urn:uuid:{row['teks_case_uuid']}", str(resolve(row["ccss_code"])))), "Related")
        for row in rows
    }
    (crosswalk,) = texas.crosswalks
    assert str(texas.graph.value(crosswalk.iri, DCTERMS.license)).startswith(
        "https://creativecommons.org/licenses/by/4.0"
    )
    assert texas.graph.value(crosswalk.iri, DCTERMS.source) == Literal(
        "texas_ccss_math_crosswalk.csv"
    )


def test_prerequisites_lead_from_what_comes_first(shared_data: Path) -> None:
    found = read(shared_data / "coherence_map/prerequisite_edges.csv")
    assert (resolve("1.G.A.1"), BP.isPrerequisiteOf, resolve("2.G.A.1")) in found.graph
    assert (resolve("2.G.A.1"), BP.isPrerequisiteOf, resolve("1.G.A.1")) not in found.graph
    assert {strength for _, _, strength in found.pairs()} == {""}


def test_two_sources_of_the_same_prerequisites_say_the_same(shared_data: Path) -> None:
    edges = [
        set(read(shared_data / file).graph.subject_objects(BP.isPrerequisiteOf))
        for file in (
            "coherence_map/prerequisite_edges.csv",
            "learning_commons/multistate_ccss_math.json",
        )
    ]
    assert edges[0] == edges[1]
    assert len(edges[0]) == 757


def test_associations_of_case_lead_from_origin_to_destination(shared_data: Path) -> None:
    path = shared_data / "case_samples/opensalt-ccss-rp-CFPackage.json"
    package = json.loads(path.read_text())
    graph = read(path).graph
    for association in package["CFAssociations"]:
        ends = [
            URIRef(f"urn:uuid:{association[key]['identifier']}")
            for key in ("originNodeURI", "destinationNodeURI")
        ]
        if association["associationType"] == "precedes":
            assert (ends[0], BP.precedes, ends[1]) in graph
            assert (ends[1], BP.precedes, ends[0]) not in graph
        if association["associationType"] == "exactMatchOf":
            assert {*ends} & set(graph.subjects(SKOS.exactMatch))
    assert len(set(graph.subject_objects(SKOS.exactMatch))) == 16
    assert not set(graph.subject_objects(OWL.sameAs))


def test_equivalences_of_ed_fi_keep_strength_date_and_reason(shared_data: Path) -> None:
    found = read(shared_data / "edfi_sample/Standards-subset.xml")
    assert found.told == []
    graph = found.graph
    assert sorted(strength for _, _, strength in found.pairs()) == [
        "Equivalent",
        "Equivalent",
        "MostlyEquivalent",
        "PartlyEquivalent",
    ]
    legacy = resolve("CC.4.L.2b")
    (alignment,) = {
        one for side in (BP.alignsFrom, BP.alignsTo) for one in graph.subjects(side, legacy)
    }
    assert graph.value(alignment, BP.hasStrength) == BP.MostlyEquivalentStrength
    assert str(graph.value(alignment, DCTERMS.date)) == "2021-07-15"
    assert graph.value(alignment, RDFS.comment) is not None
    assert (None, SKOS.prefLabel, Literal("110.13.1.A")) in graph
    assert shapes.validate_crosswalk(graph).conforms


def test_files_that_hold_no_crosswalk_are_refused_with_the_reason(shared_data: Path) -> None:
    assert read(shared_data / "coherence_map/standards.csv").told == ["1: missing column"]
    assert read(shared_data / "learning_commons/frameworks.json").told == ["1: no crosswalk"]
    assert read(shared_data / "edfi_sample/Student.xml").told == ["1: nothing here"]


def test_reading_twice_gives_the_same_graph(shared_data: Path, texas: Read) -> None:
    again = read(shared_data / "learning_commons/texas_ccss_math_crosswalk.csv")
    assert set(again.graph) == set(texas.graph)
