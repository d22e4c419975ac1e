"""A service that publishes statistics for a study, and what the study is told over the socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rdflib import RDF, Graph, Literal, URIRef

from databackpack.loaders.record import Record, item_iri, organization_iri
from databackpack.ontology.namespaces import BP, BPC, XSD
from databackpack.queries import cubes
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.intake import take_in
from databackpack.service.records.identity import Identities
from databackpack.service.statistics import publication
from databackpack.service.statistics.schedule import Publication
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context
from tests.oracle.world import SOURCE
from tests.running import Running
from tests.statistics.roster import ATLAS, Calendar, agreement, learner, opened
from tests.web.asking import Web

__all__ = ["SIZES", "Study", "studied"]

SIZES = {"elm": 33, "oak": 26, "fir": 9}
"""Learners of each school: of one more than is rounded down, of enough, of too few."""

_CUBE = cubes.read("completeness")
_TOLD = """
PREFIX qb: <http://purl.org/linked-data/cube#>
SELECT ?cell ?property ?value WHERE { ?cell a qb:Observation ; ?property ?value }
"""

Cell = dict[str, str]
"""What one observation says, by the local names of its properties."""


@dataclass
class Study:
    """A study that asks over the socket, in a state whose calendar can be turned."""

    web: Web
    views: Views
    calendar: Calendar

    def publish(self) -> Publication:
        """Publish how complete records are, for the study."""
        audience = self.views.audience(ATLAS)
        (purpose,) = audience.purposes
        (found,) = publication.publish(self.views, [_CUBE], audience, purpose)
        return found

    def told(self) -> list[Cell]:
        """Return all observations that the study is answered with."""
        answer = self.web.query(ATLAS, _TOLD)
        assert answer.status == 200, answer.body
        found: dict[str, Cell] = {}
        for row in answer.json["results"]["bindings"]:
            name = row["property"]["value"].replace("#", "/").rpartition("/")[2]
            found.setdefault(row["cell"]["value"], {})[name] = row["value"]["value"]
        assert found
        return sorted(found.values(), key=lambda cell: sorted(cell.items()))

    def of(self, part: str) -> dict[str, Cell]:
        """Return what is told of one part of records, by school; of all, under the name Total."""
        return {
            cell["school"].replace("#", "/").rpartition("/")[2]: cell
            for cell in self.told()
            if cell["part"] == str(BPC[part])
        }


@contextmanager
def studied(folder: Path) -> Iterator[Study]:
    """Serve the state; each learner of the school that is too small has a dozen rows."""
    calendar = Calendar()
    views = opened(calendar, SIZES)
    agreement(views)
    take_in(views.truth, [_absences(number) for number in range(59, 59 + SIZES["fir"])])
    context = Context(views.truth, views, signing_key(folder))
    app = create_app(Config(store=None, keys=folder, clock=calendar), context)
    running = Running(context, app, Identities(views.truth), calendar)  # type: ignore[arg-type]
    with running.listening() as address:
        yield Study(Web(running, address), views, calendar)
    views.close()


def _absences(number: int) -> Record:
    whose, holder, graph = learner(number), organization_iri("fir"), Graph()
    for day in range(1, 13):
        event = item_iri(whose, "fir", "attendance", f"{day}")
        said: list[tuple[URIRef, URIRef | Literal]] = [
            *((RDF.type, BP.AttendanceEvent), (BP.isRecordOf, whose), (BP.isHeldBy, holder)),
            (BP.eventDate, Literal(f"2026-10-{day:02}", datatype=XSD.date)),
            (BP.hasAttendanceStatus, BP.Tardy),
        ]
        for predicate, value in said:
            graph.add((event, predicate, value))
    return Record(whose, holder, BPC.attendance, graph, SOURCE)
