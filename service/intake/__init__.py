"""Intake: what loaders read, checked by the shapes and committed learner by learner."""

from collections.abc import Callable, Iterable, Iterator

from rdflib import RDF, URIRef

from databackpack import shapes
from databackpack.loaders.record import Item, Organization, Problem, Record, Source
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA
from databackpack.service.intake import family
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import Run, digest, has_digest, index_entry
from databackpack.service.policy import audience as audiences
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import AUDIENCES, HOLDS, INDEX, REGISTRY
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["take_in"]

_BATCH = 25


def take_in(
    truth: TruthStore,
    items: Iterable[Item],
    *,
    run: Run | None = None,
    advance: Callable[[int], None] = lambda learners: None,
) -> Report:
    """Return the report of a load that is in *truth*, every record whole or not at all.

    *run* is which load the index names for the records that differ from what is held. *advance* is
    told the number of learners that each commit finished. Loading the same items twice changes
    nothing.
    """
    report = Report()
    for batch in _batches(items):
        changes = _changes(truth, batch, report, run)
        truth.commit(changes)
        learners = {change.learner for change in changes if change.learner is not None}
        advance(len(learners - report.learners))
        report.learners |= learners
    held = {learner for learner, _ in truth.pairs(HOLDS, BP.isHeldBack)}
    report.still_held = (held & report.learners) - report.held
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


def _changes(truth: TruthStore, batch: list[Item], report: Report, run: Run | None) -> list[Change]:
    changes: list[Change] = []
    records = [item for item in batch if isinstance(item, Record)]
    changes += _record_changes(truth, records, report, run)
    learners = {change.learner for change in changes if change.learner is not None}
    changes += [_audience_change(audiences.of_person(BPA.learner, one)) for one in learners]
    for item in batch:
        match item:
            case Organization():
                changes += _organization_changes(item, report)
            case Problem():
                report.problems.append(item)
    return [*changes, *family.changes(truth, batch, report)]


def _record_changes(
    truth: TruthStore, records: list[Record], report: Report, run: Run | None
) -> Iterator[Change]:
    for record, verdict in zip(records, shapes.validate_batch(records), strict=True):
        if not verdict.conforms:
            report.problems += _problems(record.source, verdict)
            continue
        report.records[local_name(record.category)] += 1
        triples = to_triples(record.graph)
        yield Change(record.iri, triples, learner=record.learner)
        entry, hashed = truth.triples(INDEX, record.iri), digest(triples)
        if not has_digest(entry, hashed):
            if run is not None:
                run.begin()
            entry = index_entry(record, hashed, run)
        yield Change(INDEX, entry, subject=record.iri, learner=record.learner)


def _problems(source: Source, verdict: shapes.Report) -> list[Problem]:
    return [Problem(source, result.rule, result.text()) for result in verdict.results]


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
