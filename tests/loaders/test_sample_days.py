"""The sample of any day of the year: it conforms, and its personas have answers for half a year."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from rdflib import Literal, URIRef

from databackpack.loaders import oneroster, sample
from databackpack.loaders.record import Mint, Record
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.ontology.namespaces import BP, XSD
from databackpack.service.demo import PERSONAS
from tests.loading import run_empty

DAYS = [
    *(date(2026, 11, 24), date(2026, 12, 26), date(2026, 12, 27), date(2026, 12, 31)),
    *(date(2027, 1, 1), date(2028, 2, 29), date(2027, 4, 15), date(2027, 6, 6), date(2027, 6, 30)),
    *(date(2027, 7, 1), date(2027, 7, 20), date(2027, 8, 24), date(2027, 8, 26)),
    *(date(2027, 9, 14), date(2027, 10, 9)),
]
LEARNERS = 14
HALF_A_YEAR = timedelta(days=184)  # six months are never longer
PLANNED = {BP.targetDate, BP.exitDate}
QUESTION = "/questions/learners-meeting-standard?standard=3.OA.A.1"


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_each_persona_has_an_answer_of_its_own_on_the_day_and_half_a_year_later(
    day: date, tmp_path: Path
) -> None:
    sample.write(tmp_path / "sample", learners=LEARNERS, today=day)
    service = run_empty(tmp_path, day)
    assert [str(problem) for problem in service.load(tmp_path / "sample").problems] == []
    for later in (timedelta(0), HALF_A_YEAR):
        service.clock.moment += later
        seen = {persona: service.seen(persona) for persona in PERSONAS}
        assert [persona for persona, rows in seen.items() if not rows] == []
        assert len(set(seen.values())) == len(PERSONAS), "two personas see the same"
        client = service.app.test_client()
        for persona in PERSONAS:
            told = client.get(QUESTION, headers=service.headers(persona, "text/csv"))
            assert len(told.text.splitlines()) > 1, (persona, told.text)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_nothing_was_recorded_after_the_day(day: date, tmp_path: Path, mint: Mint) -> None:
    sample.write(tmp_path, learners=LEARNERS, today=day)
    found: set[tuple[URIRef, Literal]] = set()
    for item in oneroster.read(tmp_path, mint):
        if isinstance(item, Record):
            found |= {
                (URIRef(str(predicate)), value)
                for _, predicate, value in item.graph
                if isinstance(value, Literal) and value.datatype == XSD.date
            }
    assert found
    late = {(p, str(value)) for p, value in found if str(value) > day.isoformat()}
    assert {(predicate, value) for predicate, value in late if predicate not in PLANNED} == set()


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_school_year_contains_the_day(day: date) -> None:
    year = SchoolYear.of(day)
    assert year.first <= day
    assert year.end_seen_from(day) > day + HALF_A_YEAR
