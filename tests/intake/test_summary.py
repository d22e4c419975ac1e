"""The summary of a load and of the quarantine: text, SHACL report and page say the same."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from lxml import html
from rdflib import RDF, Graph, Literal
from rdflib.namespace import SH

from databackpack.loaders.record import Problem, Source
from databackpack.ontology.namespaces import BP
from databackpack.service.intake import take_in
from databackpack.service.intake.quarantine import Quarantine, entries
from databackpack.service.intake.report import Report
from databackpack.service.intake.summary import Summary, of_load, of_quarantine, write
from databackpack.service.records.truth import TruthStore
from tests.intake.records import attendance, score
from tests.running import TickingClock

MOMENT = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> & \"more\"\nof it"


def written(summary: Summary, name: str) -> str:
    file = StringIO()
    write(summary, Path(name), file, MOMENT)
    return file.getvalue()


@pytest.fixture
def truth() -> TruthStore:
    return TruthStore(None, TickingClock())


@pytest.fixture
def report(truth: TruthStore) -> Report:
    """The report of a load with a bad record, a warning, rows of two files and a hostile one."""
    rows = [Problem(Source("rows.csv", row), "bad date", f"row {row}") for row in range(2, 32)]
    hostile = Problem(Source("x.csv", 1), "<b>rule</b>", HOSTILE)
    report = take_in(truth, [*rows, hostile, attendance(1, "never"), score(2, "11")])
    truth.commit(list(Quarantine(truth).rows(report, {"rows.csv", "x.csv"})))
    return report


def test_the_text_has_every_problem_on_a_line_and_counts_by_rule_and_by_source(
    report: Report,
) -> None:
    lines = written(of_load(report), "report.txt").splitlines()
    assert "rows.csv:2: bad date: row 2" in lines
    assert sum(line.startswith("rows.csv:") for line in lines) == 30
    assert any(
        line.startswith("scores.csv:2: warning: GradebookItem-score-within-maximum: ")
        for line in lines
    )
    assert "        1  records of gradebook" in lines
    assert "       30  bad date (Violation)" in lines
    assert "        1  AttendanceEvent-bp_eventDate (Violation, structure)" in lines
    assert "        1  events.csv (Violation, structure)" in lines
    assert lines.index("By rule") < lines.index("By source")


def test_the_turtle_is_a_validation_report_with_sources_and_counts(report: Report) -> None:
    graph = Graph().parse(data=written(of_load(report), "report.ttl"), format="turtle")
    (whole,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert (whole, SH.conforms, Literal(False)) in graph
    results = list(graph.objects(whole, SH.result))
    assert len(results) == len(report.problems) + len(report.notes) == 33
    for result in results:
        for predicate in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent):
            assert graph.value(result, predicate) is not None
    places = {str(place) for place in graph.objects(None, BP.sourceLocation)}
    assert {"rows.csv:31", "events.csv:2", "scores.csv:2", "x.csv:1"} <= places
    named = graph.subjects(BP.rule, Literal("bad date"))
    counted = [one for one in named if (one, BP.problemCount, None) in graph]
    assert [int(str(graph.value(one, BP.problemCount))) for one in counted] == [30]
    severities = set(graph.objects(None, SH.resultSeverity))
    assert severities == {SH.Violation, SH.Warning}


def test_the_page_stands_alone_runs_nothing_and_escapes_what_files_say(report: Report) -> None:
    text = written(of_load(report), "report.html")
    page = html.document_fromstring(text)
    assert page.xpath("//script | //link | //img | //iframe | //@src | //@href") == []
    assert "<b>rule</b>" not in text
    assert any("<b>rule</b>" in heading.text_content() for heading in page.xpath("//h2"))
    assert HOSTILE in " ".join(item.text_content() for item in page.xpath("//li"))
    cells = [[cell.text_content() for cell in row] for row in page.xpath("//tr")]
    assert ["bad date", "Violation", "", "30"] in cells
    assert ["events.csv", "Violation", "structure", "1"] in cells
    assert "and 10 more" in page.text_content()


def test_a_clean_load_says_so_in_each_form() -> None:
    for name in ("report.txt", "report.html"):
        assert "Nothing to correct." in written(of_load(Report()), name)
    graph = Graph().parse(data=written(of_load(Report()), "report.ttl"), format="turtle")
    assert (None, SH.conforms, Literal(True)) in graph


def test_a_load_with_warnings_alone_conforms(truth: TruthStore) -> None:
    report = take_in(truth, [score(1, "11")])
    graph = Graph().parse(data=written(of_load(report), "report.ttl"), format="turtle")
    assert (None, SH.conforms, Literal(True)) in graph
    assert (None, SH.resultSeverity, SH.Warning) in graph


def test_the_quarantine_is_summed_up_like_the_load_that_filled_it(
    truth: TruthStore, report: Report
) -> None:
    found = of_quarantine(entries(truth))
    assert {(group.rule, group.file, group.count) for group in found.groups} == {
        (group.rule, group.file, group.count) for group in report.problems.groups()
    }
    assert "       30  bad date (Violation)" in written(found, "x.txt").splitlines()


def test_any_other_ending_is_text(report: Report) -> None:
    assert written(of_load(report), "report.log") == written(of_load(report), "report")
