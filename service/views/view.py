"""One view: the triples one audience may see, and the only place that evaluates client SPARQL.

The triples are the default graph of an Oxigraph store of their own in memory, so whatever a query
asks, nothing else can answer it. A later view may live in another process: callers know only
``replace``, ``evaluate`` and ``epoch``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from threading import Lock

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP
from databackpack.service.records.terms import Term, node

__all__ = [
    "Answer",
    "Form",
    "MalformedQuery",
    "NotAcceptable",
    "QueryOperation",
    "View",
    "ViewClosed",
]

_IS_RECORD_OF = node(BP.isRecordOf)
_TRIES = 3


class MalformedQuery(Exception):
    """The query text is no SPARQL 1.1 query (SPARQL 1.1 Protocol, section 2.1.4)."""


class ViewClosed(Exception):
    """The view was given up; whoever asks anew gets one that is up to date."""


class NotAcceptable(Exception):
    """The query's form has no serialization that the client accepts."""


class Form(Enum):
    """What a query's result is: solutions or a boolean, or triples."""

    RESULTS = "results"
    GRAPH = "graph"


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


@dataclass(frozen=True, slots=True)
class Answer:
    """A serialized result, complete, with the epoch and the view's state it was computed at."""

    body: bytes
    media_type: str
    form: Form
    epoch: int
    state: URIRef | None = None


class View:
    """The view of one (audience, purpose) at *epoch*, empty until it is filled.

    INVARIANT: an answer is computed between two changes, never across one: a result that was
    begun before a change is thrown away and computed again. A view that could not be changed as a
    whole is closed and answers nothing.
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
        the difference is written: Oxigraph in memory never frees old versions.
        """
        with self._changing:
            self._version += 1
            try:
                for learners, wanted in slices:
                    held = self._slice(learners)
                    for triple in held - wanted:
                        self._store.remove(ox.Quad(*triple))
                    for triple in wanted - held:
                        self._store.add(ox.Quad(*triple))
                self.epoch, self.state = epoch, state
            except BaseException:
                self._is_closed = True
                raise
            finally:
                self._version += 1

    def close(self) -> None:
        """Let no further answer leave, not even one that is being computed."""
        with self._changing:
            self._is_closed = True
            self._version += 2

    def evaluate(self, operation: QueryOperation) -> Answer:
        """Return the answer to *operation*; raises MalformedQuery, NotAcceptable or ViewClosed."""
        for _ in range(_TRIES):
            before, epoch, state = self._version, self.epoch, self.state
            if before % 2 == 0:
                answer = replace(self._evaluate(operation, epoch), state=state)
                if self._version == before and not self._is_closed:
                    return answer
            with self._changing:
                pass  # a change is under way: wait for it and compute again
        with self._changing:
            return replace(self._evaluate(operation, self.epoch), state=self.state)

    def _evaluate(self, operation: QueryOperation, epoch: int) -> Answer:
        if self._is_closed:
            raise ViewClosed
        try:
            result = self._query(operation)
        except (SyntaxError, ValueError) as error:
            raise MalformedQuery(str(error)) from None
        if isinstance(result, ox.QueryTriples):
            if operation.graph_format is None:
                raise NotAcceptable
            body = result.serialize(format=operation.graph_format)
            return Answer(body or b"", operation.graph_format.media_type, Form.GRAPH, epoch)
        if operation.results_format is None:
            raise NotAcceptable
        body = result.serialize(format=operation.results_format)
        return Answer(body or b"", operation.results_format.media_type, Form.RESULTS, epoch)

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
