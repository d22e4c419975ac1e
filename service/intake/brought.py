"""A file of an export, read without a network into a store of its own, and sorted out by graph."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import pyoxigraph as ox
from rdflib import RDF, URIRef

from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.terms import node, text

__all__ = ["FORMATS", "Brought", "Unreadable"]

FORMATS = {
    ".nq": ox.RdfFormat.N_QUADS,
    ".nquads": ox.RdfFormat.N_QUADS,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".ttl": ox.RdfFormat.TURTLE,
}
_IN_GRAPH = node(BP.isInGraph)
_STATEMENT = str(ID["statement/"])
_SUBJECT, _PREDICATE, _OBJECT = map(node, (RDF.subject, RDF.predicate, RDF.object))


class Unreadable(ValueError):
    """The file is no export: the line where it ends to be one, if that is known, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


class Brought:
    """The graphs of the file at *path*, on disk while the context lasts; raises Unreadable."""

    def __init__(self, path: Path) -> None:
        self._folder = TemporaryDirectory(prefix="backpack-import-")
        self._store = ox.Store(self._folder.name)
        try:
            form = FORMATS.get(path.suffix)
            if form is None:
                raise Unreadable(1, f"name the file {', '.join(f'*{s}' for s in FORMATS)}")
            self._load(path, form)
            self.strays = list(self._restore()) if form == ox.RdfFormat.TURTLE else self._strays()
        except BaseException:
            self._folder.cleanup()
            raise

    def __enter__(self) -> "Brought":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del self._store
        self._folder.cleanup()

    def names(self) -> list[str]:
        """Return the names of the graphs, sorted; a blank node's is not one of ours."""
        return sorted(text(name) for name in self._store.named_graphs())

    def triples(self, graph: URIRef, subject: URIRef | None = None) -> set[ox.Triple]:
        """Return what the file has in *graph*, or there about *subject*."""
        about = None if subject is None else node(subject)
        return {q.triple for q in self._store.quads_for_pattern(about, None, None, node(graph))}

    def subjects(self, graph: URIRef, predicate: URIRef, value: URIRef) -> list[URIRef]:
        """Return the subjects of *graph* that have *value* for *predicate*, sorted."""
        found = self._store.quads_for_pattern(None, node(predicate), node(value), node(graph))
        return sorted(URIRef(text(quad.subject)) for quad in found)

    def pairs(self, graph: URIRef, predicate: URIRef) -> Iterator[tuple[URIRef, URIRef]]:
        """Yield (subject, value) of *predicate* in *graph*, the value's text as an IRI."""
        found = self._store.quads_for_pattern(None, node(predicate), None, node(graph))
        return ((URIRef(text(q.subject)), URIRef(text(q.object))) for q in found)

    def _load(self, path: Path, form: ox.RdfFormat) -> None:
        try:
            self._store.bulk_load(path=str(path), format=form)
        except SyntaxError as error:
            why = str(error)
            if "remote context" in why:
                why = "it names a context of elsewhere; contexts are not fetched, expand it first"
            raise Unreadable(error.lineno or 1, why) from None
        except (ValueError, OSError) as error:
            raise Unreadable(1, str(error)) from None

    def _strays(self) -> list[str]:
        """Return the subjects, some of them, that are in no named graph."""
        loose = self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return sorted({str(quad.subject) for quad, _ in zip(loose, range(10), strict=False)})

    def _restore(self) -> Iterator[str]:
        """Put each triple of a Turtle file into its graph; yield the subjects that name none."""
        loose = ox.DefaultGraph()
        stated = self._store.quads_for_pattern(None, node(RDF.type), node(RDF.Statement), loose)
        self._store.bulk_extend(quad for one in stated for quad in self._stated(one.subject))
        placed = self._store.quads_for_pattern(None, _IN_GRAPH, None, loose)
        self._store.bulk_extend(quad for one in placed for quad in self._placed(one))
        placed_last = None
        for quad in self._store.quads_for_pattern(None, None, None, loose):
            if quad.subject == placed_last or _is_statement(quad.subject):
                continue
            if next(self._graphs_of(quad.subject), None) is not None:
                placed_last = quad.subject
            elif next(self._elsewhere(quad), None) is None:
                yield str(quad.subject)

    def _stated(self, statement: ox.NamedNode | ox.BlankNode | ox.Triple) -> Iterator[ox.Quad]:
        about = {q.predicate: q.object for q in self._about(statement)}
        parts = [about.get(name) for name in (_SUBJECT, _PREDICATE, _OBJECT, _IN_GRAPH)]
        if None not in parts:
            yield ox.Quad(*parts)  # type: ignore[arg-type]

    def _placed(self, quad: ox.Quad) -> Iterator[ox.Quad]:
        """Yield the triples of a subject in the graph that *quad* says they are in."""
        if _is_statement(quad.subject) or not isinstance(quad.object, ox.NamedNode):
            return
        for one in self._about(quad.subject):
            if one.predicate != _IN_GRAPH:
                yield ox.Quad(one.subject, one.predicate, one.object, quad.object)

    def _graphs_of(self, subject: ox.NamedNode | ox.BlankNode | ox.Triple) -> Iterator[ox.Quad]:
        return self._store.quads_for_pattern(subject, _IN_GRAPH, None, ox.DefaultGraph())

    def _about(self, subject: ox.NamedNode | ox.BlankNode | ox.Triple) -> Iterator[ox.Quad]:
        return self._store.quads_for_pattern(subject, None, None, ox.DefaultGraph())

    def _elsewhere(self, quad: ox.Quad) -> Iterator[ox.Quad]:
        found = self._store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return (one for one in found if one.graph_name != ox.DefaultGraph())


def _is_statement(subject: object) -> bool:
    """Tell whether *subject* is a statement that an export says once more, with its graph."""
    return isinstance(subject, ox.NamedNode) and subject.value.startswith(_STATEMENT)
