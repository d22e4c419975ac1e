"""What validation found, by rule and by source, as text, as RDF and as a page."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TextIO

import pyoxigraph as ox
from rdflib import RDF
from rdflib.namespace import SH, XSD

from databackpack.loaders.record import Problem
from databackpack.ontology.namespaces import BP, PROV
from databackpack.service.intake.entry import KeptRecord, RefusedRows
from databackpack.service.intake.report import Group, Problems, Report
from databackpack.service.records.terms import node
from databackpack.service.templating import templates
from databackpack.shapes.files import BPS, STRUCTURE

__all__ = ["Summary", "of_load", "of_quarantine", "write"]

_TOGETHER = 1000
"""Problems that are made RDF at a time."""

_ROW = node(BPS[STRUCTURE]["RowConstraintComponent"])
"""The component of checks of rows, which are none of SHACL's."""


@dataclass(frozen=True, slots=True)
class Summary:
    """*groups* of problems by rule and file, and all *problems*, which may be gone through again.

    *counts* are what was taken in.
    """

    title: str
    groups: Sequence[Group]
    problems: Iterable[Problem]
    counts: Sequence[tuple[str, int]] = field(default_factory=tuple)


def of_load(report: Report) -> Summary:
    """Return the summary of a load: what was not loaded, and then what is noted."""
    counts = [
        *sorted((f"records of {category}", count) for category, count in report.records.items()),
        ("organisations", report.organizations),
        ("guardianships", report.guardianships),
        ("standing documents", report.documents),
        ("settings of families", report.settings),
        ("learners held back", len(report.held)),
    ]
    groups = [*report.problems.groups(), *report.notes.groups()]
    both = _Chained(report.problems, report.notes)
    return Summary("What was loaded, and what was not", groups, both, counts)


def of_quarantine(entries: Iterable[KeptRecord | RefusedRows]) -> Summary:
    """Return the summary of what is in quarantine."""
    problems = Problems()
    rows: list[Group] = []
    for entry in entries:
        if isinstance(entry, KeptRecord):
            problems.extend(entry.problems())
        else:
            rows.append(entry.group())
            problems.extend(entry.problems())
    records = [group for group in problems.groups() if group.layer]
    groups = sorted([*records, *rows], key=lambda group: (group.count, group.rule))
    return Summary("What is in quarantine", groups, problems)


def write(summary: Summary, path: Path, file: TextIO, moment: datetime) -> None:
    """*file*, open in UTF-8, has *summary* in the form that the ending of *path* asks for.

    ``.ttl`` is a SHACL validation report with sources and counts, ``.html`` a page; all else text.
    """
    _FORMS.get(path.suffix.lower(), _write_text)(summary, file, moment)


class _Chained:
    """Problems of several lists, one after the other."""

    def __init__(self, *parts: Iterable[Problem]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[Problem]:
        return chain(*self._parts)


def _write_text(summary: Summary, file: TextIO, moment: datetime) -> None:
    file.writelines(f"{_line(problem)}\n" for problem in summary.problems)
    file.write(f"\n{summary.title}, {moment.isoformat(timespec='seconds')}\n")
    for name, count in summary.counts:
        file.write(f"{count:>9}  {name}\n")
    for caption, rows in _tables(summary.groups):
        file.write(f"\n{caption}\n")
        for name, severity, layer, count in rows:
            file.write(f"{count:>9}  {name} ({', '.join(filter(None, (severity, layer)))})\n")
    if not summary.groups:
        file.write("Nothing to correct.\n")


def _line(problem: Problem) -> str:
    kind = "" if problem.severity == "Violation" else f"{problem.severity.lower()}: "
    return " ".join(f"{problem.source}: {kind}{problem.rule}: {problem.message}".splitlines())


def _write_page(summary: Summary, file: TextIO, moment: datetime) -> None:
    told = moment.isoformat(timespec="seconds")
    page = templates("databackpack.service.intake").get_template("summary.html")
    for part in page.generate(summary=summary, tables=_tables(summary.groups), moment=told):
        file.write(part)


def _write_turtle(summary: Summary, file: TextIO, moment: datetime) -> None:
    """The nodes have no names: a report stands for itself."""
    whole = ox.BlankNode("report")
    is_clean = all(group.severity != "Violation" for group in summary.groups)
    head = [
        ox.Triple(whole, node(RDF.type), node(SH.ValidationReport)),
        ox.Triple(whole, node(SH.conforms), ox.Literal(is_clean)),
        ox.Triple(
            whole,
            node(PROV.generatedAtTime),
            ox.Literal(moment.isoformat(), datatype=node(XSD.dateTime)),
        ),
    ]
    counts = (
        triple
        for number, group in enumerate(summary.groups)
        for triple in _counted(ox.BlankNode(f"group{number}"), group)
    )
    results = (
        triple
        for number, problem in enumerate(summary.problems)
        for triple in _result(whole, number, problem)
    )
    triples = chain(head, counts, results)
    while part := list(_first(triples, _TOGETHER * 9)):
        file.write((ox.serialize(part, format=ox.RdfFormat.N_TRIPLES) or b"").decode())


def _first(triples: Iterator[ox.Triple], count: int) -> Iterator[ox.Triple]:
    for _, triple in zip(range(count), triples, strict=False):
        yield triple


def _counted(name: ox.BlankNode, group: Group) -> Iterator[ox.Triple]:
    yield ox.Triple(name, node(BP.rule), _text(group.rule))
    yield ox.Triple(name, node(BP.sourceFile), _text(group.file))
    yield ox.Triple(name, node(BP.layer), _text(group.layer or "row"))
    yield ox.Triple(name, node(SH.severity), node(SH[group.severity]))
    yield ox.Triple(name, node(BP.problemCount), ox.Literal(group.count))


def _result(whole: ox.BlankNode, number: int, problem: Problem) -> Iterator[ox.Triple]:
    """A result's focus is the place in the source: that is what somebody has to mend."""
    name, place = ox.BlankNode(f"result{number}"), ox.BlankNode(f"place{number}")
    yield ox.Triple(whole, node(SH.result), name)
    yield ox.Triple(name, node(RDF.type), node(SH.ValidationResult))
    yield ox.Triple(name, node(SH.focusNode), place)
    yield ox.Triple(place, node(BP.sourceLocation), _text(str(problem.source)))
    yield ox.Triple(name, node(SH.resultSeverity), node(SH[problem.severity]))
    yield ox.Triple(name, node(SH.sourceConstraintComponent), _ROW)
    yield ox.Triple(name, node(SH.resultMessage), _text(problem.message))
    yield ox.Triple(name, node(BP.rule), _text(problem.rule))
    yield ox.Triple(name, node(BP.layer), _text(problem.layer or "row"))


def _text(text: str) -> ox.Literal:
    return ox.Literal(text.encode("utf-8", "replace").decode())


_Row = tuple[str, str, str, int]


def _tables(groups: Iterable[Group]) -> list[tuple[str, list[_Row]]]:
    """Return the counts by rule and by source, the greatest first."""
    by_rule: Counter[tuple[str, str, str]] = Counter()
    by_source: Counter[tuple[str, str, str]] = Counter()
    for group in groups:
        by_rule[group.rule, group.severity, group.layer] += group.count
        by_source[group.file, group.severity, group.layer] += group.count
    return [
        (caption, [(*key, count) for key, count in counted.most_common()])
        for caption, counted in (("By rule", by_rule), ("By source", by_source))
        if counted
    ]


_FORMS: dict[str, Callable[[Summary, TextIO, datetime], None]] = {
    ".html": _write_page,
    ".ttl": _write_turtle,
}
