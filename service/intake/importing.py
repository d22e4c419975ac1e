"""An export brought back: what is public, then learner by learner, each whole or not at all."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from databackpack import shapes
from databackpack.loaders.record import Organization, Problem, Source
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.intake import take_in
from databackpack.service.intake.arrival import RECORD, Arrival, Kept, arrive
from databackpack.service.intake.brought import Brought, Unreadable
from databackpack.service.intake.uniting import own_of
from databackpack.service.records.graphs import (
    FRAMEWORKS,
    HOLDS,
    IDENTITY,
    IDENTITY_EVENTS,
    INDEX,
    OWN_HOLDS,
    REGISTRY,
    RUNS,
)
from databackpack.service.records.terms import text, to_graph
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import public

__all__ = ["Outcome", "bring_in"]

_SHARED = {
    *(HOLDS, IDENTITY, IDENTITY_EVENTS, INDEX, OWN_HOLDS, REGISTRY, RUNS, FRAMEWORKS),
}
_OF_FAMILY = re.compile(
    re.escape(ID["graph/"]) + r"(?:policy|guardianship|emergency|disclosures/of)/([0-9a-f-]{36})"
)
_FRAMEWORK, _QUARANTINE = str(ID["graph/framework/"]), str(ID["graph/quarantine/"])


@dataclass(slots=True)
class Outcome:
    """What an import brought: *learners* who are new or got something new, and what it did not."""

    learners: int = 0
    unchanged: int = 0
    organizations: int = 0
    frameworks: int = 0
    problems: list[Problem] = field(default_factory=list)


def bring_in(
    truth: TruthStore, path: Path, *, advance: Callable[[int], None] = lambda learners: None
) -> Outcome:
    """Return what the import of the export in *path* brought; doing it again changes nothing."""
    outcome = Outcome()
    try:
        with Brought(path) as brought:
            _bring(truth, brought, path.name, outcome, advance)
    except Unreadable as error:
        outcome.problems.append(Problem(Source(path.name, error.line), "unreadable", str(error)))
    truth.flush()
    return outcome


def _bring(
    truth: TruthStore,
    brought: Brought,
    file: str,
    outcome: Outcome,
    advance: Callable[[int], None],
) -> None:
    def tell(rule: str, message: str) -> None:
        outcome.problems.append(Problem(Source(file, 1), rule, message))

    for stray in brought.strays:
        tell("no graph", f"{stray} is in no graph; only whole exports are imported")
    _organizations(truth, brought, file, outcome)
    _frameworks(truth, brought, outcome, tell)
    arrivals = list(_arrivals(brought))
    for name in _unknown(brought, arrivals):
        tell("graph name", f"{name} is no graph of an export; nothing of it was taken")
    for who in arrivals:
        try:
            changes = arrive(truth, brought, who, file)
        except Kept as kept:
            tell(kept.rule, f"learner {who.learner}: {kept}; nothing of this learner was taken")
        else:
            truth.commit(changes)
            outcome.learners += bool(changes)
            outcome.unchanged += not changes
        advance(1)


def _arrivals(brought: Brought) -> Iterator[Arrival]:
    """Yield who is to come, sorted: each learner with those who were merged or split."""
    merged = dict(brought.pairs(IDENTITY_EVENTS, BP.isMergedInto))
    origin = dict(brought.pairs(IDENTITY_EVENTS, BP.isSplitFrom))
    named = (_OF_FAMILY.fullmatch(name) for name in brought.names())
    learners = {ID[f"learner/{found[1]}"] for found in named if found}
    learners |= {learner for _, learner in brought.pairs(INDEX, BP.isRecordOf)}
    members: defaultdict[URIRef, set[URIRef]] = defaultdict(set)
    for learner in learners:
        members[merged.get(learner, learner)] |= {learner}
    for new, old in origin.items():
        members[new] |= {old}
    kept_out: defaultdict[URIRef, list[URIRef]] = defaultdict(list)
    for name in brought.names():
        if name.startswith(_QUARANTINE):
            for _, learner in brought.pairs(URIRef(name), BP.isKeptOutOf):
                kept_out[merged.get(learner, learner)].append(URIRef(name))
    misplaced: defaultdict[URIRef, list[URIRef]] = defaultdict(list)
    given = dict(brought.pairs(INDEX, BP.isRecordOf))
    for name in filter(RECORD.fullmatch, brought.names()):
        own = own_of(URIRef(name))[1]
        if own not in {given.get(URIRef(name)), *members[given.get(URIRef(name), own)]}:
            misplaced[merged.get(own, own)].append(URIRef(name))
    for learner in sorted(members.keys() | kept_out.keys()):
        others = sorted(members[learner] - {learner})
        yield Arrival(
            learner, (learner, *others), tuple(kept_out[learner]), tuple(misplaced[learner])
        )


def _unknown(brought: Brought, arrivals: list[Arrival]) -> Iterator[str]:
    """Yield the names of graphs that no import takes."""
    known = {str(name) for name in _SHARED} | {name.value for name in public.graphs()}
    known |= {str(record) for record, _ in brought.pairs(INDEX, BP.isRecordOf)}
    known |= {str(graph) for who in arrivals for graph in who.kept_out}
    known |= {text(t.subject) for t in brought.triples(FRAMEWORKS)}
    for name in brought.names():
        if name not in known and not _OF_FAMILY.fullmatch(name):
            yield name


def _organizations(truth: TruthStore, brought: Brought, file: str, outcome: Outcome) -> None:
    found = []
    for subject in sorted({text(t.subject) for t in brought.triples(REGISTRY)}):
        iri = URIRef(subject)
        wanted, held = brought.triples(REGISTRY, iri), truth.triples(REGISTRY, iri)
        source = Source(f"{file}, organisation {iri}", 1)
        if held and held != wanted:
            message = "the registry here says something else of it; load the source's files"
            outcome.problems.append(Problem(source, "held already", message))
        elif not held:
            found.append(Organization(iri, to_graph(wanted), source))
    report = take_in(truth, found)
    outcome.organizations = report.organizations
    outcome.problems += report.problems


def _frameworks(
    truth: TruthStore, brought: Brought, outcome: Outcome, tell: Callable[[str, str], None]
) -> None:
    """Take graphs of frameworks and crosswalks; what is shipped is here already."""
    for name, shipped in public.graphs().items():
        held = brought.triples(URIRef(name.value))
        if held - shipped:
            tell("shipped graph", f"{name.value} is not what this version has; it was not taken")
    for subject in sorted({text(t.subject) for t in brought.triples(FRAMEWORKS)}):
        graph = URIRef(subject)
        entry, content = brought.triples(FRAMEWORKS, graph), brought.triples(graph)
        here = truth.triples(graph), truth.triples(FRAMEWORKS, graph)
        if here == (content, entry):
            continue
        if not subject.startswith(_FRAMEWORK) or not content:
            tell("graph name", f"{graph} is no graph of a framework")
        elif any(here):
            tell("held already", f"the store says something else in {graph}")
        elif any(isinstance(t.subject, ox.BlankNode) for t in content | entry):
            tell("blank node", f"{graph} has a blank node; give it its IRI")
        elif not (verdict := shapes.validate_framework(to_graph(content))).conforms:
            (result, *_) = verdict.violations
            tell(result.rule, f"{graph}: {result.text()}")
        else:
            truth.commit([Change(graph, content), Change(FRAMEWORKS, entry, subject=graph)])
            outcome.frameworks += 1
