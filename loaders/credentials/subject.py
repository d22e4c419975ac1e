"""Whom a credential is about, as the key that the learner is known by."""

import csv
from functools import cache
from importlib.resources import files

from databackpack.loaders.credentials.vocabulary import OB
from databackpack.loaders.jsonld import Node
from databackpack.loaders.table import Refused
from databackpack.ontology.namespaces import ID

__all__ = ["learner_key"]


def learner_key(subject: Node, issuer: str) -> str:
    """Return the key of the learner whom *subject* describes: never a part of an IRI.

    The state's identifier where an identity of the subject gives it (``state:…``), else its DID or
    another IRI of its own, else its first identity, scoped by *issuer*. Raises Refused where it has
    none of them, or where its identifier is one of this system's.
    """
    identities = [_identity(one) for one in subject.nodes(OB.identifier)]
    for kind, text, is_hashed in identities:
        if (scope := _scopes().get(kind)) and not is_hashed:
            return f"{scope}:{text}"
    if (iri := subject.iri) is not None:
        if iri.startswith(str(ID)):
            raise Refused(
                "subject",
                f"{subject.path}.id: an identifier of this system names nobody in a file; "
                "use the one that the issuer gave",
            )
        return iri if iri.startswith("did:") else f"ob:{iri}"
    for kind, text, is_hashed in sorted(identities, key=lambda one: not one[2]):
        return f"ob:{issuer}:{kind}:{text if is_hashed else text.casefold()}"
    raise Refused(
        "missing subject",
        f"{subject.path}: neither an id nor an identifier says whose credential it is; add one",
    )


def _identity(node: Node) -> tuple[str, str, bool]:
    kind = node.need(OB.identityType)
    return kind, node.need(OB.identityHash), node.text(OB.hashed) == "true"


@cache
def _scopes() -> dict[str, str]:
    """Return who gives the identifiers of a kind, for the kinds that are the same everywhere."""
    file = files("databackpack.loaders.credentials").joinpath("identity-types.csv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return {row["identityType"]: row["scope"] for row in rows}
