"""Free text that a custodian read and released, piece by piece: it is in the next release.

Anything may stand in free text, so no rule can tell what identifies in it. Released is the text
that was read, word for word: when it changes it must be read again.
"""

from collections import defaultdict
from functools import cache
from uuid import uuid4

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack import ontology
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, PROV
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.graphs import INDEX, releases_graph
from databackpack.service.records.terms import Term, node
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["offered", "release", "released"]

_TYPE, _STATEMENT = node(RDF.type), node(RDF.Statement)
_PARTS = tuple(map(node, (RDF.subject, RDF.predicate, RDF.object)))


def offered(truth: TruthStore, item: URIRef) -> list[ox.Triple]:
    """Return the free texts of *item*, sorted; raises Refused where there are none.

    *item* is the item of a record, by its own name and not by a code.
    """
    learners = [URIRef(one) for one in truth.objects(item, BP.isRecordOf)]
    found = {
        triple
        for learner in learners
        for record in truth.subjects(INDEX, BP.isRecordOf, learner)
        for triple in truth.triples(record, item)
        if triple.predicate.value in _free()
    }
    if not found:
        raise Refused("", f"There is no item {local_name(item)!r} that has free text.")
    return sorted(found, key=str)


def release(truth: TruthStore, agreement: URIRef, text: ox.Triple, who: str) -> int:
    """Return the epoch from which it is on record that *who* released *text* under *agreement*."""
    if text in released(truth, agreement):
        raise Refused("", "This text is released already.")
    iri, name = ID[f"released-text/{uuid4()}"], releases_graph(agreement)
    moment = truth.clock().isoformat()
    words = {
        RDF.type: node(RDF.Statement),
        RDF.subject: text.subject,
        RDF.predicate: text.predicate,
        RDF.object: text.object,
        BP.isReleaseUnder: node(agreement),
        BP.personKey: ox.Literal(who),
        PROV.generatedAtTime: ox.Literal(moment, datatype=node(XSD.dateTime)),
    }
    said = {ox.Triple(node(iri), node(what), value) for what, value in words.items()}
    return truth.commit([Change(name, truth.triples(name) | said)])


def released(truth: TruthStore, agreement: URIRef) -> frozenset[ox.Triple]:
    """Return the triples whose text is released under *agreement*."""
    about: defaultdict[object, dict[ox.NamedNode, Term]] = defaultdict(dict)
    for triple in truth.triples(releases_graph(agreement)):
        about[triple.subject][triple.predicate] = triple.object
    return frozenset(
        ox.Triple(*(said[part] for part in _PARTS))  # type: ignore[arg-type]
        for said in about.values()
        if said.get(_TYPE) == _STATEMENT
    )


@cache
def _free() -> frozenset[str]:
    """The properties whose values are free text."""
    return frozenset(map(str, ontology.graph().subjects(BP.hasIdentifiability, BP.FreeText)))
