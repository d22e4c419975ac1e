"""The engine: one view's triples in memory, and the only place that evaluates client SPARQL.

The triples are the default graph of an Oxigraph store of their own, so whatever a query asks,
nothing else can answer it. What everybody may see is in named graphs there once more.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING

import pyoxigraph as ox

from databackpack.service.views.view import (
    AnswerTooLarge,
    AnswerTooSlow,
    Form,
    Limits,
    MalformedQuery,
    NotAcceptable,
    QueryOperation,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["BASE", "IS_RECORD_OF", "N_TRIPLES", "Engine", "to_n_quads", "to_n_triples"]

N_TRIPLES = ox.RdfFormat.N_TRIPLES
IS_RECORD_OF = ox.NamedNode("https://w3id.org/databackpack/ns#isRecordOf")
_BELONGS = (IS_RECORD_OF, ox.NamedNode("http://purl.org/linked-data/cube#dataSet"))
"""By which what a view holds is part of a learner's slice, or of a published data set's."""
_PIECE = 20_000
_COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

BASE = "https://w3id.org/databackpack/id/service/sparql"
"""What a query's relative IRIs are relative to, unless it says BASE (RFC 3986, 5.1.4)."""


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


def to_n_triples(triples: Iterable[ox.Triple]) -> bytes:
    """Return *triples* as N-Triples."""
    return ox.serialize(triples, format=N_TRIPLES) or b""


def to_n_quads(statements: Iterable[ox.Triple | ox.Quad]) -> bytes:
    """Return *statements* as N-Quads; a triple is one of the default graph."""
    quads = (ox.Quad(*s) if isinstance(s, ox.Triple) else s for s in statements)
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


class Engine:
    """An in-memory store that holds what a query can see, and nothing else."""

    def __init__(self) -> None:
        self._store = ox.Store()

    def __len__(self) -> int:
        """Return the number of triples in the default graph, which holds all that there are."""
        (row,) = self._store.query(_COUNT)  # type: ignore[misc]
        return int(row["n"].value)

    def load(self, n_quads: bytes) -> None:
        """Add *n_quads* in bulk: N-Triples are added to the default graph."""
        self._store.bulk_load(n_quads, format=ox.RdfFormat.N_QUADS)

    def difference(self, names: Iterable[str], n_triples: bytes) -> tuple[bytes, bytes]:
        """Return what to take out and what to add so that *n_triples* is all of the slice.

        *names* are the IRIs by which the view knows the one learner or data set that it is of.
        """
        held = self._slice(map(ox.NamedNode, names))
        wanted = {quad.triple for quad in ox.parse(n_triples, format=N_TRIPLES)}
        return to_n_triples(held - wanted), to_n_triples(wanted - held)

    def apply(self, removed: bytes, added: bytes) -> int:
        """Take out and add; return by how many triples there are more now.

        It is given only a difference, because versions in memory are never freed. The number is
        counted here, because the store counts itself by walking over all that it holds.
        """
        more = 0
        for quad in ox.parse(removed, format=N_TRIPLES):
            more -= quad in self._store
            self._store.remove(quad)
        for quad in ox.parse(added, format=N_TRIPLES):
            more += quad not in self._store
            self._store.add(quad)
        return more

    def evaluate(self, operation: QueryOperation) -> tuple[bytes, str, Form]:
        """Return the answer's body, media type and form.

        Raises MalformedQuery, NotAcceptable, AnswerTooLarge or AnswerTooSlow.
        """
        start = monotonic()
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

    def solutions(self, select: str) -> ox.QuerySolutions:
        """Return the solutions of a query of our own; raises ValueError where it has none."""
        found = self._store.query(select, base_iri=BASE)
        if not isinstance(found, ox.QuerySolutions):
            raise ValueError("this query is no SELECT")
        return found

    def dump(self) -> Iterator[bytes]:
        """Yield all triples as sorted N-Triples, some thousand lines at a time."""
        whole = BytesIO()
        self._store.dump(whole, format=N_TRIPLES, from_graph=ox.DefaultGraph())
        lines = sorted(whole.getvalue().splitlines(keepends=True))
        for first in range(0, len(lines), _PIECE):
            yield b"".join(lines[first : first + _PIECE])

    def _query(
        self, operation: QueryOperation
    ) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        substitutions = dict(operation.substitutions) or None
        if not operation.default_graphs and not operation.named_graphs:
            return self._store.query(operation.text, base_iri=BASE, substitutions=substitutions)
        return self._store.query(
            operation.text,
            base_iri=BASE,
            substitutions=substitutions,
            default_graph=[ox.NamedNode(iri) for iri in operation.default_graphs],
            named_graphs=[ox.NamedNode(iri) for iri in operation.named_graphs],
        )

    def _slice(self, names: Iterable[ox.NamedNode]) -> set[ox.Triple]:
        found: set[ox.Triple] = set()
        for name in names:
            parts = (
                quad.subject
                for belongs in _BELONGS
                for quad in self._store.quads_for_pattern(None, belongs, name, ox.DefaultGraph())
            )
            for subject in {name, *parts}:
                quads = self._store.quads_for_pattern(subject, None, None, ox.DefaultGraph())
                found.update(quad.triple for quad in quads)
        return found
