"""Every file in permit/ and deny/: a request, and the policies on record when it is made.

The file's name is the sentence and its folder the expectation. ``<#request>`` says role, audience,
category, purpose and moment; in permit/ also the level that is seen.
"""

from datetime import datetime
from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef

from databackpack import ontology, shapes
from databackpack.ontology.namespaces import BP, ODRL
from databackpack.service.policy import jurisdiction, profile
from databackpack.service.policy.decide import decide
from databackpack.service.policy.model import Audience, Decision, Level

FOLDER = Path(__file__).parent
REQUEST = URIRef("#request")


def cases(folder: str) -> list[str]:
    return sorted(file.stem for file in (FOLDER / folder).glob("*.ttl"))


def decision(folder: str, name: str) -> tuple[Decision, Graph]:
    """Return the decision on the request of a case, and what the request says."""
    graph = Graph().parse(FOLDER / folder / f"{name}.ttl", format="turtle", publicID="urn:case")
    request, policies = Graph(), Graph()
    for subject, predicate, value in graph:
        about = request if subject == URIRef("urn:case#request") else policies
        about.add((REQUEST if about is request else subject, predicate, value))
    assert shapes.validate_policy(policies).conforms

    def one(predicate: URIRef) -> URIRef:
        (value,) = request.objects(REQUEST, predicate)
        return URIRef(str(value))

    role, purpose = one(BP.hasRole), one(ODRL.purpose)
    own = frozenset(URIRef(str(own)) for own in ontology.graph().objects(role, BP.hasPurpose))
    audience = Audience(one(ODRL.assignee), role, role, own, BP.EveryLearner)
    said = [
        profile.read(policies, URIRef(str(policy)))
        for policy in policies.subjects(RDF.type, ODRL.Agreement)
    ]
    (moment,) = request.objects(REQUEST, ODRL.dateTime)
    now = datetime.fromisoformat(str(moment))
    made = decide(said, jurisdiction.read("us-default"), audience, purpose, now)
    return made[one(BP.hasCategory)], request


@pytest.mark.parametrize("name", cases("permit"))
def test_permit(name: str) -> None:
    made, request = decision("permit", name)
    (level,) = request.objects(REQUEST, BP.grantsLevel)
    assert made.level is Level.of(str(level))
    assert made.level > Level.NONE
    assert made.reasons


@pytest.mark.parametrize("name", cases("deny"))
def test_deny(name: str) -> None:
    made, request = decision("deny", name)
    assert made.level is Level.NONE
    assert not list(request.objects(REQUEST, BP.grantsLevel))
