"""The vocabulary: complete against the paper, well-formed, and borrowing only what exists."""

from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef

from databackpack import ontology
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, CEDS, DCTERMS, DPV, EDU, ODRL, PD, RDFS, SKOS

HERE = Path(__file__).parent
ELEMENTS = {*(f"B{n}" for n in range(1, 11)), *(f"L{n}" for n in range(1, 12))}


@pytest.mark.parametrize("query", sorted(HERE.glob("*-violation.rq")), ids=lambda p: p.stem)
def test_a_violation_query_finds_nothing(query: Path) -> None:
    rows = list(ontology.graph().query(query.read_text(encoding="utf-8")))
    assert rows == []


def test_the_violation_queries_find_what_they_look_for() -> None:
    """Each of them returns something for an ontology that has the fault."""
    faulty = Graph().parse(
        format="turtle",
        data="""
        @prefix bp: <https://w3id.org/databackpack/ns#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        bp:Stray a owl:Class ; rdfs:subClassOf bp:RecordItem ; rdfs:label "stray"@en .
        bp:loose a owl:DatatypeProperty ; bp:hasIdentifiability bp:QuasiIdentifier .
        """,
    )
    for query in HERE.glob("*-violation.rq"):
        assert list(faulty.query(query.read_text(encoding="utf-8"))), query.name


def test_every_element_of_the_paper_has_a_term_with_its_source() -> None:
    graph = ontology.graph()
    answered = {str(element) for element in graph.objects(None, BP.paperElement)}
    assert answered == ELEMENTS
    for term in graph.subjects(BP.paperElement):
        assert (term, DCTERMS.source, None) in graph


def test_every_category_has_a_class_and_its_notation_is_its_last_segment() -> None:
    graph = ontology.graph()
    for category in concepts(BP.CategoryScheme):
        assert (None, BP.hasCategory, category) in graph
        notation = graph.value(category, SKOS.notation)
        assert str(category).endswith(f"#{notation}")


def test_no_term_is_defined_in_two_files() -> None:
    seen: dict[object, str] = {}
    for file in ontology.files_of_vocabulary():
        graph = Graph().parse(data=file.read_text(encoding="utf-8"), format="turtle")
        for term in set(graph.subjects(RDF.type)):
            assert seen.setdefault(term, file.name) == file.name, term


def _terms() -> set[URIRef]:
    return {term for triple in ontology.graph() for term in triple if isinstance(term, URIRef)}


@pytest.mark.parametrize(
    ("namespace", "files"),
    [
        (DPV, ["dpv_odrl/dpv.ttl"]),
        (EDU, ["dpv_odrl/sector-education.ttl"]),
        (ODRL, ["dpv_odrl/ODRL22.ttl"]),
        (PD, ["dpv_odrl/pd.ttl"]),
    ],
)
def test_borrowed_terms_exist(shared_data: Path, namespace: URIRef, files: list[str]) -> None:
    published = Graph()
    for file in files:
        published.parse(shared_data / file)
    borrowed = {term for term in _terms() if term.startswith(str(namespace))}
    assert borrowed
    assert {term for term in borrowed if (term, None, None) not in published} == set()


def test_ceds_terms_exist_under_their_local_names(shared_data: Path) -> None:
    """The namespace moved from version 13 to 14, the local names did not."""
    published = Graph().parse(shared_data / "ceds" / "ceds_subset_v13.ttl")
    names = {str(s).rsplit("#", 1)[-1] for s in published.subjects()}
    names.add("C200204")  # state education agency: in CEDS, not in the subset that lies here
    borrowed = {str(t).removeprefix(str(CEDS)) for t in _terms() if t.startswith(str(CEDS))}
    assert borrowed
    assert borrowed - names == set()


def test_the_hierarchy_of_purposes_is_that_of_dpv(shared_data: Path) -> None:
    published = Graph()
    for file in ("dpv.ttl", "sector-education.ttl"):
        published.parse(shared_data / "dpv_odrl" / file)
    for purpose in concepts(BP.PurposeScheme):
        if purpose.startswith(str(BP)):
            continue
        ours = set(ontology.graph().objects(purpose, SKOS.broader))
        assert ours == set(published.objects(purpose, SKOS.broader)), purpose


def test_every_rule_of_a_jurisdiction_names_its_section_of_the_law() -> None:
    for name in ontology.jurisdictions():
        graph = ontology.jurisdiction(name)
        for rule in graph.subjects(RDF.type, BP.AccessRule):
            (source,) = graph.objects(rule, DCTERMS.source)
            assert "ecfr.gov/current/title-34/section-99." in str(source)
            assert "34 CFR" in str(graph.value(rule, RDFS.comment))
