"""The companion files of the learner profile: measures, narratives, goals, service, badges."""

from datetime import date, timedelta

from databackpack.loaders.sample.curriculum import MATHEMATICS, dot_notation
from databackpack.loaders.sample.learner import Learner, dice
from databackpack.loaders.sample.mastery import MET
from databackpack.loaders.sample.place import GRADES
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.loaders.sample.tables import Tables

__all__ = ["Profile"]

_NARRATIVES = (
    ("asset", "Invented text: explains games to younger children with great patience."),
    ("asset", "Invented text: builds bridges out of paper and tests them."),
    ("challenge", "Invented text: finds it hard to begin when a page is full of words."),
    ("challenge", "Invented text: gives up early on long divisions."),
)
_CHARACTERISTICS = (
    ("strength", "Invented text: sees patterns."),
    ("weakness", "Invented text: rushes the last step."),
    ("preference", "Invented text: likes to work with one partner."),
    ("interest", "Invented text: kites, maps and soup."),
    ("history", "Invented text: learned to read at home before school."),
)
_AUTHORS = ("learner", "teacher", "guardian")
_SERVICE = ("Invented: tended the school garden", "Invented: read aloud at the sample library")


class Profile:
    """Writes the profile of one learner at the present school; one `write` per learner."""

    def __init__(self, tables: Tables, seed: int, year: SchoolYear, today: date) -> None:
        self._tables = tables
        self._seed = seed
        self._year = year
        self._today = today
        self._day = min(date(year.start, 10, 1), today)

    def write(self, learner: Learner, levels: dict[str, int]) -> None:
        """Every sheet of the profile has the learner's rows, dated no later than today."""
        self._measures(learner)
        self._words(learner)
        self._goals(learner, levels)
        self._outside(learner)
        self._recommendations(learner, levels)

    def _add(self, sheet: str, learner: Learner, **cells: object) -> str:
        return self._tables.add(
            f"companion/{sheet}",
            learner=learner.state_id,
            organization=learner.now.school.code,
            **cells,
        )

    def _measures(self, learner: Learner) -> None:
        chance = dice(self._seed, "measures", learner.number)
        measures = (
            ("motivation-measures", 0.7, "persistence", "true"),
            ("non-cognitive-measures", 0.3, "belonging", "false"),
            ("self-management-measures", 0.6, "planning", "false"),
        )
        for sheet, share, construct, is_prediction in measures:
            if chance.random() < share:
                mean = 3 + 0.5 * learner.ability if is_prediction == "true" else 3
                self._add(
                    sheet,
                    learner,
                    instrument=f"Sample {construct} questionnaire",
                    method="self-report",
                    construct=construct,
                    score=f"{min(5.0, max(1.0, chance.gauss(mean, 0.8))):.1f}",
                    maximumScore=5,
                    date=self._day,
                    isPrediction=is_prediction,
                )

    def _words(self, learner: Learner) -> None:
        chance = dice(self._seed, "words", learner.number)
        kind, text = chance.choice(_NARRATIVES)
        author = chance.choice(_AUTHORS)
        self._add("narratives", learner, text=text, date=self._day, author=author, kind=kind)
        kind, text = chance.choice(_CHARACTERISTICS)
        author = chance.choice(_AUTHORS)
        self._add("characteristics", learner, kind=kind, text=text, author=author, date=self._day)

    def _goals(self, learner: Learner, levels: dict[str, int]) -> None:
        chance = dice(self._seed, "goals", learner.number)
        code = MATHEMATICS[learner.grade][chance.randrange(5)]
        is_reached = levels[code] >= MET
        goal = self._add(
            "goals",
            learner,
            text=f"Invented text: show {code} on my own.",
            startDate=self._day,
            targetDate=self._year.last,
            status="Reached" if is_reached else chance.choice(("Open", "Open", "Given Up")),
            standards=dot_notation(code),
            author=chance.choice(("learner", "teacher")),
        )
        for days, percent in ((14, 25), (35, 100 if is_reached else 50)):
            day = self._day + timedelta(days)
            if day <= self._today:
                self._add("goal-progress", learner, goal=goal, date=day, percent=percent)

    def _outside(self, learner: Learner) -> None:
        chance = dice(self._seed, "outside", learner.number)
        if chance.random() < 0.3:
            self._add(
                "service",
                learner,
                name=chance.choice(_SERVICE),
                hours=f"{chance.randrange(2, 40) / 2:.1f}",
                startDate=self._day,
                organizer="After Bell Sample Club",
                isVouchedFor=chance.choice(("true", "false")),
            )
        if chance.random() < 0.35:
            code = chance.choice(MATHEMATICS[learner.grade])
            self._add(
                "recognitions",
                learner,
                name=f"Invented badge for {code}",
                issuer="After Bell Sample Club",
                date=self._day,
                standards=dot_notation(code),
            )
        if GRADES.index(learner.grade) >= 9:
            self._add(
                "readiness",
                learner,
                name="Sample readiness in mathematics",
                status="On track" if learner.ability > -0.5 else "Not yet on track",
                date=self._day,
            )

    def _recommendations(self, learner: Learner, levels: dict[str, int]) -> None:
        """The first two standards of this and last year's grade that are not met yet."""
        place = GRADES.index(learner.grade)
        grades = GRADES[max(0, place - 1) : place + 1]
        codes = [code for grade in grades for code in MATHEMATICS[grade]]
        unmet = [code for code in codes if levels[code] < MET]
        for position, code in enumerate(unmet[:2], start=1):
            self._add(
                "recommendations",
                learner,
                standard=code,
                position=position,
                explanation=f"Invented text: {code} is not met yet and more rests on it.",
                date=self._day,
            )
