"""The cases of the W3C's SPARQL 1.1 test suite, read from their manifests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox
from rdflib import RDF, Graph, Namespace, Node, URIRef
from rdflib.collection import Collection

__all__ = ["GROUPS", "Case", "RdfDataset", "read"]

GROUPS = (
    *("aggregates", "bind", "bindings", "cast", "construct", "csv-tsv-res", "exists"),
    *("functions", "grouping", "json-res", "negation", "project-expression", "property-path"),
    *("subquery", "syntax-query"),
)
"""Those that ask queries; protocol, service description and graph store have tests elsewhere."""

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
_BASE = "https://w3c.github.io/rdf-tests/sparql/sparql11/"
_OTHER = ox.NamedNode("urn:decoy")
_RELATIVE_IRI = re.compile(r"<[^<>\s:]*>")
_ORDERED = re.compile(r"\border\s+by\b[^}]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RdfDataset:
    """The files of a default graph, and those of named graphs under their IRIs."""

    default: tuple[Path, ...] = ()
    named: tuple[tuple[str, Path], ...] = ()

    def quads(self) -> list[ox.Quad]:
        """Return what the files hold; blank nodes of two files are never the same."""
        default = [quad for file in self.default for quad in _parse(file)]
        named = [
            ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(iri))
            for iri, file in self.named
            for quad in _parse(file)
        ]
        return default + named

    def decoys(self) -> set[ox.Quad]:
        """Return two other statements for each one of the files, in named graphs.

        They have its predicate and its subject or its object, so that nearly any pattern that
        matches the data would match them too. Those of a file have the file's name as graph.
        """
        return {
            decoy
            for file in (*self.default, *(file for _, file in self.named))
            for quad in _parse(file)
            for decoy in _decoys(quad.triple, ox.NamedNode(_iri(file)))
        }


@dataclass(frozen=True)
class Case:
    """One entry of a manifest; a syntax test has no *result*."""

    group: str
    name: str
    kind: str
    query: Path
    dataset: RdfDataset = RdfDataset()
    result: Path | None = None

    def __str__(self) -> str:
        return f"{self.group}/{self.name}"

    @cached_property
    def text(self) -> str:
        """The query as its file has it."""
        return self.query.read_text(encoding="utf-8")

    @property
    def base(self) -> str:
        """What relative IRIs of the query are relative to."""
        return _iri(self.query)

    @property
    def sent(self) -> str:
        """The query as a client sends it: where an IRI is relative, the client knows to what."""
        return f"BASE <{self.base}>\n{self.text}" if _RELATIVE_IRI.search(self.text) else self.text

    @property
    def is_negative(self) -> bool:
        """Whether the text is no query."""
        return self.kind == "NegativeSyntaxTest11"

    @property
    def is_evaluated(self) -> bool:
        """Whether there is a result to compare with."""
        return self.result is not None

    @property
    def is_ordered(self) -> bool:
        """Whether the rows of the result have an order."""
        return _ORDERED.search(self.text) is not None


def read(folder: Path) -> list[Case]:
    """Return the cases of all groups below *folder*, each group in its manifest's order."""
    return [case for group in GROUPS for case in _cases(folder / group)]


def _cases(folder: Path) -> Iterator[Case]:
    file = folder / "manifest.ttl"
    manifest = Graph().parse(file, publicID=_iri(file))
    (entries,) = manifest.objects(URIRef(_iri(file)), MF.entries)
    for entry in Collection(manifest, entries):
        action, result = manifest.value(entry, MF.action), manifest.value(entry, MF.result)
        assert action is not None
        (kind,) = (_local(iri) for iri in manifest.objects(entry, RDF.type))
        query = action if isinstance(action, URIRef) else manifest.value(action, QT.query)
        assert query is not None
        files = sorted(map(str, manifest.objects(action, QT.data)))
        graphs = sorted(map(str, manifest.objects(action, QT.graphData)))
        yield Case(
            folder.name,
            _local(entry),
            kind,
            folder / _local(query),
            RdfDataset(
                tuple(folder / _local(iri) for iri in files),
                tuple((iri, folder / _local(iri)) for iri in graphs),
            ),
            None if result is None else folder / _local(result),
        )


def _local(iri: Node | str) -> str:
    """Return what stands behind the last / or # of *iri*."""
    return re.split("[/#]", str(iri))[-1]


def _parse(file: Path) -> ox.QuadParser:
    return ox.parse(path=file, base_iri=_iri(file), rename_blank_nodes=True)


def _decoys(triple: ox.Triple, graph: ox.NamedNode) -> Iterator[ox.Quad]:
    if not isinstance(triple.subject, ox.BlankNode):
        yield ox.Quad(triple.subject, triple.predicate, _OTHER, graph)
    if not isinstance(triple.object, ox.BlankNode):
        yield ox.Quad(_OTHER, triple.predicate, triple.object, graph)


def _iri(file: Path) -> str:
    return f"{_BASE}{file.parent.name}/{file.name}"
