"""Consent records as RDF: DPV's terms for the fields of 34 CFR 99.30 and ISO/IEC TS 27560:2023.

A record says whose data, which category and which recipient; each of its events says the state of
consent, by whom, when, how and under which notice. The rule itself is the policy that an event
generated, in the closed ODRL profile; what every record has in common is in the notice.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from rdflib import RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, DCTERMS, DPV, ID, ODRL, PROV
from databackpack.service.policy import profile
from databackpack.service.policy.consent import Asked, Cell, Event, Status, Terms, record_iri
from databackpack.service.policy.model import Level
from databackpack.service.policy.profile import Described, UnreadablePolicy, optional

__all__ = ["read", "receipt", "receipt_iri", "write"]

# Made once, as in ``profile``.
_EVENT, _STATEMENT, _ASKED = BP.isEventOf, PROV.generated, BP.asksForLevel
_LEARNER, _ASSIGNER = DPV.hasDataSubject, ODRL.assigner
_CATEGORY, _AUDIENCE = DPV.hasPersonalData, DPV.hasRecipient
_STATUS, _MOMENT, _PARTY = DPV.hasConsentStatus, DPV.isIndicatedAtTime, DPV.isIndicatedBy
_METHOD, _NOTICE, _SEQUENCE = DPV.hasIndicationMethod, DPV.hasNotice, BP.sequence


def write(events: Iterable[Event]) -> Graph:
    """Return *events* with their records and policies; ``read`` gives the same events back."""
    graph = Graph(store="SimpleMemory")
    for event in events:
        record = _write_record(graph, event.cell)
        _write_event(graph, event, record)
        if event.statement is not None:
            graph += profile.write(event.statement)
    return graph


def read(graph: Described) -> tuple[Event, ...]:
    """Return the events in *graph*, sorted by IRI; raises UnreadablePolicy."""
    found = (iri for iri in graph.subjects(RDF.type, BP.ConsentEvent) if isinstance(iri, URIRef))
    return tuple(_read_event(graph, iri) for iri in sorted(found))


def receipt(event: Event) -> Graph:
    """Return the receipt that the family gets for *event*: own identifier, moment, record."""
    graph, iri = Graph(), receipt_iri(event)
    for predicate, value in (
        (RDF.type, DPV.ConsentReceipt),
        (DCTERMS.identifier, Literal(local_name(iri))),
        (DCTERMS.conformsTo, BP.ConsentRecordProfile),
        (DCTERMS.issued, _instant(event.moment)),
        (PROV.wasDerivedFrom, record_iri(event.cell)),
        (BP.isReceiptOf, event.iri),
    ):
        graph.add((iri, predicate, value))
    return graph


def receipt_iri(event: Event) -> URIRef:
    """Return the IRI of the receipt for *event*."""
    return ID[f"receipt/{local_name(event.iri)}"]


def _write_record(graph: Graph, cell: Cell) -> URIRef:
    record = record_iri(cell)
    for predicate, value in (
        (RDF.type, DPV.ConsentRecord),
        (DCTERMS.identifier, Literal(local_name(record))),
        (DCTERMS.conformsTo, BP.ConsentRecordProfile),
        (DPV.hasDataSubject, cell.learner),
        (DPV.hasPersonalData, cell.category),
        (DPV.hasRecipient, cell.audience),
        (ODRL.assigner, cell.assigner),
    ):
        graph.add((record, predicate, value))
    return record


def _write_event(graph: Graph, event: Event, record: URIRef) -> None:
    values: list[tuple[URIRef, Node]] = [
        (RDF.type, BP.ConsentEvent),
        (BP.isEventOf, record),
        (BP.sequence, Literal(event.sequence)),
        (DCTERMS.type, DPV.ExplicitlyExpressedConsent),
        (DPV.hasConsentStatus, event.status.iri),
        (DPV.isIndicatedAtTime, _instant(event.moment)),
        (DPV.isIndicatedBy, event.party),
        (DPV.hasIndicationMethod, event.terms.method),
        (DPV.hasNotice, event.terms.notice),
    ]
    said = event.statement
    if said is not None:
        values += [
            (PROV.generated, said.iri),
            (DPV.hasPurpose, said.purpose or DPV.Purpose),
            (DPV.hasDuration, _duration(said.until)),
        ]
    if event.asked is not None:
        values += [
            (BP.asksForLevel, event.asked.level.iri),
            (DPV.hasPurpose, event.asked.purpose),
            (DPV.hasDuration, _duration(event.asked.until)),
        ]
        if event.asked.until is not None:
            values.append((BP.validUntil, _instant(event.asked.until)))
    for predicate, value in values:
        graph.add((event.iri, predicate, value))


def _read_event(graph: Described, iri: URIRef) -> Event:
    def one(subject: URIRef, predicate: URIRef) -> URIRef:
        return profile.as_iri(profile.only(graph, subject, predicate))

    record = one(iri, _EVENT)
    policy = optional(graph, iri, _STATEMENT)
    try:
        return Event(
            iri=iri,
            cell=Cell(
                one(record, _LEARNER),
                one(record, _ASSIGNER),
                one(record, _CATEGORY),
                one(record, _AUDIENCE),
            ),
            status=_statuses()[one(iri, _STATUS)],
            moment=profile.as_moment(profile.only(graph, iri, _MOMENT)),
            party=one(iri, _PARTY),
            terms=Terms(one(iri, _METHOD), one(iri, _NOTICE)),
            sequence=int(str(profile.only(graph, iri, _SEQUENCE))),
            statement=None if policy is None else profile.read(graph, profile.as_iri(policy)),
            asked=_read_asked(graph, iri),
        )
    except (KeyError, ValueError) as error:
        raise UnreadablePolicy(f"{iri} is no event of a consent record: {error}") from None


def _read_asked(graph: Described, iri: URIRef) -> Asked | None:
    level = optional(graph, iri, _ASKED)
    if level is None:
        return None
    until = optional(graph, iri, BP.validUntil)
    return Asked(
        Level.of(str(level)),
        profile.as_iri(profile.only(graph, iri, DPV.hasPurpose)),
        None if until is None else profile.as_moment(until),
    )


@cache
def _statuses() -> dict[URIRef, Status]:
    return {status.iri: status for status in Status}


def _duration(until: datetime | None) -> URIRef:
    return DPV.UntilEventDuration if until is None else DPV.UntilTimeDuration


def _instant(moment: datetime) -> Literal:
    return Literal(moment.isoformat(), datatype=XSD.dateTime)
