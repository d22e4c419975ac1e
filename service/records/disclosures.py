"""The disclosure log: who asked, when, as which audience, for what purpose, with what outcome.

34 CFR 99.32(a) wants each request and each disclosure recorded; refusals are recorded too. The
query is kept as a digest only, because its text may itself name a child.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.namespaces import BP, ID, PROV
from databackpack.service.records.graphs import DISCLOSURES
from databackpack.service.records.terms import node
from databackpack.service.records.truth import TruthStore

__all__ = ["Disclosure", "log"]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One request: answered, or refused by the fault that *outcome* names."""

    subject: str
    audience: URIRef
    purpose: URIRef
    moment: datetime
    epoch: int
    query: str
    outcome: str


def log(truth: TruthStore, disclosure: Disclosure) -> None:
    """Write *disclosure* to the log."""
    entry = node(ID[f"disclosure/{uuid4()}"])
    digest = sha256(disclosure.query.encode("utf-8", "replace")).hexdigest()
    values: list[tuple[URIRef, ox.NamedNode | ox.Literal]] = [
        (RDF.type, node(BP.Disclosure)),
        (PROV.wasAssociatedWith, node(disclosure.audience)),
        (BP.personKey, ox.Literal(disclosure.subject)),
        (BP.hasPurpose, node(disclosure.purpose)),
        (PROV.startedAtTime, _typed(disclosure.moment.isoformat(), XSD.dateTime)),
        (BP.epoch, _typed(str(disclosure.epoch), XSD.integer)),
        (BP.queryDigest, ox.Literal(digest)),
        (BP.hasOutcome, ox.Literal(disclosure.outcome)),
    ]
    truth.append(DISCLOSURES, [ox.Triple(entry, node(p), value) for p, value in values])


def _typed(value: str, datatype: URIRef) -> ox.Literal:
    return ox.Literal(value, datatype=node(datatype))
