"""Derives the Turtle files of this folder from published lists of identifiers.

``python -m databackpack.ontology.standards.derivation ../shared/data`` writes them again; the same
lists give the same bytes. Identifiers, hierarchy and edges are taken over, statement texts are not.
"""

import re
import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from rdflib import Graph, Literal, URIRef
from rdflib.plugins.serializers.turtle import TurtleSerializer
from rdflib.term import Node

from databackpack.ontology.namespaces import (
    BP,
    BPG,
    CEASN,
    DCTERMS,
    ID,
    PREFIXES,
    PROV,
    RDF,
    SKOS,
    XSD,
)
from databackpack.ontology.standards import sources
from databackpack.ontology.standards.notation import standard_iri
from databackpack.ontology.standards.sources import Standard

__all__ = ["derive", "main"]

_MATH = URIRef("http://corestandards.org/Math")
_LITERACY = URIRef("http://corestandards.org/ELA-Literacy")
_TEKS = ID["framework/teks-math"]
_CROSSWALK = ID["crosswalk/teks-math-ccss-math"]
_LEARNING_COMMONS = ID["organization/learning-commons"]
_CC_BY_3 = URIRef("https://creativecommons.org/licenses/by/3.0/us/")
_CC_BY_4 = URIRef("https://creativecommons.org/licenses/by/4.0/")

_GRADES = ["K", *(str(year) for year in range(1, 13))]

_PROLOGUE = """\
# {title}
#
# Identifiers only: no text of a standard is here. Do not edit: derived from published lists by
# databackpack.ontology.standards.derivation.
#
# Sources:
"""
_OFFICIAL = """\
#   NGA Center for Best Practices and Council of Chief State School Officers: list of official
#     identifiers (2012).
"""
_ASN = """\
#   Achievement Standards Network, Desire2Learn and JES & Co.: {document}, CC BY 3.0 US
#     (https://creativecommons.org/licenses/by/3.0/us/).
"""
_COMMONS = """\
#   Learning Commons Knowledge Graph, with identifiers received from 1EdTech:
#     {what}, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/).
"""
_COHERENCE = """\
#   Student Achievement Partners: Coherence Map, prerequisites, CC0
#     (https://creativecommons.org/publicdomain/zero/1.0/).
"""
_ED_FI = """\
#   Ed-Fi Alliance: identifiers of learning standards in the Data Standard samples, Apache-2.0.
"""


def derive(data: Path) -> dict[str, str]:
    """Return the text of each file under its name; raises OSError where a list is missing."""
    math = _framework(_MATH, "Common Core State Standards for Mathematics", "D10003FB")
    case_document = URIRef("urn:uuid:c6496676-d7cb-11e8-824f-0242ac160002")
    math.add((_MATH, SKOS.exactMatch, case_document))
    iris = _add_standards(math, _MATH, sources.math_standards(data))
    for prerequisite, code in sources.prerequisites(data):
        math.add((iris[prerequisite], BP.isPrerequisiteOf, iris[code]))

    title = "Common Core State Standards for English Language Arts and Literacy"
    literacy = _framework(_LITERACY, title, "D10003FC")
    _add_standards(literacy, _LITERACY, sources.literacy_standards(data))

    return {
        "ccss-ela.ttl": _turtle(
            literacy,
            f"{title}: identifiers.",
            _OFFICIAL + _ASN.format(document="D10003FC") + _ED_FI,
        ),
        "ccss-math.ttl": _turtle(
            math,
            "Common Core State Standards for Mathematics: identifiers and prerequisites.",
            _OFFICIAL
            + _ASN.format(document="D10003FB")
            + _COMMONS.format(what="CASE UUIDs")
            + _COHERENCE
            + _ED_FI,
        ),
        "teks-math-crosswalk.ttl": _turtle(
            _crosswalk(sources.crosswalk(data), iris),
            "Texas Essential Knowledge and Skills for Mathematics, as aligned to the Common Core.",
            _COMMONS.format(what="TEKS identifiers and alignments"),
        ),
    }


def _framework(iri: URIRef, title: str, asn_document: str) -> Graph:
    """Return a graph that holds one framework as yet without statements."""
    graph = Graph(bind_namespaces="none")
    graph.add((iri, RDF.type, SKOS.ConceptScheme))
    graph.add((iri, RDF.type, CEASN.CompetencyFramework))
    graph.add((iri, DCTERMS.title, Literal(title, lang="en")))
    if asn_document:
        document = URIRef(f"http://purl.org/ASN/resources/{asn_document}")
        graph.add((iri, SKOS.exactMatch, document))
        graph.add((iri, PROV.wasDerivedFrom, document))
        graph.add((iri, DCTERMS.license, _CC_BY_3))
    return graph


def _add_standards(
    graph: Graph, scheme: URIRef, standards: Iterable[Standard]
) -> dict[str, URIRef]:
    """Add one concept a statement to the graph; return the IRIs by code."""
    by_code = {standard.code: standard for standard in standards}
    iris = {code: _iri(standard) for code, standard in by_code.items()}
    for code, standard in by_code.items():
        iri = iris[code]
        graph.add((iri, RDF.type, SKOS.Concept))
        graph.add((iri, RDF.type, CEASN.Competency))
        graph.add((iri, SKOS.inScheme, scheme))
        graph.add((iri, SKOS.prefLabel, Literal(code)))
        parent = _parent(code)
        if parent in iris:
            graph.add((iri, SKOS.broader, iris[parent]))
        else:
            graph.add((iri, SKOS.topConceptOf, scheme))
        for grade in _grades(code, by_code):
            graph.add((iri, CEASN.educationLevelType, BPG[grade]))
        _add_identifiers(graph, iri, standard)
    return iris


def _iri(standard: Standard) -> URIRef:
    """Return the official address, or the CASE UUID of what has none: a grade's practice."""
    if standard.guid:
        return standard_iri(standard.code)
    return URIRef(f"urn:uuid:{standard.case_uuid}")


def _add_identifiers(graph: Graph, iri: URIRef, standard: Standard) -> None:
    notations = [
        ("canonicalCode", {standard.code}),
        ("dotNotation", {standard.dot_notation}),
        ("shortCode", standard.short_codes),
        ("guid", {standard.guid}),
        ("asnIdentifier", standard.asn_ids),
        ("caseIdentifier", {standard.case_uuid}),
        ("edFiIdentifier", standard.ed_fi_ids),
    ]
    for datatype, values in notations:
        for value in values - {""}:
            graph.add((iri, SKOS.notation, Literal(value, datatype=BP[datatype])))
    matches = {URIRef(f"http://purl.org/ASN/resources/{asn_id}") for asn_id in standard.asn_ids}
    if standard.case_uuid:
        matches.add(URIRef(f"urn:uuid:{standard.case_uuid}"))
    for match in matches - {iri}:
        graph.add((iri, SKOS.exactMatch, match))
    if standard.uri and standard.uri != str(iri):
        graph.add((iri, BP.alternateUri, Literal(standard.uri, datatype=XSD.anyURI)))


def _parent(code: str) -> str:
    """Return the code one level up, or "" at the top; ``HSF-TF`` is under ``HSF``."""
    if practice := re.fullmatch(r"\w+\.(MP\d)", code):
        return practice[1]
    parent = code.rpartition(".")[0]
    return parent or (code.partition("-")[0] if "-" in code else "")


def _grades(code: str, codes: Iterable[str]) -> list[str]:
    """Return the grades that a code names, in order."""
    first, _, rest = code.partition(".")
    if first in _GRADES:
        return [first]
    if first.startswith("HS"):
        return _GRADES[9:]
    if first.startswith("MP") or first == "CCRA":
        return _GRADES
    if rest:  # literacy: strand, then grade or band
        low, _, high = rest.partition(".")[0].partition("-")
        return _GRADES[_GRADES.index(low) : _GRADES.index(high or low) + 1]
    return [grade for grade in _GRADES if f"{grade}.{code}" in codes]  # a domain


def _crosswalk(pairs: list[tuple[str, str, str]], iris: dict[str, URIRef]) -> Graph:
    """Return the items of the TEKS that are aligned, and the alignments."""
    graph = _framework(_TEKS, "Texas Essential Knowledge and Skills for Mathematics", "")
    graph.add((_CROSSWALK, RDF.type, PROV.Entity))
    title = "Alignments from the Texas Essential Knowledge and Skills to the Common Core"
    graph.add((_CROSSWALK, DCTERMS.title, Literal(title, lang="en")))
    graph.add((_CROSSWALK, DCTERMS.creator, _LEARNING_COMMONS))
    graph.add((_CROSSWALK, DCTERMS.license, _CC_BY_4))
    graph.add((_LEARNING_COMMONS, RDF.type, PROV.Organization))
    graph.add((_LEARNING_COMMONS, DCTERMS.title, Literal("Learning Commons", lang="en")))
    for uuid, coding_scheme, code in pairs:
        item = URIRef(f"urn:uuid:{uuid}")
        graph.add((item, RDF.type, SKOS.Concept))
        graph.add((item, RDF.type, CEASN.Competency))
        graph.add((item, SKOS.inScheme, _TEKS))
        graph.add((item, SKOS.prefLabel, Literal(coding_scheme)))
        notation = Literal(coding_scheme, datatype=BP.codingScheme)
        graph.add((item, SKOS.notation, notation))
        graph.add((item, SKOS.notation, Literal(uuid, datatype=BP.caseIdentifier)))
        alignment = ID[f"alignment/{uuid5(NAMESPACE_URL, f'{item} {iris[code]}')}"]
        graph.add((alignment, RDF.type, BP.Alignment))
        graph.add((alignment, BP.alignsFrom, item))
        graph.add((alignment, BP.alignsTo, iris[code]))
        # The source says "aligned" and no more.
        graph.add((alignment, BP.hasStrength, BP.RelatedStrength))
        graph.add((alignment, DCTERMS.creator, _LEARNING_COMMONS))
        graph.add((alignment, PROV.wasDerivedFrom, _CROSSWALK))
    return graph


def _turtle(graph: Graph, title: str, credits_: str) -> str:
    """Return the graph as Turtle under a header that says what it is and whose."""
    used = {str(term) for triple in graph for term in triple} | {
        str(term.datatype) for term in graph.objects() if isinstance(term, Literal)
    }
    for prefix, namespace in PREFIXES.items():
        if any(term.startswith(str(namespace)) for term in used):
            graph.bind(prefix, namespace)
    body = BytesIO()
    _ReadableTurtle(graph).serialize(body, encoding="utf-8")
    return _PROLOGUE.format(title=title) + credits_ + "\n" + body.getvalue().decode().strip() + "\n"


class _ReadableTurtle(TurtleSerializer):
    """rdflib's Turtle, with the subjects in the order in which people count: 2 before 10."""

    def orderSubjects(self) -> list[Node]:  # noqa: N802
        return sorted(self._subjects, key=_counting)


def _counting(subject: Node) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", str(subject))
    return [(int(part), part) if part.isdigit() else (-1, part) for part in parts]


def main(arguments: list[str]) -> int:
    """Write the files beside this module from the lists in the one folder named; 0 when done."""
    if len(arguments) != 1:
        print("usage: python -m databackpack.ontology.standards.derivation DATA", file=sys.stderr)
        return 2
    try:
        texts = derive(Path(arguments[0]))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; DATA must hold the lists", file=sys.stderr)
        return 2
    for name, text in texts.items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}: {len(text.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
