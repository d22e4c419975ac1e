"""Statements of any format become a framework: each once, under the IRI it is known by."""

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from rdflib import Graph, URIRef

from databackpack.loaders import lines
from databackpack.loaders.frameworks.cycles import closing
from databackpack.loaders.frameworks.problems import Problems, is_foreign
from databackpack.loaders.frameworks.statement import IDENTIFYING, Document, Statement
from databackpack.loaders.frameworks.writing import write_document, write_statement
from databackpack.loaders.record import Framework, Item, Source
from databackpack.ontology.standards import framework, identify, learn

__all__ = ["build"]


def build(document: Document, statements: Iterable[Statement], file: str) -> Iterator[Item]:
    """Yield the framework that *document* and *statements* of *file* are, and their problems.

    A statement that is known by an identifier is the known one; any other has its own permanent
    IRI. What is wrong with one of them costs that one, or less. A framework that has no IRI of its
    own is one problem, and nothing of it is taken. What is read after it may name its statements.
    """
    problems = Problems(file)
    if not is_foreign(document.iri):
        problems.add(
            document.line,
            "framework identifier",
            f"the framework has no identifier that is an address or a UUID, but "
            f"{document.iri[:100]!r}; give it one of its publisher",
        )
        yield from problems.found
        return
    own = URIRef(document.iri)
    scheme = framework(document.iri) or own
    kept = _distinct(statements, document, problems)
    iris = _iris(kept)
    graph = Graph(store="SimpleMemory", bind_namespaces="none")
    write_document(graph, scheme, own, document, problems)
    _link(kept, document, problems)
    for statement in kept:
        write_statement(graph, scheme, statement, iris, document, problems)
    learn(quad.triple for quad in ox.parse(lines.write(graph), format=ox.RdfFormat.N_TRIPLES))
    yield from problems.found
    yield Framework(scheme, own, graph, Source(file, document.line))


def _distinct(
    statements: Iterable[Statement], document: Document, problems: Problems
) -> list[Statement]:
    """Return the statements that have an identifier, each of them once."""
    kept: dict[str, Statement] = {}
    by_iri: dict[str, Statement] = {}
    again: dict[str, str] = {document.iri: document.key}
    for statement in statements:
        first = kept.get(statement.key) or by_iri.get(statement.iri)
        if not statement.key or not is_foreign(statement.iri):
            problems.of(
                statement,
                "identifier",
                f"{(statement.iri or statement.key)[:100]!r} is no identifier of a statement: it "
                "takes a UUID or an address that is not of this system; correct it",
            )
        elif first is not None or statement.iri == document.iri:
            line = document.line if first is None else first.line
            problems.of(
                statement,
                "duplicate identifier",
                f"{statement.iri[:200]!r} is there before, at line {line}; the first one counts, "
                "keep one",
            )
            if first is not None:
                again[statement.key] = first.key
        else:
            kept[statement.key] = by_iri[statement.iri] = statement
    for statement in kept.values():
        statement.parents = [again.get(parent, parent) for parent in statement.parents]
    return list(kept.values())


def _iris(statements: list[Statement]) -> dict[str, URIRef]:
    """Return the IRI of each statement by its key: the known one, else its own.

    INVARIANT: two of a file come to one known IRI only where each is known by the identifier that
    the file's publisher gave it. ASN has one standard's GUID on a cluster too.
    """
    known = {statement.key: identify(statement.iri) for statement in statements}
    iris = {key: iri for key, iri in known.items() if iri is not None}
    taken = set(iris.values())
    for statement in statements:
        if statement.key in iris:
            continue
        others = (identify(value) for kind, value in statement.names if kind in IDENTIFYING)
        found = next((iri for iri in others if iri is not None), None)
        if found is not None and found not in taken:
            iris[statement.key] = found
            taken.add(found)
    for statement in statements:
        iris.setdefault(statement.key, URIRef(statement.iri))
    return iris


def _link(statements: list[Statement], document: Document, problems: Problems) -> None:
    """Take out the links that lead nowhere or back to where they began."""
    by_key = {statement.key: statement for statement in statements}
    for statement in statements:
        for parent in [one for one in statement.parents if one not in by_key]:
            statement.parents.remove(parent)
            if parent != document.key:
                problems.of(
                    statement,
                    "dangling parent",
                    f"the parent {parent[:100]!r} is not in the file; the statement is at the top "
                    "now: send the parent too, or correct it",
                )
    for name, rule in (
        ("parents", "cycle"),
        ("prerequisite_of", "prerequisite cycle"),
        ("precedes", "sequence cycle"),
    ):
        links = [(s.key, end) for s in statements for end in getattr(s, name)]
        for start, end in closing(links):
            getattr(by_key[start], name).remove(end)
            problems.of(
                by_key[start],
                rule,
                f"{start[:100]!r} → {end[:100]!r} leads back to where it began; this link is left "
                "out: correct it",
            )
