"""The shapes, and the one door to validation: records, organisations and consent policies.

This is the only module that imports pySHACL. Its `Validator` is used rather than its `validate`,
which switches rdflib's literal normalisation off for the whole process while it reads the shapes.
``first_pass`` alone imports shifty.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from threading import Lock

from pyshacl import Validator
from pyshacl.graph_abstraction import DataGraph
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, QB, RDF
from databackpack.shapes import first_pass
from databackpack.shapes.files import (
    agreement_shapes,
    consent_shapes,
    crosswalk_shapes,
    cube_shapes,
    framework_shapes,
    layer_of,
    organization_shapes,
    policy_shapes,
    record_shapes,
)
from databackpack.shapes.ownership import RecordLike, strangers, strays
from databackpack.shapes.profile import flaws
from databackpack.shapes.report import Report, Result

__all__ = [
    "CLEAN",
    "RecordLike",
    "Report",
    "Result",
    "reference",
    "validate",
    "validate_agreement",
    "validate_batch",
    "validate_consent",
    "validate_crosswalk",
    "validate_cube",
    "validate_framework",
    "validate_organization",
    "validate_policy",
]

CLEAN = Report()
"""The report, this one and no equal one, of a record that passed at once: its text is RDF too."""

_LOCK = Lock()
"""pySHACL keeps state in its shapes; one run at a time."""


def validate(record: RecordLike) -> Report:
    """Return what is to be corrected in *record* before it may be stored."""
    (report,) = validate_batch([record])
    return report


def validate_batch(records: Sequence[RecordLike]) -> list[Report]:
    """Return the report of each record, in order, as if each had been validated alone.

    pySHACL looks at those of which the first pass is not certain that there is nothing to report.
    """
    passed = first_pass.conforming(records)
    rest = [place for place in range(len(records)) if place not in passed]
    found = dict.fromkeys(passed, CLEAN)
    found.update(zip(rest, reference([records[place] for place in rest]), strict=True))
    return [found[place] for place in range(len(records))]


def reference(records: Sequence[RecordLike]) -> list[Report]:
    """Return what `validate_batch` returns, all of it by pySHACL.

    Records of one category are handed to pySHACL as one graph. A record that is not only its own,
    or that has a subject in common with another of the batch, is handed over alone.
    """
    found = [strays(record) for record in records]
    subjects = [set(record.graph.subjects()) for record in records]
    claims = Counter(subject for own in subjects for subject in own)
    together: dict[URIRef, list[int]] = {}
    groups: list[list[int]] = []
    for index, record in enumerate(records):
        if found[index] or any(claims[subject] > 1 for subject in subjects[index]):
            groups.append([index])
        else:
            together.setdefault(record.category, []).append(index)
    for group in [*groups, *together.values()]:
        owners = {subject: index for index in group for subject in subjects[index]}
        shapes = record_shapes(records[group[0]].category)
        for result in _results(shapes, *(records[index].graph for index in group)):
            found[owners[result.focus]].add(result)
    return [_report(results) for results in found]


def validate_organization(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*, the public facts about one organisation."""
    return _report({*strangers(graph), *_results(organization_shapes(), graph)})


def validate_policy(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*, one or more policies in the closed profile."""
    return _report({*flaws(graph), *_results(policy_shapes(), graph)})


def validate_consent(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*: consent records, events, receipts and notices."""
    return _report(_results(consent_shapes(), graph))


def validate_crosswalk(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*, a crosswalk with its alignments."""
    return _report(_results(crosswalk_shapes(), graph))


def validate_cube(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*, which defines cubes and dimensions of theirs.

    What the vocabulary says of a dimension counts as well.
    """
    names = {
        component: _component(graph, component) for component in graph.objects(None, QB.component)
    }
    whole = Graph()
    for subject, predicate, value in graph:
        whole.add((names.get(subject, subject), predicate, names.get(value, value)))
    for dimension in set(graph.objects(None, QB.dimension)):
        whole += vocabulary().cbd(dimension)
    return _report(_results(cube_shapes(), whole))


def _component(graph: Graph, component: Node) -> Node:
    """Return an IRI for *component*, which mostly is a blank node, by its cube and what it is."""
    cube = graph.value(None, QB.component, component)
    parts = sorted(
        map(str, (*graph.objects(component, QB.dimension), *graph.objects(component, QB.measure)))
    )
    return URIRef("/".join([str(cube), "component", *map(local_name, map(URIRef, parts))]))


def validate_framework(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*, what one document says of a framework."""
    return _report(_results(framework_shapes(), graph))


def validate_agreement(graph: Graph) -> Report:
    """Return what is to be corrected in *graph*, one or more agreements and nothing else."""
    named = set(graph.subjects(RDF.type, BP.Agreement))
    message = "This is no agreement (bp:Agreement). Leave it out."
    strange = {
        Result(subject, None, None, "Agreement-stranger", message)
        for subject in set(graph.subjects()) - named
    }
    return _report({*strange, *_results(agreement_shapes(), graph)})


def _report(results: Iterable[Result]) -> Report:
    return Report(tuple(sorted(results, key=lambda result: result.order)))


def _results(shapes: Graph, *graphs: Graph) -> set[Result]:
    """Return what *shapes* find in the union of *graphs*.

    Graphs with blank nodes, which pySHACL cannot compare, are left to the other checks.
    """
    data = Graph()
    for graph in graphs:
        for subject, predicate, value in graph:
            if isinstance(subject, BNode) or isinstance(value, BNode):
                return set()
            data.add((subject, predicate, _comparable(value)))
    with _LOCK:
        _, report, _ = Validator(
            DataGraph.from_rdflib(data),
            shacl_graph=shapes,
            options={"inference": "none", "advanced": False, "inplace": True},
        ).run()  # type: ignore[no-untyped-call]
    results = [_result(report, node) for node in report.objects(None, SH.result)]
    results.sort(key=lambda result: (result.layer, result.component))
    return set(results)  # of those that say the same, the first


def _comparable(value: Node) -> Node:
    """Return a value that is not what its type says, such as the date 2025-02-30, with a language.

    pySHACL would raise where it compares such a value; with a language it is of no type that a
    shape asks for, so its property is found wrong.
    """
    if isinstance(value, Literal):
        endless = isinstance(value.value, Decimal) and not value.value.is_finite()
        if value.ill_typed or endless:
            return Literal(str(value), lang="und")
    return value


def _result(report: Graph, node: Node) -> Result:
    def of(predicate: URIRef) -> Node | None:
        return report.value(node, predicate)

    focus, path = of(SH.focusNode), of(SH.resultPath)
    return Result(
        focus=focus or node,
        path=path if isinstance(path, URIRef) else None,
        value=of(SH.value),
        rule=_name(of(SH.sourceShape)),
        message=str(of(SH.resultMessage)),
        severity=_name(of(SH.resultSeverity)),
        layer=layer_of(of(SH.sourceShape)),
        component=_name(of(SH.sourceConstraintComponent)).removesuffix("ConstraintComponent"),
    )


def _name(node: Node | None) -> str:
    return local_name(node) if isinstance(node, URIRef) else str(node)
