"""A publication as RDF is read as it was written, from a store that spells numbers its own way."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databackpack.ontology.namespaces import BP, BPG, DPV, ID, QB, RDF
from databackpack.queries.cubes import read
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.graphs import basis_graph, statistics_graph
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.statistics import dataset, schedule
from databackpack.service.statistics.protection import Cell, Kept
from databackpack.service.statistics.schedule import Publication
from databackpack.service.statistics.table import TOTAL, Count, Key

CUBE = read("chronic-absence-by-gender")
SCHOOLS = [str(node(ID[f"organization/{name}"])) for name in ("elm", "fir")]
ATLAS = ID["audience/researcher-atlas"]
IRI = statistics_graph(ATLAS, DPV.AcademicResearch, CUBE.name)
ABOUT = Publication(
    iri=IRI,
    cube=CUBE.iri,
    title=CUBE.label,
    definition=CUBE.definition,
    population=CUBE.population,
    share_of=CUBE.share_of,
    audience=ATLAS,
    purpose=DPV.AcademicResearch,
    categories=CUBE.categories,
    issued=datetime(2026, 11, 30, 12, 0, 0, 1, tzinfo=UTC),
    months=3,
    sequence=2,
    minimum_cell_size=10,
)
VALUES = {
    "school": SCHOOLS,
    "grade": [str(node(BPG["5"])), str(node(BPG.KG))],
    "schoolYear": ['"2025-2026"', '"a \\"quoted\\" one"'],
    "gender": ['"F"', '"=not on record"'],
}


@st.composite
def keys(draw: st.DrawFn) -> Key:
    """Draw a key of the cube, with totals where it has them."""
    return tuple(
        draw(st.sampled_from([*VALUES[one.variable], *([TOTAL] if one.has_total else [])]))
        for one in CUBE.dimensions
    )


numbers = st.integers(0, 400)
percents = st.sampled_from([0.0, 5.0, 12.5, 80.0, 99.9])
tables = st.dictionaries(
    keys(), st.builds(Cell, numbers, percents, percents, st.just(Count(0))), max_size=6
)
counts = st.dictionaries(keys(), st.builds(Count, numbers, numbers), max_size=6)


@settings(max_examples=40)
@given(tables)
def test_cells_are_read_as_they_were_written(cells: dict[Key, Cell]) -> None:
    truth = TruthStore()
    truth.commit([Change(IRI, ABOUT.to_triples() | dataset.observations(IRI, CUBE, cells))])
    dimensions, found = dataset.read_observations(truth.triples(IRI))
    assert set(dimensions) == ({one.iri for one in CUBE.dimensions} if cells else set())
    places = [dimensions.index(one.iri) for one in CUBE.dimensions if dimensions]
    assert {tuple(key[place] for place in places): cell for key, cell in found.items()} == cells
    assert schedule.on_record(truth) == [ABOUT]
    said = {str(triple) for triple in truth.triples(IRI)}
    truth.commit([Change(IRI, ABOUT.to_triples() | dataset.observations(IRI, CUBE, cells))])
    assert {str(triple) for triple in truth.triples(IRI)} == said, "names are the same each time"


@settings(max_examples=40)
@given(counts, st.data())
def test_true_counts_are_read_as_they_were_written(
    counted: dict[Key, Count], data: st.DataObject
) -> None:
    told = data.draw(st.sets(st.sampled_from(sorted(counted)))) if counted else set()
    kept, truth = Kept(counted, frozenset(told)), TruthStore()
    truth.commit([Change(basis_graph(IRI), dataset.basis(IRI, CUBE, kept))])
    assert dataset.read_basis(CUBE, truth.triples(basis_graph(IRI))) == kept


def test_no_true_count_and_no_hidden_cell_is_among_what_is_seen() -> None:
    elm = tuple(VALUES[one.variable][0] for one in CUBE.dimensions)
    seen = dataset.observations(IRI, CUBE, {elm: Cell(25, 80.0, 100.0, Count(23, 21))})
    text = (ox.serialize(seen, format=ox.RdfFormat.N_TRIPLES) or b"").decode()
    for private in ('"23"', '"21"', str(BP.countedCell), SCHOOLS[1]):
        assert private not in text
    assert len({triple.subject for triple in seen}) == 1


def test_another_cube_under_the_same_name_is_refused() -> None:
    other = replace(CUBE, dimensions=read("moves").dimensions)
    key = tuple(VALUES[one.variable][0] for one in CUBE.dimensions)
    held = dataset.basis(IRI, CUBE, Kept({key: Count(30, 3)}, frozenset()))
    with pytest.raises(Refused, match="another name"):
        dataset.read_basis(other, held)


@pytest.mark.parametrize(
    ("issued", "months", "following"),
    [
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2027, 11, 30), 3, (2028, 2, 29)),
        ((2026, 12, 1), 1, (2027, 1, 1)),
        ((2026, 1, 31), 12, (2027, 1, 31)),
        ((2026, 7, 15), 18, (2028, 1, 15)),
    ],
)
def test_the_next_day_is_months_later_or_the_last_of_a_short_month(
    issued: tuple[int, int, int], months: int, following: tuple[int, int, int]
) -> None:
    moment = datetime(*issued, 23, 59, tzinfo=UTC)
    about = replace(ABOUT, issued=moment, months=months, epsilon=Decimal("0.5"))
    assert about.next_day == date(*following)
    truth = TruthStore()
    truth.commit([Change(IRI, about.to_triples())])
    assert schedule.on_record(truth) == [about]
    assert schedule.due(truth, date(*following)) == [about]
    assert schedule.due(truth, date.fromordinal(date(*following).toordinal() - 1)) == []


def test_what_others_call_a_data_set_is_none_of_ours() -> None:
    truth, stray = TruthStore(), ID["graph/framework/stray"]
    said = ox.Triple(ox.NamedNode("urn:stray"), node(RDF.type), node(QB.DataSet))
    truth.commit([Change(stray, [said])])
    assert schedule.on_record(truth) == []
