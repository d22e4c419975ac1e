"""A district's delivery of any size in OneRoster 1.2: one learner after another, nothing kept.

Every learner has the same number of triples, `TRIPLES`, of kinds that the sample has too.
"""

import csv
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["TRIPLES", "write"]

TRIPLES = 192
"""A learner's, in records: identity, demographics, two enrollments, six marks, five states of
mastery, attendance, a state's test, a comment and a goal."""

_SCHOOL = 500
"""Learners in a school, all of whom take the same six tests a year."""

_MARKS, _STATES = 6, 5
_STANDARDS = (
    *("3.OA.A.1", "3.OA.A.2", "3.OA.A.3", "3.OA.A.4", "3.OA.B.5", "3.OA.B.6", "3.OA.C.7"),
    *("3.OA.D.8", "3.NBT.A.1", "3.NBT.A.2", "3.NBT.A.3", "3.NF.A.1", "3.MD.A.1", "3.MD.A.2"),
)
_LEVELS = ("Not Yet", "Approaching", "Met", "Exceeded")
_YEARS = {2026: "2025-2026", 2027: "2026-2027"}

_FILES = {
    "orgs": "sourcedId name type identifier parentSourcedId",
    "academicSessions": "sourcedId title type startDate endDate schoolYear",
    "courses": "sourcedId title courseCode orgSourcedId",
    "classes": "sourcedId title grades courseSourcedId schoolSourcedId termSourcedIds",
    "users": "sourcedId enabledUser userIds givenName familyName grades primaryOrgSourcedId",
    "roles": "sourcedId userSourcedId roleType role orgSourcedId",
    "demographics": "sourcedId birthDate sex",
    "enrollments": "sourcedId classSourcedId schoolSourcedId userSourcedId role beginDate endDate",
    "lineItems": "sourcedId title classSourcedId assignDate dueDate resultValueMax "
    "metadata.entryMethod",
    "lineItemLearningObjectiveIds": "sourcedId lineItemSourcedId source learningObjectiveId",
    "results": "sourcedId lineItemSourcedId studentSourcedId scoreStatus score textScore",
    "companion/attendance-summaries": "id learner organization schoolYear daysEnrolled daysAbsent",
    "companion/attendance-events": "id learner organization date status schoolYear",
    "companion/mastery-states": "id learner organization standard mastery date schoolYear",
    "companion/state-assessments": "id learner organization name assessment date score "
    "maximumScore performanceLevels mastery standards grade schoolYear",
    "companion/comments": "id learner organization text date author subject",
    "companion/goals": "id learner organization text startDate targetDate status author",
    "companion/guardianships": "learner guardian relation since until",
    "companion/settings": "id learner assigner category audience level purpose since until",
}


def write(folder: Path, learners: int, seed: int = 1) -> None:
    """A delivery of *learners* is in *folder*; one in twenty has a word of the family."""
    (folder / "companion").mkdir(parents=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("propertyName", "value"))
        rows.writerow(("oneroster.version", "1.2"))
        rows.writerows((f"file.{name}", "bulk") for name in _FILES if "/" not in name)
    with ExitStack() as stack:
        files: dict[str, Any] = {}
        for name, columns in _FILES.items():
            file = stack.enter_context((folder / f"{name}.csv").open("w", newline=""))
            files[name] = csv.writer(file)
            files[name].writerow(columns.split())
        delivery = _Delivery(files, Random(seed))  # noqa: S311
        delivery.write_district()
        for number in range(learners):
            if number % _SCHOOL == 0:
                delivery.write_school(number // _SCHOOL)
            delivery.write_learner(number)


class _Delivery:
    def __init__(self, files: dict[str, Any], random: Random) -> None:
        self._files = files
        self._random = random
        self._school = ""

    def _add(self, name: str, *cells: object) -> None:
        self._files[name].writerow(cells)

    def write_district(self) -> None:
        self._add("orgs", "org-state", "Bench State", "state", "state", "")
        self._add("orgs", "org-d", "Bench District", "district", "d", "org-state")
        for year in _YEARS:
            start, end = f"{year - 1}-08-01", f"{year}-06-30"
            self._add("academicSessions", f"s{year}", str(year), "schoolYear", start, end, year)

    def write_school(self, number: int) -> None:
        self._school = school = f"e{number}"
        self._add("orgs", f"org-{school}", f"Bench School {number}", "school", school, "org-d")
        self._add("courses", f"course-{school}", "Mathematics", "MATH", f"org-{school}")
        for year, grade in ((2026, "03"), (2027, "04")):
            cells = (grade, f"course-{school}", f"org-{school}", f"s{year}")
            self._add("classes", f"class-{school}-{year}", "Mathematics", *cells)
        for place in range(_MARKS):
            item = f"item-{school}-{place}"
            day = f"2026-10-{10 + place}"
            self._add(
                "lineItems", item, f"Quiz {place}", f"class-{school}-2027", day, day, 20, "teacher"
            )
            objective = f"CCSS.Math.Content.{_STANDARDS[place]}"
            self._add("lineItemLearningObjectiveIds", f"o-{item}", item, "unknown", objective)

    def write_learner(self, number: int) -> None:
        school, key, random = self._school, f"B{number:07}", self._random
        user = f"user-{key}"
        given, family = f"Given{random.randrange(5000)}", f"Family{random.randrange(20000)}"
        self._add("users", user, "true", f"{{state:{key}}}", given, family, "04", f"org-{school}")
        self._add("roles", f"role-{key}", user, "primary", "student", f"org-{school}")
        birth = f"2017-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        self._add("demographics", user, birth, random.choice(("male", "female")))
        for year in _YEARS:
            cells = (f"class-{school}-{year}", f"org-{school}", user, "student")
            self._add(
                "enrollments", f"en-{key}-{year}", *cells, f"{year - 1}-08-25", f"{year}-06-05"
            )
        for place in range(_MARKS):
            mark = (f"item-{school}-{place}", user, "fully graded", random.randint(0, 20))
            self._add("results", f"r-{key}-{place}", *mark, random.choice(_LEVELS))
        self._write_companion(number, key, school)

    def _write_companion(self, number: int, key: str, school: str) -> None:
        random = self._random
        at, last = (key, school), _YEARS[2026]
        for year in _YEARS.values():
            cells = (*at, year, 175, random.randint(0, 30))
            self._add("companion/attendance-summaries", f"{key}-{year}", *cells)
        for day in (11, 12):
            event = (*at, f"2026-09-{day}", random.choice(("Tardy", "Excused Absence")), last)
            self._add("companion/attendance-events", f"{key}-{day}", *event)
        for place, standard in enumerate(random.sample(_STANDARDS, _STATES)):
            code = f"CCSS.Math.Content.{standard}"
            mastery = (*at, code, random.choice(_LEVELS), "2026-06-05", last)
            self._add("companion/mastery-states", f"{key}-{place}", *mastery)
        test = (*at, "Bench State Test", "BST-3", "2026-05-04", random.randint(100, 200), 200)
        more = ("Level 3", "Met", "CCSS.Math.Content.3.OA.A.1", "3", last)
        self._add("companion/state-assessments", key, *test, *more)
        text = f"Works well, note {number}."
        self._add("companion/comments", key, *at, text, "2026-10-01", "teacher", "Mathematics")
        goal = (f"Read {number % 40 + 5} books.", "2026-09-01", "2027-06-01", "OpenGoal")
        self._add("companion/goals", key, *at, *goal, "learner")
        guardian = f"state:G{number // 2:07}"
        self._add("companion/guardianships", key, guardian, "Mother", "", "")
        if number % 20 == 0:
            since = "2026-09-01T00:00:00Z"
            word = ("attendance", f"teacher-{school}", "none", "", since, "")
            self._add("companion/settings", number + 1, key, guardian, *word)
