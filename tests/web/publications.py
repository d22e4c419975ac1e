"""Publications written by hand: what pages show of them is known from here, not from any count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from rdflib import Literal

from databackpack.loaders.record import organization_iri
from databackpack.ontology.namespaces import BPG
from databackpack.queries import cubes
from databackpack.service.records.graphs import REGISTRY, statistics_graph
from databackpack.service.records.terms import text
from databackpack.service.records.truth import Change
from databackpack.service.statistics.dataset import observations
from databackpack.service.statistics.protection import Cell
from databackpack.service.statistics.schedule import Publication
from databackpack.service.statistics.table import TOTAL, Count
from tests.running import Running

__all__ = ["ABSENCE", "BIRCH", "COUNTED", "ELM", "FERN", "MOVES", "Written", "put"]

ELM, FERN, BIRCH = "Elm Sample Elementary", "Fern Sample Elementary", "Birch Sample Middle"
NORTH = organization_iri("north").n3()
BEFORE, NOW = Literal("2025-2026").n3(), Literal("2026-2027").n3()
GIRLS, BOYS = Literal("Female").n3(), Literal("Male").n3()
THIRD = BPG["3"].n3()


@dataclass(frozen=True)
class Written:
    """Cells of the shipped cube *cube*; schools by their names, other values as N-Triples."""

    cube: str
    cells: Mapping[tuple[str, ...], tuple[int, float | None, float | None]]
    epsilon: Decimal | None = None


ABSENCE = Written(
    "chronic-absence-by-gender",
    {
        (BEFORE, ELM, TOTAL, GIRLS): (25, 20.0, 40.0),
        (BEFORE, ELM, TOTAL, BOYS): (30, 0.0, 10.0),
        (BEFORE, ELM, THIRD, BOYS): (15, 0.0, 20.0),
        (BEFORE, FERN, TOTAL, GIRLS): (40, 35.0, 35.0),
        (NOW, ELM, TOTAL, GIRLS): (25, 60.0, 80.0),
        (NOW, FERN, TOTAL, BOYS): (45, 95.0, 100.0),
    },
)
MOVES = Written(
    "moves",
    {
        (NOW, ELM, BIRCH): (15, None, None),
        (NOW, FERN, BIRCH): (20, None, None),
        (NOW, FERN, ELM): (10, None, None),
        (NOW, FERN, TOTAL): (30, None, None),
    },
)
COUNTED = Written(
    "mastery-by-moves",
    {
        (NOW, TOTAL, TOTAL): (60, 40.0, 45.0),
        (NOW, NORTH, Literal(0).n3()): (35, 35.0, 45.0),
        (NOW, NORTH, Literal(1).n3()): (25, 40.0, 60.0),
    },
)


def put(running: Running, persona: str, *written: Written) -> None:
    """The data sets of *written* are published for *persona*, instead of those of their names."""
    audience = running.context.views.audience(running.audience(persona))
    (purpose,) = audience.purposes
    changes = []
    for one in written:
        cube = cubes.read(one.cube)
        about = Publication(
            iri=statistics_graph(audience.iri, purpose, cube.name),
            cube=cube.iri,
            title=cube.label,
            definition=cube.definition,
            population=cube.population,
            share_of=cube.share_of,
            audience=audience.iri,
            purpose=purpose,
            categories=cube.categories,
            issued=datetime(2026, 11, 23, 9, tzinfo=UTC),
            months=cube.months,
            sequence=1,
            minimum_cell_size=10,
            epsilon=one.epsilon,
        )
        cells = {
            tuple(_school(running, value) for value in key): Cell(*values, Count(0))
            for key, values in one.cells.items()
        }
        triples = about.to_triples() | observations(about.iri, cube, cells)
        changes.append(Change(about.iri, triples))
    running.context.truth.commit(changes)


def _school(running: Running, value: str) -> str:
    if value not in (ELM, FERN, BIRCH):
        return value
    labels = running.context.truth.triples(REGISTRY)
    (found,) = (t.subject for t in labels if text(t.object) == value)
    return str(found)
