"""A release as its audience sees it: k learners alike, nobody's name, and what families say."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, ID, SDO
from databackpack.service.policy.model import Decision, Level
from databackpack.service.policy.refusal import InvalidConsent, Refused
from databackpack.service.records.graphs import RELEASED, released_graph
from databackpack.service.records.terms import node
from databackpack.service.releases import building, release, text
from databackpack.service.rights import agreements
from databackpack.service.views.building import unwatched
from databackpack.service.views.projection import project
from databackpack.service.views.registry import Views
from databackpack.service.views.released import last_number
from tests.releases import study
from tests.releases.linkage import EVERYTHING, OUTSIDE, attack, recognize
from tests.releases.recount import KNOWN, looks, sizes
from tests.releases.study import STUDY, agree, build, code_of, say, shown
from tests.running import Running, run_sample

K, LEARNERS = 10, 40


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A sample of its own, because agreements and words are added."""
    return run_sample(tmp_path_factory.mktemp("releases"), learners=LEARNERS)


@pytest.fixture(scope="module")
def views(running: Running) -> Views:
    """The views of a store in which a study has its first release."""
    agree(running.context.views, study.text())
    build(running.context.views)
    return running.context.views


def test_k_learners_look_alike_and_the_record_of_the_release_says_so(views: Views) -> None:
    people, made = shown(views), release.last(views.truth, STUDY)
    assert made is not None
    assert made.learners == len(people) > K
    assert min(sizes(people).values()) >= K
    assert len(set(map(looks, people.values()))) > 1
    assert made.learners + made.left_out == len(views.learners())
    assert made.k == K and made.who == "custodian"
    assert made.losses[BP.gender][BP.LeftOut] > 0
    audience = views.audience("researcher-persistence")
    assert views.check(audience, made.purpose, unwatched).is_equal


@pytest.mark.parametrize("known", [OUTSIDE, EVERYTHING])
def test_nobody_is_found_in_it_by_what_is_known_from_elsewhere(
    views: Views, known: frozenset[str]
) -> None:
    """The attacker knows all that is true of the categories that the study is about."""
    bound = views.audience("researcher-persistence").agreements
    categories = {one for agreement in bound for one in agreement.categories}
    released, people = shown(views), dict[URIRef, set[ox.Triple]]()
    for learner in views.learners():
        held = [
            views.truth.triples(record.iri)
            for record in views.dossier(learner).records
            if record.category in categories
        ]
        true = project(set().union(*held), Decision(Level.DEIDENTIFIED, ()), lambda iri: iri)
        people[code_of(views, learner)] = true
    found = attack(people, released, known, views.law().parents)
    assert found.targets == len(released)
    assert found.certain == 0
    assert found.best <= 1 / K
    assert recognize(released).best <= 1 / K
    assert attack(people, people, known, views.law().parents).certain > 0


def test_nothing_in_it_names_anybody(views: Views) -> None:
    people = shown(views)
    terms = {str(term) for held in people.values() for t in held for term in (t.subject, t.object)}
    for term in terms:
        ours = term.removeprefix(f"<{ID}")
        assert ours == term or ours.startswith(("code/", "organization/", "standard/")), term
    named: set[str] = set()
    for learner in views.learners():
        named |= {local_name(learner)}
        for record in views.dossier(learner).records:
            named |= {record.iri.rsplit("/", 2)[-2]}
            for triple in views.truth.triples(record.iri):
                if triple.predicate.value in map(str, (SDO.givenName, SDO.familyName, SDO.name)):
                    named.add(triple.object.value)  # type: ignore[union-attr]
                if "/id/item/" in str(triple.subject):
                    named.add(local_name(URIRef(triple.subject.value)))  # type: ignore[union-attr]
    assert len(named) > 10 * LEARNERS
    words = {word.strip('<>"').rsplit("/", 1)[-1] for word in terms}
    assert words.isdisjoint(named)


def test_another_study_sees_nobody_before_its_release_and_then_nobody_by_the_same_code(
    views: Views,
) -> None:
    agree(views, study.text("other", "mobility"))
    assert shown(views, "mobility") == {}
    build(views, ID["agreement/other"])
    ours, theirs = shown(views), shown(views, "mobility")
    assert ours and theirs
    assert ours.keys().isdisjoint(theirs)


def test_a_family_that_lowers_a_category_is_out_of_it_at_once_and_k_others_stay_alike(
    running: Running, views: Views
) -> None:
    """Until the smallest class is gone: each time all is counted again from what is shown."""
    before = shown(views)
    smallest = min(sizes(before).values())
    codes = {code_of(views, learner): learner for learner in views.learners()}
    alike = sorted(code for code, size in sizes(before).items() if size == smallest)
    alike = [code for code in alike if looks(before[code]) == looks(before[alike[0]])]
    told: list[bool] = []
    withdrawn = alike[: smallest - K + 1]
    for code in withdrawn:
        say(running, codes[code], "progress", "none")
        now = shown(views)
        kinds = {t.object.value for t in now[code] if t.predicate.value.endswith("#type")}  # type: ignore[union-attr]
        assert str(BP.MasteryState) not in kinds
        assert not any(t.predicate.value in KNOWN for t in now[code])
        left = {one: held for one, held in now.items() if is_telling(held)}
        assert min(sizes(left).values()) >= K
        assert all(held <= before[one] for one, held in now.items())
        told.append(is_telling(now[alike[-1]]))
    assert not told[-1], "the rest of the class lost its quasi-identifiers"
    audience = views.audience("researcher-persistence")
    (purpose,) = audience.purposes
    assert views.check(audience, purpose, unwatched).is_equal
    for code in withdrawn:
        say(running, codes[code], "progress", "deidentified")
    assert shown(views) == before


def is_telling(held: set[ox.Triple]) -> bool:
    return any(triple.predicate.value in KNOWN for triple in held)


def test_a_build_that_is_killed_leaves_the_release_before_and_nothing_after_the_next(
    views: Views,
) -> None:
    before, made = shown(views), release.last(views.truth, STUDY)
    assert made is not None

    def kill(what: str, done: int, total: int) -> None:
        if what == "Writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        building.build(views, STUDY, "custodian", kill)
    assert release.last(views.truth, STUDY) == made
    assert releases_held(views) == {made.number, made.number + 1}
    views._live.clear()
    assert shown(views) == before
    assert build(views).number == made.number + 1
    assert releases_held(views) == {made.number + 1}
    after = shown(views)
    assert after.keys() == before.keys(), "a learner keeps the code"
    both = [study.codes(t for held in one.values() for t in held) for one in (before, after)]
    assert both[0] & both[1] == set(map(str, before)), "an item does not"
    assert {one: looks(held) for one, held in before.items()} == {
        one: looks(held) for one, held in after.items()
    }


def test_of_a_release_that_is_on_record_and_not_all_there_nothing_is_shown(views: Views) -> None:
    """As after a restore from a backup that was made during the build."""
    number = last_number(views.truth, STUDY)
    graph, before = released_graph(STUDY, number), shown(views)
    held = views.truth.triples(graph, graph)
    views.truth._store.remove(ox.Quad(*next(iter(held)), node(graph)))  # type: ignore[call-arg]
    views._live.clear()
    assert shown(views) == {}
    views.truth.append(graph, held)
    views._live.clear()
    assert shown(views) == before


def releases_held(views: Views) -> set[int]:
    names = [graph.value for graph in views.truth._store.named_graphs()]
    below = f"{RELEASED}/{local_name(STUDY)}/"
    return {int(name[len(below) :].split("/")[0]) for name in names if name.startswith(below)}


def test_what_a_family_opens_and_the_text_that_a_custodian_released_are_in_the_next_release(
    tmp_path: Path,
) -> None:
    """Over a sample of its own: what was released stays released."""
    running = run_sample(tmp_path, learners=LEARNERS)
    views = running.context.views
    agree(views, study.text())
    build(views)
    learner, triple = next(
        (learner, triple)
        for learner in views.learners()
        for record in views.dossier(learner).records
        if record.category == BPC.assessment
        for triple in views.truth.triples(record.iri)
        if triple.predicate == node(SDO.name)
    )
    say(running, learner, "progress", "none")
    build(views)
    before, item = shown(views), URIRef(triple.subject.value)  # type: ignore[union-attr]
    say(running, learner, "progress", "deidentified")
    assert triple in text.offered(views.truth, item)
    text.release(views.truth, STUDY, triple, "custodian")
    assert shown(views) == before
    assert not [t for held in before.values() for t in held if t.object == triple.object]
    with pytest.raises(Refused, match="already"):
        text.release(views.truth, STUDY, triple, "custodian")
    build(views)
    values = {t.object for t in shown(views)[code_of(views, learner)]}
    assert {node(BP.MasteryState), triple.object} <= values
    with pytest.raises(Refused, match="no item"):
        text.offered(views.truth, ID["item/nothing"])


def test_what_cannot_be_released_is_refused_with_what_to_do(views: Views) -> None:
    with pytest.raises(Refused, match="sample-study"):
        agreements.named(views.truth, "sample-studio")
    with pytest.raises(InvalidConsent, match="write 10 or more") as refused:
        agree(views, study.text("small", "mobility", k=9))
    assert refused.value.rule == "Agreement-bp_minimumGroupSize"
    agree(views, study.text("open", "mobility", k=None))
    with pytest.raises(Refused, match="group size"):
        build(views, ID["agreement/open"])
    agree(views, study.text("large", "mobility", k=LEARNERS + 1))
    with pytest.raises(Refused, match=f"needs {LEARNERS + 1}"):
        build(views, ID["agreement/large"])
    assert agreements.named(views.truth, "large").agreement.iri == ID["agreement/large"]
    for name in ("open", "large"):
        agreements.end(views, ID[f"agreement/{name}"])
    with pytest.raises(Refused, match="not now"):
        build(views, ID["agreement/large"])


def test_beside_an_agreement_without_releases_records_are_seen_as_they_are(views: Views) -> None:
    before = shown(views)
    agree(views, study.text("beside", k=None))
    assert shown(views).keys().isdisjoint(before)
    agreements.end(views, ID["agreement/beside"])
    assert shown(views) == before
