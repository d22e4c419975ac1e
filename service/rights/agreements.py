"""Written agreements on record: added whole or not at all, ended on a day, overdue for destruction.

34 CFR 99.31(a)(6)(iii)(C) and 99.35(a)(3): purpose, scope, duration, information, use, destruction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import pyoxigraph as ox
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack import shapes
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, RDFS
from databackpack.service.policy import agreement as agreements
from databackpack.service.policy.model import Agreement, Audience, holds
from databackpack.service.policy.purpose import is_within
from databackpack.service.policy.refusal import (
    InvalidConsent,
    NotSettable,
    Refused,
    Replayed,
    nearest,
)
from databackpack.service.records.graphs import AGREEMENTS, REGISTRY
from databackpack.service.records.terms import to_graph, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views.registry import Views

__all__ = ["OnRecord", "add", "certify", "due", "end", "named", "on_record", "overdue", "parse"]


@dataclass(frozen=True, slots=True)
class OnRecord:
    """An agreement with what a custodian wants to know of it."""

    agreement: Agreement
    label: str
    scope: str
    representative: str
    destroy_by: date
    destroyed_on: date | None

    def is_in_force(self, moment: datetime) -> bool:
        """Tell whether it gives access at *moment*."""
        return holds(self.agreement.since, self.agreement.until, moment)

    def is_overdue(self, today: date) -> bool:
        """Tell whether the day of destruction has passed without a certificate."""
        return self.destroyed_on is None and self.destroy_by < today


def parse(text: bytes) -> Graph:
    """Return the triples of a Turtle file, parsed offline; raises InvalidConsent."""
    try:
        quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
        return to_graph({quad.triple for quad in quads})
    except (SyntaxError, ValueError) as error:
        raise InvalidConsent("Turtle", f"The agreement cannot be read: {error}") from None


def add(views: Views, graph: Graph) -> int:
    """Return the epoch from which the agreements in *graph* are on record, all of them or none.

    Raises InvalidConsent or NotSettable with what is missing or not permitted.
    """
    report = shapes.validate_agreement(graph)
    found = _iris(graph)
    if not report.conforms or not found:
        rules = ", ".join(sorted({result.rule for result in report.results}))
        text = report.text() if found else "There is no agreement (bp:Agreement) in it."
        raise InvalidConsent(rules or "bp:Agreement", text)
    with views.truth.writing():
        for iri in found:
            if views.truth.triples(AGREEMENTS, iri):
                raise Replayed(
                    "", f"{local_name(iri)} is on record already; write a new agreement, or end it."
                )
            _check(views, _read(graph, iri))
        changes = [
            Change(AGREEMENTS, to_triples(graph.cbd(iri)), subject=iri)  # no blank nodes in it
            for iri in found
        ]
        return views.truth.commit(changes)


def end(views: Views, iri: URIRef) -> int:
    """Return the epoch from which the agreement gives no access any more; raises Refused."""
    held, now = _held(views, iri), views.truth.clock()
    if agreements.read(held, iri).until <= now:
        raise Refused("", "It has ended already.")
    moment = Literal(now.isoformat(), datatype=XSD.dateTime)
    return _change(views, iri, BP.validUntil, moment)


def certify(views: Views, iri: URIRef, day: date) -> int:
    """Return the epoch from which it is on record that what was received is destroyed."""
    if day > views.truth.clock().date():
        raise Refused("", f"{day} is still to come; a certificate is about what was done.")
    if _held(views, iri).value(iri, BP.destroyedOn) is not None:
        raise Refused("", "There is a certificate on record already.")
    return _change(views, iri, BP.destroyedOn, Literal(day.isoformat(), datatype=XSD.date))


def on_record(truth: TruthStore) -> list[OnRecord]:
    """Return all agreements, in the order in which they end."""
    graph = to_graph(truth.triples(AGREEMENTS))
    found = [_read(graph, iri) for iri in _iris(graph)]
    return sorted(found, key=lambda one: (one.agreement.until, one.agreement.iri))


def named(truth: TruthStore, name: str) -> OnRecord:
    """Return the agreement called *name*; raises Refused."""
    known = {local_name(one.agreement.iri): one for one in on_record(truth)}
    if name not in known:
        raise _absent(name, known)
    return known[name]


def due(truth: TruthStore, until: date) -> list[OnRecord]:
    """Return what is to be destroyed by a day up to *until*, the earliest first."""
    found = [one for one in on_record(truth) if one.destroyed_on is None]
    return sorted((one for one in found if one.destroy_by <= until), key=lambda one: one.destroy_by)


def overdue(truth: TruthStore, today: date) -> list[OnRecord]:
    """Return the agreements whose day of destruction has passed without a certificate."""
    return [one for one in on_record(truth) if one.is_overdue(today)]


def _change(views: Views, iri: URIRef, predicate: URIRef, value: Literal) -> int:
    with views.truth.writing():
        graph = _held(views, iri)
        graph.set((iri, predicate, value))
        return views.truth.commit([Change(AGREEMENTS, to_triples(graph), subject=iri)])


def _held(views: Views, iri: URIRef) -> Graph:
    known = {one for one, _ in views.truth.pairs(AGREEMENTS, BP.isAgreementOf)}
    if iri not in known:
        raise _absent(local_name(iri), map(local_name, known))
    return to_graph(views.truth.triples(AGREEMENTS, iri))


def _absent(name: str, known: Iterable[str]) -> Refused:
    return Refused("", f"There is no agreement {name!r}; on record: {nearest(name, known)}.")


def _check(views: Views, written: OnRecord) -> None:
    agreement = written.agreement
    audience = _audience(views, agreement)
    _check_words(views, agreement)
    least = views.law().minimum_cell_size()
    if agreement.minimum_group_size is not None and agreement.minimum_group_size < least:
        raise InvalidConsent(
            "Agreement-bp_minimumGroupSize",
            f"Groups of {agreement.minimum_group_size} learners are smaller than the law's least "
            f"(bp:minimumCellSize); write {least} or more.",
        )
    if written.destroy_by < agreement.until.date():
        raise InvalidConsent(
            "Agreement-bp_destroyBy",
            f"What is received until {agreement.until.date()} cannot be destroyed by "
            f"{written.destroy_by}; write a day that is not before the end "
            "(34 CFR 99.31(a)(6)(iii)(C)(4)).",
        )
    for purpose in agreement.purposes:
        for prohibited, bar in views.jurisdiction.prohibitions.items():
            if is_within(purpose, prohibited):
                raise NotSettable(str(bar.source), "Nobody may agree to this purpose.")
    if not any(is_within(asked, p) for asked in audience.purposes for p in agreement.purposes):
        names = ", ".join(sorted(map(local_name, audience.purposes)))
        raise InvalidConsent(
            "Agreement-bp_hasPurpose", f"The audience asks for {names}; the agreement is for none."
        )


def _check_words(views: Views, agreement: Agreement) -> None:
    """Raise InvalidConsent for the name of a thing that there is not, with the nearest that is."""
    _known(agreement.categories, concepts(BP.CategoryScheme), "Agreement-bp_hasCategory")
    _known(agreement.purposes, concepts(BP.PurposeScheme), "Agreement-bp_hasPurpose")
    codes = dict(views.truth.pairs(REGISTRY, BP.organizationCode))
    if strange := sorted(agreement.organizations - codes.keys()):
        told = ", ".join(f"{code} is {local_name(iri)}" for iri, code in sorted(codes.items())[:10])
        raise InvalidConsent(
            "Agreement-bp_coversOrganization", f"There is no organisation {strange[0]}; {told}."
        )


def _known(used: Iterable[URIRef], known: Iterable[URIRef], rule: str) -> None:
    names = {local_name(iri): iri for iri in known}
    for iri in sorted(set(used) - set(names.values())):
        told = nearest(local_name(iri), names)
        raise InvalidConsent(rule, f"There is no {local_name(iri)!r}; there is {told}.")


def _audience(views: Views, agreement: Agreement) -> Audience:
    try:
        return views.audience(local_name(agreement.audience))
    except KeyError:
        names = [local_name(one.iri) for one in views.audiences()]
        raise InvalidConsent(
            "Agreement-bp_isAgreementOf",
            f"There is no audience {local_name(agreement.audience)!r}; there is "
            f"{nearest(local_name(agreement.audience), names)}.",
        ) from None


def _read(graph: Graph, iri: URIRef) -> OnRecord:
    destroyed = graph.value(iri, BP.destroyedOn)
    return OnRecord(
        agreement=agreements.read(graph, iri),
        label=str(graph.value(iri, RDFS.label)),
        scope=str(graph.value(iri, BP.hasScope)),
        representative=str(graph.value(iri, BP.representative)),
        destroy_by=date.fromisoformat(str(graph.value(iri, BP.destroyBy))),
        destroyed_on=None if destroyed is None else date.fromisoformat(str(destroyed)),
    )


def _iris(graph: Graph) -> Iterable[URIRef]:
    found = graph.subjects(RDF.type, BP.Agreement)
    return sorted(iri for iri in found if isinstance(iri, URIRef))
