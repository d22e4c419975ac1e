"""Who guards whom, documents that change it, and what families have said."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rdflib import URIRef

from databackpack.loaders import value
from databackpack.loaders.assembly import Assembly
from databackpack.loaders.companion.hold import Holds
from databackpack.loaders.ledger import Ledger
from databackpack.loaders.record import Problem
from databackpack.loaders.table import Refused, Row, Table
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, PREFIXES, SKOS

__all__ = ["GUARDIANSHIP_COLUMNS", "SETTING_COLUMNS", "STANDING_COLUMNS", "Families"]

GUARDIANSHIP_COLUMNS = ("learner", "guardian", "relation", "since", "until")
STANDING_COLUMNS = ("id", "learner", "person", "kind", "since", "until", "document")
SETTING_COLUMNS = (
    *("id", "learner", "assigner", "category", "audience", "level", "purpose", "since", "until"),
)

_GUARDIAN = re.compile(r"[a-z][a-z0-9-]*:\S+")
_LONGEST_REFERENCE = 100


class Families:
    """The rows of ``guardianships.csv``, ``standing.csv`` and ``settings.csv``."""

    def __init__(
        self,
        folder: Path,
        learners: Collection[str],
        organizations: Mapping[str, URIRef],
        ledger: Ledger,
        assembly: Assembly,
    ) -> None:
        self._folder = folder
        self._learners = learners
        self._assembly = assembly
        self._audiences = _audiences(organizations)
        self._guardians: dict[str, tuple[str, ...]] = {}
        self._holds = Holds(learners)
        self._documents = ledger.entries("companion/standing.csv", "id")
        self._settings = ledger.entries("companion/settings.csv", "id")

    def read(self) -> Iterator[Problem]:
        """Yield problems; what was said goes to the assembly, with who is to be held back."""
        for name, columns, take in (
            ("guardianships", GUARDIANSHIP_COLUMNS, self._guardianship),
            ("standing", STANDING_COLUMNS, self._document),
            ("settings", SETTING_COLUMNS, self._setting),
        ):
            path = self._folder / f"{name}.csv"
            if path.exists():  # with every column: without "until" a grant would never end
                table = Table(path, f"companion/{name}.csv", columns, ())
                yield from self._holds.each(table, take)
        self._holds.write(self._assembly)

    def _guardianship(self, row: Row) -> None:
        learner, guardian = self._learner(row), row.require("guardian")
        if not _GUARDIAN.fullmatch(guardian):
            raise Refused(
                "bad identifier",
                f"guardian: {guardian[:100]!r} does not say who gave it; write state:G0001",
            )
        since, until = _span(row)
        self._guardians[learner] = (*self._guardians.get(learner, ()), guardian)
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

    def _document(self, row: Row) -> None:
        learner = self._learner(row)
        kind = value.require(row, "kind", value.code(BP.StandingKindScheme))[1]
        row.require("since")
        since, until = _span(row)
        found: dict[str, str | None] = {
            "id": row.require("id"),
            "kind": kind,
            "person": self._person(row, learner, kind),
            "document": _reference(row.require("document")),
            "since": since,
            "until": until,
        }
        self._documents.add(row["id"], row.source)
        self._assembly.add_document(learner, found, row.source)

    def _person(self, row: Row, learner: str, kind: str) -> str | None:
        """Return the guardian whom a document is about, None where it is about the learner."""
        person = row["person"]
        if kind == str(BP.Emancipation):
            if person:
                raise Refused(
                    "unknown person",
                    "person: an emancipation is about the learner; leave the cell empty",
                )
            return None
        if row.require("person") not in self._guardians.get(learner, ()):
            raise Refused(
                "unknown person",
                f"person {person!r} is no guardian of that learner in companion/guardianships.csv",
            )
        return person

    def _setting(self, row: Row) -> None:
        learner = self._learner(row)
        assigner = row.require("assigner")
        if assigner == learner:
            assigner = ""
        elif assigner not in self._guardians.get(learner, ()):
            raise Refused(
                "unknown assigner",
                f"assigner {assigner!r} is neither {learner} nor a guardian of that learner "
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
        self._settings.add(row.require("id"), row.source)
        self._assembly.add_setting(learner, found, row.source)

    def _learner(self, row: Row) -> str:
        identifier = row.require("learner")
        learner = f"state:{identifier}"
        if learner not in self._learners:
            raise Refused(
                "unknown reference",
                f"learner {identifier!r} is no state identifier of a student in users.csv",
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


def _reference(cell: str) -> str:
    if len(cell) > _LONGEST_REFERENCE:
        raise Refused(
            "long reference",
            f"document: {len(cell)} characters where at most {_LONGEST_REFERENCE} may be; write "
            "where the document is kept, such as a file number, never its text",
        )
    return cell


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
