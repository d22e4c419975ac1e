"""The family's menu: for each category and audience the level in force, and who may set it."""

from dataclasses import dataclass

from rdflib import URIRef

from databackpack.service.policy.decide import decide
from databackpack.service.policy.model import Audience, Decision, Rule
from databackpack.service.views.population import Coverage, coverage
from databackpack.service.views.registry import Views

__all__ = ["Cell", "fixed_cell", "menu"]

_NOBODY = Coverage(False)


@dataclass(frozen=True, slots=True)
class Cell:
    """One category for one audience, with the decision in force."""

    category: URIRef
    audience: Audience
    decision: Decision


def menu(views: Views, learner: URIRef) -> list[Cell]:
    """Return the cells of *learner* for every audience that is about this learner now."""
    held, moment, parents = views.dossier(learner), views.truth.clock(), views.parents()
    cells: list[Cell] = []
    for audience in views.audiences():
        covered = coverage(audience, held, parents, views.jurisdiction, moment)
        if covered == _NOBODY:
            continue
        for purpose in sorted(audience.purposes):
            decisions = decide(held.statements, views.jurisdiction, audience, purpose, moment)
            cells += [Cell(category, audience, made) for category, made in decisions.items()]
    return cells


def fixed_cell(views: Views, audience: Audience | URIRef, category: URIRef) -> Rule | None:
    """Return the rule that leaves families no choice on *category* for an audience or a role."""
    role = audience.role if isinstance(audience, Audience) else audience
    rule = views.jurisdiction.rules.get((role, category))
    return None if rule is None or rule.may_lower else rule
