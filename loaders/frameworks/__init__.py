"""Frameworks of standards in the formats of those who publish them, all as SKOS and CTDL-ASN.

Each reader yields a `Framework` for each framework of a file, and a `Problem` for what it could not
use. Nothing is fetched: a file is all that there is.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from databackpack.loaders.frameworks import asn, case, ccss, ctdl_asn, skos
from databackpack.loaders.record import Item

__all__ = ["FORMATS"]

FORMATS: dict[str, Callable[[Path], Iterator[Item]]] = {
    "asn": asn.read,
    "case": case.read,
    "ccss": ccss.read,
    "ctdl-asn": ctdl_asn.read,
    "skos": skos.read,
}
"""What reads each format, by the name that the command takes."""
