"""One person → the rows of a learner: identity, demographics, enrollments."""

import re
from datetime import date

from rdflib import URIRef

from databackpack.loaders.assembly import Assembly, Term
from databackpack.loaders.ceds.term import classes, meaning, options, values
from databackpack.loaders.jsonld import Node
from databackpack.loaders.record import Source, organization_iri
from databackpack.loaders.table import Refused
from databackpack.loaders.value import Reader, Value, code, whole_date
from databackpack.ontology.namespaces import BP, BPG, ID, ORG, SDO

__all__ = ["add_person"]

_NAME, _BIRTH, _SEX, _IDENTIFICATION = "C200377", "C200376", "C200011", "C200291"
_ENROLLMENTS = {"C200219", "C200402"}
_STATUS = "C200411"
_STAFF = "StaffMemberIdentifier"
_NEAR = ("District", "School")

Row = tuple[URIRef, str, tuple[str, ...], list[Term]]


def add_person(assembly: Assembly, person: Node, source: Source) -> set[str]:
    """The learner *person* is in *assembly*; returns the codes of those who hold the records.

    Raises Refused, before anything is added, where something is missing or wrong.
    """
    if (person.iri or "").startswith(str(ID)):
        raise Refused(
            "subject",
            f"{person.path}.id: an identifier of this system names nobody in a file; leave it out",
        )
    parts = [node for node in person.walk() if node is not person]
    learner, identifier, holder = _learner(person, parts)
    names = _of(parts, _NAME)
    if not names:
        raise Refused("missing name", f"{person.path}: the learner has no PersonName")
    known = _text(BP.learnerIdentifier, identifier)
    rows: list[Row] = [(BP.Learner, _holder(n) or holder, (), [*_named(n), known]) for n in names]
    for node in [*_of(parts, _BIRTH), *_of(parts, _SEX)]:
        about = _demographics(node)
        rows.append((BP.Demographics, _holder(node) or holder, ("demographics",), about))
    for node in parts:
        if classes(node) & _ENROLLMENTS:
            rows.append(_enrollment(node, holder))
    for kind, held_by, key, terms in rows:
        assembly.add_item(learner, held_by, kind, key, terms, source)
    return {row[1] for row in rows}


def _learner(person: Node, parts: list[Node]) -> tuple[str, str, str]:
    """Return the learner's key, the identifier that it is made of, and who committed that."""
    found: dict[str, tuple[str, str]] = {}
    for node in _of(parts, _IDENTIFICATION):
        system = next(options(node, "system"), "")
        if _STAFF in options(node, "kind of identifier"):
            continue
        if (identifier := next(values(node, "identifier"), None)) is not None:
            found.setdefault(system, (identifier, _holder(node) or ""))
    for system in ("State", *_NEAR):
        if system in found:
            identifier, holder = found[system]
            holder = holder or next((one for node in parts if (one := _holder(node))), "")
            if not holder:
                raise Refused(
                    "missing holder",
                    f"{person.path}: no RecordStatus says which organisation committed the record",
                )
            key = f"state:{identifier}" if system == "State" else f"ceds:{holder}:{identifier}"
            return key, identifier, holder
    raise Refused(
        "missing identifier",
        f"{person.path}: no identifier of a student by the state, a district or a school; "
        "add one, or leave the person out",
    )


def _named(name: Node) -> list[Term]:
    terms = []
    for what, term in (("given name", SDO.givenName), ("family name", SDO.familyName)):
        found = list(values(name, what))
        if not found:
            raise Refused("missing value", f"{name.path}: the {what} is missing; it is needed")
        terms += [_text(term, one) for one in found]
    return terms


def _demographics(node: Node) -> list[Term]:
    return [
        *((SDO.birthDate, _read(node, whole_date, one)) for one in values(node, "birth date")),
        *(_text(BP.gender, one) for one in options(node, "gender")),
    ]


def _enrollment(node: Node, otherwise: str) -> Row:
    school = _holder(node) or otherwise
    entry = next((_read(node, whole_date, one) for one in values(node, "entry date")), None)
    if entry is None:
        raise Refused("missing value", f"{node.path}: an enrollment needs its entry date")
    first = date.fromisoformat(entry[1])
    year = first.year if first.month >= 7 else first.year - 1
    terms: list[Term] = [
        (ORG.member, ("learner", "")),
        (ORG.organization, ("iri", str(organization_iri(school)))),
        _text(BP.schoolYear, f"{year}-{year + 1}"),
        (BP.entryDate, entry),
        *((BP.exitDate, _read(node, whole_date, one)) for one in values(node, "exit date")),
        *((BP.hasGradeLevel, _read(node, code(BPG.Scheme), one)) for one in options(node, "grade")),
    ]
    return BP.Enrollment, school, ("enrollment", entry[1]), terms


def _holder(node: Node) -> str | None:
    """Return the code of the organisation that committed *node*: the last part of its IRI."""
    for status in _of(list(node.walk()), _STATUS):
        for term in status.value:
            if meaning(status, term) == "held by":
                for one in status.parts(term):
                    if one.iri and (found := re.split(r"[/#:]", one.iri.rstrip("/"))[-1]):
                        return found
    return None


def _of(parts: list[Node], identifier: str) -> list[Node]:
    return sorted((node for node in parts if identifier in classes(node)), key=lambda n: n.path)


def _text(term: URIRef, text: str) -> Term:
    return term, ("text", text)


def _read(node: Node, reader: Reader, text: str) -> Value:
    try:
        return reader(text)
    except Refused as refused:
        raise Refused(refused.rule, f"{node.path}: {refused.message}") from None
