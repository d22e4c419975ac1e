"""What an audience would see if a family said this: computed, never kept and never disclosed."""

from dataclasses import dataclass, replace
from itertools import count

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.policy import consent
from databackpack.service.policy.consent import Terms
from databackpack.service.policy.model import Audience, Level, Statement
from databackpack.service.records.terms import node
from databackpack.service.views import statements
from databackpack.service.views.dossier import Dossier
from databackpack.service.views.population import coverage, deciders
from databackpack.service.views.projection import project
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import select

__all__ = ["Preview", "preview"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What *audience* sees of the learner, before and after; levels are of the cell's category."""

    audience: Audience
    level_before: Level
    level_after: Level
    before: frozenset[ox.Triple]
    after: frozenset[ox.Triple]


def preview(views: Views, statement: Statement) -> list[Preview]:
    """Return what *statement* would change for each audience that it is for.

    Nothing is written: no word, no disclosure, no release code. Codes in what is shown are made
    up for the preview.
    """
    held = views.dossier(statement.learner)
    events = views.events(statement.learner)
    holders = deciders(held, views.law(), statement.since)
    terms = Terms(BP.SignedToken, ID["notice"])
    purposes = statements.purposes(views.truth)
    new = consent.say(events, statement, terms, purposes, holders)
    said = consent.statements([*events, *new], purposes)
    changed = replace(held, statements=said)
    return [
        _compare(views, held, changed, audience, statement)
        for audience in views.audiences()
        if statement.audience in (audience.iri, audience.role)
        and coverage(audience, held, views.law(), statement.since).is_somebody
    ]


def _compare(
    views: Views, held: Dossier, changed: Dossier, audience: Audience, statement: Statement
) -> Preview:
    codes = _PreviewCodes()
    before, level_before = _seen(views, held, audience, statement, codes)
    after, level_after = _seen(views, changed, audience, statement, codes)
    return Preview(audience, level_before, level_after, before, after)


def _seen(
    views: Views,
    dossier: Dossier,
    audience: Audience,
    statement: Statement,
    codes: "_PreviewCodes",
) -> tuple[frozenset[ox.Triple], Level]:
    triples: set[ox.Triple] = set()
    level = Level.NONE
    for purpose in sorted(audience.purposes):
        selection = select(dossier, audience, purpose, views.law(), statement.since)
        for record, decision in selection.decisions.items():
            triples |= project(views.truth.triples(record.iri), decision, codes.encode)
            if record.category == statement.category:
                level = max(level, decision.level)
    return frozenset(triples), level


class _PreviewCodes:
    """Stand-ins for release codes: the same for one IRI in both halves of a comparison."""

    def __init__(self) -> None:
        self._known: dict[ox.NamedNode, ox.NamedNode] = {}
        self._numbers = count(1)

    def encode(self, iri: ox.NamedNode) -> ox.NamedNode:
        if iri not in self._known:
            self._known[iri] = node(URIRef(ID[f"code/preview-{next(self._numbers)}"]))
        return self._known[iri]
