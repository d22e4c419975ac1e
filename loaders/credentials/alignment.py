"""Alignments of achievements and results: which standards they name."""

import re

from databackpack.loaders.assembly import Term
from databackpack.loaders.credentials.vocabulary import OB, SCHEMA
from databackpack.loaders.jsonld import Node
from databackpack.loaders.table import Refused
from databackpack.loaders.value import standard
from databackpack.ontology.namespaces import BP

__all__ = ["standards", "unknown_standards"]

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_COMMON_CORE = re.compile(r"common core|ccss", re.IGNORECASE)


def standards(node: Node) -> list[Term]:
    """Return the known standards that *node* is aligned to, and items of CASE that it names.

    A code by itself is believed only where the framework or the code says that it is Common Core:
    other frameworks use the same codes.
    """
    found = {_standard(one) for one in node.nodes(OB.alignment)} - {None}
    return [(BP.isAlignedTo, ("iri", str(iri))) for iri in sorted(found, key=str)]


def unknown_standards(node: Node) -> list[tuple[str, str]]:
    """Return the path and the address of what *node* is aligned to and nobody here knows."""
    return [
        (one.path, one.need(SCHEMA.targetUrl))
        for one in node.nodes(OB.alignment)
        if _standard(one) is None
    ]


def _standard(alignment: Node) -> str | None:
    address = alignment.need(SCHEMA.targetUrl)
    code = alignment.text(OB.targetCode) or ""
    framework = alignment.text(SCHEMA.targetFramework) or ""
    names = [address]
    if _UUID.fullmatch(code) or _COMMON_CORE.search(f"{framework} {code}"):
        names.append(code)
    for name in names:
        try:
            return standard(name)[1]
        except Refused:
            continue
    return f"urn:uuid:{code.lower()}" if _UUID.fullmatch(code) else None
