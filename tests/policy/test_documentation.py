"""The page on the policy language: every term of the profile, and examples that hold."""

import re
from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import SH

from databackpack import ontology, shapes
from databackpack.ontology.namespaces import BP, DCTERMS, ODRL, PREFIXES
from databackpack.service.policy import profile
from databackpack.service.policy.model import Level
from databackpack.shapes.files import policy_shapes

PAGE = (Path(__file__).parents[2] / "docs" / "odrl-profile.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```turtle\n(.*?)```", PAGE, re.DOTALL)
ROWS = dict(re.findall(r"^\| `(\w+:\w+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE))


def curie(term: URIRef) -> str:
    """Return *term* under the prefix that the project's files use."""
    prefix, namespace = next((p, n) for p, n in PREFIXES.items() if term.startswith(str(n)))
    return f"{prefix}:{term.removeprefix(str(namespace))}"


def test_every_term_of_the_profile_has_its_row() -> None:
    terms = {
        curie(URIRef(str(t))) for t in ontology.graph().objects(BP.OdrlProfile, DCTERMS.requires)
    }
    assert terms
    assert terms <= set(ROWS)


def test_every_property_that_the_shapes_let_through_has_its_row() -> None:
    graph = policy_shapes()
    paths = {curie(path) for path in graph.objects(None, SH.path) if isinstance(path, URIRef)}
    assert paths - {"rdf:type", "rdf:value"} <= set(ROWS)


def test_no_row_is_about_a_term_that_the_shapes_and_examples_do_not_have() -> None:
    used = {
        curie(term)
        for graph in (policy_shapes(), *(Graph().parse(data=e, format="turtle") for e in EXAMPLES))
        for triple in graph
        for term in triple
        if isinstance(term, URIRef) and any(term.startswith(str(n)) for n in PREFIXES.values())
    }
    assert set(ROWS) <= used


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_conforms_and_is_read(example: str) -> None:
    graph = Graph().parse(data=example, format="turtle")
    assert shapes.validate_policy(graph).text() == "Nothing to correct."
    (policy,) = graph.subjects(RDF.type, ODRL.Agreement)
    said = profile.read(graph, URIRef(str(policy)))
    assert said.level in (Level.FULL, Level.NONE)


def test_there_is_an_example_of_either_kind() -> None:
    assert len(EXAMPLES) == 2
    assert {"odrl:permission" in example for example in EXAMPLES} == {True, False}
