"""Publishing: what is on record after it, for whom, when again, and what stands against it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, DPV, ID, QB
from databackpack.queries import cubes
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Level
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.graphs import NOISE_LEDGER, basis_graph, statistics_graph
from databackpack.service.records.redo import is_logged
from databackpack.service.statistics import dataset, ledger, publication, schedule
from databackpack.service.statistics.choice import choose, to_epsilon
from databackpack.service.statistics.protection import Cell
from databackpack.service.statistics.schedule import Publication
from databackpack.service.statistics.table import Key
from databackpack.service.views.registry import Views
from databackpack.service.views.snapshot import Disturbed
from tests.statistics.roster import ATLAS, NORTH, SIZES, STATE, Calendar, agreement, opened, say

COMPLETENESS, MOVES = cubes.read("completeness"), cubes.read("moves")
ATTENDANCE = f"<{BPC.attendance}>"
HAVING = {"elm": 25, "oak": 17, "fir": 21}
"""Learners of each school of whom something of attendance is on record."""


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def views(calendar: Calendar) -> Iterator[Views]:
    with closing(opened(calendar)) as found:
        yield found


def publish(views: Views, name: str = STATE, epsilon: str | None = None) -> Publication:
    audience = views.audience(name)
    (purpose,) = audience.purposes
    (found,) = publication.publish(views, [COMPLETENESS], audience, purpose, to_epsilon(epsilon))
    return found


def cells(views: Views, one: Publication) -> dict[Key, Cell]:
    """Return what is told, with the dimensions in the order of the cube."""
    dimensions, found = dataset.read_observations(views.truth.triples(one.iri))
    places = [dimensions.index(one.iri) for one in COMPLETENESS.dimensions if found]
    return {tuple(key[place] for place in places): cell for key, cell in found.items()}


def attendance(views: Views, one: Publication) -> dict[str, Cell]:
    """Return what is told of attendance, by the name of the school."""
    names = dict(views.truth.pairs(ID["graph/registry"], BP.organizationCode))
    return {
        names.get(URIRef(school[1:-1]), school): cell
        for (part, school), cell in cells(views, one).items()
        if part == ATTENDANCE
    }


def test_what_is_counted_is_on_record_with_what_it_says_of_itself(
    views: Views, calendar: Calendar
) -> None:
    one = publish(views)
    audience = views.audience(STATE)
    (purpose,) = audience.purposes
    assert schedule.on_record(views.truth) == [one]
    assert one.iri == statistics_graph(audience.iri, purpose, "completeness")
    assert (one.sequence, one.minimum_cell_size, one.issued) == (1, 10, calendar())
    assert (one.cube, one.categories) == (COMPLETENESS.iri, COMPLETENESS.categories)
    told = attendance(views, one)
    assert set(told) == {*SIZES, ""}, "each school, and all of them"
    for school, size in SIZES.items():
        assert abs(told[school].learners - size) < 5
        assert told[school].learners % 5 == 0
        share = 100 * HAVING[school] / size
        assert (told[school].lower or 0) <= share <= (told[school].upper or 0)
    assert told[""].learners == sum(told[school].learners for school in SIZES)
    kept = dataset.read_basis(COMPLETENESS, views.truth.triples(basis_graph(one.iri)))
    assert sorted(count.learners for key, count in kept.basis.items() if key[0] == ATTENDANCE) == (
        sorted(SIZES.values())
    )
    assert is_logged(one.iri)
    assert is_logged(basis_graph(one.iri))


def test_true_counts_are_in_no_view_and_a_data_set_is_in_one(views: Views) -> None:
    one = publish(views)
    for name in (STATE, NORTH):
        audience = views.audience(name)
        (purpose,) = audience.purposes
        dump = b"".join(views.view(audience, purpose).dump()).decode()
        assert (f"<{QB.dataSet}> <{one.iri}>" in dump) == (name == STATE)
        for private in (f'<{BP.countedCell}> "', str(basis_graph(one.iri))):
            assert private not in dump


def test_who_may_see_aggregates_sees_what_is_published_and_no_record(views: Views) -> None:
    agreement(views, Level.AGGREGATE)
    one = publish(views, ATLAS)
    assert attendance(views, one)["elm"].learners == 35
    audience = views.audience(ATLAS)
    (purpose,) = audience.purposes
    dump = b"".join(views.view(audience, purpose).dump()).decode()
    assert dump.count(f"<{QB.dataSet}> <{one.iri}>") == len(cells(views, one))
    assert f"> <{BP.isRecordOf}> <{ID['learner/']}" not in dump
    assert "/id/learner/" not in dump
    assert "/id/item/" not in dump


def test_a_cube_is_published_once_in_its_months(views: Views, calendar: Calendar) -> None:
    first = publish(views)
    epoch = views.truth.epoch
    calendar.moment += timedelta(hours=3)
    assert publish(views) == first
    assert views.truth.epoch == epoch, "again on the same day changes nothing"
    assert first.next_day == date(2027, 2, 23)
    calendar.turn_to(date(2027, 2, 22))
    with pytest.raises(Refused, match=r"on 2026-11-23; the next publication is due on 2027-02-23"):
        publish(views)
    assert schedule.due(views.truth, calendar().date()) == []
    calendar.turn_to(date(2027, 2, 23))
    assert schedule.due(views.truth, calendar().date()) == [first]
    audience = views.audience(STATE)
    (purpose,) = audience.purposes
    assert choose(views.truth, [], audience, purpose) == [COMPLETENESS]
    second = publish(views)
    assert (second.sequence, second.issued) == (2, calendar())
    assert cells(views, second) == cells(views, first)
    assert schedule.on_record(views.truth) == [second]


def test_all_cubes_are_published_or_none(views: Views, calendar: Calendar) -> None:
    publish(views)
    calendar.turn_to(date(2026, 12, 1))
    audience = views.audience(STATE)
    (purpose,) = audience.purposes
    epoch = views.truth.epoch
    with pytest.raises(Refused, match="2027-02-23"):
        publication.publish(views, [MOVES, COMPLETENESS], audience, purpose)
    assert views.truth.epoch == epoch
    assert [one.name for one in schedule.on_record(views.truth)] == ["completeness"]


@pytest.mark.parametrize(("leaving", "is_seen"), [(1, False), (4, False), (9, True)])
def test_a_withdrawal_is_in_the_next_publication_and_few_are_never_seen(
    views: Views, calendar: Calendar, leaving: int, is_seen: bool
) -> None:
    agreement(views)
    first = publish(views, ATLAS)
    held = views.truth.triples(first.iri)
    before = cells(views, first)
    for number in [n for n in range(34) if n % 4][:leaving]:
        say(views, number, "none")
    assert views.truth.triples(first.iri) == held, "nothing follows at once"
    calendar.turn_to(first.next_day)
    second = publish(views, ATLAS)
    after = attendance(views, second)
    assert (cells(views, second) == before) != is_seen
    kept = dataset.read_basis(COMPLETENESS, views.truth.triples(basis_graph(second.iri)))
    elm = [count.learners for key, count in kept.basis.items() if key[0] == ATTENDANCE]
    assert (34 - leaving in elm) == is_seen
    assert (34 in elm) != is_seen
    assert after["elm"].learners == (25 if is_seen else 35)


def test_two_audiences_that_may_count_nearly_the_same_are_told_the_same(
    views: Views, calendar: Calendar
) -> None:
    agreement(views)
    for number in (1, 2, 3, 50):
        say(views, number, "none")
    state, study = publish(views), publish(views, ATLAS)
    assert attendance(views, state) == attendance(views, study)
    for number in range(5, 16):
        say(views, number, "none")
    calendar.turn_to(study.next_day)
    later = publish(views, ATLAS)
    assert attendance(views, later)["elm"].learners < attendance(views, state)["elm"].learners


def test_the_strictest_law_and_the_agreement_say_how_many_learners_a_cell_needs(
    views: Views, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement(views, minimumGroupSize=25)
    study = publish(views, ATLAS)
    assert study.minimum_cell_size == 25
    assert all(cell.learners >= 25 for cell in cells(views, study).values())
    stricter = replace(jurisdiction.read("us-default"), minimum_cell_size=30)
    monkeypatch.setattr(views, "jurisdiction", stricter)
    state = publish(views)
    assert state.minimum_cell_size == 30
    assert all(cell.learners >= 30 for cell in cells(views, state).values())
    calendar.turn_to(study.next_day)
    assert publish(views, ATLAS).minimum_cell_size == 30


@pytest.mark.parametrize(
    ("name", "purpose", "rule"),
    [
        (
            f"guardian-{local_name(ID['guardian/00000000-0000-4000-8000-000000000001'])}",
            BP.RightOfAccess,
            "bp:isPublishedFor",
        ),
        (STATE, DPV.AcademicResearch, "bp:hasPurpose"),
        (ATLAS, DPV.AcademicResearch, "bpl:Aggregate"),
    ],
)
def test_who_may_count_nobody_has_nothing_published(
    views: Views, name: str, purpose: URIRef, rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        publication.publish(views, [COMPLETENESS], views.audience(name), purpose)
    assert refused.value.rule == rule
    assert schedule.on_record(views.truth) == []


def test_noise_is_paid_for_by_the_agreement_that_asks_for_it(
    views: Views, calendar: Calendar
) -> None:
    with pytest.raises(Refused, match="No agreement in force has a noise budget"):
        publish(views, STATE, "0.5")
    agreement(views, noiseBudget=Decimal(30))
    (bound,) = views.audience(ATLAS).agreements
    with pytest.raises(Refused, match=r"asks for noise.*30 is left"):
        publish(views, ATLAS)
    with pytest.raises(Refused, match=r"1 x epsilon 31 .* of which 30 is left"):
        publish(views, ATLAS, "31")
    first = publish(views, ATLAS, "20.5")
    assert first.epsilon == Decimal("20.5")
    assert ledger.left(views.truth, bound) == Decimal("9.5")
    assert publish(views, ATLAS, "20.5") == first, "again on the same day takes nothing"
    assert ledger.left(views.truth, bound) == Decimal("9.5")
    calendar.turn_to(first.next_day)
    with pytest.raises(Refused, match=r"of which 9\.5 is left"):
        publish(views, ATLAS, "10")
    publish(views, ATLAS, "9.5")
    assert ledger.left(views.truth, bound) == 0
    assert len(set(views.truth.subjects(NOISE_LEDGER, BP.isChargedTo, bound.iri))) == 2
    assert is_logged(NOISE_LEDGER)


def test_where_noise_has_no_room_nothing_is_published_and_nothing_paid(
    views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement(views, noiseBudget=Decimal(2))
    monkeypatch.setattr("databackpack.service.statistics.noise._MOST_CELLS", 3)
    with pytest.raises(Refused, match="Noise is needed on 27 cells"):
        publish(views, ATLAS, "1")
    (bound,) = views.audience(ATLAS).agreements
    assert ledger.left(views.truth, bound) == 2
    assert schedule.on_record(views.truth) == []


@pytest.mark.parametrize("text", ["0", "-1", "some", "nan", "inf", "1000", "1e99"])
def test_an_epsilon_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"such as 0\.5"):
        to_epsilon(text)


def test_a_name_that_is_no_cubes_is_told_with_the_nearest(views: Views) -> None:
    audience = views.audience(STATE)
    (purpose,) = audience.purposes
    with pytest.raises(Refused, match="no cube 'complete'; there is completeness"):
        choose(views.truth, ["moves", "complete"], audience, purpose)
    with pytest.raises(Refused, match="name the cubes"):
        choose(views.truth, [], audience, purpose)


def test_another_cube_may_not_take_the_name_of_one_that_is_published(views: Views) -> None:
    audience = views.audience(STATE)
    (purpose,) = audience.purposes
    publish(views)
    other = replace(COMPLETENESS, iri=URIRef("urn:other#completeness"))
    with pytest.raises(Refused, match="give this cube another name"):
        publication.publish(views, [other], audience, purpose)


def test_a_publication_is_of_one_epoch_however_much_is_said_meanwhile(views: Views) -> None:
    agreement(views)
    audience = views.audience(ATLAS)
    (purpose,) = audience.purposes
    said: list[int] = []

    def advance(done: int, total: int) -> None:
        if done == 20 and len(said) < most:
            said.append(1 + 4 * len(said))
            say(views, said[-1], "none")

    most = 2
    (one,) = publication.publish(views, [COMPLETENESS], audience, purpose, advance=advance)
    kept = dataset.read_basis(COMPLETENESS, views.truth.triples(basis_graph(one.iri)))
    counts = [count.learners for key, count in kept.basis.items() if key[0] == ATTENDANCE]
    assert sorted(counts) == [23, 27, 34 - 2], "who withdrew while it was counted is not in it"

    most = 99
    with pytest.raises(Disturbed, match="the store changed"):
        publication.publish(views, [MOVES], audience, purpose, advance=advance)
    assert schedule.on_record(views.truth) == [one]
