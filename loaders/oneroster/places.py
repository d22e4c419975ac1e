"""Organisations, school years, courses and classes of a OneRoster folder."""

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import URIRef

from databackpack.loaders import value
from databackpack.loaders.assembly import organization
from databackpack.loaders.oneroster.folder import Folder
from databackpack.loaders.record import Organization, Problem, Source
from databackpack.loaders.table import Refused, Register, Row
from databackpack.ontology.namespaces import BP, BPG

__all__ = ["Class", "Places", "single_grade"]

_KINDS = {"school": BP.School, "district": BP.District, "state": BP.StateAgency}
_KINDS_PASSED_OVER = ("department", "local", "national")


@dataclass(frozen=True, slots=True)
class _Org:
    code: str
    kind: URIRef | None
    label: str
    parent: str
    source: Source


@dataclass(frozen=True, slots=True)
class Class:
    """A class: the school that holds it, its year, and the one grade it is for, where it is one."""

    school: str
    school_year: str
    course_code: str
    grade: str


class Places:
    """What a OneRoster folder says of organisations and of the classes in them."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.kinds: dict[str, URIRef] = {}
        """The class of each organisation, by code."""
        self.classes: Register[Class] = Register("classes.csv")
        self._orgs: Register[_Org] = Register("orgs.csv")
        self._years: Register[str] = Register("academicSessions.csv")
        self._courses: Register[str] = Register("courses.csv")

    @property
    def latest_year(self) -> str:
        """The last school year that a session is of; empty without sessions."""
        return max(self._years, default="")

    def read(self) -> Iterator[Problem | Organization]:
        """Yield organisations and problems; sessions, courses and classes are kept."""
        each = self._folder.each
        yield from each("orgs", ("name", "type"), ("identifier", "parentSourcedId"), self._org)
        yield from self._organizations()
        yield from each("academicSessions", ("schoolYear",), (), self._session)
        yield from each("courses", (), ("courseCode",), self._course)
        yield from each(
            "classes",
            ("courseSourcedId", "schoolSourcedId", "termSourcedIds"),
            ("grades",),
            self._class,
        )

    def holder(self, identifier: str, column: str) -> str:
        """Return the code of the organisation with this sourcedId, which may hold records."""
        org = self._orgs.find(identifier, column)
        if org.kind is None:
            raise Refused(
                "no holder",
                f"{column} {identifier!r} is a department or another part that holds no records; "
                "name its school or district",
            )
        return org.code

    def _org(self, row: Row) -> None:
        kind = row.require("type")
        if kind not in _KINDS and kind not in _KINDS_PASSED_OVER:
            known = ", ".join((*_KINDS, *_KINDS_PASSED_OVER))
            raise Refused("unknown code", f"type: {kind!r} is none of {known}")
        identifier = row.require("sourcedId")
        code = row["identifier"] or identifier
        if code in self.kinds:
            raise Refused("duplicate identifier", f"another organisation has identifier {code!r}")
        org = _Org(code, _KINDS.get(kind), row.require("name"), row["parentSourcedId"], row.source)
        self._orgs.add(identifier, org, row.source)
        if org.kind is not None:
            self.kinds[code] = org.kind

    def _organizations(self) -> Iterator[Problem | Organization]:
        for org in self._orgs:
            if org.kind is None:
                continue
            parent = None
            if org.parent:
                try:
                    parent = self.holder(org.parent, "parentSourcedId")
                except Refused as refused:
                    yield Problem(org.source, refused.rule, refused.message)
            yield organization(org.code, org.kind, org.label, parent, org.source)

    def _session(self, row: Row) -> None:
        # OneRoster names a school year by the calendar year in which it ends.
        _, text = value.require(row, "schoolYear", value.integer)
        year = int(text)
        self._years.add(row.require("sourcedId"), f"{year - 1:04}-{year:04}", row.source)

    def _course(self, row: Row) -> None:
        self._courses.add(row.require("sourcedId"), row["courseCode"], row.source)

    def _class(self, row: Row) -> None:
        term = row.require("termSourcedIds").split(",")[0].strip()
        found = Class(
            self.holder(row.require("schoolSourcedId"), "schoolSourcedId"),
            self._years.find(term, "termSourcedIds"),
            self._courses.find(row.require("courseSourcedId"), "courseSourcedId"),
            single_grade(row),
        )
        self.classes.add(row.require("sourcedId"), found, row.source)


def single_grade(row: Row) -> str:
    """Return the concept of the one grade in the column ``grades``; empty where there are more."""
    grades = {lexical for _, lexical in value.read_all(row, "grades", value.code(BPG.Scheme))}
    return grades.pop() if len(grades) == 1 else ""
