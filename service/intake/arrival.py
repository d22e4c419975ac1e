"""One learner of an import: everything is checked as a load is, and taken whole or not at all.

INVARIANT: an import puts nothing in place of what is held. A graph that is here already and says
something else keeps its learner out: an old export brings no withdrawn consent back.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack import shapes
from databackpack.loaders.record import Record, Source, record_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, DPV, ID, PROV
from databackpack.service.intake.brought import Brought
from databackpack.service.intake.uniting import moved
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consentrecord
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.policy.refusal import InvalidConsent
from databackpack.service.records.description import Description
from databackpack.service.records.export import disclosure_graph
from databackpack.service.records.graphs import (
    AUDIENCES,
    HOLDS,
    IDENTITY,
    IDENTITY_EVENTS,
    INDEX,
    OWN_HOLDS,
    REGISTRY,
    RUNS,
    emergency_graph,
    guardianship_graph,
    policy_graph,
)
from databackpack.service.records.identity import subjects_with
from databackpack.service.records.terms import node, text, to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import statements

__all__ = ["RECORD", "Arrival", "Kept", "arrive"]

RECORD = re.compile(re.escape(ID["graph/"]) + r"([0-9a-f-]{36})/([0-9a-f-]{36})/([a-z-]+)")
"""The name of a record's graph: holder, learner, category."""

_LEARNER = str(ID["learner/"])
_RECORD_OF_CONSENT = node(DPV.ConsentRecord)
_KINDS = {
    guardianship_graph: {node(BP.Guardianship), node(BP.StandingDocument)},
    emergency_graph: {node(BP.Emergency)},
    disclosure_graph: {node(BP.Disclosure)},
}
Triples = set[ox.Triple]


class Kept(ValueError):
    """A learner who is kept out: the rule, and what to do."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who is to come: a learner, and the *members* whose parts are one with the learner's.

    *kept_out* are the graphs of quarantine about the learner, *misplaced* those of records that
    the index gives to nobody, or to somebody else.
    """

    learner: URIRef
    members: tuple[URIRef, ...]
    kept_out: tuple[URIRef, ...] = ()
    misplaced: tuple[URIRef, ...] = ()


def arrive(truth: TruthStore, brought: Brought, who: Arrival, file: str) -> list[Change]:
    """Return what puts *who* of *file* into *truth*, nothing for who is there; raises Kept."""
    if who.misplaced:
        raise Kept("index", f"the index does not give {who.misplaced[0]} to this learner")
    records = brought.subjects(INDEX, BP.isRecordOf, who.learner)
    changes = [
        *_records(truth, brought, who, records, file),
        *(change for member in who.members for change in _family(brought, member)),
        *(Change(graph, brought.triples(graph)) for graph in who.kept_out),
        *_rows(truth, brought, who),
    ]
    wanted = [replaced for replaced in changes if replaced.triples]
    for change in wanted:
        _check_terms(change)
    new = [change for change in wanted if _is_new(truth, change)]
    if not new:
        return []
    return [
        *(Change(one.graph, one.triples, one.subject, who.learner) for one in new),
        *_runs(truth, brought, records),
        *_audiences(brought, who),
    ]


def _records(
    truth: TruthStore, brought: Brought, who: Arrival, names: list[URIRef], file: str
) -> Iterator[Change]:
    """Yield the records and their entries, all of which conform; raises Kept."""
    records = []
    for name in names:
        entry, content = brought.triples(INDEX, name), brought.triples(name)
        holder, category = (_one(entry, p, name) for p in (BP.isHeldBy, BP.hasCategory))
        found = RECORD.fullmatch(name)
        own = ID[f"learner/{found[2]}"] if found else None
        if own is None or record_iri(holder, own, category) != name or own not in who.members:
            raise Kept("graph name", f"{name} is no name of a record of this learner")
        if not (truth.triples(REGISTRY, holder) or brought.triples(REGISTRY, holder)):
            raise Kept("unknown organisation", f"{holder} is not in the registry; export it too")
        _check_subjects(name, content, who.learner, holder)
        source = Source(f"{file}, graph {name}", 1)
        records.append(Record(who.learner, holder, category, to_graph(content), source))
        yield Change(name, content)
        yield Change(INDEX, entry, subject=name)
    for record, verdict in zip(records, shapes.validate_batch(records), strict=True):
        if not verdict.conforms:
            (result, *_) = verdict.violations
            raise Kept(result.rule, f"{record.source.file}: {result.text()}")


def _check_subjects(name: URIRef, content: Triples, learner: URIRef, holder: URIRef) -> None:
    """Let a record pass whose every subject is the learner or an item of both; raises Kept."""
    if not content:
        raise Kept("missing record", f"the index names {name}, and the file has nothing of it")
    _check_terms(Change(name, content))
    of, by = node(BP.isRecordOf), node(BP.isHeldBy)
    for subject in {triple.subject for triple in content}:
        about = {(t.predicate, t.object) for t in content if t.subject == subject}
        is_own = {(of, node(learner)), (by, node(holder))} <= about
        if subject != node(learner) and not is_own:
            raise Kept("foreign subject", f"{name} speaks of {text(subject)}: not of this record")
    for triple in content:
        value = triple.object
        is_person = isinstance(value, ox.NamedNode) and value.value.startswith(_LEARNER)
        if is_person and value != node(learner):
            raise Kept("foreign subject", f"{name} names another learner, {text(value)}")


def _family(brought: Brought, member: URIRef) -> Iterator[Change]:
    """Yield the words and ties of one part; raises Kept for what no reader would understand."""
    said = brought.triples(policy_graph(member))
    if said:
        _check_words(member, said)
    yield Change(policy_graph(member), said)
    for graph, kinds in _KINDS.items():
        name = graph(member)
        held = brought.triples(name)
        typed = {t.subject for t in held if t.predicate == node(RDF.type) and t.object in kinds}
        if strange := {t.subject for t in held} - typed:
            raise Kept("foreign subject", f"{name} speaks of {text(min(strange, key=str))}")
        for triple in held:
            if triple.predicate == node(BP.isGuardianshipOf) and triple.object != node(member):
                raise Kept("foreign subject", f"{name} has a guardianship of another learner")
        yield Change(name, held)


def _check_words(member: URIRef, said: Triples) -> None:
    name = policy_graph(member)
    try:
        events = consentrecord.read(Description(said))
        statements.check(events)
    except (UnreadablePolicy, InvalidConsent) as error:
        raise Kept("policy", f"{name}: {error}") from None
    generated = {t.object for t in said if t.predicate == node(PROV.generated)}
    of, learner = node(BP.isRecordOf), node(member)
    if any(event.cell.learner != member for event in events) or any(
        triple.object != learner for triple in said if triple.predicate == of
    ):
        raise Kept("foreign subject", f"{name} has words about another learner")
    known = {t.subject for t in to_triples(consentrecord.write(events))}
    known |= {t.subject for t in said if t.object in (node(DPV.ConsentReceipt), _RECORD_OF_CONSENT)}
    bare = {t.subject for t in said if t.object == node(BP.OdrlProfile)} - generated
    for triple in said:
        if triple.subject not in known and text(triple.subject).partition("#")[0] not in _texts(
            bare
        ):
            raise Kept("foreign subject", f"{name} speaks of {text(triple.subject)}")
    policies = to_graph({t for t in said if text(t.subject).partition("#")[0] in _texts(bare)})
    if bare and (refusal := statements.refusal(policies)):
        raise Kept("policy", f"{name}: {refusal}")


def _texts(subjects: Iterable[object]) -> set[str]:
    return {getattr(subject, "value", "") for subject in subjects}


def _rows(truth: TruthStore, brought: Brought, who: Arrival) -> Iterator[Change]:
    """Yield what the shared tables say of the members, and of those who guard them."""
    ties = [brought.triples(guardianship_graph(member)) for member in who.members]
    guardians = {t.object for held in ties for t in held if t.predicate == node(BP.hasGuardian)}
    for member in who.members:
        for graph in (HOLDS, OWN_HOLDS, IDENTITY_EVENTS):
            yield Change(graph, brought.triples(graph, member), subject=member)
        for place in (BP.hasFirst, BP.hasSecond):
            for event in brought.subjects(IDENTITY_EVENTS, place, member):
                yield Change(IDENTITY_EVENTS, brought.triples(IDENTITY_EVENTS, event), event)
    for person in (*who.members, *sorted(URIRef(text(one)) for one in guardians)):
        keys = brought.triples(IDENTITY, person)
        for key in keys:
            of_key = subjects_with(truth, BP.personKey, key.object, IDENTITY)  # type: ignore[arg-type]
            if set(of_key) - {person}:
                raise Kept(
                    "identifier in use",
                    f"{text(key.object)} is somebody else here; merge the two after an import "
                    "without it, or import into another store",
                )
        yield Change(IDENTITY, keys, subject=person)


def _check_terms(change: Change) -> None:
    for triple in change.triples:
        for term in (triple.subject, triple.object):
            if isinstance(term, ox.BlankNode):
                raise Kept("blank node", f"{change.graph} has a blank node; give it its IRI")


def _is_new(truth: TruthStore, change: Change) -> bool:
    """Tell whether *truth* has nothing of a change; raises Kept where it has something else."""
    held = truth.triples(change.graph, change.subject)
    if held and held != set(change.triples):
        about = "" if change.subject is None else f" of {change.subject}"
        raise Kept(
            "held already",
            f"the store says something else in {change.graph}{about}; an import replaces nothing: "
            "load the source's files instead",
        )
    return not held


def _runs(truth: TruthStore, brought: Brought, records: list[URIRef]) -> Iterator[Change]:
    """Yield the loads that brought *records* once, where they are not on record."""
    generated = node(PROV.wasGeneratedBy)
    entries = [triple for record in records for triple in brought.triples(INDEX, record)]
    for run in sorted({text(t.object) for t in entries if t.predicate == generated}):
        said = brought.triples(RUNS, URIRef(run))
        files = {t.object.value for t in said if isinstance(t.object, ox.NamedNode)}
        for subject in map(URIRef, [run, *sorted(files)]):
            held = brought.triples(RUNS, subject)
            if held and not truth.triples(RUNS, subject):
                yield Change(RUNS, held, subject=subject)


def _audiences(brought: Brought, who: Arrival) -> Iterator[Change]:
    for member in who.members:
        one = audiences.of_person(BPA.learner, member)
        triples = moved(to_triples(audiences.write(one)), member, who.learner)
        yield Change(AUDIENCES, triples, subject=one.iri)
        for tie in brought.triples(guardianship_graph(member)):
            if tie.predicate == node(BP.hasGuardian):
                guardian = audiences.of_person(BPA.guardian, URIRef(text(tie.object)))
                yield Change(AUDIENCES, to_triples(audiences.write(guardian)), guardian.iri)


def _one(entry: Triples, predicate: URIRef, name: URIRef) -> URIRef:
    found = [URIRef(text(t.object)) for t in entry if t.predicate == node(predicate)]
    if len(found) != 1:
        raise Kept("index", f"the index says {local_name(predicate)} of {name} {len(found)} times")
    return found[0]
