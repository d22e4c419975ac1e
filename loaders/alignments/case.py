"""CASE associations (CFAssociations of a CFPackage) that are no hierarchy."""

from collections.abc import Iterator, Mapping
from typing import Any

from databackpack.loaders.alignments.crosswalk import Alignments, Said
from databackpack.loaders.alignments.identifier import Standard, absolute, identify
from databackpack.loaders.alignments.relation import relation
from databackpack.loaders.record import Item, Problem, Source
from databackpack.loaders.table import Refused

__all__ = ["alignments"]

_HIERARCHY = {"ischildof", "replacedby"}
"""What the framework itself keeps: its tree, and what took the place of what."""


def alignments(package: Mapping[str, Any], file: str) -> Iterator[Item]:
    """Yield the crosswalk in a CFPackage, and what was wrong with its associations.

    *package* is the parsed JSON and *file* its name. Sources count associations from 1. Types
    ``isChildOf`` and ``replacedBy`` are passed over: they belong to the framework.
    """
    document = package.get("CFDocument")
    document = document if isinstance(document, dict) else {}
    items = {
        _text(item, "identifier").lower(): _text(item, "humanCodingScheme")
        for item in _dicts(package.get("CFItems"))
    }
    title = _text(document, "title") or file
    crosswalk = Alignments(
        f"case {_text(document, 'identifier') or file}",
        f"Associations of {title}",
        file,
        Said(_text(document, "creator"), date=_text(document, "lastChangeDateTime")),
        _license(document),
    )
    for number, association in enumerate(_dicts(package.get("CFAssociations")), start=1):
        kind = _text(association, "associationType")
        if kind.casefold() in _HIERARCHY:
            continue
        try:
            said = Said(
                date=_text(association, "lastChangeDateTime"), comment=_text(association, "notes")
            )
            ends = [_end(association, name, items) for name in ("origin", "destination")]
            crosswalk.add(ends[0], ends[1], relation(kind), said, number)
        except Refused as refused:
            message = f"CFAssociations[{number - 1}]: {refused.message}"
            yield Problem(Source(file, number), refused.rule, message)
    try:
        yield from crosswalk.items()
    except Refused as refused:
        yield Problem(Source(file, 1), refused.rule, f"CFDocument: {refused.message}")


def _end(association: Mapping[str, Any], side: str, items: Mapping[str, str]) -> Standard:
    """Return the standard at one end; raises Refused, naming the key, where there is none.

    CASE 1.0 and 1.1 write an object with identifier and uri; some publishers only the address.
    """
    key = f"{side}NodeURI"
    node = association.get(key) or association.get(f"{side}NodeIdentifier")
    if isinstance(node, dict):
        identifier, uri = _text(node, "identifier"), _text(node, "uri")
    else:
        identifier, uri = "", node if isinstance(node, str) else ""
    label = items.get(identifier.lower(), "")
    for text in (identifier, uri):
        if text and absolute(text) is not None:
            return identify(text, label)
    raise Refused("missing value", f"{key} has neither an identifier (UUID) nor a uri; add one")


def _license(document: Mapping[str, Any]) -> str:
    told = document.get("licenseURI")
    if isinstance(told, dict):
        return _text(told, "uri")
    return told if isinstance(told, str) else ""


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value.strip() if isinstance(value, str) else ""
