"""School years and their days."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

__all__ = ["SchoolYear"]

_HALF_A_YEAR = timedelta(days=185)


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """The school year that begins in the calendar year *start*."""

    start: int

    @classmethod
    def of(cls, today: date) -> "SchoolYear":
        """Return the school year that *today* is in; one lasts until 14 September.

        Until then the new year has next to nothing on record.
        """
        turned = (today.month, today.day) >= (9, 15)
        return cls(today.year if turned else today.year - 1)

    @property
    def label(self) -> str:
        """The year as records write it, such as 2025-2026."""
        return f"{self.start}-{self.start + 1}"

    @property
    def code(self) -> str:
        """The year as OneRoster writes it: the calendar year in which it ends."""
        return str(self.start + 1)

    @property
    def previous(self) -> "SchoolYear":
        """The year before."""
        return SchoolYear(self.start - 1)

    @property
    def end(self) -> date:
        """The last day on which a learner is on the roll, where nothing else is said."""
        return date(self.start + 1, 6, 30)

    def end_seen_from(self, today: date) -> date:
        """Return the last day of what holds *today*: the year's, or half a year on if later.

        So a sample goes on answering for six months, also over the summer.
        """
        return max(self.end, today + _HALF_A_YEAR)

    @property
    def first(self) -> date:
        """The first school day."""
        return self.days[0]

    @property
    def last(self) -> date:
        """The last school day."""
        return self.days[-1]

    @property
    def days(self) -> tuple[date, ...]:
        """All school days: from 25 August to 5 June, without weekends and three breaks."""
        return _days(self.start)


@cache
def _days(start: int) -> tuple[date, ...]:
    begin, end = date(start, 8, 25), date(start + 1, 6, 5)
    breaks = (
        (date(start, 11, 25), date(start, 11, 29)),
        (date(start, 12, 21), date(start + 1, 1, 3)),
        (date(start + 1, 4, 1), date(start + 1, 4, 7)),
    )
    span = (begin + timedelta(number) for number in range((end - begin).days + 1))
    return tuple(
        day
        for day in span
        if day.weekday() < 5 and not any(first <= day <= last for first, last in breaks)
    )
