"""Published files: what they hold is what is loaded, counted from the files themselves."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import DCTERMS, RDF, Literal, URIRef

from databackpack.loaders.frameworks.cycles import closing
from databackpack.ontology import standards
from databackpack.ontology.namespaces import BP, BPG, CEASN, PROV, SKOS
from databackpack.service.intake.report import Report
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import public
from tests.loaders.frameworks.reading import loaded, notations, one, read, statements

MATH, ELA = URIRef("http://corestandards.org/Math"), URIRef("http://corestandards.org/ELA-Literacy")
ASN_MATH = "asn_ccss/ASN_D10003FB_ccss_math.rdf.json"
ASN_ELA = "asn_ccss/ASN_D10003FC_ccss_ela.manifest.json"
OFFICIAL = "ccss_official_ids/CCSSI-identifiers.csv"
COMMONS = "learning_commons/multistate_ccss_math.json"
MICHIGAN = "learning_commons/michigan_math_cur.json"
STANDARD = URIRef("http://corestandards.org/Math/Content/5/NBT/A/1")

LOADED = [("asn", ASN_MATH), ("asn", ASN_ELA), ("ccss", OFFICIAL), ("case", COMMONS)]


@pytest.fixture(scope="module")
def truth(shared_data: Path) -> tuple[TruthStore, list[Report]]:
    """A store with the Common Core of four publishers, and the reports of loading it."""
    store = TruthStore(None)
    return store, [loaded(store, form, shared_data / name) for form, name in LOADED]


@pytest.fixture(scope="module")
def told(truth: tuple[TruthStore, list[Report]]) -> Iterator[standards.Names]:
    names = public.loaded(truth[0]).new_names()
    with standards.knowing(names):
        yield names


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", [ASN_MATH, ASN_MATH.replace(".rdf.json", ".ttl")])
def test_asn_s_mathematics_is_whole_in_either_form(shared_data: Path, name: str) -> None:
    (framework,), problems = read("asn", shared_data / name)
    graph = framework.graph
    assert framework.iri == MATH
    assert len(statements(graph)) == 703
    kinds = Counter(str(kind) for kind in graph.objects(None, CEASN.competencyCategory))
    assert kinds == {"Domain": 33, "Cluster": 147, "Standard": 393, "Component": 124}
    roots = set(graph.subjects(SKOS.topConceptOf, MATH))
    assert len(roots) == 17
    assert len(list(graph.subject_objects(SKOS.broader))) == 703 - len(roots)
    assert (framework.document, DCTERMS.license, None) in graph
    # One of its clusters bears the names of a standard: it is loaded, without them.
    assert {problem.rule for problem in problems} == {"identifier of another"}
    assert len(problems) == 3
    cluster = URIRef("http://corestandards.org/Math/Content/5/MD/B")
    assert ("asnIdentifier", "S2390253") in notations(graph, cluster)
    assert "guid" not in dict(notations(graph, cluster))


def test_asn_s_manifest_of_literacy_is_whole(shared_data: Path) -> None:
    (framework,), problems = read("asn", shared_data / ASN_ELA)
    assert framework.iri == ELA
    # 1,084 nodes; two of them are known to be one anchor standard.
    assert len(statements(framework.graph)) == 1083
    official = [one for one in statements(framework.graph) if str(one).startswith(str(ELA))]
    assert len(official) == 1019
    assert all((one, RDF.type, SKOS.Concept) in framework.graph for one in official)
    assert sorted(problem.message.split("'")[1] for problem in problems) == [
        "L.2.2.e",
        "WHST.6-8.1",
    ]


def test_every_row_of_the_official_list_is_a_standard_that_was_known(shared_data: Path) -> None:
    (math, literacy), problems = read("ccss", shared_data / OFFICIAL)
    assert (math.iri, literacy.iri) == (MATH, ELA)
    assert len(statements(math.graph)) == 755
    assert len(statements(literacy.graph)) == 1089
    for framework in (math, literacy):
        outside = [one for one in statements(framework.graph) if not one.startswith(framework.iri)]
        assert outside == []
    guids = [n for f in (math, literacy) for n in f.graph.objects(None, SKOS.notation)]
    upper = [str(n) for n in guids if isinstance(n, Literal) and n.datatype == BP.guid]
    assert len(upper) == len({one for one in upper if one == one.upper()}) == 1844
    assert {problem.rule for problem in problems} == {"ambiguous address"}
    assert sum("11-12//" in problem.message for problem in problems) == 4


def test_the_six_notations_without_a_dot_are_those_of_the_standards_meant(
    shared_data: Path,
) -> None:
    (math, _), _ = read("ccss", shared_data / OFFICIAL)
    for written, code in [
        *[(f"CCSS.Math.Content.5.NBT.B{n}", f"5/NBT/B/{n}") for n in (5, 6, 7)],
        ("CCSS.Math.Content.2.NBT.A1", "2/NBT/A/1"),
        ("CCSS.Math.Content.5.OA.B3", "5/OA/B/3"),
        ("CCSS.Math.Content.HSN-VM.C9", "HSN/VM/C/9"),
    ]:
        found = math.graph.value(
            predicate=SKOS.notation, object=Literal(written, datatype=BP.dotNotation)
        )
        assert str(found) == f"http://corestandards.org/Math/Content/{code}"


def test_the_draft_list_and_the_table_of_notations_are_refused(shared_data: Path) -> None:
    folder = shared_data / "ccss_official_ids"
    assert read("ccss", folder / "asn_to_ccss_notation.csv")[1][0].rule == "not the list"
    frameworks, problems = read("ccss", folder / "NGA-CCSSO-Common-Core-GUIDs-2012-draft.csv")
    assert frameworks == []
    assert {problem.rule for problem in problems} == {"dot notation"}


def test_the_learning_commons_graph_is_loaded_by_a_dialect(shared_data: Path) -> None:
    framework = one("case", shared_data / COMMONS)
    graph = framework.graph
    assert framework.iri == MATH
    assert str(framework.document) == "urn:uuid:c6496676-d7cb-11e8-824f-0242ac160002"
    assert (MATH, PROV.wasDerivedFrom, framework.document) in graph
    assert len(statements(graph)) == 836
    children = len(list(graph.subject_objects(SKOS.broader)))
    tops = len(list(graph.subjects(SKOS.topConceptOf)))
    assert (children, tops) == (833, 3)
    assert len(list(graph.subject_objects(SKOS.related))) == 284
    assert (STANDARD, CEASN.educationLevelType, BPG["5"]) in graph


def test_the_757_prerequisites_are_those_that_are_shipped_and_lead_nowhere_back(
    shared_data: Path,
) -> None:
    graph = one("case", shared_data / COMMONS).graph
    edges = {(str(s), str(o)) for s, o in graph.subject_objects(BP.isPrerequisiteOf)}
    assert len(edges) == 757
    assert closing(sorted(edges)) == []
    shipped = {
        (t.subject.value, t.object.value)  # type: ignore[union-attr]
        for t in public.vocabulary()
        if t.predicate.value == str(BP.isPrerequisiteOf)
    }
    assert edges == shipped


def test_another_state_s_framework_is_its_own_though_it_has_the_same_codes(
    shared_data: Path,
) -> None:
    framework = one("case", shared_data / MICHIGAN)
    graph, found = framework.graph, statements(framework.graph)
    assert str(framework.iri) == "urn:uuid:c648c128-d7cb-11e8-824f-0242ac160002"
    assert len(found) == 746 + 1729
    assert not any(iri.startswith("http://corestandards.org") for iri in found)
    assert len(list(graph.subject_objects(SKOS.broader))) == 743
    assert len(list(graph.subject_objects(SKOS.related))) == 1759
    codes = [n for n in graph.objects(None, SKOS.notation) if n.datatype == BP.codingScheme]  # type: ignore[attr-defined]
    assert len(codes) == 664


@pytest.mark.parametrize(
    ("name", "items", "links"),
    [
        ("AdoptedTestFramework", 1, 0),
        ("EmptyExternalFramework", 0, 0),
        ("ItemTypeTestFramework", 1, 0),
        ("MarkdownFramework", 2, 0),
        ("Ordering", 28, 27),
        ("SequenceNumberFramework", 2, 0),
        ("SmartLevelFramework", 14, 12),
        ("Utf8TestFramework", 1, 0),
        ("ccss-rp-CFPackage", 16, 14),
    ],
)
def test_every_package_is_loaded(shared_data: Path, name: str, items: int, links: int) -> None:
    path = shared_data / f"case_samples/opensalt-{name}.json"
    graph = one("case", path).graph
    assert len(statements(graph)) == items == len(json.loads(path.read_bytes())["CFItems"])
    assert len(list(graph.subject_objects(SKOS.broader))) == links


def test_a_package_that_borrows_codes_of_the_common_core_is_not_the_common_core(
    shared_data: Path,
) -> None:
    graph = one("case", shared_data / "case_samples/opensalt-ccss-rp-CFPackage.json").graph
    assert len(list(graph.subject_objects(BP.precedes))) == 2
    assert all(str(iri).startswith("urn:uuid:") for iri in statements(graph))
    assert set(graph.objects(None, CEASN.educationLevelType)) == {BPG["6"], BPG["7"]}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("opencase-case-v1p1-cfpackage-schema.json", "not a package"),
        ("opensalt-case-v1p0-cfpackage-schema.json", "not a package"),
        ("opensalt-USGrades.csv", "well-formed JSON"),
        ("opensalt-ccsso_ela_item.csv", "well-formed JSON"),
    ],
)
def test_what_is_no_package_is_refused_with_the_reason(
    shared_data: Path, name: str, rule: str
) -> None:
    frameworks, problems = read("case", shared_data / "case_samples" / name)
    assert frameworks == []
    assert [problem.rule for problem in problems] == [rule]


@pytest.mark.parametrize(("name", "count"), [("basic", 12), ("cross-functional", 30)])
def test_both_frameworks_of_o_net_are_loaded(shared_data: Path, name: str, count: int) -> None:
    path = shared_data / f"ctdl_asn/onet_{name}_skills.ctdlasn.json"
    graph = one("ctdl-asn", path).graph
    nodes = json.loads(path.read_bytes())["@graph"]
    assert len(statements(graph)) == len(nodes) - 1 == count
    assert len(list(graph.objects(None, CEASN.competencyText))) == count
    assert {text.language for text in graph.objects(None, CEASN.competencyText)} == {"en-us"}  # type: ignore[attr-defined]
    ctids = {str(n) for n in graph.objects(None, SKOS.notation) if n.datatype == BP.ctid}  # type: ignore[attr-defined]
    assert len(ctids) == count
    licence = URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert (None, DCTERMS.license, licence) in graph


def test_one_standard_of_all_publishers_is_one_concept(
    shared_data: Path, told: standards.Names
) -> None:
    def meant(*identifiers: str) -> URIRef:
        (iri,) = {standards.resolve(identifier) for identifier in identifiers}
        return iri

    wrong = "S2390253"  # ASN's cluster that bears a standard's names
    math = [
        meant(
            row["official_dot_notation"], row["official_guid"] or row["case_uuid"], row["case_uuid"]
        )
        if row["asn_id"] == wrong
        else meant(
            row["official_dot_notation"],
            row["official_guid"] or row["case_uuid"],
            row["asn_id"],
            row["case_uuid"],
        )
        for row in rows(shared_data / "derived/ccss_math_id_crosswalk.csv")
        if row["official_dot_notation"] and row["asn_id"] and row["case_uuid"]
    ]
    assert len(math) == len(set(math)) == 662
    literacy = [
        meant(row["official_dot_notation"], row["official_guid"], row["asn_id"])
        for row in rows(shared_data / "derived/ccss_ela_id_crosswalk.csv")
        if row["asn_id"]
    ]
    assert len(literacy) == len(set(literacy)) == 1019


def test_no_identifier_of_the_store_names_two_concepts(
    truth: tuple[TruthStore, list[Report]],
) -> None:
    held = [*public.vocabulary(), *(t for g in public.loaded(truth[0]).graphs.values() for t in g)]
    named: dict[tuple[str, str], set[str]] = {}
    for triple in held:
        if triple.predicate.value == str(SKOS.notation) and isinstance(triple.object, ox.Literal):
            kind = triple.object.datatype.value.rsplit("#", 1)[-1]
            if kind in ("guid", "asnIdentifier", "caseIdentifier", "canonicalCode", "dotNotation"):
                key = (kind, triple.object.value)
                named.setdefault(key, set()).add(triple.subject.value)  # type: ignore[union-attr]
    assert len(named) > 6000
    assert {key: iris for key, iris in named.items() if len(iris) > 1} == {}


def test_loading_a_list_and_a_graph_again_changes_nothing(
    shared_data: Path, truth: tuple[TruthStore, list[Report]]
) -> None:
    store, first = truth
    epoch = store.epoch
    for (form, name), report in list(zip(LOADED, first, strict=True))[2:]:
        again = loaded(store, form, shared_data / name)
        assert (again.standards, len(again.problems)) == (report.standards, len(report.problems))
    assert store.epoch == epoch


def test_public_graphs_share_no_triple_also_with_what_was_loaded(
    truth: tuple[TruthStore, list[Report]],
) -> None:
    graphs = public.loaded(truth[0]).graphs
    crosswalks = [name.value for name in graphs if "/id/crosswalk/" in name.value]
    assert {name.value for name in graphs} == {str(MATH), str(ELA), *crosswalks}
    assert len(crosswalks) == 1  # what the graph of Learning Commons relates
    held = [t for graph in [public.vocabulary(), *graphs.values()] for t in graph]
    assert len(held) == len(set(held))
