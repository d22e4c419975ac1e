"""What was found of a dictionary, as a table, as SKOS with SSSOM's words, and as a page."""

import csv
from io import StringIO
from pathlib import PurePath
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from jinja2 import Environment, PackageLoader, StrictUndefined
from rdflib import Graph, Literal, URIRef

from databackpack.loaders.cell import safe
from databackpack.loaders.dictionary import CONFIRMED, MATCH, NONE, Aligned, Match
from databackpack.loaders.dictionary.element import Element
from databackpack.loaders.dictionary.option import ONE_TO_ONE
from databackpack.ontology.namespaces import (
    DCTERMS,
    ID,
    PREFIXES,
    RDF,
    SEMAPV,
    SKOS,
    SSSOM,
    XSD,
)

__all__ = ["page", "skos", "table"]

_JUSTIFICATIONS = {
    "IRI": SEMAPV.ManualMappingCuration,
    "technical name": SEMAPV.LexicalMatching,
    "label": SEMAPV.LexicalMatching,
    "words": SEMAPV.LexicalSimilarityThresholdMatching,
    "options": SEMAPV.InstanceBasedMatching,
    "by way of CEDS": SEMAPV.MappingChaining,
    CONFIRMED: SEMAPV.ManualMappingCuration,
}
_DECIDED = ("table", "element", "vocabulary", "target", "target_name")
_FOUND = ("score", "method", "reason", "status", "options_one_to_one", "options_otherwise")
_HEADER = (*_DECIDED, *_FOUND, "decided_by", "decided_on")


def table(aligned: Aligned) -> str:
    """Return a row for each element and vocabulary, as CSV; people may decide in its *status*."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for match in aligned.matches:
        target, decision = match.target, match.decision
        kinds = [partner.kind for partner in aligned.options.get(match.element.key, ())]
        if match.vocabulary != "CEDS":
            kinds = []
        cells = (
            match.element.table,
            match.element.name,
            match.vocabulary,
            str(target.iri) if target else "",
            target.names[0] if target else "",
            f"{match.score:.3f}",
            match.method,
            match.reason,
            match.status,
            str(kinds.count(ONE_TO_ONE)) if kinds else "",
            str(len(kinds) - kinds.count(ONE_TO_ONE)) if kinds else "",
            decision.by if decision else "",
            decision.on if decision else "",
        )
        writer.writerow([safe(cell) for cell in cells])
    return out.getvalue()


def skos(aligned: Aligned) -> str:
    """Return the dictionary as a SKOS scheme in Turtle, each match with its justification.

    What people confirmed is an exact match, what names tell a close match; what somebody should
    look at is no statement about the two, only a mapping with its confidence.
    """
    graph = Graph(bind_namespaces="none")
    for prefix in ("dcterms", "rdf", "semapv", "skos", "sssom", "xsd"):
        graph.bind(prefix, PREFIXES[prefix])
    scheme = ID[f"dictionary/{quote(PurePath(aligned.name).stem, safe='')}"]
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, DCTERMS.title, Literal(aligned.name)))
    for element in aligned.elements:
        iri = _iri(scheme, element)
        graph.add((iri, RDF.type, SKOS.Concept))
        graph.add((iri, SKOS.inScheme, scheme))
        graph.add((iri, SKOS.prefLabel, Literal(element.label or element.name)))
        graph.add((iri, SKOS.notation, Literal(element.name)))
        if element.definition:
            graph.add((iri, SKOS.definition, Literal(element.definition)))
    for match in aligned.matches:
        _add_mapping(graph, _iri(scheme, match.element), match)
    for key, found in aligned.options.items():
        element = next(one for one in aligned.elements if one.key == key)
        for partner in found:
            value = URIRef(f"{_iri(scheme, element)}/{quote(partner.option.code, safe='')}")
            graph.add((value, RDF.type, SKOS.Concept))
            graph.add((value, SKOS.inScheme, scheme))
            graph.add((value, SKOS.broader, _iri(scheme, element)))
            graph.add((value, SKOS.notation, Literal(partner.option.code)))
            label = partner.option.label or partner.option.code
            graph.add((value, SKOS.prefLabel, Literal(label)))
            predicate = SKOS.closeMatch if partner.kind == ONE_TO_ONE else SKOS.relatedMatch
            for iri, _ in partner.targets:
                graph.add((value, predicate, iri))
    return graph.serialize(format="turtle")


def page(aligned: Aligned) -> str:
    """Return the report as one page of HTML without scripts; all that the files say is escaped."""
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        aligned=aligned, match=(MATCH, CONFIRMED), none=NONE, one_to_one=ONE_TO_ONE
    )


def _iri(scheme: URIRef, element: Element) -> URIRef:
    parts = (part for part in element.key if part)
    return URIRef(f"{scheme}/{'/'.join(quote(part, safe='') for part in parts)}")


def _add_mapping(graph: Graph, subject: URIRef, match: Match) -> None:
    if match.target is None:
        return
    target = match.target.iri
    predicate = {CONFIRMED: SKOS.exactMatch, MATCH: SKOS.closeMatch}.get(match.status)
    if predicate is not None:
        graph.add((subject, predicate, target))
    mapping = ID[f"mapping/{uuid5(NAMESPACE_URL, f'{subject} {target}')}"]
    graph.add((mapping, RDF.type, SSSOM.Mapping))
    graph.add((mapping, SSSOM.subject_id, subject))
    graph.add((mapping, SSSOM.predicate_id, predicate or SKOS.relatedMatch))
    graph.add((mapping, SSSOM.object_id, target))
    graph.add((mapping, SSSOM.mapping_justification, _JUSTIFICATIONS[match.method]))
    confidence = Literal(f"{match.score:.3f}", datatype=XSD.decimal, normalize=False)
    graph.add((mapping, SSSOM.confidence, confidence))
    if match.decision and match.decision.by:
        graph.add((mapping, SSSOM.author_label, Literal(match.decision.by)))
