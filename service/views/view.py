"""One view: the triples one audience may see, and the only place that evaluates client SPARQL.

The triples are the default graph of an Oxigraph store of their own in memory, so whatever a query
asks, nothing else can answer it. A later view may live in another process: callers know only
``replace``, ``evaluate`` and ``epoch``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.records.terms import Term, node

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = [
    "Answer",
    "AnswerTooLarge",
    "AnswerTooSlow",
    "Form",
    "Limits",
    "MalformedQuery",
    "NotAcceptable",
    "QueryOperation",
    "View",
    "ViewChanging",
    "ViewClosed",
]

_IS_RECORD_OF = node(BP.isRecordOf)
_TRIES = 3


class MalformedQuery(Exception):
    """The query text is no SPARQL 1.1 query that can be run (SPARQL 1.1 Protocol, 2.1.4)."""


class ViewClosed(Exception):
    """The view was given up; whoever asks anew gets one that is up to date."""


class ViewChanging(Exception):
    """The view was changed under each try; the query may come through at a quieter moment."""


class AnswerTooLarge(Exception):
    """The answer has more bytes than one answer may have."""


class AnswerTooSlow(Exception):
    """The answer was not complete in the time that one answer may take."""


class NotAcceptable(Exception):
    """The query's form has no serialization that the client accepts."""


class Form(Enum):
    """What a query's result is: solutions or a boolean, or triples."""

    RESULTS = "results"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may take: bytes in its format, and seconds until it is complete.

    Both are looked at for each piece of some kilobytes that the engine writes: a query that runs
    on without writing anything is not stopped by them.
    """

    most_bytes: int = 64 * 1024 * 1024
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class QueryOperation:
    """A query operation of the SPARQL 1.1 Protocol, with the negotiated format for each form.

    Without *default_graphs* and *named_graphs* the query's own FROM clauses choose the dataset.
    """

    text: str
    results_format: ox.QueryResultsFormat | None
    graph_format: ox.RdfFormat | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    substitutions: Mapping[ox.Variable, Term] = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Answer:
    """A serialized result, complete, with the epoch and the view's state it was computed at."""

    body: bytes
    media_type: str
    form: Form
    epoch: int
    state: URIRef | None = None


class _Spool(BytesIO):
    """What was written of an answer, while it is within *limits* that began at *start*."""

    def __init__(self, limits: Limits, start: float) -> None:
        super().__init__()
        self._limits = limits
        self._end = start + limits.seconds

    def write(self, piece: "ReadableBuffer", /) -> int:
        if self.tell() + memoryview(piece).nbytes > self._limits.most_bytes:
            raise AnswerTooLarge
        if monotonic() > self._end:
            raise AnswerTooSlow
        return super().write(piece)


class View:
    """The view of one (audience, purpose) at *epoch*, empty until it is filled.

    INVARIANT: an answer is computed between two changes, never across one: a result that was
    begun before a change is thrown away and computed again. A view that could not be changed as a
    whole is closed and answers nothing. No query is run while a change waits for it.
    """

    def __init__(self, epoch: int, state: URIRef | None = None) -> None:
        self._store = ox.Store()
        self._changing = Lock()
        self._version = 0
        self._is_closed = False
        self.epoch = epoch
        self.state = state

    def __len__(self) -> int:
        return len(self._store)

    def fill(self, triples: Iterable[ox.Triple]) -> None:
        """Add *triples* in bulk; only before the view answers its first query."""
        self._store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)

    def replace(
        self,
        slices: Iterable[tuple[Iterable[ox.NamedNode], set[ox.Triple]]],
        epoch: int,
        state: URIRef | None = None,
    ) -> None:
        """Make each slice the whole of what the view holds of its learner; take epoch and state.

        A slice is (the IRIs by which the view knows the learner, the learner's triples). Only
        the difference is written: Oxigraph in memory never frees old versions. Where there is
        none, an answer that is being computed is as true at the old epoch as at the new one.
        """
        with self._changing:
            try:
                for learners, wanted in slices:
                    held = self._slice(learners)
                    if held == wanted:
                        continue
                    self._version += 1  # before the first write: what is running is not given out
                    for triple in held - wanted:
                        self._store.remove(ox.Quad(*triple))
                    for triple in wanted - held:
                        self._store.add(ox.Quad(*triple))
                self.epoch, self.state = epoch, state
            except BaseException:
                self._is_closed = True
                raise

    def close(self) -> None:
        """Let no further answer leave, not even one that is being computed."""
        with self._changing:
            self._is_closed = True

    def evaluate(self, operation: QueryOperation) -> Answer:
        """Return the answer to *operation*, complete and within its limits.

        Raises MalformedQuery, NotAcceptable, AnswerTooLarge, AnswerTooSlow, ViewChanging or
        ViewClosed.
        """
        start = monotonic()
        for _ in range(_TRIES):
            with self._changing:
                version, epoch, state = self._version, self.epoch, self.state
            if self._is_closed:
                raise ViewClosed
            body, media_type, form = self._evaluate(operation, start)
            if self._version == version and not self._is_closed:
                return Answer(body, media_type, form, epoch, state)
        raise ViewChanging

    def _evaluate(self, operation: QueryOperation, start: float) -> tuple[bytes, str, Form]:
        try:
            result = self._query(operation)
        except (SyntaxError, ValueError, RuntimeError) as error:
            raise MalformedQuery(str(error)) from None
        spool = _Spool(operation.limits, start)
        if isinstance(result, ox.QueryTriples):
            if operation.graph_format is None:
                raise NotAcceptable
            result.serialize(spool, format=operation.graph_format)
            return spool.getvalue(), operation.graph_format.media_type, Form.GRAPH
        if operation.results_format is None:
            raise NotAcceptable
        result.serialize(spool, format=operation.results_format)
        return spool.getvalue(), operation.results_format.media_type, Form.RESULTS

    def _query(
        self, operation: QueryOperation
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        substitutions = dict(operation.substitutions) or None
        if not operation.default_graphs and not operation.named_graphs:
            return self._store.query(operation.text, substitutions=substitutions)
        return self._store.query(
            operation.text,
            substitutions=substitutions,
            default_graph=[ox.NamedNode(iri) for iri in operation.default_graphs],
            named_graphs=[ox.NamedNode(iri) for iri in operation.named_graphs],
        )

    def _slice(self, learners: Iterable[ox.NamedNode]) -> set[ox.Triple]:
        found: set[ox.Triple] = set()
        for learner in learners:
            items = self._store.quads_for_pattern(None, _IS_RECORD_OF, learner, ox.DefaultGraph())
            for subject in {learner, *(quad.subject for quad in items)}:
                quads = self._store.quads_for_pattern(subject, None, None, ox.DefaultGraph())
                found.update(quad.triple for quad in quads)
        return found
