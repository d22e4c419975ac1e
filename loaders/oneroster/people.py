"""Learners of a OneRoster folder: who they are and where they were enrolled."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern

from databackpack.loaders import value
from databackpack.loaders.assembly import Assembly, Term
from databackpack.loaders.ledger import Ledger
from databackpack.loaders.oneroster.folder import Folder
from databackpack.loaders.oneroster.places import Places, single_grade
from databackpack.loaders.record import Problem, Source, organization_iri
from databackpack.loaders.spool import Spool
from databackpack.loaders.table import Refused, Register, Row
from databackpack.ontology.namespaces import BP, ORG, SDO

__all__ = ["People", "User"]

_ROLES = (
    *("administrator", "aide", "counselor", "districtAdministrator", "guardian", "parent"),
    *("principal", "proctor", "relative", "siteAdministrator", "student"),
    *("systemAdministrator", "teacher"),
)
_SEX = value.choice("male", "female", "unspecified", "other")
_USER_ID = re.compile(r"\{([^:{}]+):([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class User:
    """A user; one with a student's role is a learner, and each organisation of that role a holder.

    INVARIANT: the sourcedId is no person's key: a learner may have one user per school.
    """

    state_id: str
    """The identifier that the state gave; empty without one."""

    local_id: str
    """What the school calls the user: ``identifier``, else the sourcedId."""

    terms: str
    """As JSON, a third of the size: users are held in memory."""

    grade: str
    source: Source
    student_at: list[str] = field(default_factory=list)
    """The codes of the organisations, the primary one first."""

    @property
    def key(self) -> str:
        """The learner's key: ``state:<id>``, else ``oneroster:<organisation>:<local id>``.

        A local key is of one organisation: who is the same person at two of them is for people to
        say. Empty for who is no student.
        """
        if self.state_id:
            return f"state:{self.state_id}"
        if not self.student_at:
            return ""
        # A colon in the code would let two organisations make up one key.
        code = self.student_at[0].replace("%", "%25").replace(":", "%3A")
        return f"oneroster:{code}:{self.local_id}"


class People:
    """What a OneRoster folder says of people; `read` first, then `join`."""

    def __init__(
        self, folder: Folder, places: Places, joins: Spool, ledger: Ledger, assembly: Assembly
    ) -> None:
        self._folder = folder
        self._places = places
        self._joins = joins
        self._assembly = assembly
        self.learners: set[str] = set()
        """The keys of all learners."""
        self._users: Register[User] = Register("users.csv")
        self._enrollments = ledger.entries("enrollments.csv")
        self._roles = ledger.entries("roles.csv")
        self._described = ledger.entries("demographics.csv")

    def read(self) -> Iterator[Problem]:
        """Yield problems; what is said of learners is spooled."""
        each = self._folder.each
        yield from each(
            "users",
            ("givenName", "familyName"),
            ("userIds", "identifier", "preferredGivenName", "grades"),
            self._user,
        )
        yield from each(
            "roles", ("userSourcedId", "role", "orgSourcedId"), ("roleType",), self._role
        )
        yield from self._identities()
        yield from each("demographics", (), ("birthDate", "sex"), self._demographics)
        yield from each(
            "enrollments",
            ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
            ("beginDate", "endDate"),
            self._enrollment,
        )

    def learner(self, identifier: str, column: str) -> str:
        """Return the key of the learner with this user's sourcedId, or refuse."""
        user = self._users.find(identifier, column)
        if not user.key:
            raise Refused(
                "no learner",
                f"{column} {identifier!r} has no student's role, or its row was refused",
            )
        return user.key

    def join(self) -> None:
        """Put one enrollment per learner, school and school year among the records."""
        latest = self._places.latest_year
        for (kind, *key), rows in self._joins:
            if kind != "enrollment":
                continue
            learner, school, year = key
            terms: list[Term] = [
                (ORG.member, ("learner", "")),
                (ORG.organization, ("iri", str(organization_iri(school)))),
                (BP.schoolYear, ("text", year)),
            ]
            grades = {row["grade"] for row, _ in rows if row["grade"]}
            if len(grades) != 1 and year == latest:
                grades = {row["current grade"] for row, _ in rows if row["current grade"]}
            if len(grades) == 1:
                terms.append((BP.hasGradeLevel, ("iri", grades.pop())))
            if begins := [row["begin"] for row, _ in rows if row["begin"]]:
                terms.append((BP.entryDate, ("date", min(begins))))
            if all(row["end"] for row, _ in rows):
                terms.append((BP.exitDate, ("date", max(row["end"] for row, _ in rows))))
            item = ("enrollment", year)
            self._assembly.add_item(learner, school, BP.Enrollment, item, terms, rows[0][1])

    def _user(self, row: Row) -> None:
        terms: list[Term] = [
            (SDO.givenName, ("text", row.require("givenName"))),
            (SDO.familyName, ("text", row.require("familyName"))),
        ]
        if row["preferredGivenName"]:
            terms.append((SDO.alternateName, ("text", row["preferredGivenName"])))
        sourced_id = row.require("sourcedId")
        state_id = _state_identifier(row)
        local_id = row["identifier"] or sourced_id
        for identifier in {state_id, row["identifier"] if state_id else local_id} - {""}:
            terms.append((BP.learnerIdentifier, ("text", identifier)))
        user = User(state_id, local_id, json.dumps(terms), intern(single_grade(row)), row.source)
        self._users.add(sourced_id, user, row.source)

    def _role(self, row: Row) -> None:
        role = row.require("role")
        if role not in _ROLES:
            raise Refused("unknown code", f"role: {role!r} is none of {', '.join(_ROLES)}")
        self._roles.add(row.require("sourcedId"), row.source)
        user = self._users.find(row.require("userSourcedId"), "userSourcedId")
        if role == "student":
            holder = self._places.holder(row.require("orgSourcedId"), "orgSourcedId")
            if holder not in user.student_at:
                place = 0 if row["roleType"] == "primary" else len(user.student_at)
                user.student_at.insert(place, holder)

    def _identities(self) -> Iterator[Problem]:
        local: dict[str, Source] = {}
        for user in self._users:
            if not user.student_at:
                continue
            if not user.state_id and (first := local.setdefault(user.key, user.source)) != (
                user.source
            ):
                # Only the state's identifier says that two rows are one person.
                user.student_at.clear()
                yield Problem(
                    user.source,
                    "duplicate identifier",
                    f"{user.local_id!r} is the identifier of row {first.line} ({first}) too, at "
                    "the same organisation; give each student another, or write {state:…} in "
                    "userIds",
                )
                continue
            self.learners.add(user.key)
            for holder in user.student_at:
                terms = json.loads(user.terms)
                self._assembly.add_item(user.key, holder, BP.Learner, (), terms, user.source)

    def _demographics(self, row: Row) -> None:
        identifier = row.require("sourcedId")
        self._described.add(identifier, row.source)
        learner = self.learner(identifier, "sourcedId")
        birth_date = value.read(row, "birthDate", value.whole_date)
        sex = value.read(row, "sex", _SEX)
        found = ((SDO.birthDate, birth_date), (BP.gender, sex))
        terms = [(predicate, term) for predicate, term in found if term]
        for holder in self._users.find(identifier, "sourcedId").student_at:
            self._assembly.add_item(
                learner, holder, BP.Demographics, ("demographics",), terms, row.source
            )

    def _enrollment(self, row: Row) -> None:
        role = row.require("role")
        if role not in _ROLES:
            raise Refused("unknown code", f"role: {role!r} is none of {', '.join(_ROLES)}")
        self._enrollments.add(row.require("sourcedId"), row.source)
        attended = self._places.classes.find(row.require("classSourcedId"), "classSourcedId")
        identifier = row.require("userSourcedId")
        user = self._users.find(identifier, "userSourcedId")
        if role != "student":
            return
        begin = value.read(row, "beginDate", value.whole_date)
        end = value.read(row, "endDate", value.whole_date)
        self._joins.add(
            (
                "enrollment",
                self.learner(identifier, "userSourcedId"),
                attended.school,
                attended.school_year,
            ),
            {
                "begin": begin[1] if begin else "",
                "end": end[1] if end else "",
                "grade": attended.grade,
                "current grade": user.grade,
            },
            row.source,
        )


def _state_identifier(row: Row) -> str:
    """Return the identifier that the state gave, from ``userIds``; empty without one.

    The column ``identifier`` does not say who gave it: two districts may both have a 1001.
    """
    for authority, identifier in _USER_ID.findall(row["userIds"]):
        if authority.strip().casefold() == "state":
            return str(identifier.strip())
    return ""
