"""A case as a file: a request, and the facts that bear on it.

``<#request>`` says who asks (role, audience), for which category that which school holds, for which
purpose, at which moment, and in permit/ at which level it is seen. With ``sh:path`` it asks whether
one property (and ``sh:hasValue``: one value) is shown; with the action odrl:grantUse, whether the
asker may decide who sees the records.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.loaders.record import record_iri
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, ODRL
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Audience, Decision
from databackpack.service.records.terms import to_graph
from databackpack.service.views import population
from databackpack.service.views.code import Codes
from databackpack.service.views.dossier import Dossier
from databackpack.service.views.projection import project
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import Decider, select
from tests.policy import facts
from tests.policy.facts import LEARNER

__all__ = ["Case", "Header", "Request", "header", "names", "read"]

_FOLDER = Path(__file__).parent
_REQUEST = URIRef("urn:case#request")
_ORDINARY_HOLDER = ID["organization/elm"]


@dataclass(frozen=True)
class Header:
    """The first lines of a case: the sentence, then the rules and sections that it shows."""

    sentence: str
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        """The sentence as the name of a file."""
        return "-".join(re.findall(r"[a-z0-9]+", self.sentence.lower()))


@dataclass(frozen=True)
class Request:
    """What ``<#request>`` says."""

    said: Graph

    def value(self, predicate: URIRef) -> Node | None:
        """Return what it says by *predicate*, if anything."""
        return self.said.value(_REQUEST, predicate, any=False)

    def iri(self, predicate: URIRef, default: URIRef | None = None) -> URIRef:
        """Return the IRI that it says by *predicate*."""
        found = self.value(predicate) or default
        assert isinstance(found, URIRef), f"the request has no IRI for {predicate}"
        return found

    @property
    def holder(self) -> URIRef:
        """Who holds the record that is asked for."""
        return self.iri(BP.isHeldBy, _ORDINARY_HOLDER)

    @property
    def record(self) -> URIRef:
        """The name of the record that is asked for."""
        return record_iri(self.holder, LEARNER, self.iri(BP.hasCategory))

    @property
    def moment(self) -> datetime:
        """When it is asked."""
        return datetime.fromisoformat(str(self.value(ODRL.dateTime)))


@dataclass(frozen=True)
class Case:
    """A request, and the views over a store that holds the facts and nothing else."""

    request: Request
    views: Views

    @property
    def audience(self) -> Audience:
        """Who asks."""
        return self.views.audience(local_name(self.request.iri(ODRL.assignee)))

    @property
    def dossier(self) -> Dossier:
        """What is known of the learner."""
        return self.views.dossier(LEARNER)

    def may_decide(self) -> bool:
        """Tell whether the asker may decide who sees the learner's records."""
        found = population.deciders(self.dossier, self.views.law(), self.request.moment)
        return self.audience.party in found

    def seen(self) -> Decision | None:
        """Return the decision by which the record is seen; None where it is not."""
        purpose, law = self.request.iri(ODRL.purpose), self.views.law()
        selection = select(self.dossier, self.audience, purpose, law, self.request.moment)
        found = {record.iri: made for record, made in selection.decisions.items()}
        return found.get(self.request.record)

    def decided(self) -> Decision:
        """Return the decision, whether the audience is about the learner or not."""
        purpose, law = self.request.iri(ODRL.purpose), self.views.law()
        decider = Decider(self.dossier, self.audience, purpose, law, self.request.moment)
        return decider.decide(self.request.holder, self.request.iri(BP.hasCategory))

    def held(self) -> set[ox.Triple]:
        """Return the triples of the record."""
        return self.views.truth.triples(self.request.record)

    def shown(self) -> set[ox.Triple]:
        """Return the triples of the record as they are shown."""
        made, codes = self.seen(), Codes(self.views.truth, self.audience)
        return set() if made is None else project(self.held(), made, codes.encode)

    def asks_for_some_of(self, triples: set[ox.Triple]) -> bool:
        """Tell whether *triples* have the property, and the value, that is asked for."""
        path, value = self.request.iri(SH.path), self.request.value(SH.hasValue)
        return (None, path, value) in to_graph(triples)


def names(folder: str) -> list[str]:
    """Return the names of the cases in *folder*: permit or deny."""
    return sorted(file.stem for file in (_FOLDER / folder).glob("*.ttl"))


def header(folder: str, name: str) -> Header:
    """Return the header of a case."""
    text = (_FOLDER / folder / f"{name}.ttl").read_text(encoding="utf-8")
    first, second = (line.removeprefix("# ") for line in text.splitlines()[:2])
    return Header(first, tuple(second.split("; ")))


def read(folder: str, name: str) -> Case:
    """Return a case with its facts in a store of its own."""
    stated = Graph().parse(_FOLDER / folder / f"{name}.ttl", format="turtle", publicID="urn:case")
    facts.check_terms(stated)
    request = Graph()
    for triple in list(stated.triples((_REQUEST, None, None))):
        request.add(triple)
        stated.remove(triple)
    asked = Request(request)
    category = asked.value(BP.hasCategory)
    records = [] if category is None else [(asked.holder, asked.iri(BP.hasCategory))]
    truth = facts.store(stated, asked.iri(ODRL.assignee), asked.iri(BP.hasRole), records)
    return Case(asked, Views(truth, jurisdiction.read("us-default")))
