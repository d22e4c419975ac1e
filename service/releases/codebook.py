"""The code book of a release: what is in it, how each property is told, and what that cost.

It is made from the release and the ontology, for people and as RDF (VoID). It says nothing of any
one learner: what fewer learners than the release's groups have is told as fewer, without number.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox
from rdflib import RDF, RDFS, VOID, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts, definition, label, local_name
from databackpack.ontology.namespaces import BP, DCTERMS, PROV, SKOS
from databackpack.service.releases.contents import Contents
from databackpack.service.releases.ladder import indices, ladders
from databackpack.service.releases.release import Release
from databackpack.service.templating import templates
from databackpack.service.views import public
from databackpack.shapes.files import record_shapes

__all__ = ["Book", "Property", "Step", "graph", "html"]

_PATH = URIRef("http://www.w3.org/ns/shacl#path")
_FRAME = frozenset((RDF.type, BP.isRecordOf))
"""What an item is and whose: told by a class and by a random code."""

_NEVER = frozenset((BP.DirectIdentifier, BP.FreeText))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a property's ladder: *learners* are told it so; None: fewer than a group."""

    iri: URIRef
    learners: int | None

    @property
    def label(self) -> str:
        return label(self.iri)

    @property
    def definition(self) -> str:
        return definition(self.iri)


@dataclass(frozen=True, slots=True)
class Property:
    """A property or a class of the release, of how many *learners*, and the steps it is told by.

    *sharer* is the property by whose ladder it is told, where that is another one.
    """

    iri: URIRef
    learners: int | None
    steps: tuple[Step, ...]
    sharer: URIRef | None = None

    @property
    def label(self) -> str:
        return label(self.iri)

    @property
    def definition(self) -> str:
        return definition(self.iri)

    @property
    def identifiability(self) -> URIRef | None:
        """How far its values point to a person."""
        found = vocabulary().value(self.iri, BP.hasIdentifiability)
        return found if isinstance(found, URIRef) else None

    @property
    def kind(self) -> str:
        return "" if self.identifiability is None else label(self.identifiability)

    @property
    def reason(self) -> str:
        """Why it is in no release, or not in this one."""
        if self.identifiability is None:
            return "The ontology does not say how far it identifies, so it is never let through."
        if self.identifiability in _NEVER:
            return f"{self.kind}: {definition(self.identifiability)}"
        return "Nothing of it is told in this release."


@dataclass(frozen=True)
class Book:
    """A release with the *title* and *scope* of its agreement, and what it holds.

    *said* is what is public of codes and standards: what is shipped, unless more is given, such as
    the frameworks that were loaded.
    """

    release: Release
    title: str
    scope: str
    contents: Contents
    said: Iterable[ox.Triple] | None = None

    @cached_property
    def classes(self) -> list[Property]:
        """The classes of items in the release, by name."""
        return self._described(self.contents.classes)

    @cached_property
    def properties(self) -> list[Property]:
        """The properties in the release, by name."""
        held = self.contents.properties
        return self._described({iri: held[iri] for iri in held if iri not in _FRAME})

    @cached_property
    def absent(self) -> list[Property]:
        """The properties that records of these categories may have and this release does not."""
        categories = {
            category
            for cls in self.contents.classes
            for category in vocabulary().objects(cls, BP.hasCategory)
            if isinstance(category, URIRef)
        }
        known = {
            path
            for category in categories
            for path in record_shapes(category).objects(None, _PATH)
            if isinstance(path, URIRef)
        }
        gone = known - self.contents.properties.keys() - _FRAME
        losses = self.release.losses
        return [
            Property(iri, 0, self._steps(iri)[0] if iri in losses else ())
            for iri in sorted(gone, key=_by_name)
        ]

    @cached_property
    def schemes(self) -> list[URIRef]:
        """The code lists of the vocabulary that values are of, by name."""
        return sorted((iri for iri in self._used if concepts(iri)), key=_by_name)

    @cached_property
    def frameworks(self) -> list[tuple[str, int]]:
        """The frameworks of standards that values are of, with how many of their standards."""
        found = self._used.items()
        return sorted((str(iri), count) for iri, count in found if not concepts(iri))

    @cached_property
    def _used(self) -> Mapping[URIRef, int]:
        return self.contents.schemes(public.vocabulary() if self.said is None else self.said)

    def told(self, learners: int) -> int | None:
        """Return a number of learners, None where it is less than a group and not 0."""
        return learners if learners == 0 or learners >= self.release.k else None

    def _described(self, held: Mapping[URIRef, int]) -> list[Property]:
        return [
            Property(iri, self.told(held[iri]), *self._steps(iri))
            for iri in sorted(held, key=_by_name)
        ]

    def _steps(self, iri: URIRef) -> tuple[tuple[Step, ...], URIRef | None]:
        """Return how *iri* is told, and by whose ladder where that is another property's."""
        place = indices().get(str(iri))
        if place is not None:
            ladder = ladders()[place]
            lost = self.release.losses.get(ladder.iri, {})
            steps = tuple(Step(one, self.told(lost.get(one, 0))) for one in ladder.steps)
            return steps, None if ladder.iri == iri else ladder.iri
        made = vocabulary().value(iri, BP.isGeneralizedBy)
        if isinstance(made, URIRef):
            return (Step(made, self.told(self.contents.properties[iri])),), None
        return (), None


def html(book: Book) -> str:
    """Return the code book as a page that stands for itself."""
    page = templates("databackpack.service.releases").get_template("codebook.html")
    return page.render(
        book=book,
        release=book.release,
        told=book.told,
        name=label,
        audience=local_name(book.release.audience),
        purpose=label(book.release.purpose),
        schemes=[
            (label(scheme), definition(scheme), [_code(code) for code in concepts(scheme)])
            for scheme in book.schemes
        ],
    )


def _code(iri: URIRef) -> tuple[str, str, str]:
    notation = vocabulary().value(iri, SKOS.notation)
    return str(notation or local_name(iri)), label(iri), definition(iri)


def graph(book: Book) -> Graph:
    """Return the same as RDF: the release as a ``void:Dataset`` with a partition for each term."""
    found = Graph()
    for triple in (*_head(book), *_partitions(book), *_words(book)):
        found.add(triple)
    return found


_Triple = tuple[Node, URIRef, Node]


def _head(book: Book) -> Iterator[_Triple]:
    release = book.release
    moment = Literal(release.moment.isoformat(), datatype=XSD.dateTime)
    values: list[tuple[URIRef, Node | None]] = [
        (RDF.type, BP.Release),
        (RDF.type, VOID.Dataset),
        (DCTERMS.title, Literal(f"{book.title}: release {release.number}")),
        (DCTERMS.description, Literal(book.scope)),
        (BP.isReleaseUnder, release.agreement),
        (BP.isPublishedFor, release.audience),
        (BP.hasPurpose, release.purpose),
        (BP.sequence, Literal(release.number)),
        (PROV.generatedAtTime, moment),
        (BP.minimumGroupSize, Literal(release.k)),
        *((VOID.vocabulary, scheme) for scheme in book.schemes),
        *((DCTERMS.references, URIRef(framework)) for framework, _ in book.frameworks),
    ]
    for predicate, count in (
        (BP.learnersReleased, release.learners),
        (BP.learnersSuppressed, release.suppressed),
        (BP.learnersLeftOut, release.left_out),
    ):
        values.append((predicate, _number(book.told(count))))
    yield from _said(release.iri, values)


def _partitions(book: Book) -> Iterator[_Triple]:
    whole = book.release.iri
    for link, term, terms in (
        (VOID.classPartition, VOID["class"], book.classes),
        (VOID.propertyPartition, VOID.property, book.properties),
    ):
        for one in terms:
            part = URIRef(f"{whole}#{local_name(one.iri)}")
            yield whole, link, part
            values = [
                (term, one.iri),
                (BP.learnersReleased, _number(one.learners)),
                (BP.hasIdentifiability, one.identifiability),
                (BP.isRecodedWith, one.sharer),
            ]
            yield from _said(part, values)
            for step in one.steps:
                loss = URIRef(f"{part}/{local_name(step.iri)}")
                told = [
                    (RDF.type, BP.ReleaseLoss),
                    (BP.isLossOf, whole),
                    (BP.concernsTerm, one.iri),
                    (BP.hasStep, step.iri),
                    (BP.learnersReleased, _number(step.learners)),
                ]
                yield from _said(loss, told)


def _words(book: Book) -> Iterator[_Triple]:
    """What the terms and the codes are called and mean, so that the book can be read by itself."""
    terms = [*book.classes, *book.properties]
    steps = {step.iri for one in terms for step in one.steps}
    codes = {code for scheme in book.schemes for code in (scheme, *concepts(scheme))}
    kinds = {one.identifiability for one in terms if one.identifiability is not None}
    for iri in sorted({one.iri for one in terms} | steps | codes | kinds):
        yield iri, RDFS.label, Literal(label(iri), lang="en")
        if words := definition(iri):
            yield iri, SKOS.definition, Literal(words, lang="en")
    for scheme in book.schemes:
        for code in concepts(scheme):
            yield code, SKOS.inScheme, scheme
            notation = vocabulary().value(code, SKOS.notation)
            yield from _said(code, [(SKOS.notation, notation)])


def _said(subject: Node, values: Iterable[tuple[URIRef, Node | None]]) -> Iterator[_Triple]:
    for predicate, value in values:
        if value is not None:
            yield subject, predicate, value


def _number(count: int | None) -> Literal | None:
    return None if count is None else Literal(count)


def _by_name(iri: URIRef) -> tuple[str, str]:
    return label(iri).casefold(), str(iri)
