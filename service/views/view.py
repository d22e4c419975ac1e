"""A view as the gate knows it: what is asked of it, what it answers, and what can go wrong.

Where a view lives is not seen here: ``hosted`` keeps one in processes of its own on this machine;
another kind may keep one in a remote SPARQL server.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import pyoxigraph as ox

if TYPE_CHECKING:
    from rdflib import URIRef

    from databackpack.service.records.terms import Term

__all__ = [
    "Answer",
    "AnswerTooLarge",
    "AnswerTooSlow",
    "Form",
    "Limits",
    "MalformedQuery",
    "NotAcceptable",
    "QueryKilled",
    "QueryOperation",
    "Slice",
    "View",
    "ViewBuilding",
    "ViewBusy",
    "ViewChanging",
    "ViewClosed",
    "ViewFault",
]


class ViewFault(Exception):
    """A view gives no answer."""


class MalformedQuery(ViewFault):
    """The query text is no SPARQL 1.1 query that can be run (SPARQL 1.1 Protocol, 2.1.4)."""


class NotAcceptable(ViewFault):
    """The query's form has no serialization that the client accepts."""


class AnswerTooLarge(ViewFault):
    """The answer has more bytes than one answer may have."""


class AnswerTooSlow(ViewFault):
    """The answer was not complete in the time that one answer may take."""


class QueryKilled(ViewFault):
    """What ran the query came to its end: by its limits, or by a fault of the engine."""


class ViewBuilding(ViewFault):
    """The view is being built; it will be there after a while."""


class ViewBusy(ViewFault):
    """All that can run a query of this view are running one."""


class ViewChanging(ViewFault):
    """Something was withdrawn under each try; the query may come through at a quieter moment."""


class ViewClosed(ViewFault):
    """The view was given up; whoever asks anew gets one that is up to date."""


class Form(Enum):
    """What a query's result is: solutions or a boolean, or triples."""

    RESULTS = "results"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may take: bytes in its format, seconds until it is complete, and memory.

    *memory* is in bytes, above what the view itself takes.
    """

    most_bytes: int = 64 * 1024 * 1024
    seconds: float = 60.0
    memory: int = 512 * 1024 * 1024


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
    substitutions: "Mapping[ox.Variable, Term]" = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Answer:
    """A serialized result, complete, with the epoch and the view's state it was computed at.

    *withdrawals* is how often something had been withdrawn from the view by then.
    """

    body: bytes
    media_type: str
    form: Form
    epoch: int
    state: "URIRef | None" = None
    withdrawals: int = 0


Slice = tuple[Iterable[ox.NamedNode], bytes]
"""The IRIs by which a view knows a learner or a published data set, and as N-Triples all of it."""


class View(Protocol):
    """The triples that one audience may see for one purpose, as one default graph at an epoch.

    INVARIANT: an answer is computed between two changes, never across one. When something was
    withdrawn while it was computed it is not given out. A view that could not be changed as a
    whole is closed and answers nothing.
    """

    epoch: int
    state: "URIRef | None"
    changes: int
    """How many triples were taken out or added since it was filled."""

    @property
    def is_closed(self) -> bool:
        """Whether the view answers nothing more."""

    def __len__(self) -> int:
        """Return the number of triples."""

    def fill(self, n_triples: bytes) -> None:
        """Add *n_triples*; only before the view answers its first query."""

    def start(self) -> None:
        """Be ready for queries."""

    def replace(self, slices: Iterable[Slice], epoch: int, state: "URIRef | None") -> None:
        """Make each slice all that the view holds of its subject; take *epoch* and *state*.

        When this returns, no answer that shows what is taken out is given out any more.
        """

    def evaluate(self, operation: QueryOperation) -> Answer:
        """Return the answer to *operation*, complete and within its limits.

        Raises MalformedQuery, NotAcceptable, AnswerTooLarge, AnswerTooSlow, QueryKilled, ViewBusy,
        ViewChanging or ViewClosed.
        """

    def is_current(self, answer: Answer) -> bool:
        """Tell whether nothing that *answer* may show has been withdrawn since."""

    def dump(self) -> Generator[bytes, None, None]:
        """Return all triples as pieces of sorted N-Triples, of the instant of this call."""

    def memory(self) -> int:
        """Return the bytes of this machine's memory that the view takes."""

    def close(self) -> None:
        """Let no further answer leave, not even one that is being computed."""
