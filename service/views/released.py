"""What a view shows of the releases of its audience: what they hold and is permitted now.

An audience all of whose agreements in force ask for releases (``bp:minimumGroupSize``) sees at the
de-identified level only what the last one holds: a family that lowers a category is out of it at
once, one that opens more is in the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Audience, Decision, Level
from databackpack.service.records.graphs import classes_graph, released_graph, releases_graph
from databackpack.service.records.terms import iri, node, text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.cohort import SUPPRESSED, Cohort
from databackpack.service.views.dossier import HeldRecord
from databackpack.service.views.engine import N_TRIPLES, to_n_triples
from databackpack.service.views.projection import is_cut, let_through
from databackpack.service.views.selection import Selection

__all__ = ["Classes", "Released", "last_number", "parts"]

Classes = Mapping[URIRef, int] | None
"""Agreement → in which class of its release a learner is now; None where there are no releases."""

_HOLDS = node(BP.hasReleasedRecord)


def last_number(truth: TruthStore, agreement: URIRef) -> int:
    """Return the number of the last release under *agreement*, 0 without one."""
    numbers = truth.pairs(releases_graph(agreement), BP.sequence)
    return max((int(number) for _, number in numbers), default=0)


def parts(release: URIRef, record: URIRef) -> tuple[URIRef, URIRef]:
    """Return the names of the graphs of what a release has of *record*.

    One is of what is quasi-identifying, the other of the rest.
    """
    name = f"{release}/{record.removeprefix(ID['graph/'])}"
    return URIRef(f"{name}/quasi-identifiers"), URIRef(f"{name}/rest")


@dataclass(frozen=True, slots=True)
class _Release:
    """The current release under one agreement: its list, its classes, and who is alike now."""

    graph: URIRef
    classes: URIRef
    cohort: Cohort


@dataclass(frozen=True, slots=True)
class _Row:
    """What the list of a release says of one learner."""

    number: int
    records: frozenset[URIRef]


class Released:
    """The releases that *audience* is shown for *purpose*, each as its agreement's last one is.

    *least* is how many learners the law wants in a group, whatever the agreement says.
    """

    def __init__(self, truth: TruthStore, audience: Audience, purpose: URIRef, least: int) -> None:
        self._truth, self._audience, self._purpose = truth, audience, purpose
        self._releases = {
            agreement.iri: _release(truth, agreement.iri, max(agreement.minimum_group_size, least))
            for agreement in audience.agreements
            if agreement.minimum_group_size is not None
        }

    def narrow(
        self, learner: URIRef, selection: Selection, moment: datetime
    ) -> tuple[Selection, Classes]:
        """Return what of *selection* is in a release, and the learner's class there then.

        All of it where the agreements do not ask for releases.
        """
        if not self._is_binding(moment):
            return selection, None
        rows = {one: self._row(release, learner) for one, release in self._releases.items()}
        kept: dict[HeldRecord, Decision] = {}
        shown: dict[URIRef, list[tuple[HeldRecord, Decision]]] = {}
        for record, made in selection.decisions.items():
            agreement = self._agreement(made)
            if agreement is None:
                kept[record] = made
            elif record.iri in rows[agreement].records:
                shown.setdefault(agreement, []).append((record, made))
        found = {one: self._class(one, rows[one], held) for one, held in shown.items()}
        classes = {one: number for one, number in found.items() if number is not None}
        kept |= (one for agreement in classes for one in shown[agreement])
        return replace(selection, decisions=kept), classes

    def count(self, learner: URIRef, classes: Classes) -> None:
        """Let *learner* be counted in *classes* and in no others."""
        for agreement, release in self._releases.items():
            release.cohort.put(learner, None if classes is None else classes.get(agreement))

    def settle(self) -> set[URIRef]:
        """Return the learners of whom more or less is shown since others were counted anew."""
        return {who for release in self._releases.values() for who in release.cohort.settle()}

    def show(self, record: HeldRecord, made: Decision, classes: Classes) -> bytes | None:
        """Return what is shown of *record*; None where no release decides it."""
        agreement = self._agreement(made)
        if classes is None or agreement is None:
            return None
        release, number = self._releases[agreement], classes[agreement]
        if release.cohort.is_silent(number):
            return b""
        quasi, rest = parts(release.graph, record.iri)
        shown = self._truth.n_triples(rest)
        if not release.cohort.is_hidden(number):
            shown += self._truth.n_triples(quasi)
        if is_cut(made.rule):
            held = (quad.triple for quad in ox.parse(shown, format=N_TRIPLES))
            shown = to_n_triples(let_through(held, made.rule))
        return shown

    def names(self, learner: URIRef) -> list[ox.NamedNode]:
        """Return the codes of *learner* in releases; those of other audiences do no harm."""
        if not self._releases:
            return []
        return [ox.NamedNode(code) for code in self._truth.objects(learner, BP.hasReleaseCode)]

    def is_made_anew(self, graphs: frozenset[URIRef]) -> bool:
        """Tell whether one of *graphs* says that there is another release now."""
        return any(releases_graph(agreement) in graphs for agreement in self._releases)

    def _is_binding(self, moment: datetime) -> bool:
        if not self._releases:
            return False
        in_force = [a for a in self._audience.agreements if covers(a, self._purpose, moment)]
        return all(agreement.iri in self._releases for agreement in in_force)

    def _agreement(self, made: Decision) -> URIRef | None:
        """Return the agreement whose release has what *made* shows; None where none has to."""
        if made.level is not Level.DEIDENTIFIED or made.is_emergency:
            return None
        return made.reasons[-1]

    def _row(self, release: _Release, learner: URIRef) -> _Row:
        said = self._truth.triples(release.graph, learner)
        numbers = [int(text(t.object)) for t in self._truth.triples(release.classes, learner)]
        records = frozenset(iri(t.object) for t in said if t.predicate == _HOLDS)
        return _Row(numbers[0] if numbers else SUPPRESSED, records)

    def _class(
        self, agreement: URIRef, row: _Row, shown: list[tuple[HeldRecord, Decision]]
    ) -> int | None:
        """Return the class of a learner of whose released records only those *shown* are.

        Whoever lacks something that was released does not look like its class any more. None where
        nothing is left to show.
        """
        if len(shown) == len(row.records) and not any(is_cut(made.rule) for _, made in shown):
            return row.number
        release = self._releases[agreement].graph
        rests = (self._truth.n_triples(parts(release, record.iri)[1]) for record, _ in shown)
        return SUPPRESSED if any(rests) else None


def _release(truth: TruthStore, agreement: URIRef, k: int) -> _Release:
    """Return the last release under *agreement*; nothing of one of which only a part is here."""
    number = last_number(truth, agreement)
    graph = released_graph(agreement, number)
    if not truth.triples(graph, graph):  # a backup was made meanwhile, and the log knows the rest
        graph = released_graph(agreement, 0)
    return _Release(graph, classes_graph(agreement, number), Cohort(k))
