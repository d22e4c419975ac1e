"""Checked records go into the truth store: by small commits, or new learners by the thousand."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import closing

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack import shapes
from databackpack.loaders.record import Item, Organization, Problem
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA
from databackpack.service import memory
from databackpack.service.intake import crosswalks, family, frameworks
from databackpack.service.intake.batch import Batch
from databackpack.service.intake.beside import Beside
from databackpack.service.intake.checking import Checked, Part
from databackpack.service.intake.deprecation import Deprecated
from databackpack.service.intake.entry import problems
from databackpack.service.intake.quarantine import Quarantine
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import Run, has_digest
from databackpack.service.intake.uniting import follow
from databackpack.service.policy import audience as audiences
from databackpack.service.policy.model import Audience
from databackpack.service.records.graphs import AUDIENCES, INDEX, REGISTRY
from databackpack.service.records.identity import Identities, read_bindings
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["Storing"]

_NEW_TOGETHER = 450_000
"""Quads of learners who are new that one commit brings, where no view waits for it.

With fewer the engine merges its files more often; of more than a million it makes several files.
"""


class Storing:
    """What brings one load into *truth*, and says in *report* what it brought and what not.

    The commits that bring new learners go on *beside* whoever reads and checks the next ones.
    """

    def __init__(
        self,
        truth: TruthStore,
        report: Report,
        run: Run | None,
        identities: Identities | None,
        beside: Beside,
        advance: Callable[[int], None],
    ) -> None:
        self._truth, self._report, self._run = truth, report, run
        self._identities, self._beside, self._advance = identities, beside, advance
        self._bindings, self._quarantine = read_bindings(truth), Quarantine(truth)
        self._deprecated = Deprecated(truth)
        self._new = Batch()
        self._brought: set[URIRef] = set()

    def close(self) -> None:
        """Let go of what waits, which is for whoever gave up."""
        self._new.close()

    def take(self, part: Part, *, is_alone: bool) -> None:
        """*part* is in the truth store, or waits to be, with other new learners.

        *is_alone* tells that no view waits for commits.
        """
        _note_deprecated(part, self._deprecated, self._report)
        learners = _learners(part)
        first = set(filter(self._is_first, learners))
        is_new = is_alone and self._are_new(learners, first)
        if self._new.learners and (not is_new or self._new.quads >= _NEW_TOGETHER):
            self._keep_new()
        if is_new:
            stored = _stored(part, self._report)
            self._new.add(learners, first, part, stored, self._kept_out(part))
        else:
            self._keep(part)

    def settle(self) -> None:
        """All that was taken is in the truth store, and no other thread is at work."""
        if self._new.learners:
            self._keep_new()
        self._finish()
        self._save()

    def _are_new(self, learners: set[URIRef], first: set[URIRef]) -> bool:
        if not learners or any(map(self._bindings.concerns, learners - self._new.learners)):
            return False
        known = learners - first
        return self._new.learners.isdisjoint(learners) and all(map(self._truth.is_new, known))

    def _is_first(self, learner: URIRef) -> bool:
        return self._identities is not None and self._identities.is_first(learner)

    def _save(self) -> None:
        if self._identities is not None:
            self._identities.save()

    def _finish(self) -> None:
        """What is being committed beside is in the truth store, and its learners are told of."""
        self._beside.wait()
        self._tell(self._brought)
        self._brought = set()

    def _tell(self, learners: set[URIRef]) -> None:
        self._advance(len(learners - self._report.learners))
        self._report.learners |= learners

    def _keep(self, part: Part) -> None:
        """Commit what differs of *part*, after all that was begun before it."""
        self._finish()
        self._save()
        truth, stored = self._truth, _stored(part, self._report)
        items = [one.record if isinstance(one, Checked) else one for one in part]
        learners = {one.record.learner for one in stored}
        others = [
            *self._kept_out(part),
            *(family.audience(BPA.learner, one) for one in learners),
            *_other_changes(truth, items, self._report),
        ]
        truth.commit(follow(truth, [*_record_changes(truth, stored, self._run), *others]))
        self._tell(learners | _concerned(others))

    def _keep_new(self) -> None:
        """Begin to commit all that waits; the learners are new to the truth store."""
        new = self._new
        others = [
            *(
                family.audience(BPA.learner, one, is_known=one not in new.first)
                for one in new.brought
            ),
            *_other_changes(self._truth, new.items, self._report, new.learners),
        ]
        changes = [*new.changes, *others]
        if new.graphs and self._run is not None:
            self._run.begin()

        def commit() -> None:
            with closing(new):
                self._save()
                self._truth.commit_new(new.learners, new.first, new.records, new.graphs, changes)
            memory.give_back()  # each commit has threads, and glibc keeps for each what it freed

        self._finish()
        self._beside.start(commit)
        self._new, self._brought = Batch(), new.brought | _concerned(changes)

    def _kept_out(self, part: Part) -> list[Change]:
        return list(_kept_out(self._quarantine, part, self._run))


def _learners(part: Iterable[Item | Checked]) -> set[URIRef]:
    of = (getattr(one.record if isinstance(one, Checked) else one, "learner", None) for one in part)
    return {learner for learner in of if learner is not None}


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
        entry = {quad.triple for quad in ox.parse(one.entry, format=ox.RdfFormat.N_TRIPLES)}
        yield Change(INDEX, entry, subject=record.iri, learner=record.learner)


def _other_changes(
    truth: TruthStore, items: Sequence[Item], report: Report, new: Set[URIRef] = frozenset()
) -> list[Change]:
    """Return what *items* change beside records; *truth* knows nobody of *new*."""
    changes: list[Change] = []
    for item in items:
        match item:
            case Organization():
                changes += _organization_changes(item, report)
            case Problem():
                report.tell(item)
    changes += frameworks.changes(truth, items, report)
    changes += crosswalks.changes(truth, items, report)
    return [*changes, *family.changes(truth, items, report, new)]


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
