"""Small cubes and tables for the tests of what may be told."""

from hypothesis import strategies as st
from rdflib import URIRef

from databackpack.queries.cubes import Cube, Dimension
from databackpack.service.statistics.table import Count, Key, Table

__all__ = ["cube_of", "sizes", "tables"]


def cube_of(*add_up: bool, is_share: bool = False, contribution: int = 1) -> Cube:
    """Return a cube with a dimension for each of *add_up*, which says whether it has totals."""
    return Cube(
        name="test",
        iri=URIRef("urn:test:cube"),
        label="Test",
        definition="Test",
        dimensions=tuple(
            Dimension(URIRef(f"urn:test:{n}"), str(n), has_total)
            for n, has_total in enumerate(add_up)
        ),
        measure="share" if is_share else "count",
        share_of="met" if is_share else "",
        categories=frozenset(),
        months=12,
        contribution=contribution,
        query="",
    )


sizes = st.one_of(st.integers(0, 12), st.integers(0, 45))
"""Groups near the threshold, and larger ones."""


@st.composite
def tables(draw: st.DrawFn, *shape: int, is_share: bool = False) -> Table:
    """Draw a table with *shape* values in its dimensions, of which some cells are nobody's."""
    keys: list[Key] = [()]
    for extent in shape:
        keys = [(*key, f"<urn:v{n}>") for key in keys for n in range(extent)]
    drawn = {key: draw(sizes) for key in keys}
    return {
        key: Count(learners, draw(st.integers(0, learners)) if is_share else None)
        for key, learners in drawn.items()
        if learners
    }
