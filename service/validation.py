"""``backpack validate``: RDF files against the shapes, without a store and without the network."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TextIO

import click
import pyoxigraph as ox
from rdflib import Graph, URIRef
from rdflib.term import Node

from databackpack import shapes
from databackpack.loaders.record import Problem, Record, Source
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, CEASN, ID, ODRL, RDF
from databackpack.service.intake.entry import problems
from databackpack.service.intake.report import Report
from databackpack.service.intake.summary import of_load, write
from databackpack.service.records.terms import to_graph
from databackpack.shapes.files import LAYERS, categories

__all__ = ["COMMANDS"]

_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
}
_ORGANIZATIONS = {BP.School, BP.District, BP.StateAgency, BP.Provider, BP.ResearchTeam}
_WHOLE: tuple[tuple[str, set[URIRef], Callable[[Graph], shapes.Report]], ...] = (
    ("frameworks", {CEASN.CompetencyFramework, CEASN.Competency}, shapes.validate_framework),
    ("crosswalks", {BP.Crosswalk, BP.Alignment}, shapes.validate_crosswalk),
)
"""Classes of what a whole graph is about, and who checks such a graph."""

_RECORD = re.compile(re.escape(ID["graph/"]) + "([0-9a-f-]{36})/([0-9a-f-]{36})/([a-z-]+)")
_NOBODY = ID["organization/"]
"""Who holds an identity record that does not say so."""

_TOGETHER = 200
"""Records that are checked at a time."""


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--layer", type=click.Choice(LAYERS), help="Only what this layer of the shapes says.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a summary here: .txt, .ttl or .html.",
)
def validate_command(paths: tuple[Path, ...], layer: str | None, report_file: Path | None) -> None:
    """Check RDF files (Turtle, TriG, N-Triples, N-Quads, JSON-LD); exit with 1 if one is wrong.

    Records, organisations, agreements, policies, frameworks of standards and crosswalks are checked
    as a load would check them.
    """
    report = Report()
    with nullcontext() if report_file is None else _opened(report_file) as written:
        for problem in (found for path in _files(paths) for found in _check(path, report)):
            if layer in (None, problem.layer) or not problem.layer:
                report.tell(problem)
                click.echo(_line(problem))
        if report_file is not None and written is not None:
            counts = sorted(report.records.items())
            summary = replace(of_load(report), title="What was checked", counts=counts)
            write(summary, report_file, written, datetime.now(UTC))
    checked = ", ".join(f"{count} {kind}" for kind, count in sorted(report.records.items()))
    told = f"{len(report.problems)} to correct, {len(report.notes)} noted"
    click.echo(f"{checked or 'nothing'} checked: {told}", err=True)
    sys.exit(0 if report.is_clean else 1)


COMMANDS = (validate_command,)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        inside = (file for file in sorted(path.rglob("*")) if file.suffix.lower() in _FORMATS)
        yield from inside if path.is_dir() else [path]


def _opened(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write the --report {file}: {error.strerror}") from None


def _line(problem: Problem) -> str:
    place = problem.source.file if not problem.source.line else str(problem.source)
    kind = f"{problem.severity} ({problem.layer})" if problem.layer else problem.severity
    return " ".join(f"{place}: {kind} {problem.rule}: {problem.message}".split())


def _check(path: Path, report: Report) -> Iterator[Problem]:
    """Yield what is wrong in the file, graph by graph, so that a file of quads may be large.

    *report* counts what was checked.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        message = f"{path.suffix or 'no ending'} is none of {', '.join(_FORMATS)}; rename the file"
        yield Problem(Source(path.name, 0), "unknown format", message)
        return
    records: list[Record] = []
    seen: set[object] = set()
    try:
        quads = ox.parse(path=str(path), format=form, rename_blank_nodes=True)
        for name, found in groupby(quads, key=lambda quad: quad.graph_name):
            if name in seen:
                raise ValueError(f"the graph {name} is in several places; sort the file by graphs")
            seen.add(name)
            graph = to_graph({quad.triple for quad in found})
            for part in _parts(name, graph, path.name):
                if isinstance(part, Record):
                    records.append(part)
                else:
                    kind, verdict = part
                    report.records[kind] += 1
                    yield from problems(Source(path.name, 0), verdict)
            if len(records) >= _TOGETHER:
                yield from _checked(records, report)
                records = []
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        message = f"{error}; nothing is fetched from elsewhere. Correct the file"
        yield Problem(Source(path.name, line), "malformed RDF", message)
    except OSError as error:
        yield Problem(Source(path.name, 0), "unreadable file", error.strerror or str(error))
    yield from _checked(records, report)


def _checked(records: list[Record], report: Report) -> Iterator[Problem]:
    for record, verdict in zip(records, shapes.validate_batch(records), strict=True):
        report.records[f"{local_name(record.category)} records"] += 1
        yield from problems(record.source, verdict)


def _parts(
    name: ox.NamedNode | ox.BlankNode | ox.DefaultGraph, graph: Graph, file: str
) -> Iterator[Record | tuple[str, shapes.Report]]:
    """Yield the records of *graph*, and what is found in all else in it, by kind."""
    source = Source(file, 0)
    named = _RECORD.fullmatch(name.value) if isinstance(name, ox.NamedNode) else None
    if named:
        holder, learner, category = named.groups()
        yield Record(
            ID[f"learner/{learner}"], ID[f"organization/{holder}"], BPC[category], graph, source
        )
        return
    for kind, classes, check in _WHOLE:
        if classes & set(graph.objects(None, RDF.type)):
            yield kind, check(graph)
            return
    policies, agreements = Graph(), Graph()
    parts: dict[tuple[URIRef, URIRef, URIRef], Graph] = {}
    for subject in set(graph.subjects()):
        own = graph.triples((subject, None, None))
        kinds = set(graph.objects(subject, RDF.type))
        if kinds & _ORGANIZATIONS:
            one = Graph()
            one += own
            yield "organisations", shapes.validate_organization(one)
        elif str(subject).startswith(ID["policy/"]) or ODRL.Agreement in kinds:
            policies += own
        elif BP.Agreement in kinds:
            agreements += own
        else:
            key = _owner(graph, subject, kinds)
            part = parts.setdefault(key, Graph())
            part += own
    if policies:
        yield "graphs of policies", shapes.validate_policy(policies)
    if agreements:
        yield "graphs of agreements", shapes.validate_agreement(agreements)
    for (learner, holder, category), found in sorted(parts.items()):
        yield Record(learner, holder, category, found, source)


def _owner(graph: Graph, subject: Node, kinds: set[Node]) -> tuple[URIRef, URIRef, URIRef]:
    """Return learner, holder and category of the record that *subject* says it is in."""
    known = sorted(categories()[kind] for kind in kinds if kind in categories())  # type: ignore[index]
    category = known[0] if known else BPC.identity
    owners, holders = (
        sorted(value for value in graph.objects(subject, path) if isinstance(value, URIRef))
        for path in (BP.isRecordOf, BP.isHeldBy)
    )
    if isinstance(subject, URIRef) and BP.Learner in kinds:
        owners = [subject]
    return (
        owners[0] if owners else ID["learner/"],
        holders[0] if holders else _NOBODY,
        category,
    )
