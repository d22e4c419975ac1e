"""What a published data set (RDF Data Cube) says of itself, read from an answer. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPD
from databackpack.service.records.terms import Term, node, text

__all__ = ["TOTAL", "DataSet", "Dimension", "Member", "read"]

TOTAL = node(BP.Total)
"""Stands for all values of a dimension together."""

_YES_OR_NO = {"true": "yes", "false": "no"}


@dataclass(frozen=True, slots=True)
class Member:
    """A value of a dimension, and how many *cells* have it.

    *rank* is its place in its scheme's order, if that has one.
    """

    term: Term
    label: str
    cells: int = 0
    rank: int = 0

    @property
    def key(self) -> str:
        """What a request says to mean it."""
        return text(self.term)

    @property
    def is_total(self) -> bool:
        """Whether it stands for all other values."""
        return self.term == TOTAL


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension with those of its values that some published cell has, the total first."""

    iri: URIRef
    label: str
    is_place: bool
    members: tuple[Member, ...]

    @property
    def name(self) -> str:
        """How requests call it."""
        return local_name(self.iri)

    @property
    def is_time(self) -> bool:
        """Whether its values are school years."""
        return str(self.iri) == str(BPD.schoolYear)

    @property
    def size(self) -> int:
        """How many values there are beside the total."""
        return sum(not member.is_total for member in self.members)

    @property
    def has_total(self) -> bool:
        """Whether some cell is of all values together."""
        return self.size < len(self.members)


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a data set says of itself.

    *least* is how many learners a cell must be of; *share_of* says what the learners of a share
    have, and is empty where learners are counted only; *epsilon* is of its noise, and
    is empty where there is none.
    """

    iri: URIRef
    title: str
    description: str
    issued: str
    least: int
    share_of: str
    epsilon: str
    dimensions: tuple[Dimension, ...]


def read(solutions: Iterable[ox.QuerySolution]) -> DataSet | None:
    """Return the data set that the solutions of ``dimensions.rq`` describe, None without any."""
    rows = list(solutions)
    if not rows:
        return None
    members: dict[URIRef, dict[Term, Member]] = {}
    heads: dict[URIRef, tuple[str, bool]] = {}
    for row in rows:
        if row["property"] is None:  # nothing of it could be published
            continue
        dimension, member = URIRef(text(row["property"])), _member(row)
        head = text(row["head"]) if row["head"] else local_name(dimension)
        heads[dimension] = head, text(row["isPlace"]) == "true"
        known = members.setdefault(dimension, {})
        known[member.term] = min(known.get(member.term, member), member, key=_order)
    dimensions = [
        Dimension(iri, head, is_place, tuple(sorted(members[iri].values(), key=_order)))
        for iri, (head, is_place) in heads.items()
    ]
    first = rows[0]
    return DataSet(
        iri=URIRef(text(first["dataSet"])),
        title=text(first["title"]),
        description=text(first["description"]),
        issued=text(first["issued"]),
        least=int(text(first["least"])),
        share_of=text(first["shareOf"]) if first["shareOf"] else "",
        epsilon=text(first["epsilon"]) if first["epsilon"] else "",
        dimensions=tuple(sorted(dimensions, key=lambda one: one.label)),
    )


def _member(row: ox.QuerySolution) -> Member:
    value: Term = row["value"]
    if row["label"] is not None:
        label = text(row["label"])
    elif isinstance(value, ox.NamedNode):
        label = local_name(URIRef(value.value))
    else:
        label = _YES_OR_NO.get(text(value), text(value))
    rank = int(text(row["rank"])) if row["rank"] else 0
    return Member(value, label, int(text(row["cells"])), rank)


def _order(member: Member) -> tuple[bool, int, str]:
    return not member.is_total, member.rank, member.label
