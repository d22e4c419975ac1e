"""Intake: what loaders read, checked by the shapes and committed learner by learner."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyoxigraph as ox
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack import shapes
from databackpack.loaders.record import (
    Guardianship,
    Item,
    Organization,
    Problem,
    Record,
    Setting,
    Source,
)
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, ID
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consent, jurisdiction
from databackpack.service.policy.consent import Event, Terms
from databackpack.service.policy.model import Audience, Level, Statement
from databackpack.service.records.graphs import (
    AUDIENCES,
    INDEX,
    REGISTRY,
    guardianship_graph,
)
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import statements

__all__ = ["Report", "take_in"]

_BATCH = 25


@dataclass(slots=True)
class Report:
    """What was loaded, by category, and what was not, with the reason."""

    records: Counter[str] = field(default_factory=Counter)
    learners: set[URIRef] = field(default_factory=set)
    organizations: int = 0
    guardianships: int = 0
    settings: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything was loaded."""
        return not self.problems


def take_in(
    truth: TruthStore,
    items: Iterable[Item],
    *,
    advance: Callable[[int], None] = lambda learners: None,
) -> Report:
    """Return the report of a load that is in *truth*, every record whole or not at all.

    *advance* is told the number of learners that each commit finished. Loading the same items
    twice changes nothing.
    """
    report = Report()
    for batch in _batches(items):
        changes = _changes(truth, batch, report)
        truth.commit(changes)
        learners = {change.learner for change in changes if change.learner is not None}
        advance(len(learners - report.learners))
        report.learners |= learners
    truth.flush()
    return report


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield runs of items over whole learners, the organisations before the first learner apart.

    Loaders keep a learner's items together; statements name audiences that organisations bring.
    """
    batch: list[Item] = []
    learners: set[URIRef] = set()
    for item in items:
        learner = getattr(item, "learner", None)
        is_full = learner not in learners and len(learners) >= _BATCH
        if learner is not None and batch and (is_full or not learners):
            yield batch
            batch, learners = [], set()
        if learner is not None:
            learners.add(learner)
        batch.append(item)
    if batch:
        yield batch


def _changes(truth: TruthStore, batch: list[Item], report: Report) -> list[Change]:
    changes: list[Change] = []
    changes += _record_changes([item for item in batch if isinstance(item, Record)], report)
    learners = {change.learner for change in changes if change.learner is not None}
    changes += [_audience_change(audiences.of_person(BPA.learner, one)) for one in learners]
    ties: dict[URIRef, list[Guardianship]] = {}
    for item in batch:
        match item:
            case Organization():
                changes += _organization_changes(item, report)
            case Guardianship():
                ties.setdefault(item.learner, []).append(item)
            case Problem():
                report.problems.append(item)
            case Record() | Setting():
                pass
    for learner, guardianships in ties.items():
        changes += _guardianship_changes(learner, guardianships, report)
    settings = [item for item in batch if isinstance(item, Setting)]
    return [*changes, *_policy_changes(truth, settings, report)]


def _record_changes(records: list[Record], report: Report) -> Iterator[Change]:
    for record, verdict in zip(records, shapes.validate_batch(records), strict=True):
        if not verdict.conforms:
            report.problems += _problems(record.source, verdict)
            continue
        report.records[local_name(record.category)] += 1
        yield Change(record.iri, to_triples(record.graph), learner=record.learner)
        yield Change(INDEX, _index_entry(record), subject=record.iri, learner=record.learner)


def _problems(source: Source, verdict: shapes.Report) -> list[Problem]:
    return [Problem(source, result.rule, result.text()) for result in verdict.results]


def _index_entry(record: Record) -> set[ox.Triple]:
    graph = Graph()
    graph.add((record.iri, RDF.type, BP.Record))
    graph.add((record.iri, BP.isRecordOf, record.learner))
    graph.add((record.iri, BP.isHeldBy, record.holder))
    graph.add((record.iri, BP.hasCategory, record.category))
    graph.add((record.iri, BP.sourceLocation, Literal(str(record.source))))
    return to_triples(graph)


def _organization_changes(item: Organization, report: Report) -> Iterator[Change]:
    verdict = shapes.validate_organization(item.graph)
    if not verdict.conforms:
        report.problems += _problems(item.source, verdict)
        return
    report.organizations += 1
    yield Change(REGISTRY, to_triples(item.graph), subject=item.iri)
    kind = item.graph.value(item.iri, RDF.type)
    code = item.graph.value(item.iri, BP.organizationCode)
    for audience in audiences.of_organization(URIRef(str(kind)), item.iri, str(code)):
        yield _audience_change(audience)


def _audience_change(audience: Audience) -> Change:
    return Change(AUDIENCES, to_triples(audiences.write(audience)), subject=audience.iri)


def _guardianship_changes(
    learner: URIRef, guardianships: list[Guardianship], report: Report
) -> Iterator[Change]:
    graph = Graph()
    for tie in guardianships:
        report.guardianships += 1
        iri = ID[f"guardianship/{local_name(learner)}/{local_name(tie.guardian)}"]
        graph.add((iri, RDF.type, BP.Guardianship))
        graph.add((iri, BP.isGuardianshipOf, learner))
        graph.add((iri, BP.hasGuardian, tie.guardian))
        graph.add((iri, BP.guardianRelation, Literal(tie.relation)))
        for predicate, moment in ((BP.validFrom, tie.since), (BP.validUntil, tie.until)):
            if moment is not None:
                graph.add((iri, predicate, Literal(moment.isoformat(), datatype=XSD.dateTime)))
        yield _audience_change(audiences.of_person(BPA.guardian, tie.guardian))
    yield Change(guardianship_graph(learner), to_triples(graph), learner=learner)


def _policy_changes(truth: TruthStore, settings: list[Setting], report: Report) -> Iterator[Change]:
    """Yield what adds the settings to the learners' consent records, each once.

    The notice is that of the default jurisdiction: files do not say under which one it was said.
    """
    terms = Terms(BP.SourceSystem, jurisdiction.read("us-default").notice)
    known = {iri: URIRef(role) for iri, role in truth.pairs(AUDIENCES, BP.hasRole)}
    said: dict[URIRef, list[Statement]] = {}
    for setting in settings:
        try:
            statement = _statement(setting, known, truth.clock())
        except ValueError as error:
            report.problems.append(Problem(setting.source, "setting", str(error)))
        else:
            report.settings += 1
            said.setdefault(setting.learner, []).append(statement)
    purposes = statements.purposes(truth)
    for learner, words in said.items():
        events = list(statements.events(truth, learner))
        on_record = {event.statement.iri for event in events if event.statement is not None}
        new: list[Event] = []
        for statement in words:
            if statement.iri not in on_record:
                new += consent.say([*events, *new], statement, terms, purposes)
                on_record.add(statement.iri)
        if new:
            yield statements.addition(truth, learner, new, receipts=False)


def _statement(setting: Setting, known: Mapping[URIRef, URIRef], moment: datetime) -> Statement:
    audience = next(
        (
            iri
            for iri in (ID[f"audience/{setting.audience}"], BPA[setting.audience])
            if iri in known or iri in audiences.roles()
        ),
        None,
    )
    if audience is None:
        raise ValueError(f"there is no audience or role {setting.audience!r}")
    if setting.until is not None and setting.until <= setting.since:
        raise ValueError("it ends before it begins; correct one of the two dates")
    level, purpose = Level.of(setting.level), setting.purpose
    if purpose is None and level > Level.NONE:
        purpose = audiences.usual_purpose(known.get(audience, audience))
    key = (
        *(setting.assigner, setting.category, audience, setting.level),
        *(str(part) for part in (purpose, setting.since, setting.until)),
    )
    return Statement(
        iri=consent.policy_iri(setting.learner, *key),
        learner=setting.learner,
        category=setting.category,
        audience=audience,
        level=level,
        assigner=setting.assigner,
        since=setting.since,
        until=setting.until,
        purpose=purpose,
        issued=None if setting.since <= moment else moment,
    )
