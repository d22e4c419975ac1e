"""Agreements as RDF: what binds an audience, read into values."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from rdflib import Graph, URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.policy.model import Agreement, Audience, Level

__all__ = ["bind", "read"]


def bind(audience: Audience, graph: Graph) -> Audience:
    """Return *audience* with its agreements in *graph*."""
    found = sorted(
        iri for iri in graph.subjects(BP.isAgreementOf, audience.iri) if isinstance(iri, URIRef)
    )
    return replace(audience, agreements=tuple(read(graph, iri) for iri in found))


def read(graph: Graph, iri: URIRef) -> Agreement:
    """Return the agreement *iri* of *graph*, which conforms to its shape."""

    def moment(predicate: URIRef) -> datetime:
        return datetime.fromisoformat(str(graph.value(iri, predicate)))

    size = graph.value(iri, BP.minimumGroupSize)
    budget = graph.value(iri, BP.noiseBudget)
    return Agreement(
        iri=iri,
        kind=URIRef(str(graph.value(iri, BP.hasAgreementKind))),
        audience=URIRef(str(graph.value(iri, BP.isAgreementOf))),
        purposes=_iris(graph, iri, BP.hasPurpose),
        categories=_iris(graph, iri, BP.hasCategory),
        organizations=_iris(graph, iri, BP.coversOrganization),
        level=Level.of(str(graph.value(iri, BP.grantsLevel))),
        since=moment(BP.validFrom),
        until=moment(BP.validUntil),
        noise_budget=None if budget is None else Decimal(str(budget)),
        minimum_group_size=None if size is None else int(str(size)),
    )


def _iris(graph: Graph, subject: URIRef, predicate: URIRef) -> frozenset[URIRef]:
    return frozenset(o for o in graph.objects(subject, predicate) if isinstance(o, URIRef))
