"""The companion files of the backpack: attendance, behavior, supports, tests, transcript, work."""

from datetime import date

from databackpack.loaders.sample.curriculum import MATHEMATICS, dot_notation, literacy
from databackpack.loaders.sample.learner import Learner, Spell, dice
from databackpack.loaders.sample.mastery import LEVELS, MET, share
from databackpack.loaders.sample.roster import SUBJECTS, course_code
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.loaders.sample.tables import Tables
from databackpack.ontology.standards import standard_iri

__all__ = ["Backpack"]

_DAYS_WITH_EVENTS = 65
_STATUSES = ("Excused Absence", "Unexcused Absence")
_SUPPORTS = ("Title I Program", "English Learner Program", "Gifted Program", "Intervention")
_SPECIAL = ("Individualized Education Program", "Section 504 Plan")
_STATE_TESTED = ("3", "4", "5", "6", "7", "8", "11")
_MARKS = ("D", "C", "B", "A")
_COMMENTS = (
    "Invented text: asks good questions and explains the steps to a neighbour.",
    "Invented text: works carefully; give a minute more before calling on them.",
    "Invented text: starts fast, then checks the answers only when reminded.",
    "Invented text: likes to draw a picture of a problem first.",
)


class Backpack:
    """Writes what schools hold of one learner; one `write` per learner."""

    def __init__(self, tables: Tables, seed: int, year: SchoolYear, today: date) -> None:
        self._tables = tables
        self._seed = seed
        self._year = year
        self._today = today

    def write(self, learner: Learner, levels: dict[str, int]) -> None:
        """Every sheet of the backpack has the learner's rows, dated no later than today."""
        for spell in learner.spells:
            self._attendance(learner, spell)
        self._behavior(learner)
        self._supports(learner)
        for spell in learner.spells:
            if spell.exit == spell.year.last:
                self._end_of_year(learner, spell, levels)
        self._autumn(learner, levels)
        self._portfolio(learner, levels)
        self._comment(learner)

    def _add(self, sheet: str, learner: Learner, spell: Spell, **cells: object) -> str:
        return self._tables.add(
            f"companion/{sheet}",
            learner=learner.state_id,
            organization=spell.school.code,
            **cells,
        )

    def _attendance(self, learner: Learner, spell: Spell) -> None:
        """A summary for each spell; of the last school days the days missed as well, one by one."""
        chance = dice(self._seed, "attendance", learner.number, spell.entry)
        last = min(spell.exit or self._today, self._today)
        days = [day for day in spell.year.days if spell.entry <= day <= last]
        missed = [day for day in days if chance.random() < learner.absence]
        year = spell.year.label
        self._add(
            "attendance-summaries",
            learner,
            spell,
            schoolYear=year,
            daysEnrolled=len(days),
            daysAbsent=len(missed),
        )
        if spell.year == self._year:
            for day in sorted(set(missed) & set(days[-_DAYS_WITH_EVENTS:])):
                status = chance.choices(_STATUSES, (3, 1))[0]
                self._add(
                    "attendance-events", learner, spell, date=day, status=status, schoolYear=year
                )
            if days and chance.random() < 0.3:
                self._add(
                    "attendance-events",
                    learner,
                    spell,
                    date=chance.choice(days),
                    status="Tardy",
                    schoolYear=year,
                )

    def _behavior(self, learner: Learner) -> None:
        chance = dice(self._seed, "behavior", learner.number)
        if chance.random() >= 0.08:
            return
        spell = chance.choice(learner.spells)
        day = _day_in(spell, chance.random(), self._today)
        incident = self._add(
            "behavior-incidents",
            learner,
            spell,
            date=day,
            incident=f"INC-{learner.number:04}",
            behaviors=chance.choice(("Invented: loud in the hall", "Invented: left class early")),
            role="Perpetrator",
        )
        if chance.random() < 0.5:
            self._add(
                "disciplinary-actions",
                learner,
                spell,
                date=day,
                types="Invented: talk with the principal",
                lengthInDays=1,
                incidents=incident,
            )

    def _supports(self, learner: Learner) -> None:
        chance = dice(self._seed, "supports", learner.number)
        if learner.language != "en" or chance.random() < 0.18:
            kind = _SUPPORTS[1] if learner.language != "en" else chance.choice(_SUPPORTS)
            spell = learner.now
            self._add(
                "supports",
                learner,
                spell,
                type=kind,
                program=f"Sample {kind}",
                startDate=spell.entry,
            )
        if chance.random() < 0.13:
            kind = chance.choice(_SPECIAL)
            for spell in learner.spells[-2:]:
                self._add(
                    "special-education",
                    learner,
                    spell,
                    type=kind,
                    startDate=spell.entry,
                    endDate="" if spell.exit is None or spell.exit > self._today else spell.exit,
                    accommodations="Invented: extra time; Invented: a quiet place",
                )

    def _end_of_year(self, learner: Learner, spell: Spell, levels: dict[str, int]) -> None:
        """State tests, course results and mastery as of the last day, at the school of that day."""
        chance = dice(self._seed, "end", learner.number, spell.year.start)
        year = spell.year.label
        codes = {"math": MATHEMATICS[spell.grade], "ela": literacy(spell.grade)}
        for subject, title in SUBJECTS.items():
            mean = sum(levels[code] for code in codes[subject]) / len(codes[subject])
            if spell.grade in _STATE_TESTED:
                score = round(share(round(mean), chance.gauss(0, 1)) * 400)
                band = min(3, score // 100)
                self._add(
                    "state-assessments",
                    learner,
                    spell,
                    name=f"Sample State Test, {title}",
                    assessment=f"SST-{subject.upper()}-{spell.grade}",
                    date=spell.year.days[-20],
                    score=score,
                    maximumScore=400,
                    performanceLevels=f"Level {band + 1}",
                    mastery=LEVELS[band],
                    grade=spell.grade,
                    schoolYear=year,
                )
            if spell.grade not in ("K", "1", "2", "3", "4", "5"):
                self._add(
                    "course-results",
                    learner,
                    spell,
                    title=f"{title} {spell.grade}",
                    course=course_code(spell.school, spell.grade, subject),
                    schoolYear=year,
                    finalGrade=_MARKS[round(mean)],
                    credits="1.0" if spell.grade in ("9", "10", "11", "12") else "0.0",
                )
        for code in (*codes["math"], codes["ela"][0]):
            self._mastery(learner, spell, code, levels[code], spell.year.last)

    def _autumn(self, learner: Learner, levels: dict[str, int]) -> None:
        """What was mastered of this year's first standards by mid October, and a benchmark."""
        day = min(date(self._year.start, 10, 15), self._today)
        if not (spell := learner.at(day)):
            return
        chance = dice(self._seed, "autumn", learner.number)
        codes = MATHEMATICS[spell.grade][:5]
        for code in (*codes, literacy(spell.grade)[0]):
            self._mastery(learner, spell, code, levels[code], day)
        if learner.number % 2:
            level = levels[codes[0]]
            self._add(
                "local-assessments",
                learner,
                spell,
                name="Sample Autumn Benchmark, Mathematics",
                assessment=f"SAB-{spell.grade}",
                date=day,
                score=round(share(level, chance.gauss(0, 1)) * 50),
                maximumScore=50,
                mastery=LEVELS[level],
                standards=dot_notation(codes[0]),
                grade=spell.grade,
                schoolYear=spell.year.label,
            )

    def _mastery(self, learner: Learner, spell: Spell, code: str, level: int, day: date) -> None:
        self._add(
            "mastery-states",
            learner,
            spell,
            standard=dot_notation(code),
            mastery=LEVELS[level],
            date=day,
            schoolYear=spell.year.label,
        )

    def _portfolio(self, learner: Learner, levels: dict[str, int]) -> None:
        """A personal best in reading or mathematics from each school, and now and then more."""
        chance = dice(self._seed, "portfolio", learner.number)
        for spell in learner.spells[-2:]:
            met = [code for code in MATHEMATICS[spell.grade] if levels[code] >= MET]
            code = chance.choice(met) if met else literacy(spell.grade)[1]
            sheet = "personal-bests" if met or chance.random() < 0.5 else "artifacts"
            subject = SUBJECTS["math" if met else "ela"]
            self._add(
                sheet,
                learner,
                spell,
                name=f"Invented title: {subject.lower()} piece of work",
                date=_day_in(spell, chance.random(), self._today),
                format=chance.choice(("application/pdf", "image/png", "text/plain")),
                subject=subject,
                standards=standard_iri(code),
            )
        if chance.random() < 0.4:
            spell = learner.now
            self._add(
                "artifacts",
                learner,
                spell,
                name="Invented title: a story in four pictures",
                date=_day_in(spell, chance.random(), self._today),
                format="image/png",
                subject=SUBJECTS["ela"],
                standards=standard_iri(literacy(spell.grade)[1]),
            )

    def _comment(self, learner: Learner) -> None:
        chance = dice(self._seed, "comment", learner.number)
        spell = learner.spells[0]
        self._add(
            "comments",
            learner,
            spell,
            text=chance.choice(_COMMENTS),
            date=_day_in(spell, chance.random(), self._today),
            author="teacher",
            subject=SUBJECTS["math"],
        )


def _day_in(spell: Spell, place: float, today: date) -> date:
    """Return the school day at *place*, from 0 to 1, of the part of *spell* that has passed."""
    last = min(spell.exit or today, today)
    days = [day for day in spell.year.days if spell.entry <= day <= last]
    return days[int(place * len(days))] if days else spell.entry
