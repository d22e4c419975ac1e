"""The evaluator in Cedar: a level is an action, and the level seen is the highest one allowed.

The policies are those of ``policytext``, made anew for each case. Who works under agreements asks
under each by itself, and sees what the best of them gives.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

import cedarpy
from rdflib import Graph, URIRef

from databackpack import ontology
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, SKOS
from tests.evaluators import policytext
from tests.evaluators.case import Answers, Case, Key, Request
from tests.evaluators.policytext import LEVELS, Ground

__all__ = ["evaluate"]

NO_AGREEMENT = "nothing"
Edit = Callable[[str], str]


def evaluate(cases: Sequence[Case], edit: Edit = str) -> Answers:
    """Return what Cedar answers on *cases*; *edit* changes the text of the policies first."""
    found: dict[Key, int] = {}
    entities = _entities(cases)
    grounds: dict[Ground, cedarpy.PolicySet] = {}
    for number, case in enumerate(cases):
        ground = Ground.of(case)
        if ground not in grounds:
            text = "\n".join(policytext.law(ground))
            grounds[ground] = cedarpy.PolicySet.from_str(edit(text))
        policies = grounds[ground]
        words = "\n".join(policytext.words(case.statements, ground))
        if words:
            policies = policies.with_added_str(edit(words))
        for place, request in enumerate(case.requests):
            ranks = [
                _ranks(request, under, case.categories, policies, entities)
                for under in [str(a.iri) for a in request.audience.agreements] or [NO_AGREEMENT]
            ]
            for category in map(str, case.categories):
                found[number, place, category] = max(given[category] for given in ranks)
    return found


def _ranks(
    request: Request,
    under: str,
    categories: Sequence[URIRef],
    policies: cedarpy.PolicySet,
    entities: cedarpy.Entities,
) -> dict[str, int]:
    """Return the rank of the highest level allowed *under* an agreement, by two questions."""
    moment = {"__extn": {"fn": "datetime", "arg": policytext.instant(request.moment)}}
    context = json.dumps(
        {
            "now": moment,
            "purpose": {"__entity": _entity(request.purpose)},
            "under": {"__entity": _entity(under, "Scope")},
        }
    )

    def ask(ranks: dict[str, int]) -> list[bool]:
        asked = [
            {
                "principal": _entity(request.audience.iri, "Party"),
                "action": _entity(LEVELS[rank], "Action"),
                "resource": _entity(category, "Category"),
                "context": context,
            }
            for category, rank in ranks.items()
        ]
        answers = cedarpy.is_authorized_batch(asked, policies, entities)
        errors = [error for answer in answers for error in answer.diagnostics.errors]
        assert not errors, errors
        return [answer.allowed for answer in answers]

    middle = {str(category): 2 for category in categories}
    ends = {
        category: 3 if allowed else 1 for category, allowed in zip(middle, ask(middle), strict=True)
    }
    return {
        category: rank if allowed else rank - 1
        for (category, rank), allowed in zip(ends.items(), ask(ends), strict=True)
    }


def _entities(cases: Sequence[Case]) -> cedarpy.Entities:
    """Return audiences, each in its role, purposes, each in the wider ones, and categories.

    A category is in the scope of each rule, agreement and emergency that names it.
    """
    asking = {request.audience for case in cases for request in case.requests}
    grounds = {Ground.of(case) for case in cases}
    found = [
        {
            "uid": _entity(audience.iri, "Party"),
            "attrs": {"purposes": [{"__entity": _entity(p)} for p in sorted(audience.purposes)]},
            "parents": [_entity(audience.role, "Party")],
        }
        for audience in sorted(asking, key=lambda audience: audience.iri)
    ]
    for purpose, wider in _hierarchy().items():
        parents = [_entity(parent) for parent in wider]
        found.append({"uid": _entity(purpose), "attrs": {}, "parents": parents})
    for category in concepts(BP.CategoryScheme):
        parents = [_entity(rule, "Scope") for rule in policytext.scopes(category, grounds)]
        found.append({"uid": _entity(category, "Category"), "attrs": {}, "parents": parents})
    return cedarpy.Entities.from_json_str(json.dumps(found))


@cache
def _hierarchy() -> dict[str, list[str]]:
    text = files(ontology.__name__).joinpath("purpose.ttl").read_text(encoding="utf-8")
    graph = Graph().parse(data=text, format="turtle")
    purposes = sorted(str(purpose) for purpose in set(graph.subjects(SKOS.broader)))
    return {p: sorted(str(w) for w in graph.objects(URIRef(p), SKOS.broader)) for p in purposes}


def _entity(iri: str, kind: str = "Purpose") -> dict[str, str]:
    return {"type": kind, "id": iri}
