"""The learners of the sample: families, moves between schools, and what drives their results."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from databackpack.loaders.sample.place import DISTRICTS, GRADES, School, school_for
from databackpack.loaders.sample.schoolyear import SchoolYear

__all__ = ["Learner", "Spell", "cohort", "dice"]

# Sizes of families, and moves of families, repeat in these cycles whatever the seed.
_FAMILY_SIZES = (2, 1, 1, 2, 1, 1, 3, 1, 1, 1)
_MOVES = {
    3: ("last",),
    10: ("last",),
    17: ("last",),
    6: ("summer",),
    12: ("this",),
    20: ("last", "this"),
}
_MOVE_CYCLE = 25
_FIRST_GRADES = ("3", "5")  # the first family: two children in one elementary school

_GIVEN = (
    ("Amber", "Brin", "Quil", "Tarn", "Vel", "Moss", "Fen", "Lark", "Orr", "Pell", "Sorr", "Wim"),
    ("leaf", "dle", "lon", "wick", "ora", "iel", "oth", "ane", "ilo", "ush"),
)
_FAMILY = (
    ("Under", "Over", "Thistle", "Copper", "Wren", "Pebble", "Cloud", "Button", "Kettle", "Tinder"),
    ("marrow", "quist", "feather", "whistle", "sprocket", "bramble", "pocket", "thimble", "moth"),
)
_LANGUAGES = ("en",) * 16 + ("es", "es", "vi", "so")


@dataclass(frozen=True, slots=True)
class Spell:
    """One time at one school; without an exit it lasts until the end of the year."""

    school: School
    year: SchoolYear
    grade: str
    entry: date
    exit: date | None


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner, with *absence* the share of days missed and *ability* in standard deviations."""

    number: int
    family: int
    given_name: str
    family_name: str
    preferred_name: str
    birth_date: date
    sex: str
    language: str
    grade: str
    spells: tuple[Spell, ...]
    ability: float
    absence: float

    @property
    def state_id(self) -> str:
        """The identifier that the state gave."""
        return f"S{self.number:06d}"

    @property
    def schools(self) -> tuple[School, ...]:
        """Every school attended, in order, once each."""
        return tuple(dict.fromkeys(spell.school for spell in self.spells))

    @property
    def now(self) -> Spell:
        """The current spell."""
        return self.spells[-1]

    def at(self, day: date) -> Spell | None:
        """Return the spell that *day* is in."""
        for spell in self.spells:
            if spell.entry <= day <= (spell.exit or date.max):
                return spell
        return None

    def moved_in(self, year: SchoolYear) -> bool:
        """Tell whether the learner changed school during *year*."""
        return len({spell.school for spell in self.spells if spell.year == year}) > 1


def dice(seed: int, *key: object) -> Random:
    """Return a source of chance for one purpose, so that one purpose never shifts another."""
    return Random("|".join(str(part) for part in (seed, *key)))  # noqa: S311 (nothing secret)


def cohort(seed: int, learners: int, today: date) -> list[Learner]:
    """Return the learners, by number from 1."""
    found: list[Learner] = []
    for family, size in _families(learners):
        names = dice(seed, "family", family)
        family_name = "".join(names.choice(part) for part in _FAMILY)
        language = names.choice(_LANGUAGES)
        for _ in range(size):
            number = len(found) + 1
            found.append(_learner(seed, number, family, family_name, language, today))
    return found


def _families(learners: int) -> Iterator[tuple[int, int]]:
    family, left = 0, learners
    while left:
        size = min(left, _FAMILY_SIZES[family % len(_FAMILY_SIZES)])
        yield family, size
        family, left = family + 1, left - size


def _learner(
    seed: int, number: int, family: int, family_name: str, language: str, today: date
) -> Learner:
    chance = dice(seed, "learner", number)
    place = number - 1
    grade = _FIRST_GRADES[place] if place < len(_FIRST_GRADES) else GRADES[place * 7 % 13]
    given = "".join(chance.choice(part) for part in _GIVEN)
    year = SchoolYear.of(today)
    # Turns 5 in the twelve months before kindergarten begins; the day does not hang on the seed.
    oldest = date(year.start - 6 - GRADES.index(grade), 9, 2)
    is_often_absent = chance.random() < 0.16
    return Learner(
        number=number,
        family=family,
        given_name=given,
        family_name=family_name,
        preferred_name=given[:4] if chance.random() < 0.15 else "",
        birth_date=oldest + timedelta(place * 149 % 365),
        sex=chance.choice(("female", "male", "female", "male", "unspecified")),
        language=language,
        grade=grade,
        spells=tuple(_spells(family, grade, year, today)),
        ability=chance.gauss(0, 1),
        absence=chance.uniform(0.11, 0.24) if is_often_absent else chance.uniform(0.01, 0.085),
    )


def _spells(family: int, grade: str, year: SchoolYear, today: date) -> Iterator[Spell]:
    """Yield the spells of last year and this year; every move is to the other district."""
    moves = _MOVES.get(family % _MOVE_CYCLE, ())
    district = family % len(DISTRICTS)
    place = GRADES.index(grade)
    if place:
        moving_day = 45 + family * 7 % 90 if "last" in moves else None
        before = year.previous
        yield from _year_at(district, GRADES[place - 1], before, moving_day, before.last)
        district = district if moving_day is None else 1 - district
    if "summer" in moves:
        district = 1 - district
    moving_day = 14 + family * 5 % 28 if "this" in moves else None
    if moving_day and year.days[moving_day + 1] > today:
        moving_day = None
    end = year.end_seen_from(today)
    yield from _year_at(district, grade, year, moving_day, None if end == year.end else end)


def _year_at(
    district: int, grade: str, year: SchoolYear, moving_day: int | None, last: date | None
) -> Iterator[Spell]:
    """Yield one spell in *district*, or two with a move to the other one after *moving_day*."""
    schools = [school_for(code, grade) for code, _ in DISTRICTS]
    entry = year.first
    if moving_day is not None:
        yield Spell(schools[district], year, grade, entry, year.days[moving_day])
        district, entry = 1 - district, year.days[moving_day + 1]
    yield Spell(schools[district], year, grade, entry, last)
