"""Reports as RDF: SHACL's validation report, whose nodes have names so that a store can keep them.

SHACL section 3.6. What no name can stand for, a blank node or an IRI that is none, is a text.
"""

import re

from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP
from databackpack.shapes.files import BPS, STRUCTURE
from databackpack.shapes.report import Report, Result

__all__ = ["read", "write"]

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_LONGEST_VALUE = 1000
_ENDING = "ConstraintComponent"
_OWN_CHECK = BPS[STRUCTURE][f"Ownership{_ENDING}"]
"""The component of checks that are none of SHACL's."""


def write(report: Report, name: URIRef) -> Graph:
    """Return *report* as a graph about ``<name>#report``; values are cut at 1,000 characters."""
    graph = Graph()
    whole = URIRef(f"{name}#report")
    graph.add((whole, RDF.type, SH.ValidationReport))
    graph.add((whole, SH.conforms, Literal(report.conforms)))
    for number, result in enumerate(report.results, 1):
        node = URIRef(f"{name}#result-{number}")
        graph.add((whole, SH.result, node))
        for predicate, value in _terms(result):
            graph.add((node, predicate, value))
    return graph


def read(graph: Graph) -> Report:
    """Return the report that `write` wrote into *graph*, with the values as they stand there."""
    results = [_result(graph, node) for node in graph.subjects(RDF.type, SH.ValidationResult)]
    return Report(tuple(sorted(results, key=lambda result: result.order)))


def _terms(result: Result) -> list[tuple[URIRef, Node]]:
    is_shape = bool(result.component)
    component = SH[f"{result.component}{_ENDING}"] if is_shape else _OWN_CHECK
    found: list[tuple[URIRef, Node]] = [
        (RDF.type, SH.ValidationResult),
        (SH.focusNode, _storable(result.focus)),
        (SH.resultSeverity, SH[result.severity]),
        (SH.sourceConstraintComponent, component),
        (SH.resultMessage, Literal(result.message, lang="en")),
        (BP.rule, Literal(result.rule)),
        (BP.layer, Literal(result.layer)),
    ]
    if result.path is not None:
        found.append((SH.resultPath, _storable(result.path)))
    if result.value is not None:
        found.append((SH.value, _storable(result.value)))
    if is_shape and _IRI.fullmatch(str(BPS[result.layer][result.rule])):
        found.append((SH.sourceShape, BPS[result.layer][result.rule]))
    return found


def _storable(node: Node) -> URIRef | Literal:
    text = str(node)[:_LONGEST_VALUE].encode("utf-8", "replace").decode()
    if isinstance(node, BNode):
        return Literal("(no identifier)")
    if isinstance(node, URIRef):
        return URIRef(text) if _IRI.fullmatch(text) else Literal(text)
    if isinstance(node, Literal) and node.language is None and node.datatype is not None:
        return Literal(text, datatype=node.datatype, normalize=False)
    return Literal(text)


def _result(graph: Graph, node: Node) -> Result:
    def of(predicate: URIRef) -> Node | None:
        return graph.value(node, predicate)

    path, component = of(SH.resultPath), of(SH.sourceConstraintComponent)
    name = local_name(URIRef(str(component)))
    return Result(
        focus=of(SH.focusNode) or node,
        path=path if isinstance(path, URIRef) else None,
        value=of(SH.value),
        rule=str(of(BP.rule)),
        message=str(of(SH.resultMessage)),
        severity=local_name(URIRef(str(of(SH.resultSeverity)))),
        layer=str(of(BP.layer)),
        component="" if component == _OWN_CHECK else name.removesuffix(_ENDING),
    )
