"""Whose records a view shows, over time: written when it changes, not when somebody asks.

34 CFR 99.32 wants to know of each disclosure whose records it was about. A view has a state; when
what it shows of some learner changes, a new state begins and the difference is written. Whoever
knows the state of an answer can tell every learner that it could be about.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, PROV
from databackpack.service.policy.model import Audience, Decision, Level
from databackpack.service.records.graphs import EXPOSURES
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = ["Exposures", "Part", "Parts", "Timeline", "parts_of", "timeline", "timelines"]


@dataclass(frozen=True, slots=True)
class Part:
    """A category that is shown, up to which level and on which legal basis."""

    category: URIRef
    level: Level
    basis: URIRef

    @property
    def iri(self) -> URIRef:
        """The same IRI for the same part everywhere."""
        names = local_name(self.category), self.level.notation, local_name(self.basis)
        return ID[f"exposure-part/{'/'.join(names)}"]


Parts = frozenset[Part]
_NOTHING: Parts = frozenset()


def parts_of(decisions: Iterable[tuple[URIRef, Decision]]) -> Parts:
    """Return the parts that (category, decision) pairs show of one learner."""
    return frozenset(
        Part(category, made.level, BP.Consent if made.rule is None else made.rule.basis)
        for category, made in decisions
    )


class Exposures:
    """What one view has shown of whom; *state* is the present one.

    INVARIANT: a state is in the store before the view shows what it says.
    """

    def __init__(self, truth: TruthStore, audience: Audience, purpose: URIRef) -> None:
        self._truth, self._audience, self._purpose = truth, audience, purpose
        self._graph = _graph(audience.iri, purpose)
        self._shown: dict[URIRef, Parts] = {}
        self._alike: Counter[Parts] = Counter()
        self._sequence = 0
        self.state: URIRef | None = None
        for timeline in _timelines(truth, self._graph, None):
            self._shown = timeline.at_end()
            self._alike.update(self._shown.values())
            self._sequence = timeline.last
            self.state = timeline.states.get(timeline.last)

    def shows(self, learner: URIRef) -> bool:
        """Tell whether anything of *learner* is shown in the present state."""
        return learner in self._shown

    def begin(self, shown: Mapping[URIRef, Parts]) -> None:
        """Let *shown* be all that is shown of all learners."""
        gone = {learner: _NOTHING for learner in self._shown if learner not in shown}
        self.change({**gone, **shown})

    def change(self, shown: Mapping[URIRef, Parts]) -> None:
        """Let *shown* be what is shown of its learners, and leave all others as they are."""
        changed = {
            learner: parts
            for learner, parts in shown.items()
            if self._shown.get(learner, _NOTHING) != parts
        }
        if changed or self.state is None:
            alike = self._alike.copy()
            for learner, parts in changed.items():
                alike[self._shown.get(learner, _NOTHING)] -= 1
                alike[parts] += 1
            self.state = self._write(changed, {p for ps, n in alike.items() if n > 0 for p in ps})
            self._alike, self._sequence = alike, self._sequence + 1
            for learner, parts in changed.items():
                self._shown.pop(learner, None)
                if parts:
                    self._shown[learner] = parts

    def _write(self, changed: Mapping[URIRef, Parts], every: set[Part]) -> URIRef:
        """Return the state that now begins with *changed*, and shows *every* part of somebody."""
        state = ID[f"view-state/{uuid4()}"]
        moment = self._truth.clock().isoformat()
        triples = [
            _triple(state, RDF.type, BP.ViewState),
            _triple(state, BP.isStateOf, self._audience.iri),
            _triple(state, BP.hasPurpose, self._purpose),
            _triple(state, BP.sequence, _typed(str(self._sequence + 1), XSD.integer)),
            _triple(state, BP.epoch, _typed(str(self._truth.epoch), XSD.integer)),
            _triple(state, PROV.generatedAtTime, _typed(moment, XSD.dateTime)),
            *(_triple(state, BP.hasCategory, part.category) for part in every),
            *(_triple(state, BP.hasBasis, part.basis) for part in every),
        ]
        alike: dict[Parts, list[URIRef]] = {}
        for learner, parts in changed.items():
            alike.setdefault(parts, []).append(learner)
        for parts, learners in alike.items():
            exposure = ID[f"exposure/{uuid4()}"]
            triples += [
                _triple(exposure, BP.beginsWith, state),
                *(_triple(exposure, BP.hasPart, part.iri) for part in parts),
                *(_triple(exposure, BP.concerns, learner) for learner in learners),
            ]
            for part in parts:
                triples += [
                    _triple(part.iri, BP.hasCategory, part.category),
                    _triple(part.iri, BP.grantsLevel, part.level.iri),
                    _triple(part.iri, BP.hasBasis, part.basis),
                ]
        self._truth.append(self._graph, triples)
        return state


@dataclass(slots=True)
class Timeline:
    """What one view showed, state by state: of one learner, or of all.

    *states* are the view's states by their sequence; *shown* holds what changed at each.
    """

    audience: URIRef
    purpose: URIRef
    states: dict[int, URIRef] = field(default_factory=dict)
    shown: dict[int, dict[URIRef, Parts]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The sequence of the last state."""
        return max(self.states)

    def at_end(self) -> dict[URIRef, Parts]:
        """Return what is shown of whom in the last state."""
        return self.at(self.last)

    def at(self, sequence: int) -> dict[URIRef, Parts]:
        """Return what was shown of whom in the state with *sequence*."""
        found: dict[URIRef, Parts] = {}
        for number in sorted(self.shown):
            if number <= sequence:
                found |= self.shown[number]
        return {learner: parts for learner, parts in found.items() if parts}


def timeline(truth: TruthStore, audience: URIRef, purpose: URIRef) -> Timeline | None:
    """Return the timeline of one view, None where it never had a state."""
    return next(iter(_timelines(truth, _graph(audience, purpose), None)), None)


def timelines(truth: TruthStore, learner: URIRef | None = None) -> list[Timeline]:
    """Return the timeline of every view, of *learner* alone or (None) of all learners."""
    states = truth.subjects(None, RDF.type, BP.ViewState)
    graphs = {
        _graph(audience, purpose)
        for state in states
        for audience in map(URIRef, truth.objects(state, BP.isStateOf))
        for purpose in map(URIRef, truth.objects(state, BP.hasPurpose))
    }
    return [line for graph in sorted(graphs) for line in _timelines(truth, graph, learner)]


def _graph(audience: URIRef, purpose: URIRef) -> URIRef:
    return URIRef(f"{EXPOSURES}/{local_name(audience)}/{local_name(purpose)}")


def _timelines(truth: TruthStore, graph: URIRef, learner: URIRef | None) -> Iterable[Timeline]:
    """Yield the timeline that *graph* holds, if it holds one."""
    numbers = {iri: int(value) for iri, value in truth.pairs(graph, BP.sequence)}
    if not numbers:
        return
    (audience,) = {URIRef(value) for _, value in truth.pairs(graph, BP.isStateOf)}
    (purpose,) = {
        URIRef(value) for iri, value in truth.pairs(graph, BP.hasPurpose) if iri in numbers
    }
    line = Timeline(audience, purpose, {number: iri for iri, number in numbers.items()})
    begins = {iri: numbers[URIRef(value)] for iri, value in truth.pairs(graph, BP.beginsWith)}
    parts = _parts(truth, graph)
    concerned = (
        truth.pairs(graph, BP.concerns)
        if learner is None
        else ((iri, str(learner)) for iri in truth.subjects(graph, BP.concerns, learner))
    )
    for exposure, who in concerned:
        shown = line.shown.setdefault(begins[exposure], {})
        shown[URIRef(who)] = parts.get(exposure, _NOTHING)
    yield line


def _parts(truth: TruthStore, graph: URIRef) -> dict[URIRef, Parts]:
    """Return what each exposure of *graph* shows."""
    levels = dict(truth.pairs(graph, BP.grantsLevel))
    known: dict[str, Part] = {}
    for iri, level in levels.items():
        about = {t.predicate.value: text(t.object) for t in truth.triples(graph, iri)}
        known[str(iri)] = Part(
            URIRef(about[str(BP.hasCategory)]), Level.of(level), URIRef(about[str(BP.hasBasis)])
        )
    found: dict[URIRef, set[Part]] = {}
    for exposure, part in truth.pairs(graph, BP.hasPart):
        found.setdefault(exposure, set()).add(known[part])
    return {exposure: frozenset(parts) for exposure, parts in found.items()}


def _triple(subject: URIRef, predicate: URIRef, value: URIRef | ox.Literal) -> ox.Triple:
    term = value if isinstance(value, ox.Literal) else node(value)
    return ox.Triple(node(subject), node(predicate), term)


def _typed(value: str, datatype: URIRef) -> ox.Literal:
    return ox.Literal(value, datatype=node(datatype))
