"""A sample state with two studies, a release and published cubes; who may see what of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID, ORG
from databackpack.queries import cubes
from databackpack.service.policy.model import Audience, Level
from databackpack.service.records.graphs import REGISTRY
from databackpack.service.releases import building
from databackpack.service.rights import agreements
from databackpack.service.statistics import publication
from databackpack.service.views import public
from databackpack.service.views.registry import Views
from databackpack.service.views.snapshot import walk
from tests.running import Running, run_sample
from tests.statistics import tally

__all__ = ["Asked", "Counts", "counted", "opened", "permitted", "store"]

_AGREEMENTS = Path(__file__).with_name("agreements.ttl")

Counts = Mapping[tuple[str, ...], tuple[int, int | None]]
"""Cell → distinct learners in it, and of them those with what the share is of."""


@dataclass(frozen=True)
class _Level:
    title: str
    audience: str
    least: Level


class Asked(Enum):
    """How a question is answered, for whom, and the least level of a record that goes into it.

    What is full for the agency is de-identified in some categories.
    """

    FULL = _Level("full", "state-agency-sample", Level.DEIDENTIFIED)
    DEIDENTIFIED = _Level("de-identified", "researcher-persistence", Level.DEIDENTIFIED)
    RELEASED = _Level("release, k = 10", "researcher-mobility", Level.DEIDENTIFIED)
    PUBLISHED = _Level("aggregate, k = 10", "state-agency-sample", Level.AGGREGATE)


def opened(folder: Path, learners: int, names: Iterable[str]) -> Running:
    """Return the sample with both studies, a release for one, and the cubes *names* published."""
    running = run_sample(folder, learners)
    views = running.context.views
    agreements.add(views, agreements.parse(_AGREEMENTS.read_bytes()))
    building.build(views, ID["agreement/released"], "custodian", lambda what, done, total: None)
    agency = views.audience(Asked.PUBLISHED.value.audience)
    (purpose,) = agency.purposes
    publication.publish(views, [cubes.read(name) for name in names], agency, purpose)
    return running


def permitted(views: Views, level: Asked | None) -> Iterator[ox.Triple]:
    """Yield the records that *level* is made from, as they are held; all that are held for None."""
    truth = views.truth
    if level is None:
        for learner in views.learners():
            for record in views.dossier(learner).records:
                yield from truth.triples(record.iri)
        return
    audience = views.audience(level.value.audience)
    for shown in walk(views, audience, _purpose(audience), truth.clock()):
        for _, decision, triples in shown.records:
            if decision.level >= level.value.least:
                yield from triples


def store(views: Views, triples: Iterable[ox.Triple]) -> ox.Store:
    """Return *triples* beside what is public, in a store of their own."""
    found = ox.Store()
    for some in (public.known(views.truth), views.truth.triples(REGISTRY), triples):
        found.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in some)
    return found


def counted(views: Views, name: str, is_permitted: bool) -> Counts:
    """Return the learners of each cell of a cube, by a count that shares no code with ours.

    Of everybody, or of those only whom the state agency may count.
    """
    truth, found = views.truth, dict[tuple[str, ...], list[bool | None]]()
    above = {str(one): str(parent) for one, parent in truth.pairs(REGISTRY, ORG.subOrganizationOf)}
    for triples in _each(views, tally.CATEGORIES[name], is_permitted):
        for key, has in tally.cells(name, tally.items(triples), above).items():
            found.setdefault(key, []).append(has)
    is_count = name in tally.COUNTED
    return {
        key: (len(all_), None if is_count else sum(map(bool, all_))) for key, all_ in found.items()
    }


def _each(views: Views, categories: set[str], is_permitted: bool) -> Iterator[Iterable[ox.Triple]]:
    """Yield the records of each learner who withholds none of *categories*, or of everybody."""
    truth = views.truth
    if not is_permitted:
        for learner in views.learners():
            records = views.dossier(learner).records
            yield [triple for record in records for triple in truth.triples(record.iri)]
        return
    audience = views.audience(Asked.PUBLISHED.value.audience)
    for shown in walk(views, audience, _purpose(audience), truth.clock()):
        if categories.isdisjoint(map(local_name, shown.withheld)):
            yield [triple for _, _, triples in shown.records for triple in triples]


def _purpose(audience: Audience) -> URIRef:
    (purpose,) = audience.purposes
    return purpose
