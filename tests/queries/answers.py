"""Answers of the catalogue, made comparable: what is random in a run replaced by what is not."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256

from rdflib import URIRef
from werkzeug.test import TestResponse

from databackpack import queries
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.demo import PERSONAS as DEMO_PERSONAS
from databackpack.service.records.graphs import CODES, IDENTITY
from tests.running import Running

__all__ = ["PERSONAS", "ask", "examples", "may_ask", "role", "rows", "stable"]

PERSONAS = {
    **DEMO_PERSONAS,
    "club": "provider-afterbell",
    "learner": "learner state:S000038",
    "registrar": "registrar-elm",
    "tutor": "provider-lantern",
}
"""Persona → its audience, in the words of `tests.running`: at least one for each role."""

_RANDOM = re.compile(rf"{re.escape(str(ID))}(?:learner|item|code)/[0-9a-f-]{{36}}")
_ACCEPT = "application/sparql-results+json, application/n-triples;q=0.5"


def may_ask(persona: str, question: str) -> bool:
    """Tell whether the role of *persona* is among those of *question*."""
    return role(persona) in queries.read(question).roles


def role(persona: str) -> str:
    """Return the audience role of *persona*."""
    name = PERSONAS[persona]
    roles = [found for found in map(local_name, concepts(BP.AudienceRoleScheme)) if found in name]
    return max(roles, key=len)


def examples(question: str) -> dict[str, str]:
    """Return the example of each parameter of *question*."""
    return {parameter.name: parameter.example for parameter in queries.read(question).parameters}


def ask(running: Running, persona: str, question: str, **values: str) -> TestResponse:
    """Return the response to *persona* asking *question*."""
    headers = running.headers(PERSONAS[persona], _ACCEPT)
    address = f"/questions/{question}"
    return running.app.test_client().get(address, query_string=values, headers=headers)


def rows(running: Running, persona: str, question: str, **values: str) -> list[dict[str, str]]:
    """Return the solutions as plain texts, in the order in which they came."""
    response = ask(running, persona, question, **values)
    assert response.status_code == 200, response.text
    found = json.loads(response.text)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in found]


def stable(running: Running, persona: str, response: TestResponse) -> str:
    """Return the body with every random IRI replaced and its lines sorted.

    A learner, or the code that stands for one, is known by the state's identifier; an item of a
    graph by what is said of it.
    """
    known = _known(running, persona)
    body = _RANDOM.sub(lambda found: known.get(found[0], "urn:item"), response.text)
    if response.mimetype == "application/n-triples":
        return _graph(response.text, known)
    answer = json.loads(body)
    solutions = sorted(json.dumps(row, sort_keys=True) for row in answer["results"]["bindings"])
    head = json.dumps(answer["head"])
    return f'{{"head": {head}, "results": {{"bindings": [\n' + ",\n".join(solutions) + "\n]}}\n"


def _known(running: Running, persona: str) -> Mapping[str, str]:
    truth, name = running.context.truth, running.audience(PERSONAS[persona])
    learners = {
        str(iri): key.removeprefix("learner state:")
        for iri, key in truth.pairs(IDENTITY, BP.personKey)
        if key.startswith("learner ")
    }
    codes = truth.pairs(URIRef(f"{CODES}/{name}"), BP.hasReleaseCode)
    return {
        **{iri: f"urn:learner:{key}" for iri, key in learners.items()},
        **{code: f"urn:code:{learners[str(iri)]}" for iri, code in codes if str(iri) in learners},
    }


def _graph(text: str, known: Mapping[str, str]) -> str:
    said = defaultdict(list)
    for line in text.splitlines():
        subject, _, rest = line.partition(" ")
        said[subject].append(_RANDOM.sub(lambda found: known.get(found[0], "item"), rest))
    names = dict(known)
    for subject, lines in said.items():
        digest = sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]
        names.setdefault(subject.strip("<>"), f"urn:item:{digest}")
    assert len(set(names.values())) == len(names), "two items of which the same is said"
    named = _RANDOM.sub(lambda found: names[found[0]], text)
    return "\n".join(sorted(named.splitlines())) + "\n"
