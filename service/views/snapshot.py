"""What one audience may see of each learner at one moment: read learner by learner, kept by nobody.

Releases and statistics are made from it, so that both show what a view would show then.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.service.policy.model import Audience, Decision
from databackpack.service.views import dossier
from databackpack.service.views.directory import Directory
from databackpack.service.views.dossier import Dossier, HeldRecord
from databackpack.service.views.population import Coverage, coverage
from databackpack.service.views.selection import select

__all__ = ["Disturbed", "Shown", "walk"]


class Disturbed(RuntimeError):
    """Something was committed while a snapshot was read: its parts are not of one epoch."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A learner with each record that is seen at all: the decision, the triples as they are held.

    *withheld* are the categories in which the learner has a record that the audience is about and
    does not see. INVARIANT: there is a record, and every decision's level is above None.
    """

    learner: URIRef
    records: tuple[tuple[HeldRecord, Decision, frozenset[ox.Triple]], ...]
    withheld: frozenset[URIRef] = frozenset()


def walk(
    directory: Directory,
    audience: Audience,
    purpose: URIRef,
    moment: datetime,
    advance: Callable[[int, int], None] = lambda done, total: None,
    categories: Collection[URIRef] | None = None,
) -> Iterator[Shown]:
    """Yield what *audience* may see of each learner for *purpose* at *moment*, all at one epoch.

    What a declared emergency opens is for those who act on it, and is not among it. Learners come
    in the order of their random IRIs; those of whom nothing is seen do not come. Where *categories*
    are given, records of others are not read. *advance* is told how many learners are done, and of
    how many. In memory is one learner at a time. Raises Disturbed at the first learner after a
    commit.
    """
    truth = directory.truth
    with truth.writing():
        epoch, law, learners = truth.epoch, directory.law(), directory.candidates(audience)
    for done, learner in enumerate(learners, 1):
        with truth.writing():
            if truth.epoch != epoch:
                raise Disturbed(
                    "the store changed while it was read; do it again when nothing is loaded"
                )
            # Not the directory's dossier, which remembers all.
            found = replace(dossier.read(truth, learner), emergencies=())
            selected = select(found, audience, purpose, law, moment).decisions
            records = tuple(
                (record, decision, frozenset(truth.triples(record.iri)))
                for record, decision in selected.items()
                if categories is None or record.category in categories
            )
            withheld = _withheld(found, selected, coverage(audience, found, law, moment))
        advance(done, len(learners))
        if records:
            yield Shown(learner, records, withheld)


def _withheld(
    found: Dossier, selected: Collection[HeldRecord], covered: Coverage
) -> frozenset[URIRef]:
    return frozenset(
        record.category
        for record in found.records
        if record.holder in covered and record not in selected
    )
