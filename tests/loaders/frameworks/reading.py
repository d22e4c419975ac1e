"""What tests of frameworks share: files read and loaded, and invented packages."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from rdflib import RDF, Graph, URIRef

from databackpack.loaders.frameworks import FORMATS
from databackpack.loaders.record import Framework, Problem
from databackpack.ontology.namespaces import CEASN, SKOS
from databackpack.service.intake.load import load
from databackpack.service.intake.report import Report
from databackpack.service.records.truth import TruthStore

DOCUMENT = "d0000000-0000-4000-8000-000000000001"


def read(form: str, path: Path) -> tuple[list[Framework], list[Problem]]:
    """Return the frameworks in *path* and what was wrong with it."""
    found = list(FORMATS[form](path))
    frameworks = [item for item in found if isinstance(item, Framework)]
    problems = [item for item in found if isinstance(item, Problem)]
    assert len(frameworks) + len(problems) == len(found)
    return frameworks, problems


def one(form: str, path: Path) -> Framework:
    """Return the one framework in *path*, with which nothing is wrong."""
    (framework,), problems = read(form, path)
    assert problems == []
    return framework


def statements(graph: Graph) -> set[URIRef]:
    return {iri for iri in graph.subjects(RDF.type, CEASN.Competency) if isinstance(iri, URIRef)}


def loaded(truth: TruthStore, form: str, *paths: Path) -> Report:
    """Return the report of loading *paths* as the command does."""
    return load(truth, form, list(paths))


def notations(graph: Graph, iri: URIRef) -> set[tuple[str, str]]:
    """Return the identifiers of *iri* as (kind, text)."""
    found = graph.objects(iri, SKOS.notation)
    return {(str(one.datatype).rsplit("#", 1)[-1], str(one)) for one in found}  # type: ignore[attr-defined]


def uuid(name: str) -> str:
    return str(uuid5(UUID(int=0), name))


def iri(name: str) -> URIRef:
    return URIRef(f"urn:uuid:{uuid(name)}")


def item(name: str, **more: Any) -> dict[str, Any]:
    """Return a CFItem that is called *name*."""
    return {"identifier": uuid(name), "fullStatement": f"Statement {name}", **more}


def link(kind: str, start: str, end: str) -> dict[str, Any]:
    """Return an association between the items called *start* and *end*, empty: the document."""
    nodes = [uuid(name) if name else DOCUMENT for name in (start, end)]
    return {
        "identifier": uuid(f"{kind} {start} {end}"),
        "associationType": kind,
        "originNodeURI": {"identifier": nodes[0], "uri": f"https://a.example/{nodes[0]}"},
        "destinationNodeURI": {"identifier": nodes[1], "uri": f"https://a.example/{nodes[1]}"},
    }


def package(items: list[Any], links: list[Any] | None = None, **document: Any) -> dict[str, Any]:
    """Return a CFPackage."""
    said = {"identifier": DOCUMENT, "title": "Invented", "lastChangeDateTime": "2026-09-01"}
    return {"CFDocument": {**said, **document}, "CFItems": items, "CFAssociations": links or []}


def write(path: Path, content: Any) -> Path:
    """Return *path*, which holds *content*: bytes, a text, or something as JSON."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        path.write_text(text, encoding="utf-8")
    return path
