"""Jurisdictions are data: what is shipped is whole, and what is not whole is refused."""

from itertools import product

import pytest
from rdflib import RDF, Graph, URIRef

from databackpack import ontology
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, DCTERMS, DPV
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.jurisdiction import InvalidJurisdiction
from databackpack.service.policy.model import Jurisdiction, Level

HEAD = """
@prefix bp: <https://w3id.org/databackpack/ns#> .
@prefix bpa: <https://w3id.org/databackpack/audience#> .
@prefix bpc: <https://w3id.org/databackpack/category#> .
@prefix bpl: <https://w3id.org/databackpack/level#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix : <https://example.org/place/> .
"""
PLACE = """
: a bp:Jurisdiction ;
  bp:majorityAge 18 ;
  bp:minimumCellSize 10 ;
  bp:hasAccessRule :one .
"""
RULE = """
:one a bp:AccessRule ;
  bp:appliesToRole bpa:teacher ;
  bp:hasCategory bpc:progress ;
  bp:grantsLevel bpl:Full ;
  bp:familyMayLower true ;
  bp:hasBasis bp:SchoolOfficial ;
  dcterms:source <https://example.org/law> .
"""
SECOND = RULE.replace(":one", ":two") + ": bp:hasAccessRule :two ."


@pytest.mark.parametrize("name", ontology.jurisdictions())
def test_each_role_and_category_has_at_most_one_rule_of_a_kind(name: str) -> None:
    graph = ontology.jurisdiction(name)
    keys = [
        (*cell, kind, graph.value(rule, BP.hasBasis) == BP.HealthSafetyEmergency)
        for rule in graph.objects(None, BP.hasAccessRule)
        for kind in (*graph.objects(rule, BP.requiresAgreement), None)
        if kind is not None or (rule, BP.requiresAgreement, None) not in graph
        for cell in product(
            graph.objects(rule, BP.appliesToRole), graph.objects(rule, BP.hasCategory)
        )
    ]
    assert len(keys) == len(set(keys))
    place = jurisdiction.read(name)
    assert len(place.rules) + len(place.agreed) + len(place.emergencies) == len(keys)


@pytest.mark.parametrize("name", ontology.jurisdictions())
def test_rules_speak_of_known_roles_and_categories_and_name_the_law(name: str) -> None:
    roles, categories = concepts(BP.AudienceRoleScheme), concepts(BP.CategoryScheme)
    bases = concepts(BP.LegalBasisScheme)
    place = jurisdiction.read(name)
    agreed = ((cell, rule) for (cell, _), rule in place.agreed.items())
    for (role, category), rule in (*place.rules.items(), *place.emergencies.items(), *agreed):
        assert role in roles
        assert category in categories
        assert rule.basis in bases
        assert "/title-34/section-99." in rule.source, rule.iri


@pytest.mark.parametrize("name", ontology.jurisdictions())
def test_no_rule_is_left_unused_by_its_jurisdiction(name: str) -> None:
    graph = ontology.jurisdiction(name)
    for kind, link in (
        (BP.AccessRule, BP.hasAccessRule),
        (BP.PurposeProhibition, BP.hasProhibition),
        (DPV.ConsentNotice, DPV.hasNotice),
    ):
        assert set(graph.subjects(RDF.type, kind)) == set(graph.objects(None, link))


def test_an_unknown_jurisdiction_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="us-default"):
        jurisdiction.read("atlantis")


def read(monkeypatch: pytest.MonkeyPatch, text: str) -> Jurisdiction:
    """Read *text* as the file of a jurisdiction; past the cache, which is for those shipped."""
    graph = Graph().parse(data=HEAD + text, format="turtle")
    monkeypatch.setattr(ontology, "jurisdiction", lambda name: graph)
    return jurisdiction.read.__wrapped__("place")


def test_a_whole_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    place = read(monkeypatch, PLACE + RULE)
    ((_, rule),) = place.rules.items()
    assert (place.majority_age, place.minimum_cell_size) == (18, 10)
    assert (rule.level, rule.may_lower) == (Level.FULL, True)
    assert rule.source == URIRef("https://example.org/law")


LEFT_OUT = [
    (PLACE, "bp:majorityAge 18 ;"),
    (PLACE, "bp:minimumCellSize 10 ;"),
    (RULE, "bp:appliesToRole bpa:teacher ;"),
    (RULE, "bp:hasCategory bpc:progress ;"),
    (RULE, "bp:familyMayLower true ;"),
    (RULE, "bp:hasBasis bp:SchoolOfficial ;"),
    (RULE, "dcterms:source <https://example.org/law>"),
]


@pytest.mark.parametrize("line", [line for _, line in LEFT_OUT])
def test_a_file_that_leaves_out_a_line_is_invalid(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    text = PLACE + RULE
    assert line in text
    with pytest.raises(InvalidJurisdiction):
        read(monkeypatch, text.replace(line, ""))


def test_two_rules_on_one_cell_are_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidJurisdiction, match=r"one|two"):
        read(monkeypatch, PLACE + RULE + SECOND)


def test_two_jurisdictions_in_one_file_are_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidJurisdiction, match="2 jurisdictions"):
        read(monkeypatch, PLACE + RULE + ":other a bp:Jurisdiction .")


def test_an_empty_file_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidJurisdiction, match="0 jurisdictions"):
        read(monkeypatch, "")


def test_the_source_of_every_rule_is_a_section_of_the_law() -> None:
    graph = ontology.jurisdiction("us-default")
    for rule in graph.subjects(RDF.type, BP.AccessRule):
        assert len(list(graph.objects(rule, DCTERMS.source))) == 1
