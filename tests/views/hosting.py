"""Small views in processes of their own, for tests."""

from collections.abc import Callable, Iterable
from threading import Thread
from time import monotonic, sleep

import pyoxigraph as ox

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.terms import node
from databackpack.service.views.engine import to_n_triples
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.process import Template
from databackpack.service.views.view import Answer, Limits, QueryOperation, View

__all__ = [
    "ALL",
    "ANN",
    "BEN",
    "ENDLESS",
    "Asking",
    "ask",
    "evaluate",
    "hosted",
    "item",
    "replace",
    "until",
]

ALL = "SELECT ?s ?p ?o { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"
"""Over a hundred triples this counts to ten thousand millions and writes nothing on its way."""

ANN, BEN = node(ID["learner/ann"]), node(ID["learner/ben"])
NOTHING_PUBLIC = Template([])


def hosted(triples: Iterable[ox.Triple] = (), epoch: int = 1) -> HostedView:
    """Return a view of *triples* that is ready for queries."""
    view = HostedView(NOTHING_PUBLIC, epoch)
    view.fill(to_n_triples(triples))
    view.start()
    return view


def replace(
    view: View, slices: Iterable[tuple[list[ox.NamedNode], set[ox.Triple]]], epoch: int
) -> None:
    """Make each slice all that *view* holds of its learner."""
    view.replace(((iris, to_n_triples(triples)) for iris, triples in slices), epoch, None)


def item(name: str, learner: ox.NamedNode, value: str) -> set[ox.Triple]:
    """Return one item of *learner* with one value."""
    subject = node(ID[f"item/{name}"])
    return {
        ox.Triple(subject, node(BP.isRecordOf), learner),
        ox.Triple(subject, node(BP.scoreValue), ox.Literal(value)),
    }


def evaluate(view: View, text: str = ALL, limits: Limits | None = None) -> Answer:
    """Return the answer to *text*."""
    formats = ox.QueryResultsFormat.TSV, ox.RdfFormat.N_TRIPLES
    return view.evaluate(QueryOperation(text, *formats, limits=limits or Limits()))


def ask(view: View, text: str = ALL) -> set[str]:
    """Return the rows of the answer to *text*."""
    return set(evaluate(view, text).body.decode().splitlines()[1:])


def until(is_so: Callable[[], object], seconds: float = 30) -> bool:
    """Tell whether *is_so* becomes true while we wait."""
    end = monotonic() + seconds
    while not (found := is_so()) and monotonic() < end:
        sleep(0.005)
    return bool(found)


class Asking:
    """A query that is being asked in a thread of its own; what came of it is in *outcome*."""

    def __init__(self, view: HostedView, text: str, limits: Limits | None = None) -> None:
        self.outcome: Answer | Exception | None = None
        self._view, self._text, self._limits = view, text, limits
        self._thread = Thread(target=self._run, daemon=True)
        busy = len(view.busy())
        self._thread.start()
        assert until(lambda: len(view.busy()) > busy or self.outcome is not None)

    def wait(self) -> Answer | Exception | None:
        """Return what came of it."""
        self._thread.join(60)
        return self.outcome

    def _run(self) -> None:
        try:
            self.outcome = evaluate(self._view, self._text, self._limits)
        except Exception as error:
            self.outcome = error
