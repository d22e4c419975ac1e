"""The companion files of families: outsiders, guardianships, documents, settings of every kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from databackpack.loaders.sample.learner import Learner
from databackpack.loaders.sample.place import OUTSIDERS
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.loaders.sample.tables import Tables

__all__ = ["KINDS", "RESEARCH_CATEGORIES", "Families", "grants_research", "kind_of"]

# One kind of setting for each learner, by number, whatever the seed: 20 in a cycle, 5 % each.
KINDS = (
    *("default", "tutor-full", "block-teacher", "default", "guardians-differ"),
    *("expired", "block-district", "default", "not-yet-valid", "restrict-research"),
    *("default", "aggregate-only", "block-state", "default", "block-one-school"),
    *("tutor-deidentified", "default", "block-teacher", "default", "default"),
)
RESEARCH_CATEGORIES = ("enrollment", "demographics", "attendance", "assessment", "progress")
_PERSISTENCE_CATEGORIES = ("motivation", "self-management", "assessment")
_RESEARCH = "dpv:AcademicResearch"
# Learner's number → what a document changes, and for which guardian of the family.
_DOCUMENTS = {
    74: ("court-bars-decision", 2),
    77: ("tax-dependency", 1),
    88: ("emancipation", None),
    91: ("court-bars-inspection", 2),
}
_MAJORITY = 18


def kind_of(learner: Learner) -> str:
    """Return the kind of setting that the learner's family made."""
    return KINDS[(learner.number - 1) % len(KINDS)]


def grants_research(learner: Learner) -> bool:
    """Tell whether the family let the study of moving in: three in five, across all kinds."""
    place = learner.number - 1
    return (place // len(KINDS) + place) % 5 < 3


@dataclass(frozen=True, slots=True)
class _Word:
    """What a setting says, but for who says it."""

    categories: tuple[str, ...]
    audience: str
    level: str
    since: date
    until: date | None = None
    purpose: str = ""


class Families:
    """Writes guardianships, standing documents and settings; one `write` per learner."""

    def __init__(self, tables: Tables, learners: Iterable[Learner], today: date) -> None:
        self._tables = tables
        self._today = today
        year = SchoolYear.of(today)
        self._begin = date(year.start, 9, 1)
        self._last_begin = date(year.start - 1, 9, 1)
        self._last_end = year.previous.end
        self._end = year.end_seen_from(today)
        self._two_guardians = {
            learner.family for learner in learners if kind_of(learner) == "guardians-differ"
        }
        for code, name, kind in OUTSIDERS:
            tables.add("companion/organizations", code=code, name=name, type=kind)

    def write(self, learner: Learner) -> None:
        """The learner's guardianships and the family's settings are in the tables."""
        first, second = self._guardianships(learner)
        self._document(learner)
        for word in self._words(learner):
            self._say(learner, first, word)
        if kind_of(learner) == "guardians-differ":
            refusal = _Word(("progress", "goals"), "provider-lantern", "none", self._begin)
            self._say(learner, second, refusal)
        self._research(learner, first)
        if (adult := _birthday(learner, _MAJORITY)) <= self._today:
            self._of_age(learner, first, adult)

    def _guardianships(self, learner: Learner) -> tuple[str, str]:
        first, second, third = (_guardian(learner, place) for place in (1, 2, 3))
        rows: list[tuple[str, str, date | str, date | str]] = [(first, "Mother", "", "")]
        if learner.family % 4 != 3 or learner.family in self._two_guardians:
            rows.append((second, "Father", "", ""))
        if learner.family % 20 == 8:
            rows.append((third, "CourtAppointedGuardian", self._last_begin, self._begin))
        for guardian, relation, since, until in rows:
            self._tables.add(
                "companion/guardianships",
                learner=learner.state_id,
                guardian=guardian,
                relation=relation,
                since=_moment(since),
                until=_moment(until),
            )
        return first, second

    def _document(self, learner: Learner) -> None:
        if learner.number not in _DOCUMENTS:
            return
        kind, place = _DOCUMENTS[learner.number]
        is_yearly = kind == "tax-dependency"
        is_new = is_yearly or kind == "emancipation"  # after the grants of the year before
        self._tables.add(
            "companion/standing",
            learner=learner.state_id,
            person="" if place is None else _guardian(learner, place),
            kind=kind,
            since=_moment(self._begin if is_new else self._last_begin),
            until=_moment(self._end if is_yearly else ""),
            document=f"Invented file {learner.number:04}",
        )

    def _words(self, learner: Learner) -> list[_Word]:
        begin, end = self._begin, self._end
        soon = self._today + timedelta(60)
        school = learner.now.school
        here, district = f"teacher-{school.code}", f"district-{school.district}"
        tutor, club = "provider-lantern", "provider-afterbell"
        tutoring = ("progress", "gradebook", "goals")
        words = {
            "block-teacher": [_Word(("behavior", "comments"), "teacher", "none", begin)],
            "block-one-school": [_Word(("narratives", "portfolio"), here, "none", begin)],
            "block-district": [_Word(("gradebook", "progress"), "district", "none", begin)],
            "block-state": [
                _Word(("progress", "supports", "portfolio"), "state-agency", "none", begin)
            ],
            "aggregate-only": [
                _Word(("progress",), "state-agency", "aggregate", begin),
                _Word(("behavior", "progress"), district, "aggregate", begin),
            ],
            "tutor-full": [_Word(tutoring, tutor, "full", begin, end)],
            "tutor-deidentified": [_Word(tutoring, club, "deidentified", begin, end)],
            "guardians-differ": [_Word(("progress", "goals"), tutor, "full", begin, end)],
            "expired": [_Word(tutoring, tutor, "full", self._last_begin, self._last_end)],
            "not-yet-valid": [_Word(tutoring, tutor, "full", soon, soon + timedelta(180))],
        }
        return words.get(kind_of(learner), [])

    def _research(self, learner: Learner, guardian: str) -> None:
        """Three in five let a study in; some restrict it later, some let a second one in."""
        is_restricting = kind_of(learner) == "restrict-research"
        later = min(self._begin + timedelta(40), self._today)
        if grants_research(learner):
            self._study(learner, guardian, RESEARCH_CATEGORIES, "mobility", "deidentified")
            if is_restricting:
                self._say(
                    learner,
                    guardian,
                    _Word(
                        ("attendance", "assessment"),
                        "researcher-mobility",
                        "none" if learner.number % 40 == 10 else "aggregate",
                        later,
                        purpose=_RESEARCH,
                    ),
                )
            if learner.number % 10 == 1:
                self._study(
                    learner, guardian, _PERSISTENCE_CATEGORIES, "persistence", "deidentified"
                )
        elif is_restricting:
            self._study(learner, guardian, RESEARCH_CATEGORIES, "mobility", "none")

    def _study(
        self, learner: Learner, guardian: str, categories: tuple[str, ...], team: str, level: str
    ) -> None:
        word = _Word(
            categories, f"researcher-{team}", level, self._last_begin, self._end, _RESEARCH
        )
        self._say(learner, guardian, word)

    def _of_age(self, learner: Learner, guardian: str, adult: date) -> None:
        """A guardian's word from before the birthday, and the learner's own from that day on."""
        before = _Word(
            ("transcript", "recognitions"), "provider-afterbell", "full", self._last_begin
        )
        self._say(learner, guardian, before)
        own = _Word(("transcript",), "provider-afterbell", "full", adult, self._end)
        self._say(learner, f"state:{learner.state_id}", own)
        block = _Word(("narratives", "goals"), "teacher", "none", adult)
        self._say(learner, f"state:{learner.state_id}", block)

    def _say(self, learner: Learner, assigner: str, word: _Word) -> None:
        for category in word.categories:
            self._tables.add(
                "companion/settings",
                learner=learner.state_id,
                assigner=assigner,
                category=category,
                audience=word.audience,
                level=word.level,
                purpose=word.purpose,
                since=_moment(word.since),
                until=_moment(word.until or ""),
            )


def _guardian(learner: Learner, place: int) -> str:
    """Return the identifier of the guardian in this *place* of the family, from 1 to 3."""
    return f"sample:G{learner.family * 3 + place:05d}"


def _birthday(learner: Learner, age: int) -> date:
    day = learner.birth_date
    # 29 February counts from 1 March in a year without one.
    try:
        return day.replace(year=day.year + age)
    except ValueError:
        return date(day.year + age, 3, 1)


def _moment(day: date | str) -> str:
    if isinstance(day, str):
        return day
    return datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")
