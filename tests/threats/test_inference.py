"""Items 21 to 31: nothing follows from what two questions, two askers or a name tell together."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from rdflib import RDFS, VOID, Graph, URIRef

from databackpack.loaders.record import organization_iri
from databackpack.ontology.namespaces import BP
from tests.statistics.roster import say
from tests.threats.published import SIZES, Study, studied
from tests.threats.twins import (
    ANN,
    ASKERS,
    ATLAS,
    BEN,
    BP_PREFIX,
    CAT,
    ELM,
    HIDDEN_WORDS,
    MIA,
    NOA,
    NORTH,
    STATE,
    Twins,
    all_of,
    name_of,
    own,
)
from tests.web.asking import Web, cell

PERSONAL = re.compile(r"<(https://w3id\.org/databackpack/id/[^>]*)>")
AUDITOR = "auditor-state"
CODED = re.compile(r"https://w3id\.org/databackpack/id/[a-z]+/[0-9a-f-]{36}")


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    """A study that was told how complete the records of a state are."""
    with studied(tmp_path) as found:
        found.publish()
        yield found


def iris(web: Web, asker: str) -> set[str]:
    """Return our own names that the asker sees and an auditor, who sees no learner, does not."""
    return set(PERSONAL.findall("\n".join(web.dump(asker) - web.dump(AUDITOR))))


def test_21_who_may_see_aggregates_sees_no_row_to_count(web: Web) -> None:
    """At that level no row is shown, only cells, where some are published for the audience."""
    path = cell(name_of(BEN), "behavior", "teacher")
    web.say(NOA, path, "aggregate")
    for text in (
        "SELECT (COUNT(*) AS ?n) { ?x a bp:BehaviorIncident }",
        f"SELECT (COUNT(*) AS ?n) {{ ?x bp:behaviorType ?t ; bp:isRecordOf <{BEN}> }}",
    ):
        answer = web.query(ELM, BP_PREFIX + text)
        assert answer.json["results"]["bindings"][0]["n"]["value"] == "0"


def test_22_two_releases_of_an_aggregate_do_not_tell_one_withdrawal(study: Study) -> None:
    """Counted anew, the school would have 30 for 35; more attacks: tests/statistics."""
    before, first = study.told(), study.publish()
    assert study.told() == before, "published again on the same day"
    say(study.views, 1, "none")
    assert study.told() == before, "nothing follows at once"
    study.calendar.turn_to(first.next_day)
    assert study.publish().sequence == first.sequence + 1
    assert study.told() == before


def test_23_a_study_and_a_school_share_no_name_and_no_exact_day(twins: Twins) -> None:
    """Whether groups of fewer than k learners are kept out of a study is issue 7's."""
    study, school = iris(twins.whole, ATLAS), iris(twins.whole, STATE)
    assert study
    assert school
    assert {iri.split("/")[-2] for iri in study & school} <= {"organization"}
    told, seen = all_of(twins.whole, NORTH), all_of(twins.whole, ATLAS)
    assert BP.MasteryState in seen
    for telling in ("2026-10-05", "Linden", "SBo", str(BEN), str(own(BEN, "progress"))):
        assert telling in told
        assert telling not in seen


def test_24_one_token_opens_one_audience_whatever_else_its_bearer_has(twins: Twins) -> None:
    web = twins.whole
    key = web.running.context.key
    claims = dict(jwt.decode(web.running.token(ELM), key, algorithms=["Ed25519"]).claims)
    for audience in ([ELM, ATLAS], f"{ELM} {ATLAS}", f"{ELM},{ATLAS}", {"0": ELM}):
        token = jwt.encode(
            {"alg": "Ed25519"}, claims | {"audience": audience}, key, algorithms=["Ed25519"]
        )
        assert web.send("GET", "/me", {"Authorization": f"Bearer {token}"}).status == 401
    both = f"Bearer {web.running.token(ELM)}, Bearer {web.running.token(ATLAS)}"
    assert web.send("GET", "/me", {"Authorization": both}).status == 401
    same_person = [
        web.query(asker, f"{BP_PREFIX}SELECT ?x {{ ?x a bp:MasteryState }}").body
        for asker in (ELM, ATLAS, ELM)
    ]
    assert same_person[0] == same_person[2] != same_person[1]


def test_25_k_counts_learners_and_not_rows(study: Study) -> None:
    """Nine learners have a hundred rows of attendance: their school is in no cell of any part."""
    small = str(organization_iri("fir"))
    assert small not in {said["school"] for said in study.told()}
    assert len(study.of("attendance")) == len(SIZES) - 1 + 1, "the other schools, and the total"


def test_26_extremes_are_not_published(study: Study) -> None:
    """Nobody has a portfolio, which is not told as none; nor is any least or greatest value."""
    told = study.told()
    assert study.of("portfolio")
    for said in told:
        assert set(said) == {
            *("type", "dataSet", "part", "school"),
            *("learnerCount", "lowerShare", "upperShare"),
        }
        assert float(said["lowerShare"]) < float(said["upperShare"])
        assert int(said["learnerCount"]) >= 10
        assert int(said["learnerCount"]) % 5 == 0


def test_27_a_total_less_what_is_shown_is_no_hidden_cell(study: Study) -> None:
    for part in ("portfolio", "attendance"):
        schools = study.of(part)
        total = int(schools.pop("Total")["learnerCount"])
        assert schools
        assert total == sum(int(said["learnerCount"]) for said in schools.values())


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void", "/questions", "/", "/readyz"])
def test_28_descriptions_are_made_from_the_askers_own_view(twins: Twins, path: str) -> None:
    """A learner more or less is seen in none of them, least of all by who may not see her."""
    for asker in ASKERS:
        for accept in ("text/turtle", "application/n-triples", "application/json", "text/html"):
            answer = twins.send(asker, "GET", path, headers={"Accept": accept})
            assert answer.status in {200, 400, 404, 406}, answer.body
            assert str(ANN).encode() not in answer.body
            assert str(BEN).encode() not in answer.body


def counted(web: Web, asker: str) -> dict[tuple[str, str, str], int]:
    """Return (class or property, counted what) → how many, as told by VoID."""
    answer = web.send("GET", "/.well-known/void", web.running.headers(asker, "text/turtle"))
    assert answer.status == 200, answer.body
    graph = Graph().parse(data=answer.body, format="turtle")
    return {
        (str(kind), str(of), str(count)): int(str(number))
        for kind in (VOID["class"], VOID.property)
        for part, of in graph.subject_objects(kind)
        for count, number in graph.predicate_objects(part)
        if str(number).isdigit()
    }


def test_28_a_count_of_learners_data_is_of_many_or_not_told(twins: Twins) -> None:
    """Each of them is what everybody is told, or larger by ten at least and by fives."""
    public = counted(twins.whole, AUDITOR)
    assert public
    for asker in (ELM, NORTH, STATE, MIA):
        for key, number in counted(twins.whole, asker).items():
            more = number - public.get(key, 0)
            assert more == 0 or (more >= 10 and more % 5 == 0), (asker, key, more)


def test_29_a_report_of_violations_tells_of_what_was_sent_only(twins: Twins) -> None:
    about = (
        f"<urn:p> a <http://www.w3.org/ns/odrl/2/Agreement> ; <urn:q> <{CAT}> .\n"
        f"<{BEN}> <{BP.behaviorType}> 1 . <{own(BEN, 'behavior')}> a <{BP.BehaviorIncident}> ."
    )
    answer = twins.send(
        NOA,
        "POST",
        f"/learners/{name_of(BEN)}/policy",
        about,
        {"Content-Type": "text/turtle", "Accept": "application/json"},
    )
    assert answer.status == 400
    for hidden in (b"HYPERLINK", b"Linden", *HIDDEN_WORDS):
        assert hidden not in answer.body


def test_30_names_of_things_tell_nothing_of_people(twins: Twins) -> None:
    for asker in (NORTH, MIA, ATLAS):
        for iri in iris(twins.whole, asker):
            assert CODED.fullmatch(iri), iri
            for told in ("Ada", "Bo", "Rowan", "Linden", "SAda", "SBo", "elm", "2026", "grade"):
                assert told not in iri.rpartition("/id/")[2]


def test_31_what_is_public_is_a_list_of_ours_and_no_graph_of_the_store(twins: Twins) -> None:
    """One of the decoys says something of a standard, which everybody sees, and of a learner."""
    standard = URIRef("http://corestandards.org/Math/Content/5/NBT/A/1")
    for asker in (*ASKERS, MIA, STATE, ATLAS):
        answer = twins.whole.query(
            asker, f"SELECT ?o {{ <{standard}> ?p ?o FILTER(isLiteral(?o)) }}", "text/csv"
        )
        assert answer.body.count(b"\n") > 1
        for text in ("{ %s }", "{ GRAPH ?g { %s } }"):
            label = f"<{standard}> <{RDFS.label}> ?o FILTER(CONTAINS(STR(?o), 'Mari'))"
            told = twins.whole.query(asker, f"ASK {text.replace('%s', label)}")
            assert told.json["boolean"] is False
