"""The disclosure log: who asked, when, as which audience, for what purpose, with what outcome.

34 CFR 99.32(a) wants each request and each disclosure recorded; refusals are recorded too. A
request is written before it is run, its outcome before the answer leaves. The query is kept as a
digest only, because its text may itself name a child. Whose records an answer could be about is
told by the view state that the entry names, not by one row for each learner.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.namespaces import BP, BPC, ID, PROV
from databackpack.service.records.graphs import DISCLOSURES, SPECIAL_EDUCATION_LOG
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = [
    "ANSWERED",
    "Entry",
    "Outcome",
    "Request",
    "audiences",
    "begin",
    "end",
    "entries",
    "of_audience",
    "of_state",
]

ANSWERED = "answered"

_A, _DISCLOSURE, _SPECIAL_ACCESS = map(node, (RDF.type, BP.Disclosure, BP.SpecialEducationAccess))
_AUDIENCE, _PERSON, _PURPOSE, _DIGEST = map(
    node, (PROV.wasAssociatedWith, BP.personKey, BP.hasPurpose, BP.queryDigest)
)
_BEGUN, _ENDED, _OUTCOME, _EPOCH, _USED = map(
    node, (PROV.startedAtTime, PROV.endedAtTime, BP.hasOutcome, BP.epoch, PROV.used)
)
_DATE_TIME, _INTEGER = node(XSD.dateTime), node(XSD.integer)
_Value = tuple[ox.NamedNode, ox.NamedNode | ox.Literal]
_SHOWS_SPECIAL_EDUCATION = BP.hasCategory, BPC["special-education"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    subject: str
    audience: URIRef
    purpose: URIRef
    moment: datetime
    query: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: ANSWERED or the name of the fault, at an epoch, over a view state."""

    result: str
    moment: datetime
    epoch: int
    state: URIRef | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log as it is read; without an outcome it was never answered."""

    iri: URIRef
    subject: str
    audience: URIRef
    purpose: URIRef
    moment: datetime
    digest: str
    outcome: str | None
    epoch: int | None
    state: URIRef | None


def begin(truth: TruthStore, request: Request) -> URIRef:
    """Return the IRI of the entry that now says that *request* was made."""
    entry = ID[f"disclosure/{uuid4()}"]
    digest = sha256(request.query.encode("utf-8", "replace")).hexdigest()
    _append(
        truth,
        DISCLOSURES,
        entry,
        (_A, _DISCLOSURE),
        (_AUDIENCE, node(request.audience)),
        (_PERSON, ox.Literal(request.subject)),
        (_PURPOSE, node(request.purpose)),
        (_BEGUN, _moment(request.moment)),
        (_DIGEST, ox.Literal(digest)),
    )
    return entry


def end(truth: TruthStore, entry: URIRef, outcome: Outcome) -> None:
    """Write what came of the request of *entry*; only then may its answer leave.

    Access to special-education records is also in the log of 34 CFR 300.614, which names entries:
    they tell the party, the date and the purpose.
    """
    values: list[_Value] = [
        (_OUTCOME, ox.Literal(outcome.result)),
        (_ENDED, _moment(outcome.moment)),
        (_EPOCH, ox.Literal(str(outcome.epoch), datatype=_INTEGER)),
    ]
    if outcome.state is not None:
        values.append((_USED, node(outcome.state)))
        if outcome.result == ANSWERED and truth.has(outcome.state, *_SHOWS_SPECIAL_EDUCATION):
            _append(truth, SPECIAL_EDUCATION_LOG, entry, (_A, _SPECIAL_ACCESS))
    _append(truth, DISCLOSURES, entry, *values)


def entries(truth: TruthStore, *, special_education: bool = False) -> Iterator[Entry]:
    """Yield all entries, or those of the special-education log, in the order of time."""
    graph, kind = DISCLOSURES, BP.Disclosure
    if special_education:
        graph, kind = SPECIAL_EDUCATION_LOG, BP.SpecialEducationAccess
    found = [_read(truth, iri) for iri in truth.subjects(graph, RDF.type, kind)]
    yield from sorted(found, key=lambda entry: (entry.moment, entry.iri))


def of_state(truth: TruthStore, state: URIRef) -> list[Entry]:
    """Return the entries whose view was in *state*."""
    return [_read(truth, iri) for iri in truth.subjects(DISCLOSURES, PROV.used, state)]


def of_audience(truth: TruthStore, audience: URIRef) -> list[Entry]:
    """Return the entries of requests by *audience*, in the order of time."""
    found = truth.subjects(DISCLOSURES, PROV.wasAssociatedWith, audience)
    return sorted((_read(truth, iri) for iri in found), key=lambda entry: (entry.moment, entry.iri))


def audiences(truth: TruthStore) -> list[tuple[URIRef, URIRef]]:
    """Return the (audience, purpose) pairs that ever asked, those that asked most first."""
    purposes = dict(truth.pairs(DISCLOSURES, BP.hasPurpose))
    asked = Counter(
        (URIRef(audience), URIRef(purposes[entry]))
        for entry, audience in truth.pairs(DISCLOSURES, PROV.wasAssociatedWith)
        if entry in purposes
    )
    return [pair for pair, _ in asked.most_common()]


def _read(truth: TruthStore, iri: URIRef) -> Entry:
    about = {
        URIRef(triple.predicate.value): text(triple.object)
        for triple in truth.triples(DISCLOSURES, iri)
    }
    epoch, state = about.get(BP.epoch), about.get(PROV.used)
    return Entry(
        iri=iri,
        subject=about[BP.personKey],
        audience=URIRef(about[PROV.wasAssociatedWith]),
        purpose=URIRef(about[BP.hasPurpose]),
        moment=datetime.fromisoformat(about[PROV.startedAtTime]),
        digest=about[BP.queryDigest],
        outcome=about.get(BP.hasOutcome),
        epoch=None if epoch is None else int(epoch),
        state=None if state is None else URIRef(state),
    )


def _append(truth: TruthStore, graph: URIRef, entry: URIRef, *values: _Value) -> None:
    name = node(entry)
    truth.append(graph, [ox.Triple(name, predicate, value) for predicate, value in values])


def _moment(moment: datetime) -> ox.Literal:
    return ox.Literal(moment.isoformat(), datatype=_DATE_TIME)
