"""The OneRoster files of marks: categories, line items, results and their learning objectives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from databackpack.loaders.sample.curriculum import MATHEMATICS, curriculum
from databackpack.loaders.sample.learner import Learner, dice
from databackpack.loaders.sample.mastery import LEVELS, share
from databackpack.loaders.sample.place import SCHOOLS, School
from databackpack.loaders.sample.roster import class_id
from databackpack.loaders.sample.schoolyear import SchoolYear
from databackpack.loaders.sample.tables import Tables

__all__ = ["write_line_items", "write_results"]

_CATEGORIES = {"quiz": 0.5, "practice": 0.2, "essay": 0.3}


@dataclass(frozen=True, slots=True)
class _Plan:
    """An item that every class of a subject sets: on which school day, on which standard."""

    name: str
    subject: str
    category: str
    day: int
    standard: int | None
    maximum: int
    entry_method: str = "teacher"


_LAST_YEAR = (
    _Plan("Quiz A", "math", "quiz", 40, 0, 20),
    _Plan("Practice set", "math", "practice", 120, 5, 10, "program"),
    _Plan("Essay", "ela", "essay", 100, None, 30),
)
_THIS_YEAR = (
    _Plan("Quiz A", "math", "quiz", 14, 0, 20),
    _Plan("Quiz B", "math", "quiz", 30, 2, 25),
    _Plan("Practice set", "math", "practice", 40, 4, 10, "program"),
    _Plan("Essay", "ela", "essay", 36, None, 30),
)


def write_line_items(tables: Tables, year: SchoolYear, today: date) -> None:
    """Categories and line items that were due by *today* are in *tables*.

    The standard of a teacher's item is said once, with the line item; a program says it with each
    result.
    """
    for title, weight in _CATEGORIES.items():
        tables.add("categories", sourcedId=f"category-{title}", title=title, weight=weight)
    for school in SCHOOLS:
        for grade in school.grades:
            for plan, of_year in _plans(year, today):
                _line_item(tables, school, grade, plan, of_year)


def write_results(
    tables: Tables,
    learner: Learner,
    levels: dict[str, int],
    seed: int,
    year: SchoolYear,
    today: date,
) -> None:
    """The learner's results are in *tables*, at the school that the learner was in at the time."""
    chance = dice(seed, "results", learner.number)
    for plan, of_year in _plans(year, today):
        due = of_year.days[plan.day]
        if not (spell := learner.at(due)):
            continue
        code = "" if plan.standard is None else MATHEMATICS[spell.grade][plan.standard]
        level = levels[code] if code else chance.randrange(4)
        status = chance.choices(("fully graded", "exempt", "not submitted"), (94, 2, 4))[0]
        score: object = ""
        if status == "fully graded":
            score = round(share(level, chance.gauss(0, 1)) * plan.maximum)
        line_item = _identifier(spell.school, spell.grade, plan, of_year)
        result = f"result-{learner.state_id}-{line_item}"
        tables.add(
            "results",
            sourcedId=result,
            lineItemSourcedId=line_item,
            studentSourcedId=f"user-{learner.state_id}",
            scoreStatus=status,
            score=score,
            scoreDate=due,
            textScore=LEVELS[level] if code and status == "fully graded" else "",
        )
        if plan.entry_method == "program":
            tables.add(
                "resultLearningObjectiveIds",
                sourcedId=f"objective-{result}",
                resultSourcedId=result,
                score=score,
                source="case",
                learningObjectiveId=curriculum().case_identifiers[code],
            )


def _plans(year: SchoolYear, today: date) -> Iterator[tuple[_Plan, SchoolYear]]:
    for plans, of_year in ((_LAST_YEAR, year.previous), (_THIS_YEAR, year)):
        for plan in plans:
            if of_year.days[plan.day] <= today:
                yield plan, of_year


def _identifier(school: School, grade: str, plan: _Plan, year: SchoolYear) -> str:
    name = plan.name.lower().replace(" ", "-")
    return f"item-{school.code}-{plan.subject}-{grade}-{name}-{year.code}"


def _line_item(tables: Tables, school: School, grade: str, plan: _Plan, year: SchoolYear) -> None:
    due = year.days[plan.day]
    identifier = _identifier(school, grade, plan, year)
    tables.add(
        "lineItems",
        sourcedId=identifier,
        title=f"Sample {plan.name.lower()}",
        assignDate=due - timedelta(7),
        dueDate=due,
        classSourcedId=class_id(school, grade, plan.subject, year),
        categorySourcedId=f"category-{plan.category}",
        gradingPeriodSourcedId=f"session-{year.code}",
        resultValueMin=0,
        resultValueMax=plan.maximum,
        schoolSourcedId=f"org-{school.code}",
        entryMethod=plan.entry_method,
    )
    if plan.standard is not None and plan.entry_method == "teacher":
        code = MATHEMATICS[grade][plan.standard]
        tables.add(
            "lineItemLearningObjectiveIds",
            sourcedId=f"objective-{identifier}",
            lineItemSourcedId=identifier,
            source="case",
            learningObjectiveId=curriculum().case_identifiers[code],
        )
