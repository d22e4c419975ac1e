"""What the closed profile does not know opens nothing, whatever else was said."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, Graph, Literal, URIRef

from databackpack import ontology
from databackpack.ontology.namespaces import BP, ODRL
from databackpack.service.policy import jurisdiction, profile
from databackpack.service.policy.decide import decide
from databackpack.service.policy.model import Jurisdiction, Level, Statement
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.records.description import Description
from databackpack.service.records.terms import to_triples
from tests.policy import words
from tests.policy.words import ASKED, AUDIENCE, DAY, NOON

UNKNOWN = URIRef("https://example.org/unknown")
PLACES = [jurisdiction.read(name) for name in ontology.jurisdictions()]
BY_CONSENT = jurisdiction.read("us-parental-authorization")
"""Here a state agency has progress by consent only."""
SAID = words.statement(until=NOON, purpose=ASKED)

# A node of the policy and what is unknown there: read as nothing at all.
UNREADABLE = [
    ("", ODRL.profile),
    ("", ODRL.conflict),
    ("action", RDF.value),
    ("level", ODRL.leftOperand),
    ("level", ODRL.operator),
    ("level", ODRL.rightOperand),
    ("purpose", ODRL.leftOperand),
    ("purpose", ODRL.operator),
    ("from", ODRL.leftOperand),
    ("from", ODRL.operator),
    ("until", ODRL.operator),
]
# Read, but as words on nothing or to nobody.
UNHEARD = [("target", BP.hasCategory), ("rule", ODRL.assignee), ("purpose", ODRL.rightOperand)]

NODES = ["", "rule", "target", "action", "level", "purpose", "from", "until"]
MORE = [
    ODRL.duty,
    ODRL.consequence,
    ODRL.remedy,
    ODRL.obligation,
    ODRL.inheritFrom,
    ODRL.function,
    ODRL.unit,
    ODRL.dataType,
    UNKNOWN,
]


def node(said: Statement, name: str) -> URIRef:
    return URIRef(f"{said.iri}#{name}") if name else said.iri


def with_unknown(said: Statement, name: str, predicate: URIRef) -> Graph:
    """Return the policy of *said* with an unknown term in place of what *predicate* says."""
    graph = profile.write(said)
    graph.remove((node(said, name), predicate, None))
    graph.add((node(said, name), predicate, UNKNOWN))
    return graph


@pytest.mark.parametrize(("name", "predicate"), UNREADABLE)
def test_a_policy_with_an_unknown_term_is_unreadable(name: str, predicate: URIRef) -> None:
    with pytest.raises(UnreadablePolicy):
        profile.read(with_unknown(SAID, name, predicate), SAID.iri)


@pytest.mark.parametrize("predicate", MORE)
@pytest.mark.parametrize("name", NODES)
def test_a_policy_that_says_more_than_the_profile_is_unreadable(
    name: str, predicate: URIRef
) -> None:
    for value in (UNKNOWN, Literal("unknown")):
        graph = profile.write(SAID)
        graph.add((node(SAID, name), predicate, value))
        for said in (graph, Description(to_triples(graph))):
            with pytest.raises(UnreadablePolicy, match=r"unknown|which the profile does not have"):
                profile.read(said, SAID.iri)


@st.composite
def permissions(draw: st.DrawFn) -> Statement:
    """Give permissions that have all the nodes a policy can have."""
    said = draw(words.near())
    return replace(
        said,
        level=draw(st.sampled_from([Level.AGGREGATE, Level.DEIDENTIFIED, Level.FULL])),
        purpose=said.purpose or ASKED,
        until=said.until or NOON + DAY,
    )


@given(
    st.lists(words.near(), max_size=4),
    permissions(),
    st.sampled_from([*UNREADABLE, *UNHEARD]),
    st.sampled_from(PLACES),
)
def test_an_unknown_term_never_raises_a_level(
    said: list[Statement], more: Statement, unknown: tuple[str, URIRef], place: Jurisdiction
) -> None:
    try:
        read = [profile.read(with_unknown(more, *unknown), more.iri)]
    except UnreadablePolicy:
        read = []  # then the dossier opens nothing to anybody, which is less than this
    before = decide(said, place, AUDIENCE, ASKED, NOON)
    after = decide([*said, *read], place, AUDIENCE, ASKED, NOON)
    assert all(after[category].level <= made.level for category, made in before.items())


@pytest.mark.parametrize(("name", "predicate"), UNHEARD)
def test_what_is_unknown_opens_nothing_where_the_known_would(name: str, predicate: URIRef) -> None:
    said = words.statement(purpose=ASKED)
    assert decide([said], BY_CONSENT, AUDIENCE, ASKED, NOON)[said.category].level is Level.FULL
    read = profile.read(with_unknown(said, name, predicate), said.iri)
    silent = decide([], BY_CONSENT, AUDIENCE, ASKED, NOON)
    assert decide([read], BY_CONSENT, AUDIENCE, ASKED, NOON) == silent
