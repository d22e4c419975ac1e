"""Merges and splits: nothing is opened, nothing is lost, and undoing brings everything back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from rdflib import XSD, Graph, Literal, URIRef

from databackpack.loaders.record import Hold, Record, organization_iri
from databackpack.ontology.namespaces import BP, BPC, BPG, BPM, ID, ORG
from databackpack.service.intake import merging, splitting, take_in
from databackpack.service.intake.handover import NotPossible
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Audience, Level, Statement
from databackpack.service.records.graphs import (
    HOLDS,
    IDENTITY_EVENTS,
    JOURNAL,
    emergency_graph,
)
from databackpack.service.records.terms import iri, node, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.rights import agreements, jurisdictions, setting
from databackpack.service.views.dossier import Dossier
from databackpack.service.views.process import Template
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import Decider
from tests.oracle.test_physical_deletion import Clock, deals
from tests.oracle.world import (
    MOMENTS,
    NOW,
    SOURCE,
    STANDARDS,
    Child,
    Values,
    Word,
    World,
    _record,
    worlds,
)

FEW = settings(
    max_examples=16,
    deadline=None,
    phases=[Phase.generate],  # a shrunk case is worth minutes only to whoever mends it
    suppress_health_check=list(HealthCheck),
)
EMPTY = Template([])
MOTHER = ID[f"guardian/{UUID(int=9, version=4)}"]
YESTERDAY = NOW - timedelta(days=1)
Quads = frozenset[ox.Quad]


class State:
    """A truth store over a world, and the views' reading of it."""

    def __init__(self, world: World, moment: datetime = NOW) -> None:
        self.clock = Clock(moment)
        self.world = world
        self.truth = TruthStore(None, self.clock)
        self.report = take_in(self.truth, world.items())
        self.views = Views(self.truth, jurisdiction.read("us-default"), template=EMPTY)
        for school, place in world.places.items():
            jurisdictions.bind(self.views, school, place)
        if world.deals:
            agreements.add(self.views, deals(world))
        self.first, self.second = (child.iri for child in world.children[:2])

    def quads(self) -> Quads:
        """Return all that is in the store but its journal and the events of identity."""
        left_out = {node(JOURNAL), node(IDENTITY_EVENTS)}
        return frozenset(q for q in self.truth._store if q.graph_name not in left_out)

    def say(self, level: str, audience: str, person: URIRef = MOTHER) -> None:
        """Let *person* say *level* of the first learner's progress for *audience*."""
        (purpose,) = self.views.audience(audience).purposes
        said = Statement(
            iri=ID[f"policy/{uuid4()}"],
            learner=self.first,
            category=BPC.progress,
            audience=ID[f"audience/{audience}"],
            level=Level.of(level),
            assigner=person,
            since=self.truth.clock(),
            purpose=purpose if level != "none" else None,
        )
        setting.say(self.views, said)

    def merge(self) -> URIRef:
        return merging.merge(self.truth, self.first, self.second, "registrar", "one child")


def small_world(*words: Word) -> World:
    """Return two children of one mother with an enrolment each, at Elm and at Oak."""
    children = []
    for number, school in enumerate(("elm", "oak"), start=1):
        learner = ID[f"learner/{UUID(int=number, version=4)}"]
        span = (date(2026, 8, 1), date(2027, 6, 30))
        kept: Values = [
            (BP.hasMasteryLevel, BPM.Met),
            (BP.asOfDate, Literal("2026-10-01", datatype=XSD.date)),
        ]
        mastery = _record(
            learner,
            school,
            "progress",
            [(BP.MasteryState, [*kept, (BP.isAlignedTo, STANDARDS[0])])],
        )
        stay: Values = [
            (ORG.member, learner),
            (ORG.organization, organization_iri(school)),
            (BP.schoolYear, Literal("2026-2027")),
            (BP.hasGradeLevel, BPG["5"]),
        ]
        enrollment = _record(learner, school, "enrollment", [(BP.Enrollment, stay)])
        children.append(
            Child(
                learner,
                None,
                None,
                ((school, *span),),
                ((MOTHER, None, None),),
                (),
                (),
                (enrollment, mastery),
            )
        )
    return World(tuple(children), words, (), {}, ())


def word(
    child: int, level: str, audience: str, since: datetime, category: str = "progress"
) -> Word:
    learner = ID[f"learner/{UUID(int=child, version=4)}"]
    return Word(learner, MOTHER, category, audience, level, None, since, None)


def level(state: State, learner: URIRef, audience: str, school: str) -> Level:
    """Return what *audience* sees of a learner's progress at *school* now."""
    known = state.views.audience(audience)
    (purpose,) = known.purposes
    decider = Decider(
        state.views.dossier(learner), known, purpose, state.views.law(), state.truth.clock()
    )
    return decider.decide(organization_iri(school), BPC.progress).level


def cells(views: Views) -> Iterator[tuple[Audience, URIRef]]:
    for audience in views.audiences():
        for purpose in audience.purposes:
            yield audience, purpose


def levels(state: State, dossier: Dossier, moment: datetime) -> dict[object, Level]:
    """Return the level of each audience, purpose, holder and category by the words in *dossier*."""
    found: dict[object, Level] = {}
    law = state.views.law()
    for audience, purpose in cells(state.views):
        decider = Decider(dossier, audience, purpose, law, moment)
        for school in ("elm", "oak", "fir"):
            for category in ("progress", "attendance", "identity", "demographics", "behavior"):
                key = audience.iri, purpose, school, category
                found[key] = decider.decide(organization_iri(school), BPC[category]).level
    return found


def with_one_family(world: World) -> World:
    """Return *world* with the first child's first guardian in place of each of the second's."""
    first, second = world.children
    mother = first.guardians[0][0]
    names: dict[URIRef | None, URIRef] = {second.guardians[0][0]: mother}
    guardians = tuple((names.get(one, one), begin, end) for one, begin, end in second.guardians)
    papers = tuple(replace(p, person=names.get(p.person) or p.person) for p in second.papers)
    second = replace(second, guardians=guardians, papers=papers)
    words = tuple(
        replace(word, assigner=names.get(word.assigner, word.assigner)) for word in world.words
    )
    return replace(world, children=(first, second), words=words)


two = worlds().filter(lambda world: len({child.iri for child in world.children}) == 2)
two = two | two.map(with_one_family)


@FEW
@given(world=two)
def test_a_merge_that_is_undone_leaves_the_store_as_it_was(world: World) -> None:
    state = State(world)
    before = state.quads()
    event = state.merge()
    assert state.quads() != before
    assert merging.undo(state.truth, event, "registrar", "two children") == 0
    assert state.quads() == before


@FEW
@given(world=two)
def test_a_merge_raises_no_level_of_any_audience_now_or_later(world: World) -> None:
    state = State(world)
    moments = [moment for moment in MOMENTS if moment >= NOW]
    ours, theirs = (state.views.dossier(one) for one in (state.first, state.second))
    before = {m: (levels(state, ours, m), levels(state, theirs, m)) for m in moments}
    state.merge()
    merged = state.views.dossier(state.first)
    assert set(merged.holders) == set(ours.holders) | set(theirs.holders)
    assert not state.views.dossier(state.second).records
    for moment, (one, other) in before.items():
        for key, level in levels(state, merged, moment).items():
            assert level <= min(one[key], other[key]), (moment, key)


@FEW
@given(world=two)
def test_loads_of_the_same_files_after_a_merge_change_nothing(world: World) -> None:
    state = State(world)
    assume(state.report.is_clean)  # who had no standing over one of two may have it over both
    state.merge()
    before, epoch = state.quads(), state.truth.epoch
    for child in world.children:
        take_in(state.truth, [i for i in world.items() if getattr(i, "learner", None) == child.iri])
    take_in(state.truth, world.items())
    assert (state.quads(), state.truth.epoch) == (before, epoch)


@FEW
@given(world=two)
def test_a_split_that_is_undone_leaves_the_store_as_it_was_and_loads_change_nothing_between(
    world: World,
) -> None:
    state = State(world)
    holders = sorted(state.views.dossier(state.first).holders)
    assume(len(holders) == 2)
    code = next(c for c in ("elm", "oak", "fir") if organization_iri(c) == holders[0])
    before = state.quads()
    event, new = splitting.split(state.truth, state.first, [code], "registrar", "two children")
    assert state.views.dossier(new).holders == {holders[0]}
    assert state.views.dossier(state.first).holders == {holders[1]}
    between = state.quads()
    take_in(state.truth, world.items())
    assert state.quads() == between
    merging.undo(state.truth, event, "registrar", "one child")
    assert state.quads() == before


def test_a_later_word_about_one_child_does_not_end_an_earlier_stricter_one_about_the_other() -> (
    None
):
    said = (
        word(1, "none", "state-agency-state", NOW - timedelta(days=30)),
        word(2, "full", "state-agency-state", YESTERDAY),
    )
    state = State(small_world(*said))
    state.merge()
    for school in ("elm", "oak"):
        assert level(state, state.first, "state-agency-state", school) is Level.NONE


def test_consent_for_one_opens_nothing_of_both_until_the_family_consents_anew() -> None:
    state = State(small_world(word(1, "full", "provider-tutor", YESTERDAY)))
    assert level(state, state.first, "provider-tutor", "elm") is Level.FULL
    event = state.merge()
    for school in ("elm", "oak"):
        assert level(state, state.first, "provider-tutor", school) is Level.NONE
    state.clock.moment += timedelta(hours=1)
    state.say("full", "provider-tutor")
    for school in ("elm", "oak"):
        assert level(state, state.first, "provider-tutor", school) is Level.FULL
    state.clock.moment += timedelta(hours=1)
    assert merging.undo(state.truth, event, "registrar", "two children") >= 1
    # The mother guards both children, so what she said of both holds for both.
    assert level(state, state.second, "provider-tutor", "oak") is Level.FULL


def test_what_a_guardian_of_one_permitted_meanwhile_opens_nothing_of_the_other_once_undone() -> (
    None
):
    world = small_world()
    father = ID[f"guardian/{UUID(int=10, version=4)}"]
    first, second = world.children
    second = replace(second, guardians=((father, None, None),))
    state = State(replace(world, children=(first, second)))
    event = state.merge()
    state.clock.moment += timedelta(hours=1)
    state.say("full", "provider-tutor", father)
    state.say("none", "state-agency-state", father)
    assert level(state, state.first, "provider-tutor", "elm") is Level.FULL
    state.clock.moment += timedelta(hours=1)
    merging.undo(state.truth, event, "registrar", "two children")
    assert level(state, state.first, "provider-tutor", "elm") is Level.NONE
    assert level(state, state.second, "provider-tutor", "oak") is Level.FULL
    for learner, school in ((state.first, "elm"), (state.second, "oak")):
        assert level(state, learner, "state-agency-state", school) is Level.NONE


def test_a_block_said_of_both_outlives_the_undoing_for_both() -> None:
    state = State(small_world())
    event = state.merge()
    state.clock.moment += timedelta(hours=1)
    state.say("none", "state-agency-state")
    state.clock.moment += timedelta(hours=1)
    merging.undo(state.truth, event, "registrar", "two children")
    for learner, school in ((state.first, "elm"), (state.second, "oak")):
        assert level(state, learner, "state-agency-state", school) is Level.NONE


def test_a_hold_of_either_key_holds_both_until_both_are_clean() -> None:
    world = small_world()
    state = State(world)
    state.merge()
    items = {
        child.iri: [i for i in world.items() if getattr(i, "learner", 0) == child.iri]
        for child in world.children
    }

    def load(learner: URIRef, is_held: bool) -> bool:
        take_in(state.truth, [*items[learner], Hold(learner, is_held, SOURCE)])
        return bool(state.truth.triples(HOLDS, state.first))

    assert load(state.second, True)
    assert load(state.first, False)
    assert load(state.first, True)
    assert load(state.second, False)
    assert not load(state.first, False)
    assert state.truth.triples(HOLDS, state.second)


def test_records_of_two_keys_at_one_holder_are_one_record_to_views_and_two_to_files() -> None:
    world = small_world()
    first, second = world.children
    moved = tuple(replace_holder(record, "elm") for record in second.records)
    state = State(replace(world, children=(first, replace(second, records=moved))))
    state.merge()
    held = state.views.dossier(state.first)
    assert len(held.records) == 4
    assert held.holders == {organization_iri("elm")}
    names = {record.iri for record in held.records if record.category == BPC.progress}
    take_in(state.truth, [*first.records])
    assert names == {
        r.iri for r in state.views.dossier(state.first).records if r.category == BPC.progress
    }
    items = {triple.subject for name in names for triple in state.truth.triples(name)}
    assert len(items) == 2
    for item in items:
        assert state.truth.has(iri(item), BP.isRecordOf, state.first)


def replace_holder(record: Record, school: str) -> Record:
    holder, graph = organization_iri(school), Graph()
    for s, p, o in record.graph:
        graph.add((s, p, holder if o == record.holder else o))
    return Record(record.learner, holder, record.category, graph, SOURCE)


def test_what_cannot_be_merged_is_refused_with_what_to_do() -> None:
    state = State(small_world())
    first, second, truth = state.first, state.second, state.truth
    until = Literal((NOW + timedelta(hours=2)).isoformat(), datatype=XSD.dateTime)
    graph = Graph().add((ID["emergency/1"], BP.validUntil, until))
    truth.commit([Change(emergency_graph(second), to_triples(graph), learner=second)])
    with pytest.raises(NotPossible, match="an emergency is declared"):
        state.merge()
    state.clock.moment += timedelta(hours=3)
    event = state.merge()
    for one, other in ((first, second), (second, first)):
        with pytest.raises(NotPossible, match="is merged into"):
            merging.merge(truth, one, other, "registrar", "again")
    with pytest.raises(NotPossible, match="different learners"):
        merging.merge(truth, first, first, "registrar", "itself")
    with pytest.raises(NotPossible, match="nothing is held"):
        merging.merge(truth, first, ID["learner/nobody"], "registrar", "nobody")
    with pytest.raises(NotPossible, match="was merged"):
        splitting.split(truth, first, ["elm"], "registrar", "no")
    merging.undo(truth, event, "registrar", "two")
    with pytest.raises(NotPossible, match="is undone"):
        merging.undo(truth, event, "registrar", "two")
    with pytest.raises(NotPossible, match="not all of them"):
        splitting.split(truth, first, ["elm"], "registrar", "all")
    with pytest.raises(NotPossible, match="fir holds no records"):
        splitting.split(truth, first, ["fir"], "registrar", "none")
