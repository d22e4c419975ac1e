"""What was done under an agreement: who asked, what was answered or refused, how many it exposed.

Read off the disclosure log, for the custodian (34 CFR 99.32(a), (b); 99.31(a)(6)(iii)).
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import StringIO

from rdflib import URIRef

from databackpack.loaders.cell import safe
from databackpack.ontology.codes import label, local_name
from databackpack.service.policy.purpose import is_within
from databackpack.service.records import disclosures
from databackpack.service.records.disclosures import ANSWERED, Entry
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights import agreements
from databackpack.service.rights.agreements import OnRecord
from databackpack.service.templating import templates
from databackpack.service.views.exposure import Part, Timeline, timeline

__all__ = ["Asker", "Exposed", "Line", "Made", "Usage", "read", "write"]


@dataclass(frozen=True, slots=True)
class Asker:
    """One person, or one program, who asked: how often, with what outcome, from when to when."""

    subject: str
    outcomes: Mapping[str, int]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Exposed:
    """A category that answers were made of: its level, its legal basis, of how many learners."""

    part: Part
    learners: int

    @property
    def category(self) -> str:
        return label(self.part.category)

    @property
    def level(self) -> str:
        return label(self.part.level.iri)

    @property
    def basis(self) -> str:
        return label(self.part.basis)


@dataclass(frozen=True, slots=True)
class Line:
    """One request: *learners* is how many the view held whose answer it got."""

    entry: Entry
    learners: int

    @property
    def outcome(self) -> str:
        return self.entry.outcome or "never answered"


@dataclass(frozen=True, slots=True)
class Made:
    """Something that was made for an agreement: a release or a publication."""

    moment: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What was done under the agreement *bound* from *since* on, as of *moment*.

    *others* are agreements of the same audience in the same time: requests name the audience, so
    that they are counted for each. *late* is how many requests came after the end. *budget* is what
    is left for the noise of statistics, where the agreement asks for it.
    """

    bound: OnRecord
    since: datetime
    moment: datetime
    lines: Sequence[Line]
    askers: Sequence[Asker]
    exposed: Sequence[Exposed]
    learners: int
    late: int
    others: Sequence[str]
    made: Sequence[Made] = field(default=())
    budget: Decimal | None = None

    @property
    def name(self) -> str:
        return local_name(self.bound.agreement.iri)

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        return Counter(line.outcome for line in self.lines).most_common()

    @property
    def due(self) -> str:
        """What is to be done, in words."""
        if self.bound.destroyed_on is not None:
            return f"destroyed on {self.bound.destroyed_on}, by certificate"
        late = " OVERDUE:" if self.bound.is_overdue(self.moment.date()) else ""
        return f"{late} to be destroyed by {self.bound.destroy_by}, not yet certified".strip()


def read(truth: TruthStore, name: str, since: datetime | None = None) -> Usage:
    """Return what was done under the agreement *name*, up to now; raises Refused."""
    bound, moment = agreements.named(truth, name), truth.clock()
    begin = max(filter(None, (since, bound.agreement.since)))
    asked = [
        entry
        for entry in disclosures.of_audience(truth, bound.agreement.audience)
        if entry.moment >= begin and _is_for(bound, entry)
    ]
    within = [entry for entry in asked if entry.moment < bound.agreement.until]
    held, seen = _exposures(truth, bound, within)
    return Usage(
        bound=bound,
        since=begin,
        moment=moment,
        lines=[Line(entry, held.get(entry.state, 0)) for entry in within],
        askers=_askers(within),
        exposed=[Exposed(part, len(seen[part])) for part in sorted(seen, key=lambda p: p.iri)],
        learners=len(set().union(*seen.values())),
        late=len(asked) - len(within),
        others=_others(truth, bound, begin, moment),
    )


def _is_for(bound: OnRecord, entry: Entry) -> bool:
    """Tell whether a request was for what was agreed; a refused one counts whatever it was for."""
    agreed = bound.agreement.purposes
    return entry.outcome != ANSWERED or any(is_within(entry.purpose, one) for one in agreed)


def _exposures(
    truth: TruthStore, bound: OnRecord, asked: Iterable[Entry]
) -> tuple[dict[URIRef | None, int], dict[Part, set[URIRef]]]:
    """Return how many learners each state held that gave an answer, and who they were by part."""
    used = {(entry.purpose, entry.state) for entry in asked if entry.outcome == ANSWERED}
    held: dict[URIRef | None, int] = {}
    seen: dict[Part, set[URIRef]] = {}
    for purpose in sorted({purpose for purpose, _ in used}):
        line = timeline(truth, bound.agreement.audience, purpose)
        if line is not None:
            _follow(line, {state for _, state in used}, bound.agreement.categories, held, seen)
    return held, seen


def _follow(
    line: Timeline,
    used: set[URIRef | None],
    categories: frozenset[URIRef],
    held: dict[URIRef | None, int],
    seen: dict[Part, set[URIRef]],
) -> None:
    """Add what the states in *used* held to *held* and *seen*; each change is looked at once."""
    now: dict[URIRef, list[Part]] = {}
    fresh: set[URIRef] = set()
    for number in sorted(line.states):
        for learner, parts in line.shown.get(number, {}).items():
            now.pop(learner, None)
            fresh.add(learner)
            if kept := [part for part in parts if part.category in categories]:
                now[learner] = kept
        state = line.states[number]
        if state in used:
            held[state] = len(now)
            for learner in fresh:
                for part in now.get(learner, ()):
                    seen.setdefault(part, set()).add(learner)
            fresh.clear()


def _askers(asked: Iterable[Entry]) -> list[Asker]:
    by_subject: dict[str, list[Entry]] = {}
    for entry in asked:
        by_subject.setdefault(entry.subject, []).append(entry)
    return [
        Asker(
            subject,
            Counter(entry.outcome or "never answered" for entry in own),
            own[0].moment,
            own[-1].moment,
        )
        for subject, own in sorted(by_subject.items())
    ]


def _others(truth: TruthStore, bound: OnRecord, begin: datetime, moment: datetime) -> list[str]:
    end = min(moment, bound.agreement.until)
    return [
        local_name(one.agreement.iri)
        for one in agreements.on_record(truth)
        if one.agreement.audience == bound.agreement.audience
        and one.agreement.iri != bound.agreement.iri
        and one.agreement.since < end
        and one.agreement.until > begin
    ]


def write(usage: Usage, form: str) -> str:
    """Return *usage* as ``text``, ``html`` or ``csv``, which has one row for each request."""
    if form == "csv":
        return _table(usage)
    name = {"text": "usage.txt", "html": "usage.html"}[form]
    page = templates("databackpack.service.rights").get_template(name)
    agreed = usage.bound.agreement
    return page.render(
        usage=usage,
        bound=usage.bound,
        agreed=agreed,
        kind=label(agreed.kind),
        audience=local_name(agreed.audience),
        purposes=sorted(map(label, agreed.purposes)),
    )


def _table(usage: Usage) -> str:
    file = StringIO()
    rows = csv.writer(file)
    rows.writerow(("when", "who", "purpose", "outcome", "epoch", "learners", "query digest"))
    for line in usage.lines:
        entry = line.entry
        values = (
            entry.moment.isoformat(timespec="seconds"),
            entry.subject,
            local_name(entry.purpose),
            line.outcome,
            "" if entry.epoch is None else str(entry.epoch),
            str(line.learners),
            entry.digest,
        )
        rows.writerow(map(safe, values))
    return file.getvalue()
