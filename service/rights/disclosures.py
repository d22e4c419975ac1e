"""The disclosure log as its readers see it: the family, the custodian, the auditor; nobody else.

34 CFR 99.32(c): the parent or eligible student, the official who is the custodian of the records,
and those who audit the record keeping.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.ontology.namespaces import BP, BPA, PROV
from databackpack.service.policy.model import Audience
from databackpack.service.records import disclosures
from databackpack.service.records.disclosures import Entry
from databackpack.service.records.identity import read_bindings
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights.holder import inspects
from databackpack.service.views.exposure import Part, timelines
from databackpack.service.views.population import coverage
from databackpack.service.views.registry import Views

__all__ = ["Access", "learners_of", "may_audit", "may_read", "of_everybody", "of_learner", "to_rdf"]


@dataclass(frozen=True, slots=True)
class Access:
    """One entry, with what the view that answered held: of one learner, or of anybody."""

    entry: Entry
    parts: tuple[Part, ...]


def may_read(views: Views, audience: Audience, learner: URIRef) -> bool:
    """Tell whether *audience* may read the log of *learner*: family or custodian of records."""
    if inspects(views, audience, learner):
        return True
    held, moment = views.dossier(learner), views.truth.clock()
    covered = coverage(audience, held, views.law(), moment)
    return audience.role == BPA.registrar and covered.is_somebody


def may_audit(audience: Audience) -> bool:
    """Tell whether *audience* may read the whole log."""
    return audience.role == BPA.auditor


def of_learner(truth: TruthStore, learner: URIRef) -> list[Access]:
    """Return the requests that could be about *learner*, answered and refused, in order of time.

    An answer could be about a learner whose records its view held; the parts are what it held of
    this learner, also under a name that was merged into this one since.
    """
    found: list[Access] = []
    for one in read_bindings(truth).merged_into(learner):
        found += _of_name(truth, one)
    return sorted(found, key=lambda access: (access.entry.moment, access.entry.iri))


def _of_name(truth: TruthStore, learner: URIRef) -> Iterator[Access]:
    for line in timelines(truth, learner):
        for number, state in line.states.items():
            if parts := line.at(number).get(learner):
                shown = tuple(sorted(parts, key=_iri))
                yield from (Access(entry, shown) for entry in disclosures.of_state(truth, state))


def of_everybody(truth: TruthStore, *, special_education: bool = False) -> list[Access]:
    """Return all entries of the log, or of that on special education, in order of time."""
    known = {
        state: tuple(sorted({p for parts in line.at(n).values() for p in parts}, key=_iri))
        for line in timelines(truth)
        for n, state in line.states.items()
    }
    return [
        Access(entry, () if entry.state is None else known.get(entry.state, ()))
        for entry in disclosures.entries(truth, special_education=special_education)
    ]


def learners_of(truth: TruthStore, entry: Entry) -> list[URIRef]:
    """Return every learner whose records the view held that answered *entry*."""
    for line in timelines(truth):
        for number, state in line.states.items():
            if state == entry.state:
                return sorted(line.at(number))
    return []


def to_rdf(accesses: Iterable[Access]) -> Graph:
    """Return entries as PROV-O and DPV, with what their views held."""
    graph = Graph()
    for access in accesses:
        entry = access.entry
        values: list[tuple[URIRef, URIRef | Literal]] = [
            (RDF.type, BP.Disclosure),
            (PROV.wasAssociatedWith, entry.audience),
            (BP.personKey, Literal(entry.subject)),
            (BP.hasPurpose, entry.purpose),
            (PROV.startedAtTime, _instant(entry.moment)),
            (BP.queryDigest, Literal(entry.digest)),
            *((BP.hasCategory, part.category) for part in access.parts),
            *((BP.hasBasis, part.basis) for part in access.parts),
        ]
        if entry.outcome is not None:
            values.append((BP.hasOutcome, Literal(entry.outcome)))
        if entry.epoch is not None:
            values.append((BP.epoch, Literal(entry.epoch)))
        for predicate, value in values:
            graph.add((entry.iri, predicate, value))
    return graph


def _iri(part: Part) -> URIRef:
    return part.iri


def _instant(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)
