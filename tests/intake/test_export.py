"""Export, import, export: the same bytes, in every format; and nothing comes in by the way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.loaders import oneroster, sample
from databackpack.ontology.namespaces import BP, BPC, ID
from databackpack.service.export import (
    everything_of,
    everything_of_school,
    everything_public,
    save,
)
from databackpack.service.intake import take_in
from databackpack.service.intake.importing import Outcome, bring_in
from databackpack.service.intake.run import InputFile, Run
from databackpack.service.policy import jurisdiction
from databackpack.service.policy.model import Level
from databackpack.service.records import disclosures
from databackpack.service.records.export import Unit
from databackpack.service.records.graphs import (
    AUDIENCES,
    INDEX,
    JOURNAL,
    REGISTRY,
    emergency_graph,
    policy_graph,
    quarantine_graph,
)
from databackpack.service.records.identity import Identities, keys_of
from databackpack.service.records.terms import node, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views.exposure import Exposures, Part
from databackpack.service.views.registry import Views
from tests.intake.test_merging import EMPTY, YESTERDAY, State, small_world, word
from tests.oracle.world import NOW

TODAY = date(2026, 11, 23)
SUFFIX = {"nquads": ".nq", "turtle": ".ttl", "jsonld": ".jsonld"}


@dataclass(frozen=True)
class Held:
    """A store over a small sample, with the learner whose family said most."""

    truth: TruthStore
    learner: URIRef
    school: str


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    folder = tmp_path_factory.mktemp("export")
    sample.write(folder, learners=24, today=TODAY)
    truth = TruthStore(None, lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
    run = Run(truth, "oneroster", [InputFile("users.csv", "0" * 64, 5)])
    report = take_in(truth, oneroster.read(folder, Identities(truth).mint), run=run)
    run.end()
    assert report.is_clean
    learners = sorted(URIRef(one) for _, one in truth.pairs(INDEX, BP.isRecordOf))
    most = max(learners, key=lambda one: (len(truth.triples(policy_graph(one))), one))
    (school, *_) = sorted(
        code
        for holder, code in truth.pairs(REGISTRY, BP.organizationCode)
        if list(truth.subjects(INDEX, BP.isHeldBy, holder))
    )
    return Held(truth, most, school)


def exported(units: Iterable[Unit], form: str, folder: Path, name: str = "export") -> Path:
    file = folder / f"{name}{SUFFIX[form]}"
    save(units, form, file)
    return file


def quads(truth: TruthStore) -> set[ox.Quad]:
    own = {str(JOURNAL), str(AUDIENCES)}
    return {quad for quad in truth._store if getattr(quad.graph_name, "value", "") not in own}


def public_quads(truth: TruthStore) -> set[ox.Quad]:
    return {q for unit in everything_public(truth) for q in _quads(unit)}


def _quads(unit: Unit) -> set[ox.Quad]:
    return {
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(str(name)))
        for name, triples in unit
        for t in triples
    }


WHAT: dict[str, Callable[[Held, TruthStore], Iterable[Unit]]] = {
    "learner": lambda held, truth: everything_of(truth, held.learner),
    "school": lambda held, truth: everything_of_school(truth, held.school),
    "public": lambda _, truth: everything_public(truth),
}


@pytest.mark.parametrize("form", SUFFIX)
@pytest.mark.parametrize("what", WHAT)
def test_what_is_exported_imported_and_exported_again_is_the_same_bytes(
    held: Held, what: str, form: str, tmp_path: Path
) -> None:
    file = exported(WHAT[what](held, held.truth), form, tmp_path)
    other = TruthStore()
    outcome = bring_in(other, file)
    assert outcome.problems == []
    wanted = {quad for unit in WHAT[what](held, held.truth) for quad in _quads(unit)}
    if what != "public":
        assert quads(other) == wanted
    again = exported(WHAT[what](held, other), form, tmp_path, "again")
    assert again.read_bytes() == file.read_bytes()
    epoch = other.epoch
    second = bring_in(other, file)
    assert (second.problems, second.learners, other.epoch) == ([], 0, epoch)
    assert file.stat().st_mode & 0o777 == 0o600


def lines_of(held: Held, tmp_path: Path) -> list[str]:
    """Return the export of the learner as N-Quads, line by line."""
    return (
        exported(everything_of(held.truth, held.learner), "nquads", tmp_path)
        .read_text()
        .splitlines()
    )


def brought(
    lines: Iterable[str], tmp_path: Path, suffix: str = ".nq"
) -> tuple[TruthStore, Outcome]:
    file = tmp_path / f"bad{suffix}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    truth = TruthStore()
    return truth, bring_in(truth, file)


OTHER = "https://w3id.org/databackpack/id/learner/00000000-0000-4000-8000-000000000001"


def record_lines(lines: list[str]) -> list[str]:
    """Return the lines of one attendance or progress record."""
    return [line for line in lines if line.endswith("/progress> .")]


def names_another(lines: list[str]) -> list[str]:
    graph = record_lines(lines)[0].rsplit("<", 1)[1]
    return [*lines, f'<{OTHER}> <https://schema.org/givenName> "Eve" <{graph}']


def of_another(lines: list[str]) -> list[str]:
    first = next(line for line in record_lines(lines) if "isRecordOf" in line)
    return [line for line in lines if line != first] + [
        f"{first.split(' ', 1)[0]} <{BP.isRecordOf}> <{OTHER}> <{first.rsplit('<', 1)[1]}"
    ]


def with_blank_node(lines: list[str]) -> list[str]:
    first = record_lines(lines)[0]
    subject, graph = first.split(" ", 1)[0], first.rsplit("<", 1)[1]
    return [*lines, f"{subject} <{BP.comment}> _:b <{graph}"]


def without_a_record(lines: list[str]) -> list[str]:
    gone = set(record_lines(lines))
    return [line for line in lines if line not in gone]


def with_an_unknown_value(lines: list[str]) -> list[str]:
    return [line.replace("/mastery#", "/mastery#No") for line in lines]


def with_another_name_of_graph(lines: list[str]) -> list[str]:
    return [
        line.replace("/progress>", "/attendance>") if "/graph/" in line else line for line in lines
    ]


def without_organisations(lines: list[str]) -> list[str]:
    return [line for line in lines if "/graph/registry>" not in line]


def with_a_duty(lines: list[str]) -> list[str]:
    found = next(line for line in lines if "/graph/policy/" in line and "odrl/2/assignee" in line)
    return [*lines, found.replace("odrl/2/assignee", "odrl/2/duty")]


def with_another_guardianship(lines: list[str]) -> list[str]:
    return [
        f"{line.split(' ', 1)[0]} <{BP.isGuardianshipOf}> <{OTHER}> <{line.rsplit('<', 1)[1]}"
        if "isGuardianshipOf" in line
        else line
        for line in lines
    ]


def mixed(lines: list[str]) -> list[str]:
    """Return *lines* with one record that the index gives to another learner."""
    first = next(one for one in lines if "isRecordOf" in one and "/graph/index>" in one)
    return [line.replace(held_by(line), OTHER) if line == first else line for line in lines]


def held_by(line: str) -> str:
    return line.split("<")[3].split(">")[0]


BAD_LEARNER: dict[str, tuple[Callable[[list[str]], list[str]], str, str]] = {
    "another learner's subject": (names_another, "foreign subject", OTHER),
    "an item of another learner": (of_another, "foreign subject", "not of this record"),
    "a blank node": (with_blank_node, "blank node", "/progress"),
    "a record that is missing": (without_a_record, "missing record", "/progress"),
    "a value that the shapes refuse": (with_an_unknown_value, "bp_hasMasteryLevel", ""),
    "an unknown holder": (without_organisations, "unknown organisation", "/id/organization/"),
    "a duty in a policy": (with_a_duty, "policy", "/graph/policy/"),
    "a guardianship of another": (
        with_another_guardianship,
        "foreign subject",
        "/graph/guardianship/",
    ),
    "records that the index gives to another": (mixed, "graph name", OTHER),
}


@pytest.mark.parametrize("case", BAD_LEARNER)
def test_a_learner_with_a_fault_is_kept_out_as_a_whole(
    held: Held, case: str, tmp_path: Path
) -> None:
    spoil, rule, place = BAD_LEARNER[case]
    good = lines_of(held, tmp_path)
    spoilt = spoil(good)
    assert spoilt != good
    truth, outcome = brought(spoilt, tmp_path)
    told = [str(problem) for problem in outcome.problems]
    assert any(rule in line and place in line and "bad.nq" in line for line in told), told
    assert outcome.learners == 0
    assert not list(truth.subjects(None, BP.isRecordOf, held.learner))
    assert not truth.triples(policy_graph(held.learner))


@pytest.mark.parametrize(
    ("suffix", "text", "rule", "place"),
    [
        (".nq", '<urn:a> <urn:b> <urn:c> <urn:g> .\n<urn:a> <urn:b> "tr', "unreadable", ".nq:2"),
        (".nq", "<urn:a> <urn:b> <urn:c> .", "no graph", "urn:a"),
        (".nq", "<urn:a> <urn:b> <urn:c> <urn:g> .", "graph name", "urn:g"),
        (".nq", f"<urn:a> <urn:b> <urn:c> <{JOURNAL}> .", "graph name", str(JOURNAL)),
        (".nq", "<urn:a> <urn:b> <urn:c> _:g .", "graph name", ""),
        (".ttl", "<urn:a> <urn:b> <urn:c> .", "no graph", "urn:a"),
        (".ttl", f"<urn:a> <urn:b> 1 ; <{BP.isInGraph}> <{JOURNAL}> .", "graph name", str(JOURNAL)),
        (".ttl", "@prefix a: <urn:a> . a:b a:c", "unreadable", ".ttl:2"),
        (
            ".jsonld",
            '{"@context": "https://example.org/c", "@id": "urn:a"}',
            "unreadable",
            "context",
        ),
        (".jsonld", '[{"@id": "urn:g", "@graph": [', "unreadable", ".jsonld:"),
        (
            ".jsonld",
            '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            "unreadable",
            "",
        ),
        (".xml", "<a/>", "unreadable", "name the file"),
        (".nq", "\\ufeff<urn:a>\\r<urn:b>", "unreadable", ".nq:1"),
    ],
)
def test_a_file_that_is_no_export_is_told_with_its_place(
    suffix: str, text: str, rule: str, place: str, tmp_path: Path
) -> None:
    truth, outcome = brought([text], tmp_path, suffix)
    told = [str(problem) for problem in outcome.problems]
    assert any(f": {rule}: " in line and place in line for line in told), told
    assert truth.epoch == 0


def test_the_rest_of_a_file_with_a_strange_graph_is_taken(held: Held, tmp_path: Path) -> None:
    lines = [*lines_of(held, tmp_path), f"<urn:a> <urn:b> <urn:c> <{JOURNAL}> ."]
    truth, outcome = brought([*lines, *lines[:5]], tmp_path)
    assert [problem.rule for problem in outcome.problems] == ["graph name"]
    assert outcome.learners == 1
    assert len(list(truth.subjects(INDEX, BP.isRecordOf, held.learner))) == len(
        list(held.truth.subjects(INDEX, BP.isRecordOf, held.learner))
    )


def test_an_older_export_brings_no_withdrawn_consent_back(held: Held, tmp_path: Path) -> None:
    lines = lines_of(held, tmp_path)
    truth, outcome = brought(lines, tmp_path)
    assert outcome.problems == []
    name = policy_graph(held.learner)
    later = ox.Triple(ox.NamedNode("urn:event"), ox.NamedNode("urn:said"), ox.Literal("later"))
    truth.commit([Change(name, truth.triples(name) | {later}, learner=held.learner)])
    before = quads(truth)
    again = bring_in(truth, tmp_path / "bad.nq")
    assert [problem.rule for problem in again.problems] == ["held already"]
    assert quads(truth) == before


def test_an_identifier_that_is_somebody_elses_here_keeps_the_learner_out(
    held: Held, tmp_path: Path
) -> None:
    (key, *_) = keys_of(held.truth, held.learner)
    file = exported(everything_of(held.truth, held.learner), "nquads", tmp_path)
    truth = TruthStore()
    Identities(truth).mint("learner", key)
    outcome = bring_in(truth, file)
    assert [problem.rule for problem in outcome.problems] == ["identifier in use"]
    assert outcome.learners == 0


@pytest.mark.parametrize("form", SUFFIX)
def test_a_merged_learner_with_all_that_a_store_holds_comes_back_with_it(
    form: str, tmp_path: Path
) -> None:
    state = State(
        small_world(
            word(1, "full", "provider-tutor", YESTERDAY), word(2, "none", "teacher", YESTERDAY)
        )
    )
    truth, first = state.truth, state.first
    audience = state.views.audience("state-agency-state")
    (purpose,) = audience.purposes
    exposures = Exposures(truth, audience, purpose)
    exposures.begin({state.second: frozenset({Part(BPC.progress, Level.FULL, BP.AuditEvaluation)})})
    request = disclosures.Request("Somebody", audience.iri, purpose, NOW, "SELECT * {}")
    entry = disclosures.begin(truth, request)
    disclosures.end(
        truth, entry, disclosures.Outcome("answered", NOW, truth.epoch, exposures.state)
    )
    emergency = Graph()
    for predicate, value in (
        (RDF.type, BP.Emergency),
        (BP.opensTo, audience.iri),
        (BP.hasCategory, BPC.progress),
        (BP.threat, Literal("Invented", lang="en-us")),
        (BP.validFrom, Literal("2026-01-01T00:00:00Z", datatype=XSD.dateTime)),
        (BP.validUntil, Literal("2026-01-02T00:00:00+02:00", datatype=XSD.dateTime)),
    ):
        emergency.add((ID["emergency/1"], predicate, value))
    truth.commit(
        [Change(emergency_graph(state.second), to_triples(emergency), learner=state.second)]
    )
    kept = quarantine_graph("00000000-0000-4000-8000-000000000003")
    ill_typed = [
        ox.Triple(node(kept), node(BP.isKeptOutOf), node(state.second)),
        ox.Triple(node(kept), node(BP.recordText), ox.Literal('<urn:a> <urn:b> "x"^^<urn:no> .')),
        ox.Triple(node(kept), node(BP.eventDate), ox.Literal("31.12.", datatype=node(XSD.date))),
    ]
    truth.commit([Change(kept, ill_typed)])
    state.merge()
    file = exported(everything_of(truth, first), form, tmp_path)
    text = file.read_text()
    assert "Somebody" in text
    assert "31.12." in text
    other = TruthStore(None, state.clock)
    outcome = bring_in(other, file)
    assert outcome.problems == []
    assert (
        exported(everything_of(other, first), form, tmp_path, "again").read_bytes()
        == file.read_bytes()
    )
    views = Views(other, jurisdiction.read("us-default"), template=EMPTY)
    assert views.dossier(first) == state.views.dossier(first)
    assert not views.dossier(state.second).records
    for audience in state.views.audiences():
        if "/guardian-" in audience.iri or "/learner-" in audience.iri:
            assert views.audience(str(audience.iri).rsplit("/", 1)[1]) == audience
