"""Interchange XML as the JSON that the Ed-Fi API would give: for tests, written apart from ours.

The API flattens the identity of a reference, calls lists by a plural, and appends ``Descriptor`` to
what holds a descriptor's URI.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from lxml import etree

_URI = re.compile(r"uri://[^#]+Descriptor#")
_RESOURCES = {
    "LocalEducationAgency": "localEducationAgencies",
    "GradebookEntry": "gradebookEntries",
}
_RESOURCES["StudentGradebookEntry"] = "studentGradebookEntries"
_LISTS = {
    ("StudentAssessment", "StudentAssessmentItem"): "items",
    ("StudentAssessment", "StudentObjectiveAssessment"): "studentObjectiveAssessments",
    ("*", "ScoreResult"): "scoreResults",
    ("*", "PerformanceLevel"): "performanceLevels",
    ("*", "AssessmentScore"): "scores",
    ("*", "LearningStandardReference"): "learningStandards",
    ("*", "Disability"): "disabilities",
    ("DisciplineAction", "Discipline"): "disciplines",
    ("*", "DisciplineIncidentParticipationCode"): "disciplineIncidentParticipationCodes",
    ("DisciplineAction", "StudentDisciplineIncidentBehaviorAssociationReference"): (
        "studentDisciplineIncidentBehaviorAssociations"
    ),
}
_DISSOLVED = {"Name", "BirthData", "AttendanceEvent"}  # their children stand in the object itself


def resources(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the objects of each resource that the XML files of *folder* hold."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in sorted(folder.glob("*.xml")):
        root = etree.parse(str(file)).getroot()
        by_id = {element.get("id"): element for element in root if element.get("id")}
        for element in root.iterchildren(tag=etree.Element):
            name = _name(element)
            resource = _RESOURCES.get(name, _lower(name) + "s")
            found[resource].append(_object(element, name, by_id))
    return found


def write(folder: Path, target: Path) -> None:
    """*target* has one array for each resource of the XML files of *folder*."""
    target.mkdir()
    for resource, objects in resources(folder).items():
        text = json.dumps(objects, ensure_ascii=False, indent=1)
        (target / f"{resource}.json").write_text(text, encoding="utf-8")


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _object(element: Any, root: str, by_id: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element.iterchildren(tag=etree.Element):
        name = _name(child)
        listed = _LISTS.get((root, name)) or _LISTS.get(("*", name))
        if name in _DISSOLVED:
            found.update(_object(child, root, by_id))
        elif listed and _name(element) != name:  # Disability/Disability: the inner one is no list
            found.setdefault(listed, []).append(_entry(child, root, by_id))
        else:
            found.update(_member(child, root, by_id))
    return found


def _entry(element: Any, root: str, by_id: dict[str, Any]) -> dict[str, Any]:
    name = _name(element)
    if name.endswith("Reference") or not len(element):
        return _member(element, root, by_id)
    return _object(element, root, by_id)


def _member(element: Any, root: str, by_id: dict[str, Any]) -> dict[str, Any]:
    name = _name(element)
    if name.endswith("Reference"):
        flat: dict[str, Any] = {}
        _flatten(element, flat, by_id)
        return {_lower(name): flat}
    if len(element):
        return {_lower(name): _object(element, root, by_id)}
    text = (element.text or "").strip()
    if name == "SchoolYear":
        return {"schoolYearTypeReference": {"schoolYear": int(text[-4:])}}
    if _URI.match(text):
        return {f"{_lower(name)}Descriptor": text}
    number = re.fullmatch(r"-?\d+(\.\d+)?", text) and name.startswith(("Max", "Numeric", "Points"))
    return {_lower(name): float(text) if number else text}


def _flatten(element: Any, flat: dict[str, Any], by_id: dict[str, Any]) -> None:
    """Put the leaves of a reference's identity into *flat*; one ``ref`` is looked up."""
    if (target := by_id.get(element.get("ref"))) is not None:
        for path in ("IncidentIdentifier", "SchoolId", "LocalEducationAgencyId"):
            for leaf in target.iter(f"{{*}}{path}"):
                flat.setdefault(_lower(path), leaf.text.strip())
        return
    for child in element.iterchildren(tag=etree.Element):
        if len(child) or child.get("ref"):
            _flatten(child, flat, by_id)
        else:
            text = (child.text or "").strip()
            name = _lower(_name(child))
            if _URI.match(text) or name == "programType":
                name += "Descriptor"
            flat.setdefault(name, int(text[-4:]) if name == "schoolYear" else text)
