"""Achievements become items: recognitions, courses, tests, service and standards that are met."""

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from rdflib import URIRef

from databackpack.loaders.assembly import Assembly, Term
from databackpack.loaders.credentials.alignment import standards
from databackpack.loaders.credentials.proof import Proof
from databackpack.loaders.credentials.result import Result, results
from databackpack.loaders.credentials.vocabulary import OB, SCHEMA, VC
from databackpack.loaders.jsonld import Node
from databackpack.loaders.record import Source
from databackpack.loaders.table import Refused
from databackpack.loaders.value import Value
from databackpack.ontology.namespaces import BP, BPM, SDO

__all__ = ["add_achievement"]

_DATES = (OB.awardedDate, VC.validFrom, VC.issuanceDate)


@dataclass(frozen=True, slots=True)
class _Award:
    """One credential: what its items have in common."""

    assembly: Assembly
    learner: str
    holder: str
    key: str
    day: date
    proof: Proof
    source: Source

    def add(self, kind: URIRef, part: str, terms: list[Term]) -> None:
        if self.proof.signer is not None:
            terms = [*terms, (BP.signedBy, ("text", self.proof.signer))]
        key = (self.key, part)
        self.assembly.add_item(self.learner, self.holder, kind, key, terms, self.source)


def add_achievement(
    assembly: Assembly,
    credential: Node,
    subject: Node,
    learner: str,
    holder: tuple[str, str],
    key: str,
    proof: Proof,
    source: Source,
) -> None:
    """What *credential* says of *subject* is in *assembly*, held by *holder* (code, name).

    Raises Refused, before anything is added, where something is missing or wrong.
    """
    achievement = subject.node(OB.achievement)
    if achievement is None:
        raise Refused("missing achievement", f"{subject.path}: it names no achievement")
    code, issuer = holder
    award = _Award(assembly, learner, code, key, _awarded(credential), proof, source)
    name = achievement.need(SCHEMA.name)
    aligned = standards(achievement)
    found = results(subject, achievement)
    evidence = [_artifact(one, award.day, aligned) for one in credential.nodes(VC.evidence)]
    becomes = _becomes().get(achievement.text(OB.achievementType) or "", "recognition")
    until = _until(credential)

    if becomes == "course":
        terms, found = _course(achievement, subject, name, found, award.day)
        award.add(BP.CourseResult, "course", terms)
    elif becomes == "service" and (hours := _hours(found)) is not None:
        award.add(BP.ServiceActivity, "service", _service(subject, name, hours, issuer, award.day))
        found = [one for one in found if one is not hours]
    elif becomes != "assessment" or not found:
        named = [(BP.issuer, ("text", issuer)), (BP.dateIssued, ("date", award.day.isoformat()))]
        award.add(
            BP.Recognition, "recognition", [(SDO.name, ("text", name)), *named, *until, *aligned]
        )
    if becomes == "competency" and not any(one.is_open for one in found):
        for standard in aligned:
            terms = [
                standard,
                (BP.hasMasteryLevel, ("iri", str(BPM.Met))),
                _dated(BP.asOfDate, award.day),
            ]
            award.add(BP.MasteryState, f"mastery {standard[1][1]}", terms)
    for index, one in enumerate(found):
        terms = _tested(
            one, achievement, name, aligned if becomes == "assessment" else [], award.day
        )
        award.add(BP.LocalAssessmentResult, f"result {index}", terms)
    for index, terms in enumerate(evidence):
        award.add(BP.Artifact, f"evidence {index}", terms)


def _course(
    achievement: Node, subject: Node, name: str, found: list[Result], day: date
) -> tuple[list[Term], list[Result]]:
    """Return what is known of a course, and the results that are not its grade."""
    end = _day(subject.text(OB.activityEndDate), subject.path) or day
    terms: list[Term] = [
        (BP.courseTitle, ("text", name)),
        (BP.schoolYear, ("text", _school_year(end))),
    ]
    if humane := achievement.text(OB.humanCode):
        terms.append((BP.courseCode, ("text", humane)))
    if earned := subject.text(OB.creditsEarned):
        terms.append((BP.creditsEarned, _number(earned, f"{subject.path}.creditsEarned")))
    grades = [one for one in found if one.is_grade]
    if grades:
        terms.append((BP.finalGrade, ("text", str(grades[0].value))))
    return terms, [one for one in found if one not in grades[:1]]


def _service(subject: Node, name: str, hours: Result, issuer: str, day: date) -> list[Term]:
    start = _day(subject.text(OB.activityStartDate), subject.path) or day
    return [
        (SDO.name, ("text", name)),
        (BP.hours, _number(str(hours.value), hours.path)),
        _dated(BP.startDate, start),
        (BP.organizer, ("text", issuer)),
    ]


def _hours(found: list[Result]) -> Result | None:
    return next((one for one in found if one.is_hours), None)


def _tested(
    result: Result, achievement: Node, name: str, aligned: list[Term], day: date
) -> list[Term]:
    terms: list[Term] = [
        (BP.assessmentIdentifier, ("text", result.identifier or achievement.iri or name)),
        (SDO.name, ("text", result.name or name)),
        _dated(BP.resultDate, day),
        *(((BP.performanceLevel, ("text", level))) for level in result.levels),
        *{*aligned, *result.standards},
    ]
    if result.score is not None:
        terms.append((BP.scoreValue, ("decimal", result.score)))
        if result.maximum is not None:
            terms.append((BP.maximumScore, ("decimal", result.maximum)))
    return terms


def _artifact(evidence: Node, day: date, aligned: list[Term]) -> list[Term]:
    name = evidence.text(SCHEMA.name) or evidence.text(SCHEMA.description)
    if name is None:
        raise Refused("missing value", f"{evidence.path}.name is missing; it is needed")
    return [(SDO.name, ("text", name)), _dated(SDO.dateCreated, day), *aligned]


def _awarded(credential: Node) -> date:
    for term in _DATES:
        if found := _day(credential.text(term), credential.path):
            return found
    raise Refused(
        "missing value", f"{credential.path}: validFrom or issuanceDate says when it was issued"
    )


def _until(credential: Node) -> list[Term]:
    for term in (VC.validUntil, VC.expirationDate):
        if found := _day(credential.text(term), credential.path):
            return [_dated(BP.expiryDate, found)]
    return []


def _dated(term: URIRef, day: date) -> Term:
    return term, ("date", day.isoformat())


def _day(text: str | None, path: str) -> date | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise Refused(
            "bad date", f"{path}: {text[:100]!r} is no moment; write it as 2026-09-01T00:00:00Z"
        ) from None


def _number(text: str, path: str) -> Value:
    if not re.fullmatch(r"-?\d{1,18}(?:\.\d{1,9})?", text):
        raise Refused("bad number", f"{path}: {text[:100]!r} is no number such as 12.5")
    return "decimal", text


def _school_year(day: date) -> str:
    """Return the school year that begins in the July before *day*."""
    first = day.year if day.month >= 7 else day.year - 1
    return f"{first}-{first + 1}"


@cache
def _becomes() -> dict[str, str]:
    """Return what achievements of a type become; the others are recognitions."""
    file = files("databackpack.loaders.credentials").joinpath("achievement-types.csv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return {row["achievementType"]: row["becomes"] for row in rows}
