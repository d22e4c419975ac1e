"""What elements are compared with: terms of CEDS, shipped or of the user's file, and ours."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.loaders.alignments.sheet import Unreadable
from databackpack.loaders.dictionary.element import Option
from databackpack.loaders.dictionary.wording import bare
from databackpack.ontology import ceds
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.namespaces import BP, OWL, RDF, RDFS, SKOS

__all__ = ["Target", "ceds_targets", "our_targets", "read_ceds"]

_FORMATS = {
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
}
_RANGES = {f"{scheme}://schema.org/rangeIncludes" for scheme in ("http", "https")}
_SCHEMES = {str(SKOS.inScheme), str(RDF.type)}


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A property that an element may be: its names, the technical one first, and its options."""

    iri: URIRef
    names: tuple[str, ...]
    options: tuple[tuple[URIRef, Option], ...] = ()
    same_as: URIRef | None = None
    """The term of CEDS that the vocabulary says is close to one of ours."""


def ceds_targets(terms: Iterable[ceds.Term] | None = None) -> list[Target]:
    """Return the properties of CEDS that hold values; those that lead to another class are not.

    *terms* are the shipped ones unless others are given.
    """
    known = list(ceds.terms().values() if terms is None else terms)
    classes = {bare(term.name) for term in known if term.identifier.startswith("C2")}
    return [
        Target(
            term.iri,
            tuple(name for name in (term.name, term.label) if name),
            tuple(
                (ceds.Term(key, "").iri, Option(code, label))
                for key, (code, label) in term.options.items()
            ),
        )
        for term in known
        if term.identifier.startswith("P") and bare(term.name) not in classes
    ]


def our_targets() -> list[Target]:
    """Return the properties of our vocabulary that records have."""
    graph = vocabulary()
    found = []
    for term in sorted(graph.subjects(BP.hasIdentifiability), key=str):
        if not isinstance(term, URIRef) or (term, RDF.type, OWL.Class) in graph:
            continue
        close = [
            ceds.Term(name, "").iri
            for match in graph.objects(term, SKOS.closeMatch)
            if (name := ceds.local_name_of(str(match)))
        ]
        label = graph.value(term, RDFS.label)
        names = (str(term).rsplit("#", 1)[-1].rsplit("/", 1)[-1], str(label or ""))
        found.append(Target(term, tuple(filter(None, names)), (), close[0] if close else None))
    return found


def read_ceds(path: Path) -> list[ceds.Term]:
    """Return the terms of the whole CEDS ontology in *path*, of either namespace.

    RDF/XML, Turtle or N-Triples by the file's ending. Raises Unreadable where it is none of them.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise Unreadable(1, "unknown format", f"{path.name}: give RDF/XML, Turtle or N-Triples")
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    ranges: defaultdict[str, set[str]] = defaultdict(set)
    sets: defaultdict[str, set[str]] = defaultdict(set)
    try:
        # As published the file begins with a byte order mark, which the parser refuses.
        for quad in ox.parse(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), format=form):
            subject, value = quad.subject, quad.object
            if not isinstance(subject, ox.NamedNode):
                continue
            if (name := ceds.local_name_of(subject.value)) is None:
                continue
            predicate = quad.predicate.value
            if isinstance(value, ox.Literal):
                texts[name].setdefault(predicate, value.value)
            elif isinstance(value, ox.NamedNode):
                other = ceds.local_name_of(value.value)
                if other and predicate in _RANGES:
                    ranges[name].add(other)
                elif other and predicate in _SCHEMES and name.startswith("NI"):
                    sets[other].add(name)
    except SyntaxError as error:
        raise Unreadable(error.lineno or 1, "malformed ontology", str(error.msg)) from None
    except OSError as error:
        raise Unreadable(1, "unreadable-file", str(error.strerror)) from None
    notation, label = str(SKOS.notation), str(RDFS.label)
    found = []
    for name, said in sorted(texts.items()):
        if name.startswith("NI"):
            continue
        options = {
            key: (texts[key].get(notation, ""), texts[key].get(label, ""))
            for one in sorted(ranges[name] | {f"C{name[1:]}"})
            for key in sorted(sets.get(one, ()))
        }
        technical = said.get(notation) or said.get(label, name)
        found.append(ceds.Term(name, technical, said.get(label, ""), (), options))
    if not found:
        raise Unreadable(1, "no terms", f"{path.name} holds no term of CEDS in either namespace")
    return found
