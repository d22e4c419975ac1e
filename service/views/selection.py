"""Which records of one learner an audience sees, at which level, and until when that holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rdflib import URIRef

from databackpack.service.policy import decide
from databackpack.service.policy.model import Audience, Jurisdiction, Level
from databackpack.service.views import population
from databackpack.service.views.dossier import Dossier

__all__ = ["Selection", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """The level of each record that is seen at all; it holds up to but not at *until*."""

    levels: Mapping[URIRef, Level]
    until: datetime | None


def select(
    dossier: Dossier,
    audience: Audience,
    purpose: URIRef,
    parents: population.Parents,
    jurisdiction: Jurisdiction,
    moment: datetime,
) -> Selection:
    """Return what *audience* may see of the learner at *moment* for *purpose*."""
    boundaries = (
        decide.next_change(dossier.statements, moment),
        population.next_change(dossier, jurisdiction, moment),
    )
    until = min((boundary for boundary in boundaries if boundary is not None), default=None)
    if not dossier.is_readable:
        return Selection({}, until)
    covered = population.coverage(audience, dossier, parents, jurisdiction, moment)
    decisions = decide.decide(dossier.statements, jurisdiction, audience, purpose, moment)
    levels = {
        record.iri: decisions[record.category].level
        for record in dossier.records
        if record.holder in covered
    }
    return Selection({iri: level for iri, level in levels.items() if level > Level.NONE}, until)
