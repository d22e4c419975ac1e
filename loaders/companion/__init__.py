"""The companion files of a OneRoster folder: what of a backpack OneRoster has no file for.

``docs/sample.md`` describes every file and column.
"""

from collections.abc import Collection, Iterator, MutableMapping
from pathlib import Path

from rdflib import URIRef

from databackpack.loaders.assembly import Assembly
from databackpack.loaders.companion.families import Families
from databackpack.loaders.companion.items import Items
from databackpack.loaders.companion.organizations import Outsiders
from databackpack.loaders.ledger import Ledger
from databackpack.loaders.record import Organization, Problem

__all__ = ["read"]


def read(
    folder: Path,
    learners: Collection[str],
    organizations: MutableMapping[str, URIRef],
    ledger: Ledger,
    assembly: Assembly,
) -> Iterator[Organization | Problem]:
    """Yield organisations and problems; what is said of learners goes to *assembly*.

    *learners* are the keys of those whom the roster knows. *organizations* has the class of
    each organisation by code, and afterwards those of ``organizations.csv`` too. Each file is
    optional.
    """
    yield from Outsiders(folder, organizations).read()
    yield from Items(folder, learners, organizations, ledger, assembly).read()
    yield from Families(folder, learners, organizations, ledger, assembly).read()
