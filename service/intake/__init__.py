"""Intake: what loaders read, checked by the shapes and committed, whole learners at a time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from databackpack.loaders.reading import Group
from databackpack.loaders.record import Item
from databackpack.ontology.namespaces import BP
from databackpack.service.intake import matching
from databackpack.service.intake.beside import Beside
from databackpack.service.intake.checking import checked
from databackpack.service.intake.report import Report
from databackpack.service.intake.run import Run
from databackpack.service.intake.storing import Storing
from databackpack.service.records import compaction
from databackpack.service.records.graphs import HOLDS
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore

__all__ = ["take_in"]


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
    new learners are committed many together; without, all is done here in small commits, as beside
    live views. *advance* is told the number of learners that each commit finished, *expect* how
    many there will be in all, as far as that is known. Loading the same items twice changes
    nothing. Raises checking.WorkerLost, and what the truth store raises.
    """
    report = Report()
    truth.drop_halves()
    if workers:
        compaction.give_way()
    with (
        Beside() as beside,
        closing(Storing(truth, report, run, identities, beside, advance)) as storing,
    ):
        name, items = None if run is None else run.iri, _announced(found, expect)
        for part in checked(items, identities, workers, name, storing.settle):
            storing.take(part, is_alone=bool(workers))
        storing.settle()
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
