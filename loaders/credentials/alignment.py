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
_ASN = re.compile(r"http://purl\.org/ASN/resources/S[0-9A-F]{7,8}")
_CTDL = re.compile(r"https?://[A-Za-z0-9./-]+/ce-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_COMMON_CORE = re.compile(r"common core|ccss", re.IGNORECASE)


def standards(node: Node) -> list[Term]:
    """Return the known standards that *node* is aligned to, and those of CASE, ASN and CTDL-ASN.

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
    if _UUID.fullmatch(code):  # how CASE names its items
        return f"urn:uuid:{code.lower()}"
    is_competency = alignment.text(OB.targetType) == "ceasn:Competency"
    if _ASN.fullmatch(address) or (is_competency and _CTDL.fullmatch(address)):
        return address
    return None
