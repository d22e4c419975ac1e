"""Published statistics as a view holds them: the data sets for its audience and its purpose.

They change when something is published, not when a family speaks: whoever could subtract what
they said after a withdrawal from what they said before would know the child that left.
"""

from collections.abc import Collection
from datetime import datetime

from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Audience, next_boundary
from databackpack.service.records.graphs import statistics_graph
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.view import Slice

__all__ = ["among", "data_sets", "next_change", "slices"]

_HAS_CATEGORY = node(BP.hasCategory)


def data_sets(truth: TruthStore, audience: Audience, purpose: URIRef) -> set[URIRef]:
    """Return all data sets that are published for *audience* and *purpose*."""
    found = truth.subjects(None, BP.isPublishedFor, audience.iri)
    return among(set(found), audience, purpose)


def among(graphs: Collection[URIRef], audience: Audience, purpose: URIRef) -> set[URIRef]:
    """Return those of *graphs* that are data sets for *audience* and *purpose*."""
    below = statistics_graph(audience.iri, purpose, "")
    return {graph for graph in graphs if graph.startswith(below)}


def slices(
    truth: TruthStore,
    audience: Audience,
    purpose: URIRef,
    found: Collection[URIRef],
    moment: datetime,
) -> list[Slice]:
    """Return what the view of *audience* for *purpose* shows of each data set at *moment*.

    INVARIANT: an audience that has agreements sees a data set only while one of them that is in
    force covers the purpose and all that was counted (34 CFR 99.31(a)(6)(iii)(C)).
    """
    in_force = [one for one in audience.agreements if covers(one, purpose, moment)]

    def shown(data_set: URIRef) -> bytes:
        about = truth.triples(data_set, data_set)
        counted = {URIRef(text(t.object)) for t in about if t.predicate == _HAS_CATEGORY}
        if audience.agreements and not any(counted <= one.categories for one in in_force):
            return b""
        lines = truth.n_triples(data_set).splitlines(keepends=True)
        return b"".join(sorted(lines))  # in no order of the store's

    return [([node(data_set)], shown(data_set)) for data_set in sorted(found)]


def next_change(audience: Audience, moment: datetime) -> datetime | None:
    """Return the first moment after *moment* at which what is shown may change by itself."""
    return next_boundary([end for a in audience.agreements for end in (a.since, a.until)], moment)
