"""The page of one learner: its records and the rows refused, as they fill up."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from rdflib import Graph, Literal, URIRef
from rdflib.term import Identifier

from databackpack.loaders.edfi.node import Node, Refused
from databackpack.loaders.edfi.reference import Reference
from databackpack.loaders.record import Problem, Record, Source, item_iri
from databackpack.ontology.codes import UnknownCode, concept, local_name
from databackpack.ontology.namespaces import BP, BPG, RDF

__all__ = ["Page", "coded", "dated", "graded", "worded"]

Value = Identifier | None


class Page:
    """What the files say of one learner.

    INVARIANT: a row that is refused leaves no triple: builders compute every value before ``add``.
    """

    def __init__(self, learner: URIRef, identifier: str, reference: Reference) -> None:
        self.learner = learner
        self.identifier = identifier
        self.reference = reference
        self.problems: list[Problem] = []
        self.offenses: dict[tuple[str, ...], set[URIRef]] = {}
        """The learner's items by school and incident, for the actions that follow from them."""
        self.attended: dict[tuple[str, str], Source] = {}
        """Schools and school years that rows name, with the first row to do so."""
        self._records: dict[tuple[URIRef, URIRef], Record] = {}
        self._first: dict[URIRef, Source] = {}

    @property
    def records(self) -> list[Record]:
        """The records that hold something, in the order in which they came up."""
        return list(self._records.values())

    @contextmanager
    def naming(self, source: Source) -> Iterator[None]:
        """A row that is refused inside is in ``problems``, as standing at *source*."""
        try:
            yield
        except Refused as refused:
            self.problems.append(Problem(source, refused.rule, refused.message))

    def graph(self, holder: URIRef, category: URIRef, source: Source) -> Graph:
        """Return the graph of a record, begun at *source* where it was not there."""
        key = holder, category
        if key not in self._records:
            self._records[key] = Record(self.learner, holder, category, Graph(), source)
        return self._records[key].graph

    def item(self, holder: URIRef, *key: str) -> URIRef:
        """Return the IRI of the item that *holder* knows by *key*."""
        return item_iri(self.learner, local_name(holder), *key)

    def add(
        self,
        item: URIRef,
        kind: URIRef,
        category: URIRef,
        holder: URIRef,
        source: Source,
        values: Iterable[tuple[URIRef, Value]],
        *,
        merges: bool = False,
    ) -> None:
        """*item* is in the record with its *values*; None says nothing.

        Raises Refused where the item is there already; where it *merges*, only if nothing is new.
        """
        stated = [(predicate, value) for predicate, value in values if value is not None]
        graph = self.graph(holder, category, source)
        first = self._first.setdefault(item, source)
        if first is not source and not (
            merges and any((item, *pair) not in graph for pair in stated)
        ):
            raise Refused("duplicate row", f"it says the same thing as {first}; keep one")
        graph.add((item, RDF.type, kind))
        graph.add((item, BP.isRecordOf, self.learner))
        graph.add((item, BP.isHeldBy, holder))
        for pair in stated:
            graph.add((item, *pair))


def worded(text: str) -> Literal | None:
    """Return *text* as a literal, None where it is empty."""
    return Literal(text) if text else None


def dated(day: date | None) -> Literal | None:
    """Return *day* as a literal."""
    return Literal(day) if day else None


def coded(scheme: URIRef, text: str) -> URIRef:
    """Return the concept that *text* means in *scheme*. Raises Refused."""
    try:
        return concept(scheme, text)
    except UnknownCode as error:
        raise Refused("unknown code", str(error)) from None


_GRADES = {  # Ed-Fi's words that are not ours
    "Infant/toddler": "IT",
    "Preschool": "PK",
    "Preschool/Prekindergarten": "PK",
}
_NO_GRADE = {"", "No grade level", "Out of School"}


def graded(node: Node, path: str) -> URIRef | None:
    """Return the grade level that the descriptor at *path* means. Raises Refused."""
    grade = node.code(path)
    return None if grade in _NO_GRADE else coded(BPG.Scheme, _GRADES.get(grade, grade))
