"""Formats: what a client accepts, chosen by Werkzeug's negotiation."""

import pyoxigraph as ox
from werkzeug.datastructures import MIMEAccept

from databackpack.service.gate.faults import NotAcceptable

__all__ = ["GRAPH_FORMATS", "RESULTS_FORMATS", "negotiate"]

RESULTS_FORMATS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


def negotiate(
    accept: MIMEAccept,
) -> tuple[ox.QueryResultsFormat | None, ox.RdfFormat | None]:
    """Return the format for results and the one for triples that *accept* likes best.

    None stands for a form that the client accepts in no format. Without an Accept header it is
    JSON and Turtle. Raises NotAcceptable when both are None.
    """
    if not accept:
        return ox.QueryResultsFormat.JSON, ox.RdfFormat.TURTLE
    results = accept.best_match(RESULTS_FORMATS)
    graph = accept.best_match(GRAPH_FORMATS)
    if results is None and graph is None:
        offered = ", ".join([*RESULTS_FORMATS, *GRAPH_FORMATS])
        raise NotAcceptable(f"Offered: {offered}.")
    return (
        None if results is None else RESULTS_FORMATS[results],
        None if graph is None else GRAPH_FORMATS[graph],
    )
