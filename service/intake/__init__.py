"""Intake: what loaders read, checked by the shapes and committed, whole learners at a time."""

from collections.abc import Callable, Iterable, Iterator

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack import shapes
from databackpack.loaders.reading import Group
from databackpack.loaders.record import Item, Organization, Problem
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA
from databackpack.service.intake import crosswalks, family, frameworks, matching
from databackpack.service.intake.checking import Checked, Part, checked
from databackpack.service.intake.deprecation import Deprecated
from databackpack.service.intake.entry import problems
from databackpack.service.intake.quarantine import Quarantine
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import Run, has_digest, index_entry
from databackpack.service.intake.uniting import follow
from databackpack.service.policy import audience as audiences
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import AUDIENCES, HOLDS, INDEX, REGISTRY
from databackpack.service.records.identity import Identities, read_bindings
from databackpack.service.records.terms import node, to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["take_in"]

_NEW_TOGETHER = 500
"""Learners who are new and are brought by one commit, where no view waits for it."""


def take_in(
    truth: TruthStore,
    found: Iterable[Item | Group],
    *,
    run: Run | None = None,
    identities: Identities | None = None,
    workers: int = 0,
    advance: Callable[[int], None] = lambda learners: None,
    expect: Callable[[int], None] = lambda learners: None,
) -> Report:
    """Return the report of a load that is in *truth*, every record whole or not at all.

    A record that was kept out is in quarantine, and readers go on seeing its last good form. *run*
    is which load the index names for the records that differ from what is held. *identities* mint
    where groups are *found*. With *workers* records are made and checked in as many processes, and
    new learners are committed by the hundred; without, all is done here in small commits, as beside
    live views. *advance* is told the number of learners that each commit finished, *expect* how
    many there will be in all, as far as that is known. Loading the same items twice changes
    nothing. Raises checking.WorkerLost, and what the truth store raises.
    """
    report = Report()
    truth.drop_halves()
    bindings, quarantine = read_bindings(truth), Quarantine(truth)
    deprecated = Deprecated(truth)
    new: list[Item | Checked] = []
    who: set[URIRef] = set()

    def finish(learners: set[URIRef]) -> None:
        advance(len(learners - report.learners))
        report.learners |= learners

    for part in checked(_announced(found, expect), identities, workers):
        _note_deprecated(part, deprecated, report)
        learners = _learners(part)
        if workers and learners and not any(map(bindings.concerns, learners - who)):
            is_new = who.isdisjoint(learners) and all(map(truth.is_new, learners))
        else:
            is_new = False
        if new and (not is_new or len(who) >= _NEW_TOGETHER):
            finish(_keep_new(truth, new, report, quarantine, run, who))
            new, who = [], set()
        if is_new:
            new += part
            who |= learners
        else:
            finish(_keep(truth, part, report, quarantine, run))
    if new:
        finish(_keep_new(truth, new, report, quarantine, run, who))
    matching.review(truth, report.learners)
    held = {learner for learner, _ in truth.pairs(HOLDS, BP.isHeldBack)}
    report.still_held = (held & report.learners) - report.held
    truth.flush()
    return report


def _announced(
    found: Iterable[Item | Group], expect: Callable[[int], None]
) -> Iterator[Item | Group]:
    total = 0
    for one in found:
        if isinstance(one, Group) and one.count:
            total += one.count
            expect(total)
        yield one


def _learners(part: Iterable[Item | Checked]) -> set[URIRef]:
    of = (getattr(one.record if isinstance(one, Checked) else one, "learner", None) for one in part)
    return {learner for learner in of if learner is not None}


def _keep(
    truth: TruthStore, part: Part, report: Report, quarantine: Quarantine, run: Run | None
) -> set[URIRef]:
    """Return the learners of whom *truth* holds, now or already, what *part* says."""
    stored = _stored(part, report)
    others = [*_kept_out(quarantine, part, run), *_other_changes(truth, part, stored, report)]
    truth.commit(follow(truth, [*_record_changes(truth, stored, run), *others]))
    return {one.record.learner for one in stored} | _concerned(others)


def _keep_new(
    truth: TruthStore,
    part: Part,
    report: Report,
    quarantine: Quarantine,
    run: Run | None,
    learners: set[URIRef],
) -> set[URIRef]:
    """Return the learners of whom *truth* holds what *part* says; all *learners* are new to it."""
    stored = _stored(part, report)
    others = [*_kept_out(quarantine, part, run), *_other_changes(truth, part, stored, report)]
    if stored and run is not None:
        run.begin()
    quads = [quads for one in stored for quads in _quads(one, run)]
    graphs = [one.record.iri for one in stored]
    truth.commit_new(learners, b"".join(quads), graphs, others)
    return {one.record.learner for one in stored} | _concerned(others)


def _concerned(changes: Iterable[Change]) -> set[URIRef]:
    return {change.learner for change in changes if change.learner is not None}


def _stored(part: Part, report: Report) -> list[Checked]:
    """Return the records of *part* that may be stored; *report* has what was found in them."""
    stored = []
    for one in part:
        if isinstance(one, Checked):
            for problem in problems(one.record.source, one.report):
                report.tell(problem)
            if one.report.conforms:
                report.records[local_name(one.record.category)] += 1
                stored.append(one)
    return stored


def _note_deprecated(part: Part, deprecated: Deprecated, report: Report) -> None:
    for one in part:
        if isinstance(one, Checked) and one.report.conforms:
            for note in deprecated.notes(one.record):
                report.tell(note)


def _kept_out(quarantine: Quarantine, part: Part, run: Run | None) -> Iterator[Change]:
    """Yield what goes into quarantine of *part*, and what leaves it."""
    for one in part:
        if isinstance(one, Checked) and one.report.conforms:
            yield from quarantine.release(one.record.iri)
        elif isinstance(one, Checked):
            for change in quarantine.keep(one.record, one.report, None if run is None else run.iri):
                if run is not None:
                    run.begin()
                yield change


def _record_changes(
    truth: TruthStore, stored: Iterable[Checked], run: Run | None
) -> Iterator[Change]:
    """Yield what brings the records that differ from what is held; a digest tells which do."""
    for one in stored:
        record = one.record
        if has_digest(truth.triples(INDEX, record.iri), one.digest):
            continue
        if run is not None:
            run.begin()
        triples = set(ox.parse(record.lines, format=ox.RdfFormat.N_TRIPLES))
        yield Change(record.iri, [quad.triple for quad in triples], learner=record.learner)
        entry = index_entry(record, one.digest, run)
        yield Change(INDEX, entry, subject=record.iri, learner=record.learner)


def _quads(one: Checked, run: Run | None) -> Iterator[bytes]:
    """Yield a record as N-Quads, and its entry in the index."""
    record = one.record
    yield record.lines.replace(b" .\n", f" <{record.iri}> .\n".encode())
    entry = index_entry(record, one.digest, run)
    yield "".join(f"{triple} {node(INDEX)} .\n" for triple in entry).encode()


def _other_changes(
    truth: TruthStore, part: Part, stored: Iterable[Checked], report: Report
) -> list[Change]:
    """Return what *part* changes beside its records."""
    learners = {one.record.learner for one in stored}
    changes = [family.audience(BPA.learner, one) for one in learners]
    for item in part:
        match item:
            case Organization():
                changes += _organization_changes(item, report)
            case Problem():
                report.tell(item)
    items = [one.record if isinstance(one, Checked) else one for one in part]
    changes += frameworks.changes(truth, items, report)
    changes += crosswalks.changes(truth, items, report)
    return [*changes, *family.changes(truth, items, report)]


def _organization_changes(item: Organization, report: Report) -> Iterator[Change]:
    verdict = shapes.validate_organization(item.graph)
    for problem in problems(item.source, verdict):
        report.tell(problem)
    if not verdict.conforms:
        return
    report.organizations += 1
    yield Change(REGISTRY, to_triples(item.graph), subject=item.iri)
    kind = item.graph.value(item.iri, RDF.type)
    code = item.graph.value(item.iri, BP.organizationCode)
    for audience in audiences.of_organization(URIRef(str(kind)), item.iri, str(code)):
        yield _audience_change(audience)


def _audience_change(audience: Audience) -> Change:
    return Change(AUDIENCES, to_triples(audiences.write(audience)), subject=audience.iri)
