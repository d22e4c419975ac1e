"""What of a record is seen at each level, triple by triple."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, XSD, Literal, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, ID, SDO
from databackpack.service.policy.model import Decision, Level, Rule
from databackpack.service.records.terms import node, to_ox
from databackpack.service.views.projection import is_personal, project

LEARNER, ITEM, OTHER = ID["learner/ann"], ID["item/1"], ID["item/2"]
SCHOOL = ID["organization/elm"]
DAY = Literal("2015-06-07", datatype=XSD.date)


def triple(subject: URIRef, predicate: URIRef, value: URIRef | Literal) -> ox.Triple:
    return ox.Triple(node(subject), node(predicate), to_ox(value))


def encode(iri: ox.NamedNode) -> ox.NamedNode:
    """Stand in for a table of codes: what is encoded can be told from what is not."""
    assert is_personal(iri), "a code is for persons and items only"
    return ox.NamedNode(f"urn:code:{iri.value}")


def seen(level: Level, *triples: ox.Triple, rule: Rule | None = None) -> set[ox.Triple]:
    return project(set(triples), Decision(level, (), rule), encode)


def rule(only: frozenset[URIRef] | None = None, without: frozenset[URIRef] = frozenset()) -> Rule:
    return Rule(BP.rule, Level.FULL, True, BP.Consent, BP.source, only, without)


RECORD = {
    triple(ITEM, RDF.type, BP.Demographics),
    triple(ITEM, BP.isRecordOf, LEARNER),
    triple(ITEM, BP.isHeldBy, SCHOOL),
    triple(ITEM, SDO.birthDate, DAY),
    triple(OTHER, RDF.type, BP.Demographics),
    triple(OTHER, BP.isRecordOf, LEARNER),
    triple(OTHER, SDO.name, Literal("Ann")),
}


def test_at_full_every_triple_is_seen_as_it_is() -> None:
    assert seen(Level.FULL, *RECORD) == RECORD


@pytest.mark.parametrize("level", [Level.NONE, Level.AGGREGATE])
def test_below_deidentified_no_triple_is_seen(level: Level) -> None:
    assert seen(level, *RECORD) == set()


def test_persons_and_items_are_seen_by_their_codes_and_dates_by_their_years() -> None:
    code, learner = (URIRef(f"urn:code:{iri}") for iri in (ITEM, LEARNER))
    found = seen(Level.DEIDENTIFIED, *(t for t in RECORD if t.subject == node(ITEM)))
    assert found == {
        triple(code, RDF.type, BP.Demographics),
        triple(code, BP.isRecordOf, learner),
        triple(code, BP.isHeldBy, SCHOOL),
        triple(code, SDO.birthDate, Literal("2015", datatype=XSD.gYear)),
    }


@pytest.mark.parametrize(
    ("predicate", "value"),
    [
        (SDO.name, Literal("Ann")),  # free text
        (SDO.givenName, Literal("Ann")),  # a direct identifier
        (URIRef("https://example.org/unknown"), Literal("?")),  # not annotated
        (SDO.birthDate, Literal("2015-06-07")),  # no date: nothing is known of how to cut it
        (SDO.birthDate, ITEM),
    ],
)
def test_what_cannot_be_generalised_is_left_out(predicate: URIRef, value: URIRef | Literal) -> None:
    assert seen(Level.DEIDENTIFIED, triple(ITEM, predicate, value)) == set()


def test_blank_nodes_are_left_out() -> None:
    blank, type_ = ox.BlankNode("b"), node(RDF.type)
    about = {ox.Triple(blank, type_, node(SCHOOL)), ox.Triple(node(ITEM), type_, blank)}
    assert seen(Level.DEIDENTIFIED, *about) == set()


def test_no_item_keeps_its_own_iri_whatever_property_names_it() -> None:
    """Every property of the ontology, with an item as value."""
    predicates = ontology.graph().subjects(BP.hasIdentifiability)
    about = [triple(ITEM, URIRef(str(predicate)), OTHER) for predicate in predicates]
    found = seen(Level.DEIDENTIFIED, *about)
    assert found
    assert not [t for t in found if is_personal(t.subject) or is_personal(t.object)]


def test_a_rule_that_shows_some_properties_shows_no_item_without_them() -> None:
    found = seen(Level.FULL, *RECORD, rule=rule(only=frozenset({SDO.birthDate})))
    assert found == {t for t in RECORD if t.subject == node(ITEM)}
    assert seen(Level.FULL, *RECORD, rule=rule(only=frozenset())) == set()


def test_a_rule_that_withholds_properties_shows_the_others() -> None:
    found = seen(Level.FULL, *RECORD, rule=rule(without=frozenset({SDO.birthDate})))
    assert found == {t for t in RECORD if t.predicate != node(SDO.birthDate)}


@given(st.sets(st.sampled_from(sorted(RECORD, key=str))), st.sampled_from(list(Level)))
def test_what_is_seen_of_two_parts_is_seen_of_the_whole(part: set[ox.Triple], level: Level) -> None:
    whole = seen(level, *part) | seen(level, *(RECORD - part))
    assert seen(level, *RECORD) == whole
