"""The review queue: who may be one child is proposed, with reasons, and never merged by itself."""

import pytest
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.loaders.record import Record, item_iri, organization_iri
from databackpack.ontology.namespaces import BP, BPC, BPG, ORG, SDO
from databackpack.service.intake import matching, merging, take_in
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from tests.oracle.world import SOURCE, organizations


class Roll:
    """A truth store into which learners are enrolled, each under a key."""

    def __init__(self) -> None:
        self.truth = TruthStore()
        take_in(self.truth, organizations())

    def enroll(
        self, key: str, given: str, family: str, birth: str, school: str = "elm", grade: str = "5"
    ) -> URIRef:
        learner = Identities(self.truth).mint("learner", key)
        holder = organization_iri(school)
        person, born, stay = Graph(), Graph(), Graph()
        for predicate, text in (
            (SDO.givenName, given),
            (SDO.familyName, family),
            (BP.learnerIdentifier, key),
        ):
            person.add((learner, predicate, Literal(text)))
        person.add((learner, RDF.type, BP.Learner))
        item = item_iri(learner, school, "born")
        born.add((item, RDF.type, BP.Demographics))
        born.add((item, SDO.birthDate, Literal(birth, datatype=XSD.date)))
        year = item_iri(learner, school, "stay")
        stay.add((year, RDF.type, BP.Enrollment))
        stay.add((year, ORG.member, learner))
        stay.add((year, ORG.organization, holder))
        stay.add((year, BP.schoolYear, Literal("2026-2027")))
        stay.add((year, BP.hasGradeLevel, BPG[grade]))
        for one, graph in ((item, born), (year, stay)):
            graph.add((one, BP.isRecordOf, learner))
            graph.add((one, BP.isHeldBy, holder))
        graphs = {"identity": person, "demographics": born, "enrollment": stay}
        report = take_in(
            self.truth,
            [Record(learner, holder, BPC[name], graph, SOURCE) for name, graph in graphs.items()],
        )
        assert report.is_clean, report.problems
        return learner

    def matches(self) -> list[tuple[set[URIRef], int]]:
        found = matching.open_matches(self.truth)
        return [({match.first, match.second}, match.score) for match in found]


@pytest.fixture
def roll() -> Roll:
    return Roll()


def test_a_learner_without_a_state_identifier_may_be_one_who_has_it(roll: Roll) -> None:
    known = roll.enroll("state:1", "Quillon", "Amberleaf", "2014-03-01")
    roll.enroll("state:2", "Quillon", "Amberleaf", "2015-03-01")
    new = roll.enroll("did:example:1", "Quilon", "Amberleaf", "2014-03-01", "oak")
    ((pair, score),) = roll.matches()
    assert pair == {known, new}
    assert 85 <= score < 100
    (match,) = matching.open_matches(roll.truth)
    assert "in the same grade in the same year" in match.reasons
    assert "the same birth date" in match.reasons


def test_who_comes_later_with_a_state_identifier_is_proposed_too(roll: Roll) -> None:
    first = roll.enroll("oneroster:elm:1", "Quillon", "Amberleaf", "2014-03-01")
    second = roll.enroll("state:1", "Quillon", "Amberleaf", "2014-03-01", "oak")
    assert roll.matches() == [({first, second}, 100)]


def test_two_state_identifiers_are_two_learners(roll: Roll) -> None:
    roll.enroll("state:1", "Quillon", "Amberleaf", "2014-03-01")
    roll.enroll("state:2", "Quillon", "Amberleaf", "2014-03-01")
    roll.enroll("did:example:1", "Somebody", "Else", "2014-03-01")
    assert roll.matches() == []


@pytest.mark.parametrize(
    ("given", "family", "birth"),
    [
        ("Quillon", "Brindle", "2014-03-01"),
        ("Quillon", "Amberleaf", "2014-03-02"),
        ("Quilo", "Amberleaf", "2014-01-03"),
    ],
    ids=["another name", "another day", "day and month exchanged, and another name"],
)
def test_a_weak_match_is_not_proposed(roll: Roll, given: str, family: str, birth: str) -> None:
    roll.enroll("state:1", "Quillon", "Amberleaf", "2014-03-01")
    roll.enroll("did:example:1", given, family, birth)
    assert roll.matches() == []


def test_day_and_month_exchanged_are_proposed_where_the_names_are_the_same(roll: Roll) -> None:
    roll.enroll("state:1", "Quillon", "Amberleaf", "2014-03-01")
    roll.enroll("did:example:1", "Quillon", "Amberleaf", "2014-01-03")
    (match,) = matching.open_matches(roll.truth)
    assert "birth dates with day and month exchanged" in match.reasons


def test_a_common_name_is_proposed_only_with_a_school_or_a_grade(
    roll: Roll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_COMMON", 4)
    for number in range(3):
        roll.enroll(f"state:{number}", f"Other{number}", "Amberleaf", "2013-01-01")
    roll.enroll("state:9", "Quillon", "Amberleaf", "2014-03-01", "elm", "5")
    roll.enroll("did:example:1", "Quillon", "Amberleaf", "2014-03-01", "oak", "7")
    assert roll.matches() == []
    roll.enroll("did:example:2", "Quillon", "Amberleaf", "2014-03-01", "elm", "7")
    assert len(roll.matches()) == 2


def test_two_of_one_name_and_birth_date_in_one_class_are_for_people_to_decide(roll: Roll) -> None:
    first = roll.enroll("oneroster:elm:1", "Quillon", "Amberleaf", "2014-03-01")
    second = roll.enroll("oneroster:elm:2", "Quillon", "Amberleaf", "2014-03-01")
    (match,) = matching.open_matches(roll.truth)
    assert any("one child twice, or two children" in reason for reason in match.reasons)
    assert Identities(roll.truth).find("learner", "oneroster:elm:2") == second
    event = merging.keep_apart(roll.truth, first, second, "registrar", "twins")
    assert roll.matches() == []
    merging.undo(roll.truth, event, "registrar", "no twins after all")
    assert len(roll.matches()) == 1
    merging.merge(roll.truth, first, second, "registrar", "one child, two rows")
    assert roll.matches() == []
    assert Identities(roll.truth).find("learner", "oneroster:elm:2") == first


def test_the_queue_grows_with_no_load_of_what_is_known(roll: Roll) -> None:
    roll.enroll("state:1", "Quillon", "Amberleaf", "2014-03-01")
    roll.enroll("did:example:1", "Quillon", "Amberleaf", "2014-03-01")
    epoch, found = roll.truth.epoch, roll.matches()
    roll.enroll("did:example:1", "Quillon", "Amberleaf", "2014-03-01")
    assert (roll.truth.epoch, roll.matches()) == (epoch, found)
