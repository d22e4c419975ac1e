"""Two services over the same data, one of which never held what is hidden: they must not differ.

What is hidden from ELM (teachers of a school), NORTH (its district) and NOA (a guardian there):
all that is held of a learner elsewhere, a record that a family closed to the first two, and graphs
that belong to nobody.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pyoxigraph as ox
from rdflib import RDF, RDFS, Graph, Literal, URIRef

from databackpack.loaders.record import (
    Guardianship,
    Item,
    Record,
    Setting,
    Source,
    item_iri,
    organization_iri,
    record_iri,
)
from databackpack.ontology.namespaces import BP, BPC, BPG, BPM, DPV, ID, ORG, SDO
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.records.graphs import policy_graph
from databackpack.service.records.identity import Identities
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context
from tests.oracle.world import organizations
from tests.running import Running, TickingClock
from tests.web.asking import Headers, Response, Web

__all__ = [
    *("ANN", "ASKERS", "ATLAS", "BEN", "BP_PREFIX", "CAT", "ELM", "HIDDEN_GRAPHS", "HIDDEN_WORDS"),
    *("MIA", "NOA", "NOBODY", "NORTH", "NOWHERE", "OLA", "PAT", "STATE", "Twins", "all_of"),
    *("check_same", "items", "name_of", "own", "served_with", "settle"),
]

ANN, BEN, CAT, NOBODY = (ID[f"learner/{UUID(int=2**100 + n, version=4)}"] for n in range(4))
_GUARDIANS = [ID[f"guardian/{UUID(int=2**101 + n, version=4)}"] for n in range(4)]
_MIA, _NOA, _OLA, _PAT = _GUARDIANS
MIA, NOA, OLA, PAT = (f"guardian-{str(iri).rpartition('/')[2]}" for iri in _GUARDIANS)
"""The audiences of the guardians of Ann, Ben and Cat, and of a second one of Ben."""

ELM, NORTH, STATE, ATLAS = "teacher-elm", "district-north", "state-agency-state", "researcher-atlas"
ASKERS = (ELM, NORTH, NOA)
BP_PREFIX = "PREFIX bp: <https://w3id.org/databackpack/ns#> PREFIX s: <https://schema.org/> "

HIDDEN_WORDS = (b"Zephyrine", b"Thornquist", b"Periwinkle", b"Marigold", b"urn:decoy")
NOWHERE = ID["graph/00000000-0000-4000-8000-000000000000"]
_STANDARD = URIRef("http://corestandards.org/Math/Content/5/NBT/A/1")
_DECOYS = (URIRef("urn:decoy:graph"), URIRef("urn:x-arq:UnionGraph"), ID["graph/teacher"])
_SOURCE = Source("town", 1)
_SAID = datetime(2026, 9, 1, tzinfo=UTC)

Values = Sequence[tuple[URIRef, URIRef | Literal]]


def own(learner: URIRef, category: str, school: str = "elm") -> URIRef:
    """Return the first item that *school* holds of *learner* in *category*."""
    return item_iri(learner, school, category)


def name_of(learner: URIRef) -> str:
    """Return the learner's name in the paths of the service."""
    return str(learner).rpartition("/")[2]


def _record(learner: URIRef, school: str, category: str, kind: URIRef, values: Values) -> Record:
    graph, holder = Graph(), organization_iri(school)
    iri = learner if kind == BP.Learner else own(learner, category, school)
    frame = [] if iri == learner else [(BP.isRecordOf, learner), (BP.isHeldBy, holder)]
    for predicate, value in [(RDF.type, kind), *frame, *values]:
        graph.add((iri, predicate, value))
    return Record(learner, holder, BPC[category], graph, _SOURCE)


def _records(learner: URIRef, school: str, name: tuple[str, str], said: str) -> list[Record]:
    """Return what *school* holds of a learner who is called *name*; the last is of behavior."""
    day = Literal(date(2026, 10, 5))
    stay: Values = [
        (ORG.member, learner),
        (ORG.organization, organization_iri(school)),
        (BP.schoolYear, Literal("2026-2027")),
        (BP.hasGradeLevel, BPG["5"]),
        (BP.entryDate, Literal(date(2026, 8, 1))),
        (BP.exitDate, Literal(date(2027, 6, 30))),
    ]
    identity: Values = [
        (SDO.givenName, Literal(name[0])),
        (SDO.familyName, Literal(name[1])),
        (BP.learnerIdentifier, Literal("S" + name[0])),
    ]
    mastery: Values = [
        *((BP.hasMasteryLevel, BPM.Met), (BP.asOfDate, day), (BP.isAlignedTo, _STANDARD)),
    ]
    return [
        _record(learner, school, "identity", BP.Learner, identity),
        _record(learner, school, "enrollment", BP.Enrollment, stay),
        _record(learner, school, "progress", BP.MasteryState, mastery),
        _record(
            learner,
            school,
            "attendance",
            BP.AttendanceEvent,
            [(BP.eventDate, day), (BP.hasAttendanceStatus, BP.Tardy)],
        ),
        _record(
            learner,
            school,
            "behavior",
            BP.BehaviorIncident,
            [(BP.incidentDate, day), (BP.behaviorType, Literal(said))],
        ),
    ]


def _word(learner: URIRef, guardian: URIRef, category: str, audience: str, level: str) -> Setting:
    purpose = DPV.AcademicResearch if audience == ATLAS else None
    return Setting(learner, guardian, BPC[category], audience, level, purpose, _SAID, None, _SOURCE)


def _family(learner: URIRef, guardian: URIRef) -> list[Item]:
    """Return a guardian and the words by which a study sees progress and enrollment."""
    return [
        Guardianship(learner, guardian, "mother", None, None, _SOURCE),
        _word(learner, guardian, "progress", ATLAS, "deidentified"),
        _word(learner, guardian, "enrollment", ATLAS, "deidentified"),
    ]


def items(*, hidden: bool) -> list[Item]:
    """Return the town as a loader reads it, with or without what is hidden."""
    ann = _records(ANN, "elm", ("Ada", "Rowan"), "Periwinkle")
    ben = _records(BEN, "elm", ("Bo", "Linden"), '=HYPERLINK("http://x/")<script>alert(1)</script>')
    found: list[Item] = [*organizations(), *(ann if hidden else ann[:-1]), *_family(ANN, _MIA)]
    if hidden:
        found += [_word(ANN, _MIA, "behavior", role, "none") for role in ("teacher", "district")]
    found += [*ben, *_family(BEN, _NOA)]
    found.append(Guardianship(BEN, _PAT, "father", None, None, _SOURCE))
    if hidden:
        found += _records(CAT, "fir", ("Zephyrine", "Thornquist"), "Marigold")
        found += _family(CAT, _OLA)
    return found


def settle(folder: Path, *, hidden: bool = True) -> Running:
    """Return a service over the town whose keys are in *folder*."""
    clock = TickingClock()
    truth = TruthStore(None, clock)
    report = take_in(truth, items(hidden=hidden))
    assert report.is_clean, report.problems
    if hidden:
        truth.commit([Change(graph, _decoy()) for graph in _DECOYS])
    context = Context(truth, Views(truth, jurisdiction.read("us-default")), signing_key(folder))
    app = create_app(Config(store=None, keys=folder, clock=clock), context)
    return Running(context, app, Identities(truth), clock)


def _decoy() -> set[ox.Triple]:
    """Return what would be seen at once if any query reached the graphs of the truth store."""
    secret = ox.Literal("Marigold")
    return {
        ox.Triple(ox.NamedNode("urn:decoy:s"), ox.NamedNode("urn:decoy:p"), secret),
        ox.Triple(node(_STANDARD), node(RDFS.label), secret),
        ox.Triple(node(own(ANN, "progress")), node(BP.isRecordOf), node(CAT)),
        ox.Triple(node(BEN), node(SDO.givenName), secret),
    }


HIDDEN_GRAPHS = (
    *_DECOYS,
    record_iri(organization_iri("fir"), CAT, BPC.identity),
    record_iri(organization_iri("elm"), ANN, BPC.behavior),
    record_iri(organization_iri("elm"), ANN, BPC.progress),
    policy_graph(ANN),
    *(ID[f"graph/{name}"] for name in ("index", "audiences")),
)
"""Graphs of the truth store: none is in any audience's dataset, what is in some of them is."""


@dataclass(frozen=True)
class Twins:
    """The service and its twin that never held what is hidden, both on real sockets."""

    whole: Web
    bare: Web

    def send(
        self,
        asker: str,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Headers | None = None,
    ) -> Response:
        """Return the answer, which is the same from both and holds nothing that is hidden."""
        found = []
        for web in (self.whole, self.bare):
            sent = web.running.headers(asker, "*/*") | {"Host": "127.0.0.1"} | (headers or {})
            found.append(web.send(method, path, sent, body))
        check_same(*found)
        for word in HIDDEN_WORDS:
            sent_by_us = quote(word) in path or word.decode() in str(body)
            assert sent_by_us or word not in found[0].body, word
        return found[0]

    def query(self, asker: str, text: str, accept: str = "*/*") -> Response:
        headers = {"Accept": accept, "Content-Type": "application/sparql-query"}
        return self.send(asker, "POST", "/sparql", text.encode(), headers)


_OWN_NUMBERS = re.compile(rb'"request_id": ?"[^"]*"')
_OF_ONE_ANSWER = {"date", "x-request-id", "etag"}


def check_same(first: Response, second: Response) -> None:
    """Both are the same, byte for byte, but for the request's own number and moment."""
    for one in (first, second):
        assert not one.body or one.headers["content-length"] == str(len(one.body))
    assert _plain(first) == _plain(second)


def _plain(answer: Response) -> tuple[int, Headers, bytes]:
    headers = {name: told for name, told in answer.headers.items() if name not in _OF_ONE_ANSWER}
    return answer.status, headers, _OWN_NUMBERS.sub(b"", answer.body)


def all_of(web: Web, asker: str) -> str:
    """Return every triple of the asker's view."""
    return "\n".join(sorted(web.dump(asker)))


@contextmanager
def served_with(running: Running, **changes: Any) -> Iterator[Web]:
    """Serve the same views in a context with *changes*, such as other limits on one answer."""
    context = replace(running.context, **changes)
    app = create_app(Config(store=None, keys=Path(), clock=running.clock), context)
    other = replace(running, context=context, app=app)
    with other.listening() as address:
        yield Web(other, address)
