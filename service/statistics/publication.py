"""Publishing: count, protect, and put on record what one audience is told until the next time.

A publication is of one epoch: what was withdrawn before is not in it. All its cubes are on record
together or none is, with the true counts that the next one is compared with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP
from databackpack.queries.cubes import Cube
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Audience
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.graphs import basis_graph, statistics_graph
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.statistics import dataset, ledger, precedent, schedule
from databackpack.service.statistics.counting import count_all
from databackpack.service.statistics.protection import protect
from databackpack.service.statistics.schedule import Publication
from databackpack.service.statistics.table import Table
from databackpack.service.views.directory import Directory
from databackpack.service.views.snapshot import Disturbed

__all__ = ["publish"]

_TRIES = 3
_OF_PERSONS = {BP.PersonalWards, BP.PersonalSelf}

Advance = Callable[[int, int], None]
"""Told how many learners are counted, and of how many."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """For whom something is published, and what there was at the epoch that it is counted at."""

    audience: Audience
    purpose: URIRef
    epsilon: Decimal | None
    epoch: int
    moment: datetime
    least: int
    parents: Mapping[str, str]
    held: Mapping[URIRef, Publication]

    def data_set(self, cube: Cube) -> URIRef:
        """Return the name of what is published of *cube*."""
        return statistics_graph(self.audience.iri, self.purpose, cube.name)


def publish(
    directory: Directory,
    cubes: Sequence[Cube],
    audience: Audience,
    purpose: URIRef,
    epsilon: Decimal | None = None,
    advance: Advance = lambda done, total: None,
) -> list[Publication]:
    """Return what is on record now of *cubes* for *audience* and *purpose*.

    What was published today stays as it is; the others are counted anew, over all that the audience
    may count at this moment. *epsilon* is what the noise of each takes from the budgets of
    agreements that ask for noise. Raises Refused with the rule that stands against it, or Disturbed
    when the store changes again and again while it is counted.
    """
    for _ in range(_TRIES - 1):
        try:
            return _publish(directory, cubes, audience, purpose, epsilon, advance)
        except Disturbed:
            continue
    return _publish(directory, cubes, audience, purpose, epsilon, advance)


def _publish(
    directory: Directory,
    cubes: Sequence[Cube],
    audience: Audience,
    purpose: URIRef,
    epsilon: Decimal | None,
    advance: Advance,
) -> list[Publication]:
    truth = directory.truth
    asked = _asked(directory, audience, purpose, epsilon)
    wanted = [cube for cube in cubes if _is_wanted(cube, asked)]
    if wanted:
        payers = ledger.charged(asked.audience, purpose, asked.moment)
        ledger.check(truth, payers, epsilon, len(wanted))
        tables = count_all(directory, wanted, asked.audience, purpose, asked.moment, advance)
        if not any(tables):
            raise Refused("bpl:Aggregate", "There is nobody whom this audience may count.")
        changes: list[Change] = []
        for cube, table in zip(wanted, tables, strict=True):
            changes += _changes(truth, cube, table, asked)
            if epsilon is not None:
                changes += ledger.charge(payers, asked.data_set(cube), epsilon, asked.moment)
        with truth.writing():
            if truth.epoch != asked.epoch:
                raise Disturbed("the store changed while it was counted; publish at a quieter time")
            truth.commit(changes)
    found = {one.iri: one for one in schedule.on_record(truth)}
    return [found[asked.data_set(cube)] for cube in cubes]


def _changes(truth: TruthStore, cube: Cube, table: Table, asked: _Asked) -> list[Change]:
    """Return what puts on record what may be told of *table*, and what it was made from.

    Raises Refused, also where noise cannot be added to so many cells.
    """
    about = _about(cube, asked)
    kept = precedent.find(truth, list(asked.held.values()), about, cube, table)
    noise = None if asked.epsilon is None else float(asked.epsilon)
    least = about.minimum_cell_size
    published = protect(cube, table, least, kept, noise, parents=asked.parents)
    told = dataset.observations(about.iri, cube, published.cells)
    return [
        Change(about.iri, about.to_triples() | told),
        Change(basis_graph(about.iri), dataset.basis(about.iri, cube, published.kept)),
    ]


def _asked(
    directory: Directory, audience: Audience, purpose: URIRef, epsilon: Decimal | None
) -> _Asked:
    """Return what is asked for, at the present epoch; raises Refused."""
    truth = directory.truth
    with truth.writing():
        found = directory.audience(local_name(audience.iri))
        law, moment = directory.law(), truth.clock()
        if found.population in _OF_PERSONS:
            raise Refused("bp:isPublishedFor", "Statistics are published for organizations.")
        if purpose not in found.purposes:
            names = ", ".join(sorted(map(local_name, found.purposes)))
            raise Refused("bp:hasPurpose", f"This audience asks for {names} only.")
        groups = [
            agreement.minimum_group_size or 0
            for agreement in found.agreements
            if covers(agreement, purpose, moment)
        ]
        return _Asked(
            audience=found,
            purpose=purpose,
            epsilon=epsilon,
            epoch=truth.epoch,
            moment=moment,
            least=max([law.minimum_cell_size(), *groups]),
            parents={f"<{child}>": f"<{parent}>" for child, parent in law.parents.items()},
            held={one.iri: one for one in schedule.on_record(truth)},
        )


def _is_wanted(cube: Cube, asked: _Asked) -> bool:
    """Tell whether the next publication is made: not on the day of the last; raises Refused."""
    held, today = asked.held.get(asked.data_set(cube)), asked.moment.date()
    if held is not None and held.cube != cube.iri:
        raise Refused(
            "qb:structure",
            f"What is published as {cube.name} is {held.cube}; give this cube another name.",
        )
    if held is None or held.next_day <= today:
        return True
    if held.issued.date() == today:
        return False
    raise Refused(
        "bp:monthsBetweenReleases",
        f"{cube.name} was published for {local_name(held.audience)} on {held.issued.date()}; the "
        f"next publication is due on {held.next_day}.",
    )


def _about(cube: Cube, asked: _Asked) -> Publication:
    iri = asked.data_set(cube)
    last = asked.held.get(iri)
    return Publication(
        iri=iri,
        cube=cube.iri,
        title=cube.label,
        definition=cube.definition,
        population=cube.population,
        share_of=cube.share_of,
        audience=asked.audience.iri,
        purpose=asked.purpose,
        categories=cube.categories,
        issued=asked.moment,
        months=cube.months,
        sequence=1 if last is None else last.sequence + 1,
        minimum_cell_size=max(asked.least, cube.minimum_cell_size),
        epsilon=asked.epsilon,
    )
