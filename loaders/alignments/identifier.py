"""Which standard an identifier in a crosswalk names: a known one, or one that has its own IRI."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from rdflib import URIRef

from databackpack.loaders.table import Refused
from databackpack.ontology.namespaces import ID
from databackpack.ontology.standards import UnknownStandard, resolve

__all__ = ["Standard", "absolute", "identify", "named"]

_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_CASE = re.compile(r"https?://\S+/(?:CFItems|uri)/([0-9a-f-]{36})", re.IGNORECASE)
_IRI = re.compile(
    r"(?:https?://[^\s/]+|urn:[a-z0-9][a-z0-9-]+:|info:|uri://)[^\s\x00-\x1f<>\"{}|\\^`]*", re.I
)
_CURIE = re.compile(r"([A-Za-z][\w.-]*):([^\s/][^\s]*)")
_COMMON_CORE = re.compile(r"common core|ccss|corestandards", re.IGNORECASE)
_OURS = "https://w3id.org/databackpack/"
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Standard:
    """One side of an alignment; *label* is what the source calls it, for one that is not known."""

    iri: URIRef
    label: str = ""
    is_known: bool = False


def identify(
    text: str, label: str = "", framework: str = "", prefixes: Mapping[str, str] | None = None
) -> Standard:
    """Return the standard that *text* names; raises Refused where it is neither known nor an IRI.

    *text* is any spelling that ``standards.resolve`` takes, a UUID, an IRI, or a CURIE by
    *prefixes*. A bare code is read as the Common Core's unless *framework* says another.
    """
    expanded = _expanded(text, prefixes or {})
    if expanded.startswith(_OURS):
        raise Refused("no standard", f"{expanded[:100]!r} is an identifier of this system")
    if len(expanded) > _LONGEST:
        raise Refused("too long", f"an identifier of {len(expanded):,} characters; correct it")
    own = _own(expanded)
    try:
        known = resolve(expanded)
    except UnknownStandard as error:
        if own is None:
            raise Refused(
                "unknown standard",
                f"{error}; load its framework first, or name it by an IRI or UUID",
            ) from None
        return Standard(own, label or text)
    is_elsewhere = own is None and framework and not _COMMON_CORE.search(framework)
    if is_elsewhere and known.startswith("http://corestandards.org/"):
        raise Refused(
            "ambiguous code",
            f"{text[:100]!r} of {framework[:100]!r} is also a code of the Common Core; "
            "name it by an IRI or UUID",
        )
    return Standard(known, is_known=True)


def named(namespace: str, identifier: str) -> Standard:
    """Return the standard that a publisher calls *identifier* within *namespace*.

    Its IRI is ours, the same one at each load: such publishers give none.
    """
    return Standard(ID[f"standard/{uuid5(NAMESPACE_URL, f'{namespace} {identifier}')}"], identifier)


def absolute(text: str, prefixes: Mapping[str, str] | None = None) -> URIRef | None:
    """Return *text*, an IRI, UUID or CURIE, as an IRI; None where it is none."""
    return _own(_expanded(text, prefixes or {}))


def _own(text: str) -> URIRef | None:
    if found := _UUID.fullmatch(text) or _CASE.fullmatch(text):
        return URIRef(f"urn:uuid:{found[1].lower()}")
    return URIRef(text) if _IRI.fullmatch(text) and not text.startswith(_OURS) else None


def _expanded(text: str, prefixes: Mapping[str, str]) -> str:
    curie = _CURIE.fullmatch(text.strip())
    if curie and curie[1] in prefixes:
        return prefixes[curie[1]] + curie[2]
    return text.strip()
