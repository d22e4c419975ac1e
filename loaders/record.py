"""What a loader reads out of a file: records, organisations, families' words, and problems."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid5

from rdflib import Graph, URIRef

from databackpack.loaders import lines
from databackpack.ontology.namespaces import ID

__all__ = [
    "Crosswalk",
    "Framework",
    "Guardianship",
    "Hold",
    "Item",
    "Mint",
    "Organization",
    "Problem",
    "Record",
    "Setting",
    "Source",
    "StandingDocument",
    "item_iri",
    "organization_iri",
    "person_iri",
    "record_iri",
]

_ITEM = str(ID["item/"])

Mint = Callable[[str, str], URIRef]
"""(kind, identifier) → the person's random IRI, the same one at each call.

*kind* is ``learner`` or ``guardian``; *identifier* starts with who gave it, such as
``state:605466``. The table behind it lives in the truth store, so that no identifier becomes part
of an IRI."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stood: the file's name and the line, row (CSV) or object (JSON) in it.

    They are counted from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def __reduce__(self) -> tuple[type["Source"], tuple[str, int]]:
        # In a third of the time that it takes as a dataclass; there is one with each record.
        return Source, (self.file, self.line)


class Record:
    """What one organisation holds of one learner in one category: one named graph.

    *content* is a graph, or the same as canonical lines (see ``loaders.lines``), of which the graph
    is made when it is asked for. Records are pickled as lines.
    INVARIANT: every subject in *graph* is an IRI, and is either the learner or an item with
    ``bp:isRecordOf`` the learner and ``bp:isHeldBy`` the holder.
    """

    __slots__ = ("_graph", "_iri", "_lines", "category", "holder", "learner", "source")

    def __init__(
        self,
        learner: URIRef,
        holder: URIRef,
        category: URIRef,
        content: Graph | bytes,
        source: Source,
    ) -> None:
        self.learner = learner
        self.holder = holder
        self.category = category
        self._graph = content if isinstance(content, Graph) else None
        self._lines = content if isinstance(content, bytes) else None
        self._iri: URIRef | None = None
        self.source = source

    @property
    def graph(self) -> Graph:
        """The record's triples; of a record that was given as lines nobody changes them."""
        if self._graph is None:
            self._graph = lines.parse(self._lines or b"")
        return self._graph

    @property
    def lines(self) -> bytes:
        """The record's triples as N-Triples: one on each line, sorted."""
        return lines.write(self.graph) if self._lines is None else self._lines

    @property
    def iri(self) -> URIRef:
        """The name of the record's graph in the truth store."""
        if self._iri is None:
            self._iri = record_iri(self.holder, self.learner, self.category)
        return self._iri

    def __reduce__(self) -> tuple[type["Record"], tuple[URIRef, URIRef, URIRef, bytes, Source]]:
        return Record, (self.learner, self.holder, self.category, self.lines, self.source)


@dataclass(frozen=True, slots=True)
class Organization:
    """An organisation with its class, label, parent and code, as public triples about *iri*."""

    iri: URIRef
    graph: Graph
    source: Source


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Who says that which standards correspond: alignments as public triples, of the set *iri*."""

    iri: URIRef
    graph: Graph
    source: Source


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework of standards, as public triples: all that one document says of *iri*.

    *document* is what the publisher calls the document, by which a newer version is known; several
    documents may say something of one framework.
    """

    iri: URIRef
    document: URIRef
    graph: Graph
    source: Source


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A guardian of a learner from one moment until another (None: open)."""

    learner: URIRef
    guardian: URIRef
    relation: str
    since: datetime | None
    until: datetime | None
    source: Source


@dataclass(frozen=True, slots=True)
class StandingDocument:
    """A document that changes who may decide over a learner's records or inspect them.

    *kind* is a concept of bp:StandingKindScheme; *person* the guardian whom it is about, None where
    it is about the learner; *reference* says where it is kept. *identifier* names it among the
    learner's documents.
    """

    learner: URIRef
    identifier: str
    kind: URIRef
    person: URIRef | None
    reference: str
    since: datetime
    until: datetime | None
    source: Source


@dataclass(frozen=True, slots=True)
class Setting:
    """A family's word on one (learner, category, audience), as a file carries it.

    *audience* is the last segment of the audience's IRI or of a role; *level* is the notation of a
    detail level (none, aggregate, deidentified, full); *purpose* is None for every purpose.
    """

    learner: URIRef
    assigner: URIRef
    category: URIRef
    audience: str
    level: str
    purpose: URIRef | None
    since: datetime
    until: datetime | None
    source: Source


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether nobody may see a learner, because a word of the family was refused at *source*.

    One comes with every learner of a folder that has family files: what was refused may have been
    a prohibition, and only a load in which nothing was refused says that none is missing.
    """

    learner: URIRef
    is_held: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not loaded, and why: the rule that it broke and what to do.

    Where *severity* is Warning or Info it was loaded all the same, but should be looked at. *layer*
    is the layer of the shapes (structure, vocabulary) that kept a whole record out, empty for rows.
    """

    source: Source
    rule: str
    message: str
    severity: str = "Violation"
    layer: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.rule}: {self.message}"


Item = (
    Framework
    | Record
    | Organization
    | Crosswalk
    | Guardianship
    | StandingDocument
    | Setting
    | Hold
    | Problem
)


@lru_cache(maxsize=4096)
def organization_iri(code: str) -> URIRef:
    """Return the IRI of the organisation that files call *code*; organisations are public."""
    return ID[f"organization/{uuid5(UUID(int=0), code)}"]


def person_iri(kind: str, uuid: UUID) -> URIRef:
    """Return the IRI of a person of *kind* (learner, guardian) for a random *uuid*."""
    return ID[f"{kind}/{uuid}"]


def item_iri(learner: URIRef, *key: str) -> URIRef:
    """Return the IRI of the item that *key* names within a learner's records.

    The learner's random UUID is the name space, so that re-reading a file gives the same IRI and
    nobody can compute it from the key alone.
    """
    return URIRef(f"{_ITEM}{uuid5(_uuid(learner), '|'.join(key))}")


@lru_cache(maxsize=1024)
def _uuid(learner: URIRef) -> UUID:
    return UUID(str(learner).rsplit("/", 1)[-1])


def record_iri(holder: URIRef, learner: URIRef, category: URIRef) -> URIRef:
    """Return the name of the graph that holds one record."""
    return ID[f"graph/{_last(holder)}/{_last(learner)}/{_last(category)}"]


@lru_cache(maxsize=4096)
def _last(iri: URIRef) -> str:
    return str(iri).rsplit("/", 1)[-1].rsplit("#", 1)[-1]
