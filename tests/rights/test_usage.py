"""The access report of an agreement, against what was asked and what the views held."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, DPV, ID
from databackpack.service import agreeing
from databackpack.service.policy.model import Level
from databackpack.service.policy.refusal import Refused
from databackpack.service.records import disclosures
from databackpack.service.records.disclosures import ANSWERED, Outcome, Request
from databackpack.service.records.graphs import AGREEMENTS
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.releases import release
from databackpack.service.releases.release import Release
from databackpack.service.rights import agreements, usage
from databackpack.service.rights.usage import Made
from databackpack.service.statistics.schedule import Publication
from databackpack.service.views.exposure import Exposures, Part
from tests.rights.test_agreements import TEXT
from tests.running import Running, TickingClock, run_sample

STUDY, OTHER = "researcher-persistence", "researcher-mobility"
AUDIENCE = ID[f"audience/{STUDY}"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    return run_sample(tmp_path_factory.mktemp("usage"), learners=24)


@pytest.fixture(autouse=True)
def _agreement(running: Running) -> Iterator[None]:
    context = running.context
    agreements.add(context.views, agreements.parse(TEXT.encode()))
    yield
    context.truth.commit([Change(AGREEMENTS, [])])


def ask(running: Running, query: str, persona: str = STUDY) -> int:
    answer = running.app.test_client().post(
        "/sparql",
        data=query,
        content_type="application/sparql-query",
        headers=running.headers(persona),
    )
    return answer.status_code


def test_it_tells_who_asked_what_came_of_it_and_of_how_many_learners(running: Running) -> None:
    truth = running.context.truth
    begin = truth.clock()
    assert [ask(running, "ASK {}") for _ in range(3)] == [200] * 3
    assert ask(running, "ASK { SERVICE <http://x/> {} }") == 400
    assert ask(running, "ASK {}", OTHER) == 200
    found = usage.read(truth, "sample-study", begin)
    assert dict(found.outcomes) == {ANSWERED: 3, "QueryRequestRefused": 1}
    (asker,) = found.askers
    assert asker.subject == STUDY
    assert begin < asker.first < asker.last < found.moment
    seen = running.context.views.audience(STUDY)
    view = running.context.views.view(seen, DPV.AcademicResearch)
    names = f"SELECT DISTINCT ?w {{ ?x <{BP.isRecordOf}> ?w ; <{BP.isHeldBy}> ?s }}"
    rows = running.app.test_client().post(
        "/sparql",
        data=names,
        content_type="application/sparql-query",
        headers=running.headers(STUDY),
    )
    shown = len(rows.get_json()["results"]["bindings"])
    assert view.epoch > 0
    assert 0 < shown == found.learners
    assert {one.part.category for one in found.exposed} == {BPC.attendance, BPC.progress}
    assert {one.level for one in found.exposed} == {"De-identified"}
    assert max(one.learners for one in found.exposed) <= found.learners
    assert usage.read(truth, "sample-study", truth.clock()).lines == []


def test_each_form_has_the_numbers_and_no_learner(running: Running) -> None:
    truth = running.context.truth
    begin = truth.clock()
    assert ask(running, "ASK {}") == 200
    found = usage.read(truth, "sample-study", begin)
    forms = {form: usage.write(found, form) for form in ("text", "html", "csv")}
    for form, told in forms.items():
        assert "/learner/" not in told, form
        assert STUDY in told, form
    for form in ("text", "html"):
        assert "to be destroyed by 2027-12-31, not yet certified" in forms[form]
        assert "Made for it" not in forms[form]
    assert f"Answers could be about {found.learners} learners" in forms["text"]
    (row,) = csv.DictReader(StringIO(forms["csv"]))
    assert row["outcome"] == ANSWERED
    assert int(row["learners"]) == found.learners


def test_what_was_made_for_it_is_told(running: Running) -> None:
    found = usage.read(running.context.truth, "sample-study")
    made = Made(datetime(2026, 11, 20, 9, tzinfo=UTC), "release 1: 24 learners, k 10")
    for form in ("text", "html"):
        assert "release 1: 24 learners, k 10" in usage.write(replace(found, made=[made]), form)


def test_other_agreements_of_the_audience_in_the_same_time_are_named(running: Running) -> None:
    context = running.context
    for name, audience in (("second", STUDY), ("third", OTHER)):
        text = TEXT.replace("sample-study", name).replace(STUDY, audience)
        agreements.add(context.views, agreements.parse(text.encode()))
    found = usage.read(context.truth, "sample-study")
    assert found.others == ["second"]
    assert "worked under second in the same time" in usage.write(found, "text")


def test_requests_after_the_end_are_told_apart(running: Running) -> None:
    context = running.context
    agreements.end(context.views, ID["agreement/sample-study"])
    ended = agreements.named(context.truth, "sample-study").agreement.until
    assert ask(running, "ASK {}") == 200
    found = usage.read(context.truth, "sample-study", ended - timedelta(microseconds=1))
    assert (found.lines, found.late) == ([], 1)
    assert "1  after the end of the agreement" in usage.write(found, "text")
    assert "Nobody asked." in usage.write(found, "html")


def test_a_name_that_a_spreadsheet_would_run_is_text_in_csv(running: Running) -> None:
    truth = running.context.truth
    begin = truth.clock()
    asked = Request('=HYPERLINK("x")', AUDIENCE, DPV.AcademicResearch, begin, "ASK {}")
    disclosures.begin(truth, asked)
    found = usage.read(truth, "sample-study", begin)
    assert found.outcomes == [("never answered", 1)]
    (row,) = csv.DictReader(StringIO(usage.write(found, "csv")))
    assert row["who"].startswith("'=")
    assert "&#34;x&#34;" in usage.write(found, "html")


def test_an_agreement_that_there_is_not_is_refused_with_the_nearest(running: Running) -> None:
    with pytest.raises(Refused, match="sample-study"):
        usage.read(running.context.truth, "sample-stduy")


PARTS = [
    Part(BPC[category], level, BP.Studies)
    for category in ("attendance", "progress", "identity")
    for level in (Level.DEIDENTIFIED, Level.FULL)
]
CHANGES = st.dictionaries(st.integers(0, 4), st.frozensets(st.sampled_from(PARTS)), max_size=4)


@given(steps=st.lists(st.tuples(CHANGES, st.booleans()), max_size=6))
def test_learners_are_counted_as_a_naive_reading_of_every_state_counts_them(
    running: Running, steps: list[tuple[dict[int, frozenset[Part]], bool]]
) -> None:
    truth = TruthStore(None, TickingClock())
    truth.commit([Change(AGREEMENTS, running.context.truth.triples(AGREEMENTS))])
    audience = running.context.views.audience(STUDY)
    exposures = Exposures(truth, audience, DPV.AcademicResearch)
    held: dict[URIRef, frozenset[Part]] = {}
    seen: set[tuple[Part, URIRef]] = set()
    counts = []
    for changes, is_asked in steps:
        changed = {ID[f"learner/{number}"]: parts for number, parts in changes.items()}
        exposures.change(changed)
        held |= changed
        if is_asked and exposures.state is not None:
            request = Request("x", audience.iri, DPV.AcademicResearch, truth.clock(), "ASK {}")
            entry = disclosures.begin(truth, request)
            outcome = Outcome(ANSWERED, truth.clock(), truth.epoch, exposures.state)
            disclosures.end(truth, entry, outcome)
            agreed = {
                (part, learner)
                for learner, parts in held.items()
                for part in parts
                if local_name(part.category) in ("attendance", "progress")
            }
            seen |= agreed
            counts.append(len({learner for _, learner in agreed}))
    found = usage.read(truth, "sample-study")
    assert [line.learners for line in found.lines] == counts
    assert found.learners == len({learner for _, learner in seen})
    assert {one.part: one.learners for one in found.exposed} == {
        part: sum(1 for other, _ in seen if other == part) for part, _ in seen
    }


def test_releases_and_publications_of_the_audience_are_among_what_was_made(
    running: Running,
) -> None:
    truth, agreement = running.context.truth, ID["agreement/sample-study"]
    made, moment = agreed_release(agreement, truth), truth.clock()
    truth.commit(release.addition(truth, made, {}))
    for audience in (STUDY, OTHER):
        data_set = ID[f"statistics/{audience}/AcademicResearch/moves"]
        about = Publication(
            iri=data_set,
            cube=ID["cube/moves"],
            title="Moves",
            definition="Moves",
            population="learners",
            share_of="",
            audience=ID[f"audience/{audience}"],
            purpose=DPV.AcademicResearch,
            categories=frozenset(),
            issued=moment,
            months=12,
            sequence=3,
            minimum_cell_size=10,
        )
        truth.commit([Change(data_set, about.to_triples())])
    found = agreeing.made(truth, usage.read(truth, "sample-study"))
    assert [one.what for one in found] == [
        "release 1: 40 learners, groups of 10",
        "statistics moves, publication 3",
    ]
    assert agreeing.made(truth, usage.read(truth, "sample-study", truth.clock())) == []


def agreed_release(agreement: URIRef, truth: TruthStore) -> Release:
    return Release(
        agreement=agreement,
        audience=AUDIENCE,
        purpose=DPV.AcademicResearch,
        number=1,
        moment=truth.clock(),
        epoch=truth.epoch,
        k=10,
        who="custodian",
        learners=40,
        suppressed=0,
        left_out=0,
        losses={},
    )
