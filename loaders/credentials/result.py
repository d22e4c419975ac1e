"""Results within a credential, with the description that each refers to."""

import re
from dataclasses import dataclass

from databackpack.loaders.assembly import Term
from databackpack.loaders.credentials.alignment import standards
from databackpack.loaders.credentials.vocabulary import OB, SCHEMA
from databackpack.loaders.jsonld import Node
from databackpack.loaders.table import Refused

__all__ = ["Result", "results"]

_GRADES = {"GradePointAverage", "LetterGrade", "Percent", "Result"}
_OPEN = {"Enrolled", "Failed", "InProgress", "OnHold", "Withdrew"}
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its value, status and achieved level, and what its description says of it."""

    path: str
    identifier: str | None
    name: str | None
    kind: str | None
    value: str | None
    status: str | None
    level: str | None
    highest: str | None
    standards: tuple[Term, ...]

    @property
    def score(self) -> str | None:
        """The value where it is a number."""
        return self.value if self.value and _NUMBER.fullmatch(self.value) else None

    @property
    def maximum(self) -> str | None:
        """The highest value where both are numbers."""
        return self.highest if self.highest and _NUMBER.fullmatch(self.highest) else None

    @property
    def levels(self) -> list[str]:
        """What is said of the result in words."""
        value = self.value if self.score is None else None
        return [one for one in (value, self.level, self.status) if one]

    @property
    def is_grade(self) -> bool:
        """Whether it is the grade of a course."""
        return self.value is not None and (self.kind or "Result") in _GRADES and not self.is_hours

    @property
    def is_hours(self) -> bool:
        """Whether it counts hours, which only its name tells."""
        return self.score is not None and "hour" in (self.name or "").casefold()

    @property
    def is_open(self) -> bool:
        """Whether it says that what is described was not reached."""
        return self.status in _OPEN


def results(subject: Node, achievement: Node) -> list[Result]:
    """Return the results of *subject*; raises Refused where one is of another type."""
    described = achievement.nodes(OB.resultDescription)
    levels = [level for one in described for level in one.nodes(OB.rubricCriterionLevel)]
    names = {one.iri: one.text(SCHEMA.name) or one.text(OB.level) for one in levels if one.iri}
    about = {one.iri: one for one in described if one.iri}
    return [_result(one, about, names) for one in subject.nodes(OB.result)]


def _result(node: Node, described: dict[str, Node], levels: dict[str, str | None]) -> Result:
    if str(OB.Result) not in node.types:
        raise Refused("wrong type", f"{node.path}.type: a result is of the type Result")
    identifier = node.text(OB.resultDescription)
    about = described.get(identifier or "")
    level = node.text(OB.achievedLevel)
    return Result(
        path=node.path,
        identifier=identifier,
        name=about.text(SCHEMA.name) if about else None,
        kind=about.text(OB.resultType) if about else None,
        value=node.text(SCHEMA.value),
        status=node.text(OB.status),
        level=levels.get(level or "") or level,
        highest=about.text(OB.valueMax) if about else None,
        standards=tuple(dict.fromkeys([*standards(node), *(standards(about) if about else [])])),
    )
