"""One organisation of a file → an organisation with its kind, name and code."""

from rdflib import URIRef

from databackpack.loaders import assembly
from databackpack.loaders.ceds.term import classes, options, organization_kind, values
from databackpack.loaders.jsonld import Node
from databackpack.loaders.record import Organization, Source
from databackpack.loaders.table import Refused
from databackpack.ontology.namespaces import BP

__all__ = ["is_organization", "organization"]

_ORGANIZATION, _TITLE, _IDENTIFICATION = "C200239", "C200246", "C200252"
_BY_TYPE = {"K12School": BP.School, "LEA": BP.District, "SEA": BP.StateAgency}
_SYSTEMS = ("SEA", "LEA", "District", "School")
"""Whose identifier is the code, in this order: the state's is the same in all files."""


def is_organization(node: Node) -> bool:
    """Tell whether *node* is of a class of organisations."""
    return any(one == _ORGANIZATION or organization_kind(one) for one in classes(node))


def organization(node: Node, source: Source) -> Organization:
    """Return the organisation that *node* describes; raises Refused where something is missing."""
    parts = list(node.walk())
    names = [name for one in _of(parts, _TITLE) for name in values(one, "name")]
    if not names:
        raise Refused("missing name", f"{node.path}: the organisation has no name")
    return assembly.organization(_code(node, parts), _kind(node), names[0], None, source)


def _kind(node: Node) -> URIRef:
    for identifier in sorted(classes(node)):
        if kind := organization_kind(identifier):
            return kind
    types = list(options(node, "type"))
    for one in types:
        if one in _BY_TYPE:
            return _BY_TYPE[one]
    raise Refused(
        "unknown kind",
        f"{node.path}: its type {', '.join(types) or 'is missing, and'} is none of "
        f"{', '.join(_BY_TYPE)}",
    )


def _code(node: Node, parts: list[Node]) -> str:
    found: dict[str, str] = {}
    for one in _of(parts, _IDENTIFICATION):
        for identifier in values(one, "identifier"):
            found.setdefault(next(options(one, "system"), ""), identifier)
    for system in _SYSTEMS:
        if system in found:
            return found[system]
    raise Refused(
        "missing identifier",
        f"{node.path}: no identifier by {', '.join(_SYSTEMS)}; add the one that files use",
    )


def _of(parts: list[Node], identifier: str) -> list[Node]:
    return sorted((one for one in parts if identifier in classes(one)), key=lambda one: one.path)
