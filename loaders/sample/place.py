"""The invented state of the sample: one agency, two districts, six schools, four outsiders."""

from dataclasses import dataclass

__all__ = ["DISTRICTS", "GRADES", "OUTSIDERS", "SCHOOLS", "STATE", "School", "school_for"]

GRADES = ("K", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")


@dataclass(frozen=True, slots=True)
class School:
    """A school: its code, name, district and grades."""

    code: str
    name: str
    district: str
    grades: tuple[str, ...]


STATE = ("sample", "Sample State Education Agency")
DISTRICTS = (("north", "Northern Sample District"), ("south", "Southern Sample District"))
SCHOOLS = (
    School("elm", "Elm Sample Elementary", "north", GRADES[:6]),
    School("birch", "Birch Sample Middle", "north", GRADES[6:9]),
    School("cedar", "Cedar Sample High", "north", GRADES[9:]),
    School("fern", "Fern Sample Elementary", "south", GRADES[:6]),
    School("hazel", "Hazel Sample Middle", "south", GRADES[6:9]),
    School("maple", "Maple Sample High", "south", GRADES[9:]),
)
OUTSIDERS = (
    ("lantern", "Lantern Sample Tutors", "provider"),
    ("afterbell", "After Bell Sample Club", "provider"),
    ("mobility", "Sample Study of Moving Between Schools", "research-team"),
    ("persistence", "Sample Study of Persistence", "research-team"),
)


def school_for(district: str, grade: str) -> School:
    """Return the one school of *district* that has *grade*."""
    return next(
        school for school in SCHOOLS if school.district == district and grade in school.grades
    )
