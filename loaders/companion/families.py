"""Who guards whom, and what families have said: guardianships and settings."""

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from rdflib import URIRef

from databackpack.loaders import value
from databackpack.loaders.assembly import Assembly
from databackpack.loaders.record import Problem
from databackpack.loaders.table import Refused, Register, Row, Table
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, PREFIXES, SKOS

__all__ = ["GUARDIANSHIP_COLUMNS", "SETTING_COLUMNS", "Families"]

GUARDIANSHIP_COLUMNS = ("learner", "guardian", "relation", "since", "until")
SETTING_COLUMNS = (
    *("id", "learner", "assigner", "category", "audience", "level", "purpose", "since", "until"),
)

_GUARDIAN = re.compile(r"[a-z][a-z0-9-]*:\S+")


class Families:
    """The rows of ``guardianships.csv`` and ``settings.csv``."""

    def __init__(
        self,
        folder: Path,
        learners: Container[str],
        organizations: Mapping[str, URIRef],
        assembly: Assembly,
    ) -> None:
        self._folder = folder
        self._learners = learners
        self._assembly = assembly
        self._audiences = _audiences(organizations)
        self._guardians: defaultdict[str, set[str]] = defaultdict(set)
        self._settings: Register[None] = Register("companion/settings.csv", "id")

    def read(self) -> Iterator[Problem]:
        """Yield problems; guardianships and settings go to the assembly."""
        optional = ("purpose", "since", "until")
        for name, columns, take in (
            ("guardianships", GUARDIANSHIP_COLUMNS, self._guardianship),
            ("settings", SETTING_COLUMNS, self._setting),
        ):
            path = self._folder / f"{name}.csv"
            if path.exists():
                required = tuple(column for column in columns if column not in optional)
                yield from Table(path, f"companion/{name}.csv", required, optional).each(take)

    def _guardianship(self, row: Row) -> None:
        learner, guardian = self._learner(row), row.require("guardian")
        if not _GUARDIAN.fullmatch(guardian):
            raise Refused(
                "bad identifier",
                f"guardian: {guardian[:100]!r} does not say who gave it; write state:G0001",
            )
        since, until = _span(row)
        self._guardians[learner].add(guardian)
        self._assembly.add_guardianship(
            learner,
            {
                "guardian": guardian,
                "relation": row.require("relation"),
                "since": since,
                "until": until,
            },
            row.source,
        )

    def _setting(self, row: Row) -> None:
        learner = self._learner(row)
        assigner = row.require("assigner")
        if assigner == f"state:{learner}":
            assigner = ""
        elif assigner not in self._guardians[learner]:
            raise Refused(
                "unknown assigner",
                f"assigner {assigner!r} is neither state:{learner} nor a guardian of that learner "
                "in companion/guardianships.csv",
            )
        row.require("since")
        since, until = _span(row)
        found: dict[str, str | None] = {
            "assigner": assigner or None,
            "category": value.require(row, "category", value.code(BP.CategoryScheme))[1],
            "audience": self._audience(row.require("audience")),
            "level": _level(value.require(row, "level", value.code(BP.DetailLevelScheme))[1]),
            "purpose": _purpose(row["purpose"]),
            "since": since,
            "until": until,
        }
        self._settings.add(row.require("id"), None, row.source)
        self._assembly.add_setting(learner, found, row.source)

    def _learner(self, row: Row) -> str:
        learner = row.require("learner")
        if learner not in self._learners:
            raise Refused(
                "unknown reference",
                f"learner {learner!r} is no state identifier of a student in users.csv",
            )
        return learner

    def _audience(self, slug: str) -> str:
        if slug not in self._audiences:
            raise Refused(
                "unknown audience",
                f"audience: {slug[:100]!r} is neither a role, such as teacher, nor a role and the "
                "code of an organisation that has it, such as teacher-elm",
            )
        return slug


def _audiences(organizations: Mapping[str, URIRef]) -> set[str]:
    """Return every role, and every role at each organisation whose class has it."""
    scheme = concepts(BP.AudienceRoleScheme)
    roles = {iri: str(vocabulary().value(iri, SKOS.notation)) for iri in scheme}
    at_organizations = {
        f"{roles[role]}-{code}"
        for code, kind in organizations.items()
        for role in vocabulary().objects(kind, BP.hasAudienceRole)
        if isinstance(role, URIRef)
    }
    return at_organizations | set(roles.values())


def _span(row: Row) -> tuple[str | None, str | None]:
    """Return since and until in ISO form; raises Refused where they are no span of time."""
    since = value.moment(row["since"]) if row["since"] else None
    until = value.moment(row["until"]) if row["until"] else None
    if since and until and until <= since:
        raise Refused("bad span", f"until {row['until']} is not after since {row['since']}")
    return (since.isoformat() if since else None, until.isoformat() if until else None)


def _level(iri: str) -> str:
    return str(vocabulary().value(URIRef(iri), SKOS.notation))


def _purpose(text: str) -> str | None:
    """Return the purpose that a CURIE or an IRI names, None where the cell is empty."""
    if not text:
        return None
    prefix, _, name = text.partition(":")
    iri = URIRef(f"{PREFIXES[prefix]}{name}" if prefix in PREFIXES else text)
    if (iri, SKOS.inScheme, BP.PurposeScheme) not in vocabulary():
        raise Refused("unknown code", f"purpose: {text[:100]!r} is no purpose that is known")
    return str(iri)
