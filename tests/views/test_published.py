"""Published statistics: in the view that they are for, from their commit on, and in no other."""

from datetime import timedelta

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, BPC, QB, RDF
from databackpack.service.records.graphs import AGREEMENTS, statistics_graph
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change
from databackpack.service.rights import agreements
from databackpack.service.views.view import View
from tests.rights.test_agreements import TEXT
from tests.running import Running, run_sample
from tests.views.test_registry import dump

STATE, STUDY = "state-agency-sample", "researcher-persistence"
CELL = "https://w3id.org/databackpack/id/observation/{}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A service of one's own: these tests change it."""
    return run_sample(tmp_path_factory.mktemp("published"), learners=12)


def view(running: Running, name: str) -> View:
    audience = running.context.views.audience(name)
    (purpose,) = audience.purposes
    return running.context.views.view(audience, purpose)


def data_set(running: Running, name: str, cube: str = "invented") -> URIRef:
    audience = running.context.views.audience(name)
    (purpose,) = audience.purposes
    return statistics_graph(audience.iri, purpose, cube)


def publish(running: Running, name: str, *cells: str, categories: tuple[str, ...] = ()) -> URIRef:
    """Put a data set with *cells* on record, instead of what was published before."""
    iri, audience = data_set(running, name), running.context.views.audience(name)
    (purpose,) = audience.purposes
    found = [
        (iri, RDF.type, QB.DataSet),
        (iri, BP.isPublishedFor, audience.iri),
        (iri, BP.hasPurpose, purpose),
        *((iri, BP.hasCategory, BPC[category]) for category in categories),
        *((URIRef(CELL.format(cell)), QB.dataSet, iri) for cell in cells),
        *((URIRef(CELL.format(cell)), RDF.type, QB.Observation) for cell in cells),
    ]
    triples = [ox.Triple(*map(node, triple)) for triple in found] if cells else []
    running.context.truth.commit([Change(iri, triples)])
    return iri


def cells(shown: View) -> set[str]:
    """Return the names of the cells that a view shows."""
    lines = [line.decode() for line in dump(shown) if str(QB.dataSet).encode() in line]
    return {line.split(">")[0].rsplit("/", 1)[-1] for line in lines}


def test_a_data_set_is_in_one_view_at_once_and_makes_none_anew(running: Running) -> None:
    names = (STATE, "district-north", STUDY)
    before = {name: view(running, name) for name in names}
    others = {name: dump(before[name]) for name in names[1:]}
    for published in (("a", "b"), ("b", "c"), ()):
        publish(running, STATE, *published)
        for name, held in before.items():
            assert view(running, name) is held, "no view was built for it"
            assert held.epoch == running.context.truth.epoch
        assert cells(before[STATE]) == set(published)
        assert {name: dump(before[name]) for name in names[1:]} == others


def test_what_is_published_while_a_view_is_built_is_in_it(running: Running) -> None:
    publish(running, STATE, "old")
    audience = running.context.views.audience(STATE)
    (purpose,) = audience.purposes
    told: list[int] = []

    def advance(done: int, learners: int, triples: int) -> None:
        if not told:
            publish(running, STATE, "new")
        told.append(done)

    shown = running.context.views.rebuild(audience, purpose, advance)
    assert told
    assert cells(shown) == {"new"}
    publish(running, STATE, "newer", "newest")
    assert running.context.views.check(audience, purpose, lambda *_: None).is_equal
    publish(running, STATE)


def test_under_an_agreement_it_is_seen_while_that_covers_all_that_was_counted(
    running: Running,
) -> None:
    categories = ("progress", "attendance")
    running.context.truth.commit([Change(AGREEMENTS, [])])
    publish(running, STUDY, "a", categories=categories)
    assert cells(view(running, STUDY)) == {"a"}, "no agreement binds it yet"
    agreements.add(running.context.views, agreements.parse(TEXT.encode()))
    assert cells(view(running, STUDY)) == {"a"}
    publish(running, STUDY, "a", categories=(*categories, "identity"))
    assert cells(view(running, STUDY)) == set(), "the agreement is not about names"
    publish(running, STUDY, "b", categories=categories)
    held = view(running, STUDY)
    assert cells(held) == {"b"}
    (bound,) = running.context.views.audience(STUDY).agreements
    running.context.truth.set_clock(lambda: bound.until - timedelta(seconds=1))
    assert cells(view(running, STUDY)) == {"b"}
    running.context.truth.set_clock(lambda: bound.until)
    try:
        assert view(running, STUDY) is held
        assert cells(held) == set(), "the day has come, and nothing was committed"
    finally:
        running.context.truth.set_clock(running.clock)
        running.context.truth.commit([Change(AGREEMENTS, [])])
