"""Nobody is found in a release by what is known of people from elsewhere."""

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.model import Decision, Level
from databackpack.service.records.terms import node
from databackpack.service.releases.anonymity import SUPPRESSED, plan
from databackpack.service.releases.ladder import indices
from databackpack.service.releases.quasi import Generalizer, profile, recode
from databackpack.service.views.projection import project
from databackpack.service.views.snapshot import walk
from tests.releases.linkage import EVERYTHING, OUTSIDE, Linkage, attack, recognize
from tests.releases.world import PARENTS, SUPPORTS, Person, Stay, crowd, world
from tests.running import Running

K = 10

People = dict[URIRef, set[ox.Triple]]


def released(people: People, k: int, generalizer: Generalizer) -> People:
    found = plan({one: profile(held, generalizer) for one, held in people.items()}, k, generalizer)
    return {
        one: set().union(*recode(people[one], recoding, generalizer))
        for one, recoding in found.recodings.items()
    }


@pytest.fixture(scope="module")
def people() -> People:
    """A crowd, and one child of it whom everybody knows: the only gifted one of her grade."""
    anna = Person((Stay(2026, "elm", 4, 8),), 2013, "female", "vi", (SUPPORTS[2],), 3)
    return {one: set(held) for one, held in world([*crowd(11, 250), anna]).items()}


@pytest.fixture(scope="module")
def release(people: People) -> People:
    """What is released of them."""
    return released(people, K, Generalizer(PARENTS))


@pytest.fixture(scope="module")
def study(sample: Running) -> tuple[People, Generalizer]:
    """What the study of mobility sees of the sample state, by IRIs instead of codes."""
    views = sample.context.views
    audience = views.audience("researcher-mobility")
    (purpose,) = audience.purposes
    people: People = {}
    for shown in walk(views, audience, purpose, views.truth.clock()):
        for _, decision, held in shown.records:
            people.setdefault(shown.learner, set()).update(project(held, decision, lambda iri: iri))
    return people, Generalizer(views.law().parents)


@pytest.mark.parametrize("known", [OUTSIDE, EVERYTHING])
def test_without_a_release_people_are_found(people: People, known: frozenset[str]) -> None:
    """The attack works: on what every de-identified view shows, it finds many for certain."""
    assert attack(people, people, known, PARENTS).certain > 10


@pytest.mark.parametrize("known", [OUTSIDE, EVERYTHING])
def test_in_a_release_nobody_is_found(
    people: People, release: People, known: frozenset[str]
) -> None:
    found = attack(people, release, known, PARENTS)
    assert found.targets == len(people)
    assert found.certain == 0
    assert found.best <= 1 / K


def test_one_who_knows_all_of_everybody_finds_nobody(release: People) -> None:
    found = recognize(release)
    assert found.certain == 0
    assert found.best <= 1 / K


@pytest.mark.parametrize("known", [OUTSIDE, EVERYTHING])
def test_nobody_of_the_sample_state_is_found(
    study: tuple[People, Generalizer], sample: Running, known: frozenset[str]
) -> None:
    people, generalizer = study
    parents = sample.context.views.law().parents
    before = attack(people, people, known, parents)
    after = attack(people, released(people, K, generalizer), known, parents)
    assert before.certain > 10
    assert after.targets > 50
    assert after.certain == 0
    assert after.best <= 1 / K


def test_of_the_sample_state_one_who_knows_all_finds_nobody(
    study: tuple[People, Generalizer],
) -> None:
    people, generalizer = study
    assert recognize(released(people, K, generalizer)).best <= 1 / K


def test_two_releases_with_the_same_codes_tell_no_more_than_one() -> None:
    """A year later others are there too; codes join what both releases tell."""
    generalizer = Generalizer(PARENTS)
    people = [*crowd(5, 260)]
    held = world(people)
    first = plan({one: profile(held[one], generalizer) for one in list(held)[:200]}, K, generalizer)
    second = plan(
        {one: profile(held[one], generalizer) for one in list(held)[30:]},
        K,
        generalizer,
        first.classes,
    )
    both: dict[tuple[int, int], int] = {}
    for one in first.classes.keys() & second.classes.keys():
        pair = first.classes[one], second.classes[one]
        both[pair] = both.get(pair, 0) + 1
    assert len(both) > 3
    assert min(both.values()) >= K
    again = [number for _, number in both if number != SUPPRESSED]
    assert len(again) == len(set(again)), "a class that shrinks shrinks for both releases"


def test_the_report_is_a_line() -> None:
    assert str(Linkage(200, 0, 0.1, 12.0)) == (
        "200 people, 0 found for certain, best guess right in 10.0%, on average in 6.0%"
    )


def test_a_property_that_the_ontology_does_not_know_is_in_no_release() -> None:
    """What is released is projected first, and that leaves out what has no annotation."""
    item, learner = ox.NamedNode(str(ID["item/1"])), ox.NamedNode(str(ID["learner/ann"]))
    shoe = ox.Triple(item, ox.NamedNode(str(BP.shoeSize)), ox.Literal("36"))
    record = ox.Triple(item, ox.NamedNode(str(BP.isRecordOf)), learner)
    seen = project({shoe, record}, Decision(Level.DEIDENTIFIED, ()), lambda iri: iri)
    assert shoe not in seen
    assert record in seen


def test_no_value_that_everybody_keeps_tells_the_school_or_the_grade(sample: Running) -> None:
    """What has no ladder is released of all: it must not stand in for what is told less finely."""
    views, places = sample.context.views, indices()
    shown = Decision(Level.DEIDENTIFIED, ())
    told: dict[tuple[str, str], list[set[str]]] = {}
    for learner in views.learners():
        held = [views.truth.triples(record.iri) for record in views.dossier(learner).records]
        triples = project(set().union(*held), shown, lambda iri: iri)
        where = {
            str(one.object)
            for one in triples
            if one.predicate in (node(BP.isHeldBy), node(BP.hasGradeLevel))
        }
        for value in {(t.predicate.value, str(t.object)) for t in triples}:
            told.setdefault(value, []).append(where)
    telling = {
        predicate
        for (predicate, _), everywhere in told.items()
        if len(everywhere) >= K and set.intersection(*everywhere)
    }
    assert str(BP.courseCode) in telling
    assert {predicate for predicate in telling if predicate not in places} == set()
