"""Who may decide for a learner, by what is on record and by what a load brings."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.loaders.record import Guardianship, Item, Record, StandingDocument
from databackpack.ontology.namespaces import BP, BPC, BPG, SDO
from databackpack.service.policy import jurisdiction, standing
from databackpack.service.policy.model import Level, Statement
from databackpack.service.policy.refusal import NoStanding
from databackpack.service.records.terms import Term, node, text
from databackpack.service.records.truth import TruthStore
from databackpack.service.views import dossier

__all__ = ["TELL_OF_RIGHTS", "Deciding"]

TELL_OF_RIGHTS = (BPC.demographics, BPC.enrollment)
"""The categories that may tell of a birth, or of entry in college."""

_BIRTH_DATE, _ENTRY_DATE = node(SDO.birthDate), node(BP.entryDate)
_AFTER_SCHOOL = node(BP.hasGradeLevel), node(BPG.PS)


class Deciding:
    """Who may decide for a learner, by what is on record and what this load brings."""

    def __init__(self, truth: TruthStore, items: Sequence[Item]) -> None:
        self._truth = truth
        self._items: dict[URIRef, list[Item]] = {}
        for item in items:
            learner = getattr(item, "learner", None)
            if learner is not None:
                self._items.setdefault(learner, []).append(item)
        self._families: dict[URIRef, standing.Family] = {}
        self._age = jurisdiction.read("us-default").majority_age

    def check(self, statement: Statement) -> None:
        """Let a permission pass whose assigner could decide when it was signed.

        A prohibition passes in any case: it hides. Raises NoStanding (34 CFR 99.4 and 99.5).
        """
        learner = statement.learner
        if learner not in self._families:
            self._families[learner] = self._family(learner)
        held = standing.deciders(self._families[learner], self._age, statement.signed)
        if statement.level > Level.NONE and statement.assigner not in held:
            raise NoStanding(
                "34 CFR 99.4 and 99.5",
                f"whoever says this could not decide for the learner on {statement.signed.date()}; "
                "see guardianships and standing documents, and whether the learner was of age",
            )

    def _family(self, learner: URIRef) -> standing.Family:
        held, items = dossier.read(self._truth, learner).family, self._items.get(learner, [])
        births, colleges = set(held.births), set(held.college_entries)
        for record in items:
            if isinstance(record, Record) and record.category in TELL_OF_RIGHTS:
                said = _triples(record)
                stays = {t.subject for t in said if (t.predicate, t.object) == _AFTER_SCHOOL}
                births |= _days(t.object for t in said if t.predicate == _BIRTH_DATE)
                colleges |= _days(
                    t.object for t in said if t.predicate == _ENTRY_DATE and t.subject in stays
                )
        ties = [
            standing.Guardianship(tie.guardian, tie.since, tie.until)
            for tie in items
            if isinstance(tie, Guardianship)
        ]
        papers = [
            standing.StandingDocument(paper.kind, paper.person, paper.since, paper.until)
            for paper in items
            if isinstance(paper, StandingDocument)
        ]
        return standing.Family(
            learner=learner,
            guardianships=(*held.guardianships, *ties),
            documents=(*held.documents, *papers),
            births=frozenset(births),
            college_entries=frozenset(colleges),
        )


def _triples(record: Record) -> list[ox.Triple]:
    """Return what *record* says, up to a term that cannot be stored: it is refused as a whole."""
    found: list[ox.Triple] = []
    with suppress(SyntaxError, ValueError):
        found += (quad.triple for quad in ox.parse(record.lines, format=ox.RdfFormat.N_TRIPLES))
    return found


def _days(values: Iterable[Term]) -> set[date]:
    """Return the days among *values*; what is none is for the shapes to tell."""
    found = set()
    for value in values:
        with suppress(ValueError):
            found.add(date.fromisoformat(text(value)))
    return found
