"""Who holds rights over a learner's records now, seen from the one who asks."""

from datetime import datetime

from rdflib import URIRef

from databackpack.ontology.namespaces import BPA
from databackpack.service.policy.model import Audience
from databackpack.service.policy.refusal import NoStanding
from databackpack.service.views.population import coverage, deciders
from databackpack.service.views.registry import Views

__all__ = ["FAMILY", "check_decider", "decides", "holds_rights", "inspects", "own_learners"]

FAMILY = (BPA.guardian, BPA.learner)


def inspects(views: Views, audience: Audience, learner: URIRef) -> bool:
    """Tell whether *audience* is a guardian or a learner who may inspect all of the records."""
    if audience.role not in FAMILY:
        return False
    held = views.dossier(learner)
    return coverage(audience, held, views.law(), views.truth.clock()).every_holder


def decides(views: Views, audience: Audience, learner: URIRef, moment: datetime) -> bool:
    """Tell whether *audience* is a guardian or a learner who may decide who sees the records."""
    return audience.role in FAMILY and audience.party in deciders(
        views.dossier(learner), views.law(), moment
    )


def holds_rights(views: Views, audience: Audience, learner: URIRef) -> bool:
    """Tell whether *audience* may inspect or decide: whoever may do neither learns nothing."""
    return inspects(views, audience, learner) or decides(
        views, audience, learner, views.truth.clock()
    )


def own_learners(views: Views, audience: Audience) -> list[URIRef]:
    """Return the learners over whose records *audience* holds rights now."""
    if audience.role not in FAMILY:
        return []
    return [one for one in views.candidates(audience) if holds_rights(views, audience, one)]


def check_decider(views: Views, party: URIRef, learner: URIRef, moment: datetime) -> None:
    """Let *party* pass who may decide at *moment*; raises NoStanding."""
    held = deciders(views.dossier(learner), views.law(), moment)
    if party not in held:
        raise NoStanding(
            "34 CFR 99.4 and 99.5",
            "You may not decide who sees these records: the right is the learner's own since it "
            "moved, or a court order stands against it.",
        )
