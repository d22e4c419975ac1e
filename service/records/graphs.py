"""The names of the truth store's own graphs; those of records are in ``loaders.record``."""

from uuid import NAMESPACE_URL, uuid5

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID

__all__ = [
    "AGREEMENTS",
    "AUDIENCES",
    "CODES",
    "DISCLOSURES",
    "EXPOSURES",
    "FRAMEWORKS",
    "HOLDS",
    "IDENTITY",
    "IDENTITY_EVENTS",
    "INDEX",
    "JOURNAL",
    "JURISDICTIONS",
    "NOISE_LEDGER",
    "OWN_HOLDS",
    "QUARANTINE",
    "REGISTRY",
    "RELEASED",
    "RELEASES",
    "REVIEW",
    "RUNS",
    "SPECIAL_EDUCATION_LOG",
    "STATISTICS",
    "STATISTICS_BASIS",
    "basis_graph",
    "classes_graph",
    "emergency_graph",
    "framework_graph",
    "guardianship_graph",
    "policy_graph",
    "quarantine_graph",
    "released_graph",
    "releases_graph",
    "statistics_graph",
]

REGISTRY = ID["graph/registry"]
"""Organisations: public, so every view holds it."""
FRAMEWORKS = ID["graph/frameworks"]
"""Which graphs hold what files said of standards: public, so every view holds those graphs."""
AUDIENCES = ID["graph/audiences"]
AGREEMENTS = ID["graph/agreements"]
JURISDICTIONS = ID["graph/jurisdictions"]
"""Which organisation is bound by another jurisdiction than the service's own."""

HOLDS = ID["graph/holds"]
"""Which learners nobody may see until what their family said is loaded in full."""

INDEX = ID["graph/index"]
"""Which record is whose: learner, holder, category, source."""
RUNS = ID["graph/runs"]
"""Which load, of which files, brought what the index names it for."""
QUARANTINE = ID["graph/quarantine"]
"""What was dropped from quarantine, and why; each entry has a graph of its own."""
IDENTITY = ID["graph/identity"]
IDENTITY_EVENTS = ID["graph/identity/events"]
"""Which learners were found to be one, and which one to be two: each event, and what holds now."""
OWN_HOLDS = ID["graph/identity/holds"]
"""Of learners that are one now: whom a load of the own key holds back."""
REVIEW = ID["graph/identity/review"]
"""Pairs of learners who may be one: for people to decide."""
CODES = ID["graph/codes"]
JOURNAL = ID["graph/journal"]
DISCLOSURES = ID["graph/disclosures"]
SPECIAL_EDUCATION_LOG = ID["graph/disclosures/special-education"]
EXPOSURES = ID["graph/exposures"]
"""Whose records each view showed, over time: the log's memory."""
RELEASES = ID["graph/releases"]
"""What is on record of releases; each agreement has a graph below it."""
RELEASED = ID["graph/released"]
"""What each release holds, record by record; the agreement's audience alone sees of it."""
STATISTICS = ID["statistics"]
"""What was published; each data set is below it, in the graph of its own name."""
STATISTICS_BASIS = ID["graph/statistics-basis"]
"""The true counts of published cells, a graph below it for each data set."""
NOISE_LEDGER = ID["graph/noise-ledger"]
"""What publications took from the noise budgets of agreements."""


def policy_graph(learner: URIRef) -> URIRef:
    """Return the name of the graph of a learner's policies; it is in no view."""
    return ID[f"graph/policy/{local_name(learner)}"]


def guardianship_graph(learner: URIRef) -> URIRef:
    """Return the name of the graph of a learner's guardianships; it is in no view."""
    return ID[f"graph/guardianship/{local_name(learner)}"]


def emergency_graph(learner: URIRef) -> URIRef:
    """Return the name of the graph of emergencies declared about a learner; it is in no view."""
    return ID[f"graph/emergency/{local_name(learner)}"]


def quarantine_graph(name: object) -> URIRef:
    """Return the name of the graph of one entry of the quarantine; it is in no view."""
    return ID[f"graph/quarantine/{name}"]


def framework_graph(document: URIRef) -> URIRef:
    """Return the name of the graph of what one document says of a framework; all views hold it."""
    return ID[f"graph/framework/{uuid5(NAMESPACE_URL, str(document))}"]


def statistics_graph(audience: URIRef, purpose: URIRef, cube: str) -> URIRef:
    """Return the name of a data set, which is in the graph of that name and in one view."""
    return URIRef(f"{STATISTICS}/{local_name(audience)}/{local_name(purpose)}/{cube}")


def basis_graph(data_set: URIRef) -> URIRef:
    """Return the name of the graph of the true counts behind *data_set*; it is in no view."""
    return URIRef(f"{STATISTICS_BASIS}{data_set.removeprefix(STATISTICS)}")


def releases_graph(agreement: URIRef) -> URIRef:
    """Return the name of the graph of what is on record of an agreement's releases."""
    return URIRef(f"{RELEASES}/{local_name(agreement)}")


def classes_graph(agreement: URIRef, number: int) -> URIRef:
    """Return the name of the graph of which learners looked alike in an agreement's release."""
    return URIRef(f"{releases_graph(agreement)}/{number}")


def released_graph(agreement: URIRef, number: int) -> URIRef:
    """Return the name of the graph that lists a release; what it holds is in graphs below it."""
    return URIRef(f"{RELEASED}/{local_name(agreement)}/{number}")
