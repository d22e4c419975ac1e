"""When a word ends and begins: exact to the last digit, in whatever time zone it is written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databackpack.ontology.namespaces import BPC
from databackpack.service.policy import jurisdiction, profile
from databackpack.service.policy.decide import decide, next_change
from databackpack.service.policy.model import Level, Statement
from tests.policy import words
from tests.policy.words import ASKED, AUDIENCE

BY_CONSENT = jurisdiction.read("us-parental-authorization")
"""Here a state agency has progress by consent only."""
CENTRAL = timezone(timedelta(hours=-5))
END = datetime.fromisoformat("2026-06-30T23:59:59-05:00")
LAST = timedelta(microseconds=1)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
GAPS = st.timedeltas(-timedelta(days=2), timedelta(days=2)) | st.sampled_from(
    [timedelta(0), LAST, -LAST, timedelta(seconds=1), -timedelta(seconds=1)]
)


def is_seen(said: Statement, moment: datetime) -> bool:
    made = decide([said], BY_CONSENT, AUDIENCE, ASKED, moment)
    return made[BPC.progress].level is Level.FULL


def granted(since: datetime, until: datetime | None) -> Statement:
    """Return a permission as it is read from its policy."""
    said = words.statement(since=since, until=until, purpose=ASKED)
    return profile.read(profile.write(said), said.iri)


@pytest.mark.parametrize(
    ("moment", "seen"),
    [
        ("2026-06-30T23:59:58-05:00", True),
        ("2026-06-30T23:59:58.999999-05:00", True),
        ("2026-06-30T23:59:59-05:00", False),
        ("2026-07-01T04:59:58+00:00", True),
        ("2026-07-01T04:59:59Z", False),
        ("2026-06-30T23:59:59+00:00", True),  # the same digits, five hours before it
        ("2026-07-01T10:44:58+05:45", True),
        ("2026-07-01T10:44:59+05:45", False),
        ("2026-06-30T16:59:59-12:00", False),
        ("2026-06-30T16:59:58-12:00", True),
    ],
)
def test_an_end_in_central_time_is_that_second_everywhere(moment: str, seen: bool) -> None:
    said = granted(END - timedelta(days=300), END)
    assert is_seen(said, datetime.fromisoformat(moment)) is seen


@given(ZONES, ZONES, GAPS)
def test_a_word_ends_at_its_end_in_any_two_zones(
    written: timezone, asked: timezone, gap: timedelta
) -> None:
    said = granted(END - timedelta(days=300), END.astimezone(written))
    assert is_seen(said, (END + gap).astimezone(asked)) is (gap < timedelta(0))


@given(ZONES, ZONES, GAPS)
def test_a_word_begins_at_its_beginning_in_any_two_zones(
    written: timezone, asked: timezone, gap: timedelta
) -> None:
    said = granted(END.astimezone(written), None)
    assert is_seen(said, (END + gap).astimezone(asked)) is (gap >= timedelta(0))


@given(ZONES, ZONES)
def test_the_next_change_is_the_end_in_any_zone(written: timezone, asked: timezone) -> None:
    said = granted(END - timedelta(days=300), END.astimezone(written))
    change = next_change([said], (END - LAST).astimezone(asked))
    assert change == END
    assert next_change([said], END.astimezone(asked)) is None


def test_the_hour_that_clocks_repeat_is_two_hours() -> None:
    """In autumn 01:30 comes twice; the offset says which one is meant."""
    first = datetime(2026, 11, 1, 1, 30, tzinfo=CENTRAL)
    second = datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=-6)))
    said = granted(first - timedelta(days=1), second)
    assert is_seen(said, first)
    assert is_seen(said, (second - LAST).astimezone(UTC))
    assert not is_seen(said, second)
