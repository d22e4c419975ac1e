"""Policies as documents: one policy read from Turtle or JSON-LD, graphs written in both."""

from collections.abc import Mapping

import pyoxigraph as ox
from rdflib import RDF, Graph, URIRef

from databackpack.ontology.namespaces import ODRL, PREFIXES
from databackpack.service.policy import profile
from databackpack.service.policy.model import Statement
from databackpack.service.policy.refusal import InvalidConsent
from databackpack.service.records.terms import to_graph, to_triples
from databackpack.service.views import statements

__all__ = ["FORMATS", "read", "write"]

FORMATS: Mapping[str, ox.RdfFormat] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


def read(body: bytes, form: ox.RdfFormat) -> Statement:
    """Return the statement of the one policy in *body*.

    It is parsed offline, as triples: a remote context and a named graph are refused. Raises
    InvalidConsent with the term or the rule that stands against it.
    """
    try:
        quads = list(ox.parse(body, format=form, without_named_graphs=True))
        graph = to_graph({quad.triple for quad in quads})
    except (SyntaxError, ValueError, OSError) as error:
        raise InvalidConsent("document", f"The policy cannot be read: {error}") from None
    policies = list(graph.subjects(RDF.type, ODRL.Agreement))
    if len(policies) != 1 or not isinstance(policies[0], URIRef):
        raise InvalidConsent(
            "bp:OdrlProfile", "Send exactly one policy (odrl:Agreement), named by an IRI."
        )
    refusal = statements.refusal(graph)
    if refusal is not None:
        raise InvalidConsent("bp:OdrlProfile", refusal)
    said = profile.read(graph, policies[0])
    if said.withdrawn is not None:
        raise InvalidConsent("prov:invalidatedAtTime", "A policy that is withdrawn says nothing.")
    return said


def write(graph: Graph, form: ox.RdfFormat) -> bytes:
    """Return *graph* as a document, the same bytes for the same triples."""
    prefixes = {name: str(iri) for name, iri in PREFIXES.items()}
    triples = sorted(to_triples(graph), key=str)
    return ox.serialize(triples, format=form, prefixes=prefixes) or b""
