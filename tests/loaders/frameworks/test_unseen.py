"""Frameworks that nobody wrote a reader for: other states, languages and publishers' quirks."""

from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, Literal, URIRef

from databackpack.loaders.frameworks.cycles import closing
from databackpack.ontology.namespaces import BPG, CEASN, SKOS
from tests.loaders.frameworks.reading import (
    DOCUMENT,
    iri,
    item,
    link,
    notations,
    one,
    package,
    statements,
    uuid,
    write,
)


def test_a_spanish_framework_is_loaded_with_its_language(tmp_path: Path) -> None:
    content = package(
        [
            item("tema", fullStatement="Números y operaciones", educationLevel=["03", "04"]),
            item(
                "norma",
                fullStatement="Compara fracciones con igual denominador.",
                humanCodingScheme="MAT.3.N.1",
                educationLevel=["03"],
                language="es-PR",
            ),
        ],
        [link("isChildOf", "tema", ""), link("isChildOf", "norma", "tema")],
        title="Estándares de Matemáticas",
        language="es",
        licenseURI={"title": "CC BY", "uri": "https://creativecommons.org/licenses/by/4.0/"},
    )
    framework = one("case", write(tmp_path / "f.json", content))
    graph, norma = framework.graph, iri("norma")
    assert (framework.iri, DCTERMS.title, Literal("Estándares de Matemáticas", lang="es")) in graph
    assert (
        norma,
        CEASN.competencyText,
        Literal("Compara fracciones con igual denominador.", lang="es-PR"),
    ) in graph
    assert graph.value(iri("tema"), SKOS.prefLabel) == Literal("Números y operaciones", lang="es")
    assert graph.value(norma, SKOS.broader) == iri("tema")
    assert (iri("tema"), SKOS.topConceptOf, framework.iri) in graph
    assert set(graph.objects(iri("tema"), CEASN.educationLevelType)) == {BPG["3"], BPG["4"]}
    assert notations(graph, norma) == {
        ("codingScheme", "MAT.3.N.1"),
        ("caseIdentifier", uuid("norma")),
    }
    licence = URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert (framework.iri, DCTERMS.license, licence) in graph


FRENCH = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
<https://a.example/compétences> a skos:ConceptScheme ;
  dcterms:title "Socle commun"@fr, "Common base"@en ; dcterms:rights "© l'éditeur" .
<https://a.example/compétences/lire> a skos:Concept ;
  skos:prefLabel "Lire et écrire"@fr ; skos:inScheme <https://a.example/compétences> ;
  skos:narrower <https://a.example/compétences/écrire> .
<https://a.example/compétences/écrire> a skos:Concept ;
  skos:prefLabel "Écrire un récit"@fr, "Write a story"@en ;
  skos:definition "Écrire un récit d'une page."@fr ; owl:deprecated true ;
  dcterms:isReplacedBy <https://a.example/compétences/lire> ;
  skos:notation "7"^^<http://www.w3.org/2001/XMLSchema#integer>, "É7"^^<https://a.example/ns#code> .
"""


def test_a_french_scheme_without_codes_is_loaded_with_all_it_says(tmp_path: Path) -> None:
    framework = one("skos", write(tmp_path / "f.ttl", FRENCH))
    graph = framework.graph
    base = "https://a.example/compétences"
    writing, reading = URIRef(f"{base}/écrire"), URIRef(f"{base}/lire")
    assert statements(graph) == {writing, reading}
    assert graph.value(writing, SKOS.broader) == reading  # it was told from above only
    assert graph.value(reading, SKOS.prefLabel) == Literal("Lire et écrire", lang="fr")
    assert {str(label) for label in graph.objects(writing, CEASN.competencyLabel)} == {
        "Écrire un récit",
        "Write a story",
    }
    assert (writing, OWL.deprecated, Literal(True)) in graph
    assert (writing, DCTERMS.isReplacedBy, reading) in graph
    assert notations(graph, writing) == {("codingScheme", "7"), ("code", "É7")}
    assert (framework.iri, DCTERMS.rights, Literal("© l'éditeur")) in graph


def test_a_hierarchy_of_any_depth_is_loaded(tmp_path: Path) -> None:
    count = 3000
    items = [item(str(n)) for n in range(count)]
    links = [link("isChildOf", str(n + 1), str(n)) for n in range(count - 1)]
    graph = one("case", write(tmp_path / "f.json", package(items, links))).graph
    assert len(list(graph.subject_objects(SKOS.broader))) == count - 1
    assert list(graph.subjects(SKOS.topConceptOf)) == [iri("0")]


def test_keys_in_any_case_and_addresses_alone_are_understood(tmp_path: Path) -> None:
    content = {
        "cfDocument": {"Identifier": DOCUMENT.upper(), "TITLE": "Quirks"},
        "cfitems": [
            {"identifier": uuid("a").upper(), "full_statement": "A", "educationalLevel": "HS"},
            {"identifier": uuid("b"), "fullStatement": "B", "gradeLevel": '["K","1"]'},
        ],
        "CFAssociations": [
            {
                "associationType": "IsChildOf",
                "originNodeURI": f"https://a.example/uri/{uuid('b')}",
                "destinationNodeURI": f"https://a.example/uri/{uuid('a')}",
            }
        ],
    }
    graph = one("case", write(tmp_path / "f.json", content)).graph
    assert graph.value(iri("b"), SKOS.broader) == iri("a")
    assert set(graph.objects(iri("a"), CEASN.educationLevelType)) == {
        BPG[grade] for grade in ("9", "10", "11", "12")
    }
    assert set(graph.objects(iri("b"), CEASN.educationLevelType)) == {BPG.K, BPG["1"]}


OWN = """
title: The State of Nowhere
has: [Rahmen]
document: {at: Rahmen, keys: {key: [nummer], uri: [adresse], titles: [name]}}
statements:
  at: Ziele
  keys: {key: [nummer], uri: [adresse], code: [kürzel], texts: [satz], grades: [klasse]}
links:
  at: Kanten
  kind: [art]
  from: [von]
  to: [nach]
  kinds: {umfasst: parents backwards, vor: precedes}
"""


def test_a_publisher_s_own_keys_are_told_by_a_dialect_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path / "f.dialect.yaml", OWN)
    base = "https://nowhere.example"
    content = {
        "Rahmen": {"nummer": "R1", "adresse": f"{base}/R1", "name": "Mathematik"},
        "Ziele": [
            {"nummer": 1, "adresse": f"{base}/1", "satz": "Zählen", "klasse": 1, "kürzel": "Z"},
            {"nummer": 2, "adresse": f"{base}/2", "satz": "Rechnen", "klasse": 2},
        ],
        "Kanten": [{"art": "umfasst", "von": 1, "nach": 2}],
    }
    framework = one("case", write(tmp_path / "f.json", content))
    assert str(framework.iri) == f"{base}/R1"
    graph = framework.graph
    assert graph.value(URIRef(f"{base}/2"), SKOS.broader) == URIRef(f"{base}/1")
    assert notations(graph, URIRef(f"{base}/1")) == {("codingScheme", "Z")}


def test_what_ended_before_its_document_or_was_replaced_is_deprecated(tmp_path: Path) -> None:
    content = package(
        [
            item("ended", statusEndDate="2025-07-31"),
            item("ends", statusEndDate="2030-07-31"),
            item("old"),
            item("new"),
        ],
        [link("replacedBy", "old", "new")],
    )
    graph = one("case", write(tmp_path / "f.json", content)).graph
    deprecated = set(graph.subjects(OWL.deprecated, Literal(True)))
    assert deprecated == {iri("ended"), iri("old")}
    assert graph.value(iri("old"), DCTERMS.isReplacedBy) == iri("new")


def test_an_asn_export_of_2011_has_its_hierarchy_from_above(tmp_path: Path) -> None:
    asn, gem = "http://purl.org/ASN/schema/core/", "http://purl.org/gem/qualifiers/"
    host = "http://asn.desire2learn.example/resources"
    text = f"""
    <{host}/D1000ABC> a <{asn}StandardDocument> ;
      <http://purl.org/dc/elements/1.1/title> "Nowhere Science"@en ;
      <{gem}hasChild> <{host}/S1000AA1> .
    <{host}/S1000AA1> a <{asn}Statement> ; <{asn}statementNotation> "SCI.1" ;
      <http://purl.org/dc/terms/educationLevel> <http://purl.org/ASN/scheme/ASNEducationLevel/K> ;
      <{gem}hasChild> <{host}/S1000AA2> .
    <{host}/S1000AA2> a <{asn}Statement> ; <{asn}statementNotation> "SCI.1.a" .
    """
    framework = one("asn", write(tmp_path / "f.ttl", text))
    purl = "http://purl.org/ASN/resources"
    graph, child = framework.graph, URIRef(f"{purl}/S1000AA2")
    assert str(framework.iri) == f"{purl}/D1000ABC"
    assert graph.value(child, SKOS.broader) == URIRef(f"{purl}/S1000AA1")
    assert notations(graph, child) == {("asnIdentifier", "S1000AA2"), ("codingScheme", "SCI.1.a")}


@pytest.mark.parametrize(
    ("links", "closed"),
    [
        ([], []),
        ([("a", "b"), ("b", "c"), ("a", "c")], []),
        ([("a", "b"), ("b", "c"), ("c", "a")], [("c", "a")]),
        ([("a", "a")], [("a", "a")]),
        ([("a", "b"), ("c", "b"), ("b", "d"), ("d", "c")], [("c", "b")]),
    ],
)
def test_what_closes_a_circle_is_found(
    links: list[tuple[str, str]], closed: list[tuple[str, str]]
) -> None:
    assert closing(links) == closed
    assert closing([link for link in links if link not in closed]) == []
