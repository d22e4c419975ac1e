"""What learners' rows refer to: organisations, tests and their items, entries, incidents."""

from functools import lru_cache

from rdflib import Graph, Literal, URIRef

from databackpack.loaders.edfi.node import Node, Refused
from databackpack.loaders.record import Organization, Source, organization_iri
from databackpack.ontology.namespaces import BP, ORG, RDF, RDFS
from databackpack.ontology.standards import UnknownStandard, resolve

__all__ = ["Found", "Key", "Reference", "standards"]

Key = tuple[str, ...]
Found = tuple[Key, Node, Source]

_TEST = (
    "AssessmentReference/AssessmentIdentity/Namespace",
    "AssessmentReference/AssessmentIdentity/AssessmentIdentifier",
)

# What identifies an element: the same paths hold inside the element and inside the identity of a
# reference to it.
_KEYS: dict[str, tuple[str, ...]] = {
    "StateEducationAgency": ("StateEducationAgencyId",),
    "LocalEducationAgency": ("LocalEducationAgencyId",),
    "School": ("SchoolId",),
    "Assessment": ("Namespace", "AssessmentIdentifier"),
    "AssessmentItem": (*_TEST, "IdentificationCode"),
    "ObjectiveAssessment": (*_TEST, "IdentificationCode"),
    "DisciplineIncident": ("SchoolReference/SchoolIdentity/SchoolId", "IncidentIdentifier"),
    "GradebookEntry": ("Namespace", "GradebookEntryIdentifier"),
    "Intervention": (
        "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId",
        "InterventionIdentificationCode",
    ),
}

_ORGANIZATIONS: dict[str, tuple[URIRef, str]] = {  # class, kind of the parent
    "StateEducationAgency": (BP.StateAgency, ""),
    "LocalEducationAgency": (BP.District, "StateEducationAgency"),
    "School": (BP.School, "LocalEducationAgency"),
}


class Reference:
    """The elements that rows refer to, by kind and key. Memory grows with these, not with rows."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Key], Found] = {}
        self._by_id: dict[tuple[str, str], Found] = {}
        self._districts: list[str] = []

    @staticmethod
    def takes(name: str) -> bool:
        """Return whether elements called *name* are referred to."""
        return name in _KEYS

    def add(self, node: Node, source: Source) -> None:
        """*node* can be found by its key, and by its XML id within its file. Raises Refused."""
        key = tuple(node.need(path) for path in _KEYS[node.name])
        first = self._found.setdefault((node.name, key), (key, node, source))
        if first[2] != source:
            raise Refused("duplicate row", f"{node.name} stands at {first[2]} too; keep one")
        if node.name == "LocalEducationAgency":
            self._districts.append(key[0])
        if node.identifier:
            self._by_id[source.file, node.identifier] = first

    def find(self, kind: str, reference: Node, file: str) -> Found:
        """Return the element of *kind* that *reference*, an element of *file*, means.

        Raises Refused.
        """
        found: Found | None
        if reference.reference:
            found = self._by_id.get((file, reference.reference))
            named = reference.reference
            if found and found[1].name != kind:
                found = None
        else:
            identity = reference.node(f"{kind}Identity")
            key = tuple(identity.need(path) for path in _KEYS[kind])
            found = self._found.get((kind, key))
            named = " ".join(key)
        if found is None:
            raise Refused(
                "unknown reference",
                f"no {kind} in these files is {named[:200]!r}; add it or correct the reference",
            )
        return found

    def holder(self, code: str) -> URIRef:
        """Return the organisation called *code*, or the only district where *code* is empty.

        Raises Refused.
        """
        if not code:
            if len(self._districts) != 1:
                raise Refused(
                    "unknown organization",
                    f"the row names none, and the files hold {len(self._districts)} "
                    "LocalEducationAgency elements; load one district at a time, "
                    "with its EducationOrganization.xml",
                )
            (code,) = self._districts
        elif not any((name, (code,)) in self._found for name in _ORGANIZATIONS):
            raise Refused(
                "unknown organization",
                f"no School and no LocalEducationAgency is {code[:40]!r}; "
                "add it to EducationOrganization.xml",
            )
        return organization_iri(code)

    def organizations(self) -> list[Found]:
        """Return the agencies, districts and schools, parents first."""
        return [
            found
            for kind in _ORGANIZATIONS
            for (name, _), found in self._found.items()
            if name == kind
        ]

    def organization(self, found: Found) -> Organization:
        """Return the public triples about an organisation. Raises Refused."""
        (code,), node, source = found
        kind, parent_kind = _ORGANIZATIONS[node.name]
        iri = organization_iri(code)
        graph = Graph()
        graph.add((iri, RDF.type, kind))
        graph.add((iri, RDFS.label, Literal(node.need("NameOfInstitution"))))
        graph.add((iri, BP.organizationCode, Literal(code)))
        for reference in node.nodes(f"{parent_kind}Reference") if parent_kind else ():
            (parent,), _, _ = self.find(parent_kind, reference, source.file)
            graph.add((iri, ORG.subOrganizationOf, organization_iri(parent)))
        return Organization(iri, graph, source)


def standards(found: Found) -> list[URIRef]:
    """Return the Common Core standards that an item or an entry is aligned to. Raises Refused."""
    _, node, source = found
    resolved: list[URIRef] = []
    for reference in node.nodes("LearningStandardReference"):
        standard, fault = _standard(reference.need("LearningStandardIdentity/LearningStandardId"))
        if standard is None:
            raise Refused(
                "unknown standard",
                f"{fault} (named at {source.file}:{reference.line}); correct it there, or align "
                "the item to the Common Core",
            )
        resolved.append(standard)
    return resolved


@lru_cache(maxsize=4096)
def _standard(identifier: str) -> tuple[URIRef | None, str]:
    """Return the standard or the fault: faults too are kept, for finding them takes longest."""
    try:
        return resolve(identifier), ""
    except UnknownStandard as error:
        return None, str(error)
