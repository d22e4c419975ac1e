"""An answer to a study equals that over a store with nothing but what is left of its release.

As in ``test_physical_deletion``, over a real socket; the release is built between two answers, and
after each word of a family all who look alike in it are counted again.
"""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from rdflib import Literal

from databackpack.ontology.namespaces import BP, DPV, ID
from databackpack.service.releases import building
from databackpack.service.rights import agreements
from tests.oracle import naive
from tests.oracle.drawing import DRAWN
from tests.oracle.releases import AUDIENCE, crowd, visible
from tests.oracle.test_physical_deletion import (
    BATTERY,
    PREFIXES,
    Service,
    deals,
    expected,
    physical,
    with_word,
)
from tests.oracle.world import NOW, Deal, Word, World, words, worlds
from tests.running import listening

WORLDS, K = 3, 10
SIZES = 12, 10
STUDY = Deal(
    AUDIENCE,
    "StudyAgreement",
    DPV.AcademicResearch,
    ("attendance", "demographics", "enrollment", "progress"),
    (),
    "deidentified",
    NOW - timedelta(days=1),
    NOW + timedelta(days=200),
)


def test_an_answer_equals_that_over_a_store_that_holds_what_is_left_of_the_release(
    tmp_path: Path,
) -> None:
    tally: Counter[str] = Counter()

    @seed(7)
    @settings(DRAWN, max_examples=WORLDS)
    @given(data=st.data(), world=worlds().filter(lambda one: len(one.children) == 2))
    def ask_after_each_word(data: st.DataObject, world: World) -> None:
        asked = replace(crowd(world, SIZES), asked=(AUDIENCE, "teacher-elm"), places={}, deals=())
        with closing(Service(asked, NOW, tmp_path, port)) as service:
            served["now"] = service.app
            ask(data, replace(asked, deals=(STUDY,)), service)

    def ask(data: st.DataObject, world: World, service: Service) -> None:
        graph = deals(world)
        graph.add((ID["agreement/0"], BP.minimumGroupSize, Literal(K)))
        agreements.add(service.views, graph)
        compare(world, [], service, 0)
        building.build(service.views, ID["agreement/0"], "custodian", lambda *told: None)
        compare(world, [], service, 1)
        said: list[Word] = []
        for _ in range(4):
            service.clock.moment += timedelta(seconds=1)
            word = replace(
                data.draw(words(world.children, world.asked)),
                audience=AUDIENCE,
                since=service.clock.moment,
                until=data.draw(st.sampled_from([None, NOW + timedelta(days=31)])),
                purpose=None,
            )
            (child,) = (one for one in world.children if one.iri == word.learner)
            deciding = sorted(naive.deciding(child, service.clock()))
            if deciding and service.say(replace(word, assigner=deciding[0])) == 200:
                said = with_word(world, said, replace(word, assigner=deciding[0]))
                tally["changed"] += 1
            compare(world, said, service, 1)
        for days in (40, 300):
            service.clock.moment = NOW + timedelta(days=days)
            compare(world, said, service, 1)

    def compare(world: World, said: list[Word], service: Service, number: int) -> None:
        headers = service.headers(AUDIENCE)
        left = visible(world, said, service.truth, number, service.clock(), K)
        store, record = physical(left, service.truth), world.children[0].records[0]
        for form in BATTERY:
            query = PREFIXES + form.replace("{learner}", str(record.learner)).replace(
                "{record}", str(record.iri)
            )
            assert service.ask(query, headers) == expected(store, query), form
        tally["cases"] += 1
        tally["showing"] += bool(left)
        tally["hiding"] += len(left) < tally["last"]
        tally["last"] = len(left)

    served: dict[str, Flask] = {}
    with listening(lambda environ, start: served["now"](environ, start)) as port:
        ask_after_each_word()
    assert tally["cases"] == WORLDS * 8
    assert tally["showing"] >= WORLDS * 4, tally
    assert tally["hiding"] >= WORLDS * 2, tally
    assert tally["changed"] >= WORLDS * 2, tally
