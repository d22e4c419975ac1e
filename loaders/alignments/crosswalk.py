"""Alignments that were published together become one crosswalk."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from rdflib import Graph, Literal, URIRef

from databackpack.loaders.alignments.identifier import Standard, absolute
from databackpack.loaders.alignments.relation import Relation
from databackpack.loaders.record import Crosswalk, Source
from databackpack.loaders.table import Refused
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, DCTERMS, ID, PROV, RDF, RDFS, SKOS, SSSOM, XSD

__all__ = ["Alignments", "Said", "said_of"]

Triple = tuple[URIRef, URIRef, URIRef | Literal]

_CONFIDENCE = re.compile(r"0(?:\.\d{1,9})?|1(?:\.0{1,9})?")


@dataclass(frozen=True, slots=True)
class Said:
    """Who said an alignment, when (ISO 8601), by which method, how sure, and in which words.

    *author_id* and *method* are IRIs. What is empty was not said.
    """

    author: str = ""
    author_id: str = ""
    date: str = ""
    method: str = ""
    confidence: str = ""
    comment: str = ""


@dataclass(slots=True)
class Alignments:
    """Collects the alignments of one crosswalk; *key* is what names it: an IRI, a UUID, a file."""

    key: str
    title: str
    file: str
    creator: Said = field(default_factory=Said)
    license: str = ""
    _graph: Graph = field(default_factory=lambda: Graph("SimpleMemory", bind_namespaces="none"))
    _strengths: dict[tuple[str, str], tuple[URIRef, int]] = field(default_factory=dict)

    @property
    def iri(self) -> URIRef:
        """The crosswalk's IRI, the same one at each load."""
        return ID[f"crosswalk/{uuid5(NAMESPACE_URL, self.key)}"]

    def add(
        self, origin: Standard, target: Standard, relation: Relation, said: Said, line: int
    ) -> None:
        """*origin* is aligned to *target*; raises Refused where that cannot be."""
        if origin.iri == target.iri:
            raise Refused(
                "aligned to itself",
                f"both sides are {origin.iri}; an alignment leads from one standard to another",
            )
        if relation.is_symmetric and origin.iri > target.iri:
            origin, target = target, origin  # said once, from whichever side it is told
        alignment = self._alignment_iri(origin, target, relation)
        triples = [
            (alignment, RDF.type, BP.Alignment),
            (alignment, BP.alignsFrom, origin.iri),
            (alignment, BP.alignsTo, target.iri),
            (alignment, BP.statedRelation, Literal(relation.stated)),
            (alignment, PROV.wasDerivedFrom, self.iri),
            *self._said(alignment, said),
            *self._described(origin),
            *self._described(target),
        ]
        if relation.strength is not None:
            triples.append((alignment, BP.hasStrength, relation.strength))
        if relation.predicate is not None:
            triples.append((origin.iri, relation.predicate, target.iri))
        self._agree(origin, target, relation, line)
        for triple in triples:
            self._graph.add(triple)

    def items(self) -> Iterator[Crosswalk]:
        """Yield the crosswalk if it has any alignment."""
        if not self._graph:
            return
        graph, iri = self._graph, self.iri
        graph.add((iri, RDF.type, BP.Crosswalk))
        graph.add((iri, RDF.type, PROV.Entity))
        graph.add((iri, DCTERMS.title, Literal(self.title, lang="en")))
        graph.add((iri, DCTERMS.source, Literal(self.file)))
        if self.license:
            graph.add((iri, DCTERMS.license, absolute(self.license) or Literal(self.license)))
        for triple in self._said(iri, self.creator):
            graph.add(triple)
        yield Crosswalk(iri, graph, Source(self.file, 1))

    def _agree(self, origin: Standard, target: Standard, relation: Relation, line: int) -> None:
        """Raises Refused where an earlier row says another strength of the same two."""
        if relation.strength is None:
            return
        pair = (str(origin.iri), str(target.iri))
        strength, first = self._strengths.setdefault(pair, (relation.strength, line))
        if strength != relation.strength:
            raise Refused(
                "contradicting strength",
                f"{relation.stated!r}, but row {first} says {_words(strength)} of the same two "
                "standards; leave one of them out",
            )

    def _alignment_iri(self, origin: Standard, target: Standard, relation: Relation) -> URIRef:
        key = f"{self.iri} {origin.iri} {target.iri} {relation.stated}"
        return ID[f"alignment/{uuid5(NAMESPACE_URL, key)}"]

    def _described(self, standard: Standard) -> Iterator[Triple]:
        """What no framework here describes is at least called something."""
        if standard.is_known or (standard.iri, RDF.type, SKOS.Concept) in self._graph:
            return
        yield standard.iri, RDF.type, SKOS.Concept
        if standard.label:
            yield standard.iri, SKOS.prefLabel, Literal(standard.label)

    def _said(self, subject: URIRef, said: Said) -> Iterator[Triple]:
        """Who, when and how; what a row does not say the crosswalk says for it."""
        by = said if said.author or said.author_id else self.creator
        if name := by.author or by.author_id:
            agent = absolute(by.author_id) or ID[f"agent/{uuid5(NAMESPACE_URL, name)}"]
            yield subject, DCTERMS.creator, agent
            yield agent, RDF.type, PROV.Agent
            yield agent, DCTERMS.title, Literal(name)
        if day := said.date or self.creator.date:
            yield subject, DCTERMS.date, Literal(_day(day), datatype=XSD.date)
        if method := said.method or self.creator.method:
            yield subject, SSSOM.mapping_justification, absolute(method) or Literal(method)
        if said.confidence:
            yield subject, SSSOM.confidence, _confidence(said.confidence)
        if said.comment:
            yield subject, RDFS.comment, Literal(said.comment)


def said_of(slots: Mapping[str, str], prefixes: Mapping[str, str] | None = None) -> Said:
    """Return what SSSOM *slots* of a row or of a whole set say of its maker and making."""

    def iri(slot: str) -> str:
        text = slots.get(slot, "").split("|")[0].strip()
        return str(absolute(text, prefixes) or text)

    return Said(
        slots.get("author_label", "") or slots.get("creator_label", ""),
        iri("author_id") or iri("creator_id"),
        slots.get("mapping_date", ""),
        iri("mapping_justification"),
        slots.get("confidence", ""),
        slots.get("comment", ""),
    )


def _day(text: str) -> str:
    """Return the day of a date or moment in ISO 8601; raises Refused."""
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Refused("bad date", f"{text[:100]!r} is no date; write it as 2026-09-01") from None


def _confidence(text: str) -> Literal:
    if not _CONFIDENCE.fullmatch(text):
        raise Refused("bad confidence", f"{text[:100]!r} is no number from 0 to 1, such as 0.8")
    return Literal(Decimal(text))


def _words(strength: URIRef) -> str:
    return local_name(strength).removesuffix("Strength")
