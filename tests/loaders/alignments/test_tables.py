"""SSSOM and tables with columns of their own: who says what, how strongly, by which method."""

from pathlib import Path

import pytest
from rdflib import Literal, URIRef

from databackpack import shapes
from databackpack.loaders.alignments.relation import relation, settings
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, DCTERMS, OWL, SEMAPV, SKOS, SSSOM
from databackpack.ontology.standards import resolve
from tests.loaders.alignments.reading import read

SET = """\
# mapping_set_id: https://example.org/ohio-ccss
# mapping_set_title: Ohio to Common Core
# license: https://creativecommons.org/publicdomain/zero/1.0/
# mapping_date: 2026-01-31
# curie_map:
#   OH: https://example.org/ohio/
#   orcid: https://orcid.org/
"""
HEADER = (
    "subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification\tauthor_id"
    "\tauthor_label\tconfidence\tcomment\n"
)
ROWS = """\
OH:3.1\tMultiply\tskos:exactMatch\t3.OA.A.1\tsemapv:ManualMappingCuration\torcid:1\tA. R.\t0.9\tsame
OH:3.2\tDivide\tskos:broadMatch\t3.OA.A.2\tsemapv:LexicalMatching\t\t\t\t
OH:3.3\tShare\tceasn:majorAlignment\tCCSS.Math.Content.3.OA.A.3\t\t\t\t\t
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_keeps_author_date_method_confidence_and_licence(tmp_path: Path) -> None:
    found = read(written(tmp_path / "oh.sssom.tsv", SET + HEADER + ROWS), is_sssom=True)
    assert found.told == []
    graph = found.graph
    ohio, common = URIRef("https://example.org/ohio/3.1"), resolve("3.OA.A.1")
    assert (common, SKOS.exactMatch, ohio) in graph or (ohio, SKOS.exactMatch, common) in graph
    (one,) = graph.subjects(SSSOM.confidence)
    assert str(graph.value(one, SSSOM.confidence)) == "0.9"
    assert graph.value(one, SSSOM.mapping_justification) == SEMAPV.ManualMappingCuration
    assert graph.value(one, DCTERMS.creator) == URIRef("https://orcid.org/1")
    assert {str(day) for day in graph.objects(None, DCTERMS.date)} == {"2026-01-31"}
    (crosswalk,) = found.crosswalks
    assert graph.value(crosswalk.iri, DCTERMS.title) == Literal("Ohio to Common Core", lang="en")
    assert shapes.validate_crosswalk(graph).conforms


def test_broader_leads_from_the_narrower_standard(tmp_path: Path) -> None:
    graph = read(written(tmp_path / "oh.tsv", SET + HEADER + ROWS), is_sssom=True).graph
    narrower = URIRef("https://example.org/ohio/3.2")
    assert (narrower, SKOS.broadMatch, resolve("3.OA.A.2")) in graph


def test_metadata_may_lie_in_a_file_beside_the_table(tmp_path: Path) -> None:
    beside = "\n".join(line.removeprefix("# ") for line in SET.splitlines())
    written(tmp_path / "oh.sssom.yml", beside)
    inside = read(written(tmp_path / "in.tsv", SET + HEADER + ROWS), is_sssom=True)
    outside = read(written(tmp_path / "oh.tsv", HEADER + ROWS), is_sssom=True)
    assert outside.told == []
    assert outside.pairs() == inside.pairs()


def test_a_table_with_columns_of_its_own_says_which_is_which_in_a_file_beside_it(
    tmp_path: Path,
) -> None:
    written(
        tmp_path / "mine.yml",
        "columns: {subject_id: Ours, object_id: Theirs, predicate_id: Fit}\n"
        "relations: {full: exact, part: partial}\n"
        "creator_label: The county\nmapping_date: 2026-05-01\n",
    )
    table = "Ours;Theirs;Fit;Note\nurn:ohio:1;3.OA.A.1;full;\nurn:ohio:2;3.OA.A.2;part;\n"
    found = read(written(tmp_path / "mine.csv", table))
    assert found.told == []
    assert {strength for _, _, strength in found.pairs()} == {"Equivalent", "PartlyEquivalent"}
    assert (None, DCTERMS.title, Literal("The county")) in found.graph


@pytest.mark.parametrize(
    "header",
    ["source id,target id,strength", "From,To,Match Type", "origin\tdestination\tassociationType"],
)
def test_usual_names_of_columns_are_known(tmp_path: Path, header: str) -> None:
    separator = "\t" if "\t" in header else ","
    row = separator.join(("urn:ohio:1", "5.NBT.A.1", "exactMatchOf"))
    found = read(written(tmp_path / "t.csv", f"{header}\n{row}\n"))
    assert found.told == []
    assert len(found.alignments) == 1


def test_every_word_for_a_relation_leads_to_a_strength_and_property_that_exist() -> None:
    strengths = concepts(BP.StrengthScheme)
    for stated, row in settings("relations").items():
        if "refused" in row:
            continue
        found = relation(stated)
        assert found.strength is None or found.strength in strengths, stated
        assert found.predicate != OWL.sameAs
        if found.strength is not None and found.predicate is not None:
            assert (found.strength, None, found.predicate) in vocabulary(), stated


def test_what_ctdl_calls_prerequisite_is_not_read_as_ours(tmp_path: Path) -> None:
    graph = read(
        written(
            tmp_path / "t.csv", "from,to,relation\n3.OA.A.1,3.OA.A.2,ceasn:prerequisiteAlignment\n"
        )
    ).graph
    assert not set(graph.subjects(BP.isPrerequisiteOf))
    assert len(set(graph.subjects(BP.statedRelation))) == 1


def test_nothing_is_concluded_from_two_alignments(tmp_path: Path) -> None:
    rows = "from,to,relation\nurn:ohio:1,urn:ohio:2,exact\nurn:ohio:2,urn:ohio:3,exact\n"
    found = read(written(tmp_path / "t.csv", rows))
    assert {pair[:2] for pair in found.pairs()} == {
        ("urn:ohio:1", "urn:ohio:2"),
        ("urn:ohio:2", "urn:ohio:3"),
    }
    assert len(set(found.graph.subject_objects(SKOS.exactMatch))) == 2
