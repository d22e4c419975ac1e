"""Records of invented learners, good and bad, as a loader would give them."""

from rdflib import Graph, Literal, URIRef

from databackpack.loaders.record import Record, Source, item_iri, organization_iri
from databackpack.ontology.namespaces import BP, BPC, ID, RDF, XSD

__all__ = ["attendance", "learner", "score"]


def learner(number: int) -> URIRef:
    return ID[f"learner/00000000-0000-4000-8000-{number:012}"]


def attendance(number: int, date: str = "2025-09-30", row: int = 2) -> Record:
    """Return an attendance record of one event on *date*, from *row* of a file."""
    graph, _ = _item(number, BP.AttendanceEvent)
    for subject in set(graph.subjects()):
        graph.add((subject, BP.eventDate, Literal(date, datatype=XSD.date)))
        graph.add((subject, BP.hasAttendanceStatus, BP.Tardy))
    return _record(number, BPC.attendance, graph, Source("events.csv", row))


def score(number: int, value: str, row: int = 2) -> Record:
    """Return a gradebook record of one item with *value* of ten points."""
    graph, item = _item(number, BP.GradebookItem)
    graph.add((item, BP.scoreValue, Literal(value, datatype=XSD.decimal)))
    graph.add((item, BP.maximumScore, Literal("10", datatype=XSD.decimal)))
    return _record(number, BPC.gradebook, graph, Source("scores.csv", row))


def _item(number: int, kind: URIRef) -> tuple[Graph, URIRef]:
    graph, item = Graph(), item_iri(learner(number), "1", str(kind))
    graph.add((item, RDF.type, kind))
    graph.add((item, BP.isRecordOf, learner(number)))
    graph.add((item, BP.isHeldBy, organization_iri("101")))
    return graph, item


def _record(number: int, category: URIRef, graph: Graph, source: Source) -> Record:
    return Record(learner(number), organization_iri("101"), category, graph, source)
