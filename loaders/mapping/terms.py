"""What a mapping may say: our classes, their properties, and how each property's values are read.

Nothing is listed here: the shapes say which properties a class has, which it needs and of what
datatype they are, and which codes a property takes.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from rdflib import Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.loaders import value
from databackpack.loaders.value import Reader
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.namespaces import BP, CEASN, ORG, PREFIXES, RDFS, SKOS, XSD
from databackpack.shapes.files import categories, record_shapes

__all__ = [
    "HOLDER",
    "KEY",
    "LEARNER",
    "MAP",
    "ORGANIZATIONS",
    "ROW",
    "Property",
    "classes",
    "nearest",
    "properties",
    "short",
]

MAP = "https://w3id.org/databackpack/mapping#"
"""Names that a mapping uses and that never reach the store: ``learner``, ``heldBy``, ``key``."""

LEARNER, HOLDER, KEY = (URIRef(MAP + name) for name in ("learner", "heldBy", "key"))

ROW = "https://w3id.org/databackpack/row/"
"""Subjects of a mapping: ``row:$(_row)/<name>`` is one item of one row, and no name of a person."""

ORGANIZATIONS = (BP.School, BP.District, BP.StateAgency, BP.Provider)

_BY_DATATYPE: dict[Node, Reader] = {
    XSD.date: value.whole_date,
    XSD.decimal: value.decimal,
    XSD.integer: value.integer,
    XSD.boolean: value.boolean,
}


@dataclass(frozen=True, slots=True)
class Property:
    """How a property's values are read; *names_item* where they are keys of other items."""

    read: Reader
    is_needed: bool
    names_item: bool = False


def classes() -> list[URIRef]:
    """Return the classes that a subject of a mapping may have, sorted."""
    return sorted((*categories(), *ORGANIZATIONS))


@cache
def properties(cls: URIRef) -> dict[URIRef, Property]:
    """Return the properties of *cls* that a mapping may give."""
    if cls in ORGANIZATIONS:
        return {
            RDFS.label: Property(value.text, is_needed=True),
            BP.organizationCode: Property(value.text, is_needed=True),
            ORG.subOrganizationOf: Property(value.text, is_needed=False),
        }
    shapes = record_shapes(categories()[cls])
    found: defaultdict[URIRef, Graph] = defaultdict(Graph)
    for shape in shapes.subjects(SH.targetClass, cls):
        for part in shapes.objects(shape, SH.property):
            path = shapes.value(part, SH.path)
            if isinstance(path, URIRef):
                found[path] += shapes.cbd(part)
    for path in (BP.isRecordOf, BP.isHeldBy, ORG.member, ORG.organization):
        found.pop(path, None)
    return {path: _property(path, parts) for path, parts in found.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a half-sentence that offers the known names most like *name*, empty without one."""
    known = list(known)
    lower = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), lower, 3, 0.6)
    return f"; did you mean {' or '.join(lower[one] for one in close)}?" if close else ""


def short(iri: str) -> str:
    """Return *iri* with one of our prefixes, such as ``bp:eventDate``, where one fits."""
    for prefix, namespace in (*PREFIXES.items(), ("map", MAP), ("row", ROW)):
        if iri.startswith(str(namespace)):
            return f"{prefix}:{iri.removeprefix(str(namespace))}"
    return f"<{iri}>"


def _property(path: URIRef, parts: Graph) -> Property:
    required = any(
        int(str(count)) > 0 and parts.value(shape, SH.severity) is None
        for shape, count in parts.subject_objects(SH.minCount)
    )
    return Property(_reader(path, parts), required, names_item=_names_item(path))


def _reader(path: URIRef, parts: Graph) -> Reader:
    for head in parts.objects(None, SH["in"]):
        codes = list(Collection(parts, head))
        if all(isinstance(code, Literal) for code in codes):
            return value.choice(*map(str, codes))
        scheme = vocabulary().value(codes[0], SKOS.inScheme)
        if isinstance(scheme, URIRef):
            return value.code(scheme)
    if vocabulary().value(path, RDFS.range) == CEASN.Competency:
        return value.standard
    if path == BP.schoolYear:
        return value.school_year
    for datatype in parts.objects(None, SH.datatype):
        if datatype in _BY_DATATYPE:
            return _BY_DATATYPE[datatype]
    return value.text


def _names_item(path: URIRef) -> bool:
    """Return whether *path* leads to another item: its range is one of our classes."""
    found = vocabulary().value(path, RDFS.range)
    if found is None:
        return False
    return found in categories() or (found, RDFS.subClassOf, BP.RecordItem) in vocabulary()
