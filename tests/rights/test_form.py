"""Agreements by a form: filled in, it is the agreement; each mistake is told by field and rule."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.compare import to_isomorphic

from databackpack.loaders.record import organization_iri
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, ID, SKOS
from databackpack.service.policy.refusal import InvalidConsent, NotSettable, Refused
from databackpack.service.records.graphs import AGREEMENTS
from databackpack.service.records.truth import Change
from databackpack.service.rights import agreements, form
from tests.rights.test_agreements import TEXT
from tests.running import Running

KINDS = [str(vocabulary().value(iri, SKOS.notation)) for iri in concepts(BP.AgreementKindScheme)]

FILLED = """\
name: sample-study
title: Sample study of moving between schools
kind: study
audience: researcher-persistence
purpose: [AcademicResearch]
scope: >-
  Attendance and progress of learners of the northern district,
  to improve instruction
information: [attendance, progress]
organizations: [north]
level: deidentified
group-size:
noise-budget: ~
start: 2026-11-01
end: 2027-06-30
destruction: 2027-12-31
representative: Sample Principal Investigator
"""


@pytest.fixture(autouse=True)
def _as_it_was(sample: Running) -> Iterator[None]:
    yield
    if sample.context.truth.triples(AGREEMENTS):
        sample.context.truth.commit([Change(AGREEMENTS, [])])


def read(sample: Running, text: str) -> Graph:
    return form.read(text.encode(), sample.context.truth)


def refusal(sample: Running, text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        agreements.add(sample.context.views, read(sample, text))
    assert not sample.context.truth.triples(AGREEMENTS)
    return refused.value


def test_a_form_says_what_the_same_agreement_in_turtle_says(sample: Running) -> None:
    turtle = Graph().parse(data=TEXT, format="turtle")
    written = read(sample, FILLED)
    for predicate in (BP.validFrom, BP.validUntil):  # Z and +00:00 are the same moment
        one, other = (next(graph.objects(None, predicate)) for graph in (written, turtle))
        assert isinstance(one, Literal)
        assert one.eq(other)
        for graph in (written, turtle):
            graph.remove((None, predicate, None))
    assert to_isomorphic(written) == to_isomorphic(turtle)


def test_a_form_with_group_size_and_noise_budget_is_put_on_record(sample: Running) -> None:
    text = FILLED.replace("group-size:", "group-size: 12").replace("budget: ~", "budget: 2.5")
    agreements.add(sample.context.views, read(sample, text))
    (one,) = agreements.on_record(sample.context.truth)
    assert one == agreements.named(sample.context.truth, "sample-study")
    assert one.agreement.minimum_group_size == 12
    assert one.agreement.noise_budget == 2.5
    assert one.agreement.organizations == {organization_iri("north")}
    assert one.scope.startswith("Attendance and progress")


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_of_each_kind_filled_in_is_that_agreement(sample: Running, kind: str) -> None:
    text = form.template(kind)
    values = dict(re.findall(r"^([a-z-]+):[ ]?([^\n>]+)$", FILLED, re.MULTILINE))
    values["scope"] = "Attendance and progress"
    values["kind"] = kind
    for name, value in values.items():
        text, count = re.subn(rf"(?m)^{name}:.*$", f"{name}: {value}", text)
        assert count == 1, name
    graph = read(sample, text)
    (iri,) = graph.subjects(RDF.type, BP.Agreement)
    assert iri == ID["agreement/sample-study"]
    assert str(vocabulary().value(graph.value(iri, BP.hasAgreementKind), SKOS.notation)) == kind


def test_a_template_that_nobody_filled_in_tells_of_every_field_that_must_be(
    sample: Running,
) -> None:
    refused = refusal(sample, form.template("study"))
    told = str(refused)
    for name in ("name", "title", "audience", "purpose", "scope", "information", "level"):
        assert re.search(rf"(?m)^{name} \(line \d+\): ", told), name
    for name in ("start", "end", "destruction", "representative"):
        assert re.search(rf"(?m)^{name} \(line \d+\): ", told), name
    for name in ("kind", "organizations", "group-size", "noise-budget"):
        assert f"\n{name} (" not in told
    assert "99.31(a)(6)(iii)(C)" in told


def test_a_kind_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(Refused, match="StudyAgreement"):
        form.template("handshake")


MUST = {
    "title": "Agreement-rdfs_label",
    "kind": "Agreement-bp_hasAgreementKind",
    "audience": "Agreement-bp_isAgreementOf",
    "purpose": "Agreement-bp_hasPurpose",
    "information": "Agreement-bp_hasCategory",
    "level": "Agreement-bp_grantsLevel",
    "start": "Agreement-bp_validFrom",
    "end": "Agreement-bp_validUntil",
    "destruction": "Agreement-bp_destroyBy",
    "representative": "Agreement-bp_representative",
}


@pytest.mark.parametrize("name", MUST)
def test_a_field_that_is_missing_or_empty_is_told_by_its_name_and_rule(
    sample: Running, name: str
) -> None:
    without = re.sub(rf"(?m)^{name}:.*\n", "", FILLED)
    refused = refusal(sample, without)
    assert refused.rule == MUST[name]
    assert f"{name} (missing): " in str(refused)
    line = FILLED.splitlines().index(re.findall(rf"(?m)^{name}:.*$", FILLED)[0]) + 1
    for empty in ("", "~", "[]", "''"):
        refused = refusal(sample, re.sub(rf"(?m)^{name}:.*$", f"{name}: {empty}", FILLED))
        assert refused.rule == MUST[name]
        assert f"{name} (line {line}): " in str(refused)


WRONG: list[tuple[str, str, type[Refused], str, str]] = [
    ("AcademicResearch", "AcademicReserch", InvalidConsent, "purpose (line 5)", "AcademicResearch"),
    ("AcademicResearch", "Marketing", NotSettable, "99.33", "Nobody"),
    ("progress]", "progres]", InvalidConsent, "information (line 9)", "progress"),
    ("[north]", "[norht]", InvalidConsent, "organizations (line 10)", "north"),
    ("-persistence", "-persistance", InvalidConsent, "bp_isAgreementOf", "researcher-persistence"),
    ("researcher-persistence", "a b", InvalidConsent, "audience (line 4)", "backpack audience"),
    ("deidentified", "none", InvalidConsent, "level (line 11)", "Aggregate, De-identified or Full"),
    ("deidentified", "everything", InvalidConsent, "level (line 11)", "DeIdentified"),
    ("end: 2027-06-30", "end: 2026-06-30", InvalidConsent, "start (line 14)", "ends after"),
    ("end: 2027-06-30", "end: soon", InvalidConsent, "end (line 15)", "2027-06-30"),
    ("end: 2027-06-30", "end: 2027-06-30T12:00:00", InvalidConsent, "end (line 15)", "time zone"),
    ("2027-12-31", "2027-06-29", InvalidConsent, "Agreement-bp_destroyBy", "not before the end"),
    ("2027-12-31", "2027-13-31", InvalidConsent, "destruction (line 16)", "no day"),
    ("group-size:", "group-size: 9", InvalidConsent, "Agreement-bp_minimumGroupSize", "10 or more"),
    ("group-size:", "group-size: few", InvalidConsent, "group-size (line 12)", "such as 10"),
    ("budget: ~", "budget: -1", InvalidConsent, "noise-budget (line 13)", "above 0"),
    ("sample-study", "Sample Study", InvalidConsent, "name (line 1)", "small letters"),
    ("study\naud", "[study, audit]\naud", InvalidConsent, "kind (line 3)", "one value"),
    ("level:", "levels:", InvalidConsent, "levels (line 11)", "level"),
    ("level: deidentified", "kind: study", InvalidConsent, "form", "Line 11: kind is there twice"),
    ("[north]", "{north: 1}", InvalidConsent, "form", "Line 10"),
    ("level:", "? [level]\n:", InvalidConsent, "form", "Line 11: a field has one word"),
    ("[north]", "[" * 600, InvalidConsent, "form", "cannot be read as YAML"),
    ("[north]", "[north", InvalidConsent, "form", "cannot be read as YAML"),
    (FILLED, "a study", InvalidConsent, "form", "field: value"),
    (FILLED, "", InvalidConsent, "form", "field: value"),
]


@pytest.mark.parametrize(("part", "other", "kind", "place", "told"), WRONG)
def test_what_is_wrong_is_told_with_its_place_and_what_to_write(
    sample: Running, part: str, other: str, kind: type[Refused], place: str, told: str
) -> None:
    assert part in FILLED
    refused = refusal(sample, FILLED.replace(part, other, 1))
    assert isinstance(refused, kind)
    assert place in str(refused)
    assert told in str(refused)


def test_a_form_that_is_no_text_is_refused(sample: Running) -> None:
    with pytest.raises(InvalidConsent, match=r"not in UTF-8 \(byte 3\)"):
        form.read(b"ab\xff", sample.context.truth)


@given(text=st.text(alphabet=":-[]{}'\"\n #&*!|>%@`?,ab1~", max_size=60))
def test_any_text_is_read_or_refused(sample: Running, text: str) -> None:
    with pytest.raises(InvalidConsent):
        form.read(text.encode(), sample.context.truth)


def test_an_organisation_that_nobody_knows_is_refused_in_turtle_too(sample: Running) -> None:
    north = local_name(organization_iri("north"))
    for other, told in (("00000000-0000-5000-8000-000000000001", "north is "), (north, "")):
        graph = agreements.parse(TEXT.replace(north, other).encode())
        if told:
            with pytest.raises(InvalidConsent, match=told):
                agreements.add(sample.context.views, graph)
        else:
            assert agreements.add(sample.context.views, graph) > 0


@pytest.mark.parametrize(
    ("iri", "told"),
    [("https://w3id.org/dpv#AcademicReserch", "AcademicResearch"), ("urn:x:nothing", "there is")],
)
def test_a_purpose_that_nobody_knows_is_refused_with_the_nearest(
    sample: Running, iri: str, told: str
) -> None:
    graph = agreements.parse(TEXT.replace("dpv:AcademicResearch", f"<{iri}>").encode())
    with pytest.raises(InvalidConsent, match=told) as refused:
        agreements.add(sample.context.views, graph)
    assert refused.value.rule == "Agreement-bp_hasPurpose"
    assert isinstance(next(graph.objects(None, BP.hasPurpose)), URIRef)
