"""The row of a learner: identity and demographics."""

from rdflib import Literal

from databackpack.loaders.edfi.node import Node
from databackpack.loaders.edfi.page import Page, dated, worded
from databackpack.loaders.record import Source
from databackpack.ontology.namespaces import BP, BPC, RDF, SDO

__all__ = ["add_student"]


def add_student(page: Page, node: Node, source: Source) -> None:
    """The learner's names, identifier and day of birth are in the page, held by the district."""
    holder = page.reference.holder("")
    first, last = node.need("Name/FirstName"), node.need("Name/LastSurname")
    birth = node.need_day("BirthData/BirthDate")
    preferred = node.value("Name/PreferredFirstName"), node.value("Name/PreferredLastSurname")
    graph = page.graph(holder, BPC.identity, source)
    for predicate, value in (
        (RDF.type, BP.Learner),
        (BP.learnerIdentifier, Literal(page.identifier)),
        (SDO.givenName, Literal(first)),
        (SDO.familyName, Literal(last)),
        (SDO.alternateName, _alternate(first, last, *preferred)),
    ):
        if value is not None:
            graph.add((page.learner, predicate, value))
    page.add(
        page.item(holder, "Demographics"),
        BP.Demographics,
        BPC.demographics,
        holder,
        source,
        [(SDO.birthDate, dated(birth))],
    )


def _alternate(first: str, last: str, preferred_first: str, preferred_last: str) -> Literal | None:
    """Return the whole name that the learner prefers, where it differs."""
    name = f"{preferred_first or first} {preferred_last or last}"
    return None if name == f"{first} {last}" else worded(name)
