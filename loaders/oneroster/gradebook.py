"""Line items and results of a OneRoster folder, with the standards that they are tied to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from databackpack.loaders import value
from databackpack.loaders.assembly import Assembly, Term
from databackpack.loaders.oneroster.folder import Folder
from databackpack.loaders.oneroster.people import People
from databackpack.loaders.oneroster.places import Places
from databackpack.loaders.record import Problem, Source
from databackpack.loaders.spool import Spool
from databackpack.loaders.table import Refused, Register, Row
from databackpack.loaders.value import Value
from databackpack.ontology.codes import UnknownCode, concept
from databackpack.ontology.namespaces import BP, BPM, SDO

__all__ = ["Gradebook"]

_SCORE_STATUSES = (*("exempt", "fully graded", "not submitted", "partially graded", "submitted"),)
_ENTRY_METHOD = value.choice("teacher", "program")


@dataclass(frozen=True, slots=True)
class _LineItem:
    """What is the same in all results of one line item; *terms* grows with its objectives."""

    school: str
    terms: list[Term]


class Gradebook:
    """What a OneRoster folder says of marks; `read` first, then `join`."""

    def __init__(
        self, folder: Folder, places: Places, people: People, joins: Spool, assembly: Assembly
    ) -> None:
        self._folder = folder
        self._places = places
        self._people = people
        self._joins = joins
        self._assembly = assembly
        self._line_items: Register[_LineItem] = Register("lineItems.csv")
        self._objectives: Register[None] = Register("lineItemLearningObjectiveIds.csv")

    def read(self) -> Iterator[Problem]:
        """Yield problems; results and their objectives are spooled."""
        each = self._folder.each
        yield from each(
            "lineItems",
            ("title", "classSourcedId"),
            ("assignDate", "dueDate", "resultValueMax", "metadata.entryMethod"),
            self._line_item,
        )
        objective = ("source", "learningObjectiveId")
        yield from each(
            "lineItemLearningObjectiveIds",
            ("lineItemSourcedId", *objective),
            (),
            self._line_item_objective,
        )
        yield from each(
            "results",
            ("lineItemSourcedId", "studentSourcedId"),
            ("scoreStatus", "score", "textScore"),
            self._result,
        )
        yield from each(
            "resultLearningObjectiveIds",
            ("resultSourcedId", *objective),
            (),
            self._result_objective,
        )

    def join(self) -> Iterator[Problem]:
        """Put each result, with its objectives, among the records; yield what does not fit."""
        for (kind, *key), rows in self._joins:
            if kind != "result":
                continue
            results = [(row, source) for row, source in rows if "line item" in row]
            objectives = [(row, source) for row, source in rows if "standard" in row]
            if not results:
                for _, source in objectives:
                    yield _problem(source, _unknown_result(key[0]))
                continue
            first, source = results[0]
            yield from (_problem(other, _twice(key[0], source)) for _, other in results[1:])
            self._add(key[0], first, [row["standard"] for row, _ in objectives], source)

    def _add(
        self, identifier: str, row: dict[str, Any], standards: list[str], source: Source
    ) -> None:
        line_item = self._line_items.find(row["line item"], "lineItemSourcedId")
        terms = [*line_item.terms]
        if row["score"]:
            terms.append((BP.scoreValue, ("decimal", row["score"])))
        if row["mastery"]:
            terms.append((BP.hasMasteryLevel, ("iri", row["mastery"])))
        terms.extend((BP.isAlignedTo, ("iri", standard)) for standard in standards)
        self._assembly.add_item(
            row["learner"],
            line_item.school,
            BP.GradebookItem,
            ("result", identifier),
            terms,
            source,
        )

    def _line_item(self, row: Row) -> None:
        attended = self._places.classes.find(row.require("classSourcedId"), "classSourcedId")
        found: list[tuple[Any, Value | None]] = [
            (SDO.name, ("text", row.require("title"))),
            (BP.schoolYear, ("text", attended.school_year)),
            (BP.courseCode, ("text", attended.course_code) if attended.course_code else None),
            (BP.dateAssigned, value.read(row, "assignDate", value.whole_date)),
            (BP.dueDate, value.read(row, "dueDate", value.whole_date)),
            (BP.maximumScore, value.read(row, "resultValueMax", value.decimal)),
            (BP.entryMethod, value.read(row, "metadata.entryMethod", _ENTRY_METHOD)),
        ]
        terms: list[Term] = [(predicate, term) for predicate, term in found if term]
        line_item = _LineItem(attended.school, terms)
        self._line_items.add(row.require("sourcedId"), line_item, row.source)

    def _line_item_objective(self, row: Row) -> None:
        self._objectives.add(row.require("sourcedId"), None, row.source)
        column = "lineItemSourcedId"
        line_item = self._line_items.find(row.require(column), column)
        line_item.terms.append((BP.isAlignedTo, _objective(row)))

    def _result(self, row: Row) -> None:
        column = "lineItemSourcedId"
        self._line_items.find(row.require(column), column)
        status = row["scoreStatus"]
        if status and status.casefold() not in _SCORE_STATUSES:
            known = ", ".join(_SCORE_STATUSES)
            raise Refused("unknown code", f"scoreStatus: {status!r} is none of {known}")
        score = value.read(row, "score", value.decimal)
        column = "studentSourcedId"
        self._joins.add(
            ("result", row.require("sourcedId")),
            {
                "line item": row["lineItemSourcedId"],
                "learner": self._people.learner(row.require(column), column),
                "score": score[1] if score else "",
                "mastery": _mastery(row["textScore"]),
            },
            row.source,
        )

    def _result_objective(self, row: Row) -> None:
        self._joins.add(
            ("result", row.require("resultSourcedId")),
            {"standard": _objective(row)[1]},
            row.source,
        )


def _objective(row: Row) -> Value:
    """Return the standard of a learning objective; ``case`` promises a CASE identifier."""
    identifier = row.require("learningObjectiveId")
    if row.require("source") == "case" and not identifier.startswith("urn:uuid:"):
        raise Refused(
            "no case identifier",
            f"learningObjectiveId: {identifier[:100]!r} with source case is no urn:uuid: "
            "identifier; write one, or set source to unknown",
        )
    return value.require(row, "learningObjectiveId", value.standard)


def _mastery(text: str) -> str:
    """Return the mastery level that a textScore names; it is free text, so often none."""
    try:
        return str(concept(BPM.Scheme, text))
    except UnknownCode:
        return ""


def _unknown_result(identifier: str) -> Refused:
    return Refused(
        "unknown reference",
        f"resultSourcedId {identifier!r} is no sourcedId of a row that was loaded from "
        "results.csv; correct it or add the row",
    )


def _twice(identifier: str, first: Source) -> Refused:
    return Refused(
        "duplicate identifier",
        f"sourcedId {identifier!r} is already in row {first.line} ({first}); give each row its own",
    )


def _problem(source: Source, refused: Refused) -> Problem:
    return Problem(source, refused.rule, refused.message)
