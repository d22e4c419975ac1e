"""What a view shows of the releases of its audience: what they hold and is permitted now.

An audience all of whose agreements in force ask for releases (``bp:minimumGroupSize``) sees at the
de-identified level only what the last one holds: a family that lowers a category is out of it at
once, one that opens more is in the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Audience, Decision, Level
from databackpack.service.records.graphs import released_graph, releases_graph
from databackpack.service.records.terms import iri, node, text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.cohort import VANISHING, Cohort, Group
from databackpack.service.views.dossier import HeldRecord
from databackpack.service.views.engine import N_TRIPLES, to_n_triples
from databackpack.service.views.projection import is_cut, let_through
from databackpack.service.views.selection import Selection

__all__ = ["Groups", "Released", "last_number", "parts"]

Groups = Mapping[URIRef, Group] | None
"""Agreement → in which group of its release a learner is now; None where no releases are asked for.
"""

_HAS_CLASS, _HOLDS = node(BP.hasReleaseClass), node(BP.hasReleasedRecord)


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
    """The current release under one agreement: its list, and who is alike in it."""

    graph: URIRef
    cohort: Cohort


@dataclass(frozen=True, slots=True)
class _Row:
    """What the list of a release says of one learner; class () has no quasi-identifiers."""

    group: Group = ()
    records: frozenset[URIRef] = field(default_factory=frozenset)


class Released:
    """The releases that *audience* is shown for *purpose*, each as its agreement's last one is.

    *least* is how many learners the law wants in a group, whatever the agreement says.
    """

    def __init__(self, truth: TruthStore, audience: Audience, purpose: URIRef, least: int) -> None:
        self._truth, self._audience, self._purpose = truth, audience, purpose
        self._releases = {
            agreement.iri: _Release(
                released_graph(agreement.iri, last_number(truth, agreement.iri)),
                Cohort(max(agreement.minimum_group_size, least)),
            )
            for agreement in audience.agreements
            if agreement.minimum_group_size is not None
        }

    def narrow(
        self, learner: URIRef, selection: Selection, moment: datetime
    ) -> tuple[Selection, Groups]:
        """Return what of *selection* is in a release, and how the learner looks in each then.

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
                kept[record] = made
                shown.setdefault(agreement, []).append((record, made))
        found = {one: self._group(one, rows[one], held) for one, held in shown.items()}
        groups = {one: group for one, group in found.items() if group is not None}
        return replace(selection, decisions=kept), groups

    def count(self, learner: URIRef, groups: Groups) -> None:
        """Let *learner* be counted in *groups* and in no others."""
        for agreement, release in self._releases.items():
            release.cohort.put(learner, None if groups is None else groups.get(agreement))

    def settle(self) -> set[URIRef]:
        """Return the learners of whom more or less is shown since others were counted anew."""
        return {who for release in self._releases.values() for who in release.cohort.settle()}

    def show(self, record: HeldRecord, made: Decision, groups: Groups) -> bytes | None:
        """Return what is shown of *record*; None where no release decides it."""
        agreement = self._agreement(made)
        if groups is None or agreement is None:
            return None
        release, group = self._releases[agreement], groups.get(agreement)
        if group is None or release.cohort.is_silent(group):
            return b""
        quasi, rest = parts(release.graph, record.iri)
        shown = self._truth.n_triples(rest)
        if not release.cohort.is_hidden(group):
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
        return _Row(
            tuple(text(t.object) for t in said if t.predicate == _HAS_CLASS),
            frozenset(iri(t.object) for t in said if t.predicate == _HOLDS),
        )

    def _group(
        self, agreement: URIRef, row: _Row, shown: list[tuple[HeldRecord, Decision]]
    ) -> Group | None:
        """Return the group of a learner of whose released records only those *shown* are.

        Who lacks a category looks like those of the class who lack it too. Who lacks a part of one,
        or some properties, looks like nobody. None where nothing is left to show.
        """
        present = {local_name(record.category) for record, _ in shown}
        lacking = row.records - {record.iri for record, _ in shown}
        gone = {local_name(record) for record in lacking}
        if not lacking and not any(is_cut(made.rule) for _, made in shown):
            return row.group
        release = self._releases[agreement].graph
        is_something = any(self._truth.n_triples(parts(release, one.iri)[1]) for one, _ in shown)
        is_alike = gone.isdisjoint(present) and not any(is_cut(made.rule) for _, made in shown)
        if not row.group or not is_alike:
            return () if is_something else None
        number = row.group[0].removeprefix(VANISHING)
        return ("" if is_something else VANISHING) + number, *sorted(gone)
