"""Which part of a published data set is shown: a slice of an RDF Data Cube (qb:Slice). Pure.

Of the dimensions one may part the panels, one the rows and one the series; each of the others is
fixed to one value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import Literal, URIRef

from databackpack.ontology.namespaces import RDF
from databackpack.service.gate.faults import MalformedRequest
from databackpack.service.records.terms import Term, from_ox
from databackpack.service.web.data_set import TOTAL, DataSet, Dimension, Member
from databackpack.service.web.tabulation import MOST_SERIES, Cell, Tabulation

__all__ = ["AXES", "Slice", "choose", "may_be"]

AXES = ("panels", "rows", "series")

_MOST_DIMENSIONS = 6
"""As many as ``cells.rq`` has variables for."""

_SHORT = 12
"""Values of a dimension that are rows though none has a cell; of longer ones only those that do."""

_Key = tuple[Term, ...]
"""The values of a cell on the axes."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of *data_set*; *axes* are the dimensions of panels, rows and series, None for none."""

    data_set: DataSet
    axes: tuple[Dimension | None, ...]
    fixed: Mapping[Dimension, Member]

    @property
    def words(self) -> str:
        """Which part it is, and of when."""
        parts = [f"{dimension.label}: {member.label}" for dimension, member in self.fixed.items()]
        noise = [f"with noise, ε = {self.data_set.epsilon}"] if self.data_set.epsilon else []
        return " · ".join([*parts, f"published {self.data_set.issued[:10]}", *noise])

    def bindings(self) -> dict[str, URIRef | Literal]:
        """Return what ``cells.rq`` is asked with; raises MalformedRequest for too much."""
        dimensions = self.data_set.dimensions
        if len(dimensions) > _MOST_DIMENSIONS:
            raise MalformedRequest(
                f"Of {len(dimensions)} dimensions no picture can be made; ask at /sparql."
            )
        found: dict[str, URIRef | Literal] = {"dataSet": self.data_set.iri}
        for number in range(1, _MOST_DIMENSIONS + 1):
            found[f"property{number}"] = RDF.type
        for number, dimension in enumerate(dimensions, 1):
            found[f"property{number}"] = dimension.iri
            if dimension in self.fixed:
                value = from_ox(self.fixed[dimension].term)
                if isinstance(value, URIRef | Literal):
                    found[f"value{number}"] = value
        return found

    def tabulate(self, solutions: Iterable[ox.QuerySolution]) -> Tabulation:
        """Return what is shown of the cells that the solutions of ``cells.rq`` have."""
        names = [
            None if axis is None else f"value{self.data_set.dimensions.index(axis) + 1}"
            for axis in self.axes
        ]
        found = {
            tuple(TOTAL if name is None else row[name] for name in names): _cell(row)
            for row in solutions
        }
        panels, rows, series = (self._members(position, found) for position in range(len(AXES)))
        there = {key[0] for key in found}
        empty = [member for member in panels if member.term not in there] if there else []
        panels = [member for member in panels if member not in empty]
        cells = {
            (p, r, s): found[panel.term, row.term, one.term]
            for p, panel in enumerate(panels)
            for r, row in enumerate(rows)
            for s, one in enumerate(series)
            if (panel.term, row.term, one.term) in found
        }
        return Tabulation(
            title=self.data_set.title,
            fixed=self.words,
            least=self.data_set.least,
            share_of=self.data_set.share_of,
            is_over_time=self.axes[1] is not None and self.axes[1].is_time,
            heads=[axis.label if axis else "" for axis in self.axes],
            panels=[member.label for member in panels],
            empty=[member.label for member in empty],
            rows=[member.label for member in rows],
            series=[member.label for member in series],
            cells=cells,
        )

    def _members(self, position: int, found: Mapping[_Key, Cell]) -> list[Member]:
        """Return the values on an axis; beside its parts a total of counts is out of scale."""
        axis = self.axes[position]
        if axis is None:
            return [Member(TOTAL, "")]
        without_total = not self.data_set.share_of and axis.size > 0
        members = [one for one in axis.members if not (one.is_total and without_total)]
        if AXES[position] == "rows" and len(members) > _SHORT:
            there = {key[position] for key in found}
            return [one for one in members if one.term in there] or members
        return members


def choose(data_set: DataSet, sent: Mapping[str, str]) -> Slice:
    """Return the slice that a request asks for; what it leaves open is chosen to be read well.

    Raises MalformedRequest, which says what there is to choose from.
    """
    names = [dimension.name for dimension in data_set.dimensions]
    unknown = sorted(sent.keys() - {*AXES, "page", *names})
    if unknown:
        there = ", ".join([*AXES, "page", *names])
        raise MalformedRequest(f"There is no {unknown[0][:40]!r} to choose; there are {there}.")
    axes: list[Dimension | None] = []
    for axis in AXES:
        left = [one for one in data_set.dimensions if one not in axes and may_be(axis, one)]
        axes.append(_named(axis, sent[axis], left) if axis in sent else _DEFAULTS[axis](left))
    fixed = {one: _value(one, sent) for one in data_set.dimensions if one not in axes}
    return Slice(data_set, tuple(axes), fixed)


def may_be(axis: str, dimension: Dimension) -> bool:
    """Tell whether *dimension* may be on *axis*: a picture has colors for few series."""
    return axis != "series" or len(dimension.members) <= MOST_SERIES


def _cell(row: ox.QuerySolution) -> Cell:
    if row["lower"] is None:
        return Cell(int(row["learners"].value))
    return Cell(int(row["learners"].value), float(row["lower"].value), float(row["upper"].value))


def _named(axis: str, name: str, left: list[Dimension]) -> Dimension | None:
    """Return the dimension of that name among those that are left, None for no name."""
    if not name:
        return None
    for dimension in left:
        if dimension.name == name:
            return dimension
    there = ", ".join(dimension.name for dimension in left) or "nothing"
    raise MalformedRequest(f"The {axis} cannot be {name[:40]!r} here; they can be {there}.")


def _value(dimension: Dimension, sent: Mapping[str, str]) -> Member:
    """Return the value that a dimension is fixed to: of time the last, else that of most cells."""
    if dimension.name not in sent:
        members = dimension.members
        return members[-1] if dimension.is_time else max(members, key=lambda one: one.cells)
    for member in dimension.members:
        if member.key == sent[dimension.name]:
            return member
    raise MalformedRequest(
        f"Nothing is published for the {dimension.label} {sent[dimension.name][:100]!r}."
    )


def _panels(left: list[Dimension]) -> Dimension | None:
    """Return the finest dimension of places that has several."""
    return max((one for one in left if one.is_place and one.size > 1), key=_size, default=None)


def _rows(left: list[Dimension]) -> Dimension | None:
    """Return what can neither be summed up nor be in colors, else time, else the finest."""
    parts = [one for one in left if not (one.has_total or one.is_time or may_be("series", one))]
    times = [one for one in left if one.is_time and one.size > 1]
    return max(parts or times or left, key=_size, default=None)


def _series(left: list[Dimension]) -> Dimension | None:
    return max((one for one in left if one.size > 1), key=_size, default=None)


def _size(dimension: Dimension) -> int:
    return dimension.size


_DEFAULTS = {"panels": _panels, "rows": _rows, "series": _series}
