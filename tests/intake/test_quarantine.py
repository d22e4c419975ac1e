"""The quarantine beside the truth store: what goes in, what leaves it, and what nobody sees."""

from pathlib import Path

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import SH

from databackpack.loaders.record import Item, Problem, Record, Source
from databackpack.ontology.namespaces import BP, BPC, RDF
from databackpack.service.intake import take_in
from databackpack.service.intake.entry import KeptRecord, RefusedRows
from databackpack.service.intake.quarantine import Quarantine, drop, entries, find
from databackpack.service.intake.report import Report
from databackpack.service.records.graphs import INDEX, QUARANTINE, quarantine_graph
from databackpack.service.records.redo import is_logged
from databackpack.service.records.terms import to_graph
from databackpack.service.records.truth import TruthStore
from tests.intake.records import attendance, learner, score
from tests.running import TickingClock, run_sample


@pytest.fixture
def truth() -> TruthStore:
    return TruthStore(None, TickingClock())


def kept(truth: TruthStore) -> list[KeptRecord]:
    return [entry for entry in entries(truth) if isinstance(entry, KeptRecord)]


def refused(truth: TruthStore) -> list[RefusedRows]:
    return [entry for entry in entries(truth) if isinstance(entry, RefusedRows)]


# Records.


def test_a_bad_record_is_kept_with_its_report_and_source_and_the_good_one_is_loaded(
    truth: TruthStore,
) -> None:
    report = take_in(truth, [attendance(1), attendance(2, "2025-02-30", row=3)])
    assert [str(problem.source) for problem in report.problems] == ["events.csv:3"]
    (entry,) = kept(truth)
    assert (entry.record, entry.learner) == (attendance(2).iri, learner(2))
    assert (entry.category, entry.source) == (BPC.attendance, "events.csv:3")
    assert [result.rule for result in entry.report.violations] == ["AttendanceEvent-bp_eventDate"]
    assert not truth.triples(attendance(2).iri)
    assert truth.triples(attendance(1).iri)


def test_the_kept_record_is_what_came_odd_values_and_all(truth: TruthStore) -> None:
    record = attendance(1, "2025-02-30")
    take_in(truth, [record])
    (entry,) = kept(truth)
    assert entry.text is not None
    assert '"2025-02-30"^^<http://www.w3.org/2001/XMLSchema#date>' in entry.text
    assert len(entry.text.splitlines()) == len(record.graph)


def test_a_blank_node_is_kept_and_does_not_change_from_load_to_load(truth: TruthStore) -> None:
    for _ in range(2):
        record = attendance(1)
        record.graph.add((BNode(), RDF.type, BP.AttendanceEvent))
        take_in(truth, [record])
    assert truth.epoch == 1
    (entry,) = kept(truth)
    assert entry.text is not None
    assert "_:b0" in entry.text
    assert {result.rule for result in entry.report.violations} == {"Record-identifier"}


def test_the_report_in_the_store_is_a_validation_report(truth: TruthStore) -> None:
    take_in(truth, [attendance(1, "never")])
    (entry,) = kept(truth)
    graph = to_graph(truth.triples(entry.iri))
    whole = graph.value(entry.iri, BP.hasValidationReport)
    assert (whole, RDF.type, SH.ValidationReport) in graph
    assert (whole, SH.conforms, Literal(False)) in graph
    (result,) = graph.objects(whole, SH.result)
    for predicate in (SH.focusNode, SH.resultPath, SH.value, SH.resultMessage, SH.sourceShape):
        assert graph.value(result, predicate) is not None, predicate
    assert graph.value(result, SH.resultSeverity) == SH.Violation
    assert graph.value(result, SH.sourceConstraintComponent) == SH.DatatypeConstraintComponent


def test_the_same_bad_record_twice_is_one_entry_and_no_new_epoch(truth: TruthStore) -> None:
    take_in(truth, [attendance(1, "never")])
    (first,), epoch = kept(truth), truth.epoch
    take_in(truth, [attendance(1, "never")])
    assert truth.epoch == epoch
    assert kept(truth) == [first]


def test_a_record_that_comes_in_valid_form_leaves_the_quarantine_in_the_same_commit(
    truth: TruthStore,
) -> None:
    take_in(truth, [attendance(1, "never"), attendance(2, "never")])
    epoch = truth.epoch
    take_in(truth, [attendance(1)])
    assert truth.epoch == epoch + 1
    assert [entry.learner for entry in kept(truth)] == [learner(2)]
    assert truth.triples(attendance(1).iri)


def test_readers_see_the_last_good_form_while_the_new_one_is_in_quarantine(
    truth: TruthStore,
) -> None:
    take_in(truth, [attendance(1)])
    held, index = truth.triples(attendance(1).iri), truth.triples(INDEX, attendance(1).iri)
    take_in(truth, [attendance(1, "never")])
    assert len(kept(truth)) == 1
    assert truth.triples(attendance(1).iri) == held
    assert truth.triples(INDEX, attendance(1).iri) == index
    take_in(truth, [attendance(1)])  # the good form again: nothing differs from what is held
    assert kept(truth) == []


def test_bad_records_of_new_learners_are_kept_where_they_are_loaded_by_the_hundred(
    truth: TruthStore,
) -> None:
    records = [
        attendance(number, "never" if number % 10 == 0 else "2025-09-30")
        for number in range(1, 101)
    ]
    report = take_in(truth, records, workers=1)
    assert len(kept(truth)) == len(report.problems) == 10
    assert report.records["attendance"] == 90


def test_a_warning_lets_a_record_in_and_is_noted(truth: TruthStore) -> None:
    report = take_in(truth, [score(1, "11")])
    assert report.is_clean
    (note,) = report.notes
    assert (note.rule, note.severity) == ("GradebookItem-score-within-maximum", "Warning")
    assert (note.layer, str(note.source)) == ("structure", "scores.csv:2")
    assert truth.triples(score(1, "11").iri)
    assert kept(truth) == []


def test_a_record_that_is_too_long_to_keep_is_kept_without_its_text(truth: TruthStore) -> None:
    record = attendance(1)
    item = next(record.graph.subjects(RDF.type, BP.AttendanceEvent))
    record.graph.add((item, BP.courseCode, Literal("é" * 1_100_000)))
    take_in(truth, [record])
    (entry,) = kept(truth)
    assert entry.text is None
    assert sum(len(str(triple.object)) for triple in truth.triples(entry.iri)) < 20_000


@pytest.mark.parametrize(
    "term",
    [URIRef("http://example.org/a b"), URIRef("urn:x:<>"), Literal("\x00"), Literal("a\nb\u2028")],
)
def test_what_the_store_cannot_hold_as_a_term_is_in_the_report_as_text(
    truth: TruthStore, term: URIRef | Literal
) -> None:
    record = attendance(1)
    item = next(record.graph.subjects(RDF.type, BP.AttendanceEvent))
    record.graph.add((item, BP.eventDate, term))
    report = take_in(truth, [record, attendance(2)])
    assert len(kept(truth)) == 1
    assert not report.is_clean
    assert truth.triples(attendance(2).iri)


# Nobody sees it.


def test_no_view_has_what_is_in_quarantine(tmp_path: Path) -> None:
    service = run_sample(tmp_path, learners=12)
    truth, client = service.context.truth, service.app.test_client()

    def told(query: str) -> list[str]:
        answer = client.post(
            "/sparql",
            data=f"PREFIX bp: <{BP}> PREFIX sh: <{SH}> {query}",
            content_type="application/sparql-query",
            headers=service.headers("state-agency", "text/csv"),
        )
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()[1:]

    events = "SELECT ?event { ?event a bp:AttendanceEvent } ORDER BY ?event"
    before = told(events)
    assert before
    take_in(truth, [attendance(1, "never")])
    assert len(kept(truth)) == 1
    assert told(events) == before
    words = "bp:recordText|bp:hasValidationReport|bp:isKeptOutOf|sh:focusNode|sh:resultMessage"
    assert told(f"SELECT * {{ ?entry {words} ?what }}") == []
    assert told("SELECT ?g { GRAPH ?g { ?s a bp:QuarantinedRecord } }") == []


def test_records_in_quarantine_are_not_in_the_redo_log_and_reasons_for_dropping_are(
    truth: TruthStore,
) -> None:
    take_in(truth, [attendance(1, "never")])
    (entry,) = kept(truth)
    assert not is_logged(entry.iri)
    assert is_logged(QUARANTINE)


# Rows.


def load(truth: TruthStore, items: list[Item]) -> Report:
    """Load *items* as the whole of the file rows.csv."""
    report = take_in(truth, items)
    truth.commit(list(Quarantine(truth).rows(report, {"rows.csv"})))
    return report


def rows(count: int, rule: str = "bad date") -> list[Item]:
    return [Problem(Source("rows.csv", row), rule, f"row {row}") for row in range(2, count + 2)]


def test_refused_rows_are_counted_and_the_first_are_kept(truth: TruthStore) -> None:
    load(truth, [*rows(100), *rows(1, "missing value")])
    found = {entry.rule: entry for entry in refused(truth)}
    assert {rule: entry.count for rule, entry in found.items()} == {
        "bad date": 100,
        "missing value": 1,
    }
    assert found["bad date"].texts[0] == (2, "row 2")
    assert len(found["bad date"].texts) == 20


def test_the_same_rows_again_change_nothing_and_a_mended_file_takes_them_out(
    truth: TruthStore,
) -> None:
    load(truth, rows(3))
    epoch = truth.epoch
    load(truth, rows(3))
    assert truth.epoch == epoch
    load(truth, [])
    assert refused(truth) == []


def test_rows_of_another_file_stay(truth: TruthStore) -> None:
    report = take_in(truth, [Problem(Source("folder/other.csv", 1), "bad date", "no date")])
    truth.commit(list(Quarantine(truth).rows(report, {"other.csv"})))
    load(truth, [])
    assert [entry.file for entry in refused(truth)] == ["folder/other.csv"]


def test_a_record_kept_out_is_no_row(truth: TruthStore) -> None:
    load(truth, [attendance(1, "never")])
    assert refused(truth) == []
    assert len(kept(truth)) == 1


# Finding and dropping.


def test_an_entry_is_found_by_the_beginning_of_its_name(truth: TruthStore) -> None:
    take_in(truth, [attendance(1, "never")])
    (entry,) = kept(truth)
    assert find(truth, entry.name[:8]) == entry
    for name in ("", "0" * 36, "nothing"):
        with pytest.raises(KeyError):
            find(truth, name)


def test_a_dropped_entry_is_gone_and_the_reason_stays(truth: TruthStore) -> None:
    take_in(truth, [attendance(1, "never")])
    (entry,) = kept(truth)
    drop(truth, entry, "sent by mistake")
    assert kept(truth) == []
    dropped = to_graph(truth.triples(QUARANTINE))
    (event,) = dropped.subjects(RDF.type, BP.DroppedEntry)
    assert str(dropped.value(event, BP.dropReason)) == "sent by mistake"
    assert dropped.value(event, BP.hasRecordName) == entry.record
    take_in(truth, [attendance(1, "never")])
    assert kept(truth)[0].iri == entry.iri == quarantine_graph(entry.name)


def test_a_load_never_reads_what_was_kept_as_a_record_of_the_learner(truth: TruthStore) -> None:
    take_in(truth, [attendance(1, "never")])
    assert truth.is_new(learner(1))
    assert Graph().parse(data=kept(truth)[0].text, format="nt")
    assert isinstance(attendance(1), Record)
