"""Which jurisdiction binds which organisation: a setting of the custodian, with its own epoch."""

import pyoxigraph as ox
from rdflib import URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, RDFS
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.refusal import Refused, nearest
from databackpack.service.records.graphs import JURISDICTIONS, REGISTRY
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views.registry import Views

__all__ = ["bind", "organization", "organizations"]


def organizations(views: Views) -> list[tuple[str, str, str]]:
    """Return (code, name, jurisdiction) of every organisation, sorted by code."""
    law, truth = views.law(), views.truth
    labels = dict(truth.pairs(REGISTRY, RDFS.label))
    codes = sorted((code, iri) for iri, code in truth.pairs(REGISTRY, BP.organizationCode))
    return [(code, labels.get(iri, ""), _name(law.of(iri).iri)) for code, iri in codes]


def organization(truth: TruthStore, code: str) -> URIRef:
    """Return the organisation that files call *code*; raises Refused."""
    found = {value: iri for iri, value in truth.pairs(REGISTRY, BP.organizationCode)}
    if code not in found:
        raise Refused("", f"There is no organisation {code!r}; known: {nearest(code, found)}.")
    return found[code]


def bind(views: Views, code: str, name: str | None) -> int:
    """Return the epoch from which the jurisdiction *name* binds an organisation and all below it.

    None leaves it to the organisations above it. Raises Refused for what does not exist.
    """
    with views.truth.writing():
        iri = organization(views.truth, code)
        triples = []
        if name is not None:
            try:
                place = jurisdiction.read(name)
            except KeyError:
                known = ", ".join(ontology.jurisdictions())
                raise Refused("", f"There is no jurisdiction {name!r}; known: {known}.") from None
            triples = [ox.Triple(node(iri), node(BP.isUnderJurisdiction), node(place.iri))]
        return views.truth.commit([Change(JURISDICTIONS, triples, subject=iri)])


def _name(iri: URIRef) -> str:
    return next(n for n in ontology.jurisdictions() if jurisdiction.read(n).iri == iri)
