"""A declared emergency: the threat in writing, then categories open to one audience for hours.

34 CFR 99.36: an articulable and significant threat to the health or safety of the student or of
others. 34 CFR 99.32(a)(5): the threat and the parties are recorded, and families read them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, ID, PROV
from databackpack.service.policy.model import Audience, Jurisdiction
from databackpack.service.policy.refusal import InvalidConsent, NoStanding
from databackpack.service.records.graphs import emergency_graph
from databackpack.service.records.terms import to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views.population import coverage
from databackpack.service.views.registry import Views

__all__ = ["Declared", "declare", "may_declare", "on_record"]

_DECLARERS = {BPA.teacher, BPA.registrar, BPA.district}
_SHORTEST = 20
_RULE = "34 CFR 99.36"


@dataclass(frozen=True, slots=True)
class Declared:
    """An emergency as families read it."""

    iri: URIRef
    audience: URIRef
    categories: tuple[URIRef, ...]
    threat: str
    declarer: str
    since: datetime
    until: datetime


def may_declare(views: Views, audience: Audience, learner: URIRef) -> bool:
    """Tell whether *audience* is of the school or district where the learner is enrolled now."""
    if audience.role not in _DECLARERS:
        return False
    held, moment = views.dossier(learner), views.truth.clock()
    return coverage(audience, held, views.law(), moment).every_holder


def declare(
    views: Views,
    learner: URIRef,
    declarer: tuple[Audience, str],
    audience: Audience,
    categories: Collection[URIRef],
    threat: str,
    hours: int,
) -> int:
    """Return the epoch from which *categories* are open to *audience* for *hours*.

    *declarer* is who asks and by which name. Raises NoStanding or InvalidConsent.
    """
    with views.truth.writing():
        if not may_declare(views, declarer[0], learner):
            raise NoStanding(_RULE, "The learner's own school or district declares an emergency.")
        place = _place(views, learner)
        if len(threat.strip()) < _SHORTEST:
            raise InvalidConsent(
                "34 CFR 99.32(a)(5)", f"Write what the threat is, in at least {_SHORTEST} letters."
            )
        if not 0 < hours <= place.emergency_hours:
            raise InvalidConsent(_RULE, f"It lasts 1 to {place.emergency_hours} hours.")
        closed = [c for c in categories if (audience.role, c) not in place.emergencies]
        if closed or not categories:
            names = ", ".join(sorted(map(local_name, closed))) or "no category"
            raise InvalidConsent(_RULE, f"An emergency does not open {names} to this audience.")
        now = views.truth.clock()
        graph, iri = Graph(), ID[f"emergency/{uuid4()}"]
        values: list[tuple[URIRef, URIRef | Literal]] = [
            (RDF.type, BP.Emergency),
            (BP.opensTo, audience.iri),
            (BP.threat, Literal(threat.strip())),
            (PROV.wasAssociatedWith, declarer[0].iri),
            (BP.personKey, Literal(declarer[1])),
            (BP.hasBasis, BP.HealthSafetyEmergency),
            (BP.validFrom, _instant(now)),
            (BP.validUntil, _instant(now + timedelta(hours=hours))),
            *((BP.hasCategory, category) for category in categories),
        ]
        for predicate, value in values:
            graph.add((iri, predicate, value))
        name = emergency_graph(learner)
        held = views.truth.triples(name)
        return views.truth.commit([Change(name, held | to_triples(graph), learner=learner)])


def on_record(truth: TruthStore, learner: URIRef) -> list[Declared]:
    """Return every emergency ever declared about *learner*, in order of time."""
    graph = to_graph(truth.triples(emergency_graph(learner)))
    found = [
        Declared(
            iri=URIRef(str(iri)),
            audience=URIRef(str(graph.value(iri, BP.opensTo))),
            categories=tuple(
                sorted(c for c in graph.objects(iri, BP.hasCategory) if isinstance(c, URIRef))
            ),
            threat=str(graph.value(iri, BP.threat)),
            declarer=str(graph.value(iri, BP.personKey)),
            since=datetime.fromisoformat(str(graph.value(iri, BP.validFrom))),
            until=datetime.fromisoformat(str(graph.value(iri, BP.validUntil))),
        )
        for iri in graph.subjects(RDF.type, BP.Emergency)
    ]
    return sorted(found, key=lambda one: (one.since, one.iri))


def _place(views: Views, learner: URIRef) -> Jurisdiction:
    """Return the jurisdiction of a holder of records: the one that lets least hours."""
    law = views.law()
    places = {law.of(holder).iri: law.of(holder) for holder in views.dossier(learner).holders}
    return min(places.values(), key=lambda place: (place.emergency_hours, place.iri))


def _instant(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)
