"""A record that is aligned to a standard that its framework dropped is loaded, and that is told."""

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, SDO

from databackpack.loaders.record import Record
from databackpack.ontology.namespaces import BP, CEASN, ID
from databackpack.service.intake import take_in
from databackpack.service.records.graphs import FRAMEWORKS, framework_graph
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore
from tests.intake.records import score
from tests.running import TickingClock

OLD = URIRef("urn:uuid:00000000-0000-4000-8000-0000000000f2")
NEW = URIRef("urn:uuid:00000000-0000-4000-8000-0000000000f3")
DOCUMENT = URIRef("urn:uuid:00000000-0000-4000-8000-0000000000f1")


def with_framework() -> TruthStore:
    """Return a store with a framework that replaced OLD by NEW."""
    truth, framework, index = TruthStore(None, TickingClock()), Graph(), Graph()
    for standard in (OLD, NEW):
        framework.add((standard, RDF.type, CEASN.Competency))
    framework.add((OLD, OWL.deprecated, Literal(True)))
    framework.add((OLD, DCTERMS.isReplacedBy, NEW))
    graph = framework_graph(DOCUMENT)
    index.add((graph, SDO.sha256, Literal("0" * 64)))
    changes = [Change(graph, to_triples(framework)), Change(FRAMEWORKS, to_triples(index), graph)]
    truth.commit(changes)
    return truth


def aligned(standard: URIRef) -> Record:
    record = score(1, "9")
    (item,) = record.graph.subjects(RDF.type, BP.GradebookItem)
    record.graph.add((item, BP.isAlignedTo, standard))
    return record


def test_a_deprecated_standard_is_a_warning_that_names_its_replacement() -> None:
    truth = with_framework()
    report = take_in(truth, [aligned(OLD)])
    assert report.is_clean
    assert truth.triples(aligned(OLD).iri)
    (note,) = report.notes
    assert (note.rule, note.severity, note.layer) == (
        "deprecated standard",
        "Warning",
        "vocabulary",
    )
    assert str(OLD) in note.message
    assert str(NEW) in note.message


def test_a_standard_that_is_in_force_is_not_told_of() -> None:
    assert not take_in(with_framework(), [aligned(NEW)]).notes
    assert not take_in(TruthStore(None, TickingClock()), [aligned(OLD)]).notes


def test_a_standard_of_asn_or_of_a_credential_registry_is_one() -> None:
    for standard in (
        "http://purl.org/ASN/resources/S2390253",
        "https://credentialengineregistry.org/resources/ce-07c26479-9119-11e8-b852-782bcb5df6ac",
    ):
        assert take_in(TruthStore(None, TickingClock()), [aligned(URIRef(standard))]).is_clean
    for other in (ID["learner/00000000-0000-4000-8000-000000000002"], URIRef("http://a.example/1")):
        assert not take_in(TruthStore(None, TickingClock()), [aligned(other)]).is_clean
