"""The sample's files and the standards in plain Python, and who sees what of them.

Settings are those of ``settings.csv``; the rest is what ``docs/sample.md`` and the jurisdiction
say, for two askers: the state agency, and the teachers of Elm, who see their own learners.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from databackpack.ontology.standards import files, resolve
from tests.running import TODAY

__all__ = ["Files", "Row"]

Row = dict[str, str]


@dataclass
class Files:
    """The sample's files, and the standards."""

    folder: Path

    def rows(self, name: str) -> list[Row]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def sheet(self, name: str) -> list[Row]:
        return self.rows(f"companion/{name}")

    @cached_property
    def schools(self) -> dict[str, str]:
        return {org["identifier"]: org["name"] for org in self.rows("orgs")}

    @cached_property
    def district_of(self) -> dict[str, str]:
        by_id = {org["sourcedId"]: org["name"] for org in self.rows("orgs")}
        return {
            org["identifier"]: by_id.get(org["parentSourcedId"], "") for org in self.rows("orgs")
        }

    @cached_property
    def enrollments(self) -> set[tuple[str, str, str, str, str, str]]:
        """(learner, school, school year, grade, first day, last day)."""
        classes = {row["sourcedId"]: row for row in self.rows("classes")}
        return {
            (
                row["userSourcedId"].removeprefix("user-"),
                row["schoolSourcedId"].removeprefix("org-"),
                _year(classes[row["classSourcedId"]]["termSourcedIds"]),
                classes[row["classSourcedId"]]["grades"].lstrip("0").replace("KG", "K"),
                row["beginDate"],
                row["endDate"],
            )
            for row in self.rows("enrollments")
            if row["role"] == "student"
        }

    @cached_property
    def gradebook(self) -> list[tuple[str, str, str, set[str]]]:
        """(learner, school, school year, standards) of each item."""
        standards = defaultdict(set)
        for name, column in (("lineItem", "lineItemSourcedId"), ("result", "resultSourcedId")):
            for row in self.rows(f"{name}LearningObjectiveIds"):
                standards[row[column]].add(str(resolve(row["learningObjectiveId"])))
        items = {row["sourcedId"]: row for row in self.rows("lineItems")}
        return [
            (
                row["studentSourcedId"].removeprefix("user-"),
                items[row["lineItemSourcedId"]]["schoolSourcedId"].removeprefix("org-"),
                _year(items[row["lineItemSourcedId"]]["gradingPeriodSourcedId"]),
                standards[row["sourcedId"]] | standards[row["lineItemSourcedId"]],
            )
            for row in self.rows("results")
        ]

    @cached_property
    def links(self) -> dict[str, dict[str, set[str]]]:
        """Predicate → object → subjects, of the standards in mathematics."""
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        (text,) = (file.read_bytes() for file in files() if file.name == "ccss-math.ttl")
        for quad in ox.parse(text, format=ox.RdfFormat.TURTLE):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
                found[quad.predicate.value][quad.object.value].add(quad.subject.value)
        return found

    def below(self, standard: str, predicate: str) -> set[str]:
        """Return what leads to *standard* over one or more links."""
        found: set[str] = set()
        ahead = set(self.links[predicate][standard])
        while ahead:
            found |= ahead
            ahead = {s for one in ahead for s in self.links[predicate][one]} - found
        return found

    def seen_by(self, persona: str, category: str) -> Callable[[str], bool]:
        """Return whether *persona* sees a learner's records of *category* one by one."""
        roles = {"state-agency": {"state-agency"}, "teacher": {"teacher", "teacher-elm"}}[persona]
        low = {
            row["learner"]
            for row in self.sheet("settings")
            if row["audience"] in roles
            and row["category"] == category
            and row["level"] in ("none", "aggregate")
            and row["since"] <= TODAY.isoformat()
            and (not row["until"] or row["until"] > TODAY.isoformat())
        }
        if persona == "state-agency":
            return lambda learner: learner not in low
        day = TODAY.isoformat()
        own = {
            learner
            for learner, school, _, _, first, last in self.enrollments
            if school == "elm" and first <= day and (not last or last >= day)
        }
        return lambda learner: learner in own - low

    def states(self, persona: str) -> list[Row]:
        """Return the mastery states that *persona* sees, their standards as IRIs."""
        sees = self.seen_by(persona, "progress")
        return [
            row | {"standard": str(resolve(row["standard"]))}
            for row in self.sheet("mastery-states")
            if sees(row["learner"])
        ]

    def evidence(self, persona: str) -> Iterator[tuple[str, str, str, str, set[str]]]:
        """Yield (class, learner, school, school year or day, standards) of works and results."""
        sees = self.seen_by(persona, "gradebook")
        for learner, school, year, standards in self.gradebook:
            if sees(learner):
                yield "Gradebook Item", learner, school, year, standards
        sheets = [
            ("Artifact", "artifacts", "portfolio", "date"),
            ("Personal Best", "personal-bests", "portfolio", "date"),
            ("Local Assessment Result", "local-assessments", "assessment", "schoolYear"),
            ("State Assessment Result", "state-assessments", "assessment", "schoolYear"),
        ]
        if persona == "teacher":  # the state agency has no right to recognitions
            sheets.append(("Recognition", "recognitions", "recognitions", "date"))
        for kind, sheet, category, when in sheets:
            sees = self.seen_by(persona, category)
            for row in self.sheet(sheet):
                if sees(row["learner"]):
                    named = {str(resolve(text)) for text in row["standards"].split(";") if text}
                    yield kind, row["learner"], row["organization"], row[when], named


def _year(session: str) -> str:
    last = int(session.removeprefix("session-"))
    return f"{last - 1}-{last}"
