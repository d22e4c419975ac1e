"""Finding the one standard that an identifier names, however it is spelled."""

import re
from collections import defaultdict
from difflib import get_close_matches
from functools import cache
from importlib.resources import files as resources
from importlib.resources.abc import Traversable

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import SKOS

from databackpack.ontology.namespaces import BP
from databackpack.ontology.standards.notation import reduced

__all__ = ["UnknownStandard", "files", "resolve"]

_IDENTIFYING = {str(SKOS.notation), str(BP.alternateUri)}
_CANONICAL = str(BP.canonicalCode)

_HEX = re.compile(r"(?:^|[:/])([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})$", re.IGNORECASE)
_ASN = re.compile(r"(?:^|/)(S[0-9A-F]{7,8})$")
_ED_FI = re.compile(r"^CC\.(K|\d{1,2}(?:-\d{1,2})?)\.(([A-Z]+)\..+)$")
_HIGH_SCHOOL = re.compile(r"^([NAFGS])\.([A-Z]{1,3}\.\d)")  # A.CED.4
_CLUSTER = re.compile(r"^((?:[K1-8]\.|HS[NAFGS]-)[A-Z]+)\.[A-Z](?=\.\d)")
_STRANDS = {"L", "RF", "RH", "RI", "RL", "RST", "SL", "W", "WHST"}


class UnknownStandard(ValueError):
    """An identifier that names no standard, or more than one."""


def files() -> list[Traversable]:
    """Return the Turtle files of the standards, sorted by name."""
    package = resources("databackpack.ontology.standards")
    return sorted(
        (file for file in package.iterdir() if file.name.endswith(".ttl")),
        key=lambda file: file.name,
    )


def resolve(identifier: str) -> URIRef:
    """Return the IRI of the one standard that *identifier* names.

    Takes dot notations, short codes (``5.NBT.1``, ``A.CED.4``), Ed-Fi's ``CC.…``, addresses, GUIDs,
    ASN identifiers, CASE UUIDs and the codes of the crosswalked state frameworks. Raises
    UnknownStandard when none, or more than one, answers to it.
    """
    table, codes = _index()
    key = _key(identifier)
    named = table.get(key, frozenset())
    if len(named) == 1:
        (iri,) = named
        return URIRef(iri)
    if named:
        raise UnknownStandard(
            f"{identifier[:100]!r} names {len(named)} standards: {', '.join(sorted(named))}; "
            "use the dot notation of the one that is meant"
        )
    near = get_close_matches(key[:40], codes, n=3)
    hint = f"; the nearest known codes are {', '.join(near)}" if near else ""
    raise UnknownStandard(f"{identifier[:100]!r} names no known standard{hint}")


def _key(identifier: str) -> str:
    """Return what all spellings of one identifier have in common."""
    text = identifier.strip().rstrip("/")
    if found := _HEX.search(text):
        return found[1].replace("-", "").upper()
    if found := _ASN.search(text):
        return found[1]
    code = reduced(text)
    if found := _ED_FI.match(code):
        code = _from_ed_fi(*found.groups())
    return _HIGH_SCHOOL.sub(r"HS\1-\2", code)


def _from_ed_fi(grade: str, code: str, first: str) -> str:
    """Return a 2010 code in today's order: ``CC.4.L.2b`` is L.4.2b, ``CC.9-12.A.CED.4`` A.CED.4."""
    if first in _STRANDS:
        return f"{first}.{grade}{code.removeprefix(first)}"
    return code if "-" in grade else f"{grade}.{code}"


@cache
def _index() -> tuple[dict[str, frozenset[str]], list[str]]:
    """Return the IRIs by key, and the canonical codes; reads the files once a process."""
    table: defaultdict[str, set[str]] = defaultdict(set)
    codes = []
    for file in files():
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE):
            if quad.predicate.value not in _IDENTIFYING:
                continue
            iri, identifier = quad.subject, quad.object
            if not isinstance(iri, ox.NamedNode) or not isinstance(identifier, ox.Literal):
                continue
            if identifier.datatype.value == _CANONICAL:
                codes.append(identifier.value)
                without_cluster = _CLUSTER.sub(r"\1", identifier.value)  # as older files write it
                table[without_cluster].add(iri.value)
                table[identifier.value].add(iri.value)
            else:
                table[_key(identifier.value)].add(iri.value)
    return {key: frozenset(iris) for key, iris in table.items()}, codes
