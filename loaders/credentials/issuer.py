"""Who issued a credential, as an organisation of its own: its code is ``ob:`` and its IRI."""

from databackpack.loaders.assembly import organization
from databackpack.loaders.credentials.vocabulary import OB, SCHEMA, VC
from databackpack.loaders.jsonld import Node
from databackpack.loaders.record import Organization, Source
from databackpack.loaders.table import Refused
from databackpack.ontology.namespaces import BP

__all__ = ["Issuers", "code_of", "issuer_of"]

_OF_PERSONS = (SCHEMA.givenName, SCHEMA.familyName, SCHEMA.additionalName, OB.dateOfBirth)


def issuer_of(credential: Node) -> Node:
    """Return the issuer of *credential*.

    Raises Refused where it has no IRI, or where it is a person: organisations are public.
    """
    found = credential.node(VC.issuer)
    if found is None or found.iri is None:
        raise Refused("missing issuer", f"{credential.path}.issuer: name the issuer by an IRI")
    subjects = {subject.iri for subject in credential.nodes(VC.credentialSubject)}
    if found.iri in subjects or any(found.has(term) for term in _OF_PERSONS):
        raise Refused(
            "issuer",
            f"{found.path}: the issuer is a person; only what an organisation issued is loaded, "
            "for the names of those who hold records are public",
        )
    return found


def code_of(issuer: Node) -> str:
    """Return the code of the organisation that *issuer* is: no school's own code begins so."""
    return f"ob:{issuer.iri}"


class Issuers:
    """The organisations that the files name: their codes, and what makes each of them."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str | None, Source]] = {}

    def add(self, issuer: Node, source: Source) -> None:
        """*issuer*, and what it is part of, are among the organisations."""
        above = issuer.node(OB.parentOrg)
        is_named = above is not None and above.iri and above.text(SCHEMA.name)
        parent = self._keep(above, None, source) if above and is_named else None
        self._keep(issuer, parent, source)

    def organizations(self) -> list[Organization]:
        """Return the organisations, those above the others first."""
        ordered = sorted(self._found.items(), key=lambda one: (one[1][1] is not None, one[0]))
        return [organization(c, BP.Provider, label, p, s) for c, (label, p, s) in ordered]

    def _keep(self, node: Node, parent: str | None, source: Source) -> str:
        code = code_of(node)
        label = node.text(SCHEMA.name)
        known = self._found.get(code)
        if known is None or (known[0] == node.iri and label) or (known[1] is None and parent):
            self._found[code] = (label or str(node.iri), parent, source)
        return code
