"""Finding the one standard that an identifier names, however it is spelled.

The Common Core is shipped. Of other frameworks a process is told for a while, by `knowing`; who
was not told finds what is shipped and no more.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from functools import cache
from importlib.resources import files as resources
from importlib.resources.abc import Traversable

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import RDF, SKOS

from databackpack.ontology.namespaces import BP, CEASN
from databackpack.ontology.standards.notation import reduced

__all__ = [
    "Names",
    "UnknownStandard",
    "answering",
    "files",
    "framework",
    "identify",
    "is_shipped",
    "knowing",
    "learn",
    "resolve",
]

_NOTATION = str(SKOS.notation)
_IDENTIFYING = {_NOTATION, str(BP.alternateUri)}
_CANONICAL = str(BP.canonicalCode)
_CODES = {_CANONICAL, *(str(BP[kind]) for kind in ("dotNotation", "shortCode", "codingScheme"))}
_MOST_KEPT = 8192

_HEX = re.compile(r"(?:^|[:/])([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})$", re.IGNORECASE)
_ASN = re.compile(r"(?:^|/)(S[0-9A-F]{7,8})$")
_ED_FI = re.compile(r"^CC\.(K|\d{1,2}(?:-\d{1,2})?)\.(([A-Z]+)\..+)$")
_HIGH_SCHOOL = re.compile(r"^([NAFGS])\.([A-Z]{1,3}\.\d)")  # A.CED.4
_CLUSTER = re.compile(r"^((?:[K1-8]\.|HS[NAFGS]-)[A-Z]+)\.[A-Z](?=\.\d)")
_STRANDS = {"L", "RF", "RH", "RI", "RL", "RST", "SL", "W", "WHST"}


class UnknownStandard(ValueError):
    """An identifier that names no standard, or more than one."""


class Names:
    """Which standards answer to which identifiers and codes, by what triples say.

    INVARIANT: a code is no identifier: two frameworks may have the same one for different things.
    """

    def __init__(self, triples: Iterable[ox.Triple] = ()) -> None:
        self.identifiers: defaultdict[str, set[str]] = defaultdict(set)
        self.codes: defaultdict[str, set[str]] = defaultdict(set)
        self.canonical: list[str] = []
        self.frameworks: dict[str, str] = {}
        self.kept: dict[str, URIRef | UnknownStandard] = {}
        self.add(triples)

    def add(self, triples: Iterable[ox.Triple]) -> None:
        """Have the names that *triples* give standards and frameworks too."""
        self.kept.clear()
        frameworks: set[str] = set()
        matches: list[tuple[str, str]] = []
        for triple in triples:
            subject, value = triple.subject, triple.object
            if not isinstance(subject, ox.NamedNode):
                continue
            predicate = triple.predicate.value
            if predicate in _IDENTIFYING and isinstance(value, ox.Literal):
                self._name(subject.value, value.value, value.datatype.value)
            elif predicate == str(RDF.type) and value == ox.NamedNode(str(CEASN.Competency)):
                self.identifiers[_key(subject.value)].add(subject.value)
            elif predicate == str(RDF.type) and value == _FRAMEWORK:
                frameworks.add(subject.value)
            elif predicate == str(SKOS.exactMatch) and isinstance(value, ox.NamedNode):
                matches.append((subject.value, value.value))
        for iri in frameworks:
            self.frameworks[iri] = iri
        for iri, other in matches:
            if iri in frameworks:
                self.frameworks[other] = iri

    def _name(self, iri: str, text: str, datatype: str) -> None:
        if datatype == _CANONICAL:
            self.canonical.append(text)
            self.codes[_CLUSTER.sub(r"\1", text)].add(iri)  # as older files write it
            self.codes[text].add(iri)
        elif datatype in _CODES:
            self.codes[_key(text)].add(iri)
            if datatype == str(BP.codingScheme):
                self.canonical.append(text)
        else:
            self.identifiers[_key(text)].add(iri)

    def find(self, key: str) -> set[str]:
        """Return the IRIs of the standards that answer to *key*."""
        return self.identifiers.get(key, set()) | self.codes.get(key, set())


_FRAMEWORK = ox.NamedNode(str(CEASN.CompetencyFramework))
_TOLD: ContextVar[Names | None] = ContextVar("told", default=None)


@contextmanager
def knowing(names: Names) -> Iterator[None]:
    """Let `resolve` find *names* too, in this thread or task, and in processes forked from it."""
    token = _TOLD.set(names)
    try:
        yield
    finally:
        _TOLD.reset(token)


def learn(triples: Iterable[ox.Triple]) -> None:
    """Add to the names that `knowing` told; without such nothing is learnt."""
    if (told := _TOLD.get()) is not None:
        told.add(triples)


def files() -> list[Traversable]:
    """Return the Turtle files of the standards, sorted by name."""
    package = resources("databackpack.ontology.standards")
    return sorted(
        (file for file in package.iterdir() if file.name.endswith(".ttl")),
        key=lambda file: file.name,
    )


def resolve(identifier: str) -> URIRef:
    """Return the IRI of the one standard that *identifier* names.

    Takes dot notations, short codes (``5.NBT.1``, ``A.CED.4``), Ed-Fi's ``CC.…``, addresses, GUIDs,
    ASN identifiers, CASE UUIDs and the codes of the crosswalked state frameworks, and what
    `knowing` told; where both answer to it, the Common Core. Raises UnknownStandard when none, or
    more than one, answers to it.
    """
    told = _TOLD.get()
    kept = (_shipped() if told is None else told).kept
    found = kept.get(identifier)
    if found is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        found = kept[identifier] = _resolved(identifier, told)
    if isinstance(found, UnknownStandard):
        raise UnknownStandard(str(found))
    return found


def _resolved(identifier: str, told: Names | None) -> URIRef | UnknownStandard:
    # Refusals are kept too: looking for near spellings of an unknown one takes milliseconds.
    key, named = _key(identifier), answering(identifier)
    if len(named) == 1:
        (iri,) = named
        return URIRef(iri)
    if named:
        return UnknownStandard(
            f"{identifier[:100]!r} names {len(named)} standards: {', '.join(sorted(named))}; "
            "use the dot notation of the one that is meant"
        )
    codes = [*_shipped().canonical, *(told.canonical if told else ())]
    near = get_close_matches(key[:40], codes, n=3)
    hint = f"; the nearest known codes are {', '.join(near)}" if near else ""
    return UnknownStandard(f"{identifier[:100]!r} names no known standard{hint}")


def answering(identifier: str) -> set[str]:
    """Return the IRIs of all standards that answer to *identifier*, as `resolve` looks for them."""
    key, told = _key(identifier), _TOLD.get()
    return _shipped().find(key) or (told.find(key) if told else set())


def identify(identifier: str) -> URIRef | None:
    """Return the standard that has *identifier*, which is none that a code could be; else None.

    Codes do not count: what has the same code may be another framework's.
    """
    key, told = _key(identifier), _TOLD.get()
    for names in [_shipped()] if told is None else [_shipped(), told]:
        named = names.identifiers.get(key, set())
        if len(named) == 1:
            return URIRef(next(iter(named)))
    return None


def is_shipped(iri: str) -> bool:
    """Tell whether *iri* is a standard or a framework that is here whatever is loaded."""
    shipped, text = _shipped(), str(iri)  # no URIRef equals a str
    return text in shipped.frameworks or text in shipped.identifiers.get(_key(text), ())


def framework(iri: str) -> URIRef | None:
    """Return the framework that is held under *iri*, its own or one that matches exactly."""
    told = _TOLD.get()
    found = _shipped().frameworks.get(iri) or (told.frameworks.get(iri) if told else None)
    return None if found is None else URIRef(found)


def _key(identifier: str) -> str:
    """Return what all spellings of one identifier have in common."""
    text = identifier.strip().rstrip("/")
    if found := _HEX.search(text):
        return found[1].replace("-", "").upper()
    if found := _ASN.search(text):
        return found[1]
    code = reduced(text)
    if found := _ED_FI.match(code):
        code = _from_ed_fi(*found.groups())
    return _HIGH_SCHOOL.sub(r"HS\1-\2", code)


def _from_ed_fi(grade: str, code: str, first: str) -> str:
    """Return a 2010 code in today's order: ``CC.4.L.2b`` is L.4.2b, ``CC.9-12.A.CED.4`` A.CED.4."""
    if first in _STRANDS:
        return f"{first}.{grade}{code.removeprefix(first)}"
    return code if "-" in grade else f"{grade}.{code}"


@cache
def _shipped() -> Names:
    """Return the names of what is shipped; reads the files once a process."""
    names = Names()
    for file in files():
        names.add(quad.triple for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE))
    return names
