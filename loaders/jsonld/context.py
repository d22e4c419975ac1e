"""What the terms of a document mean, by contexts that are here: nothing is ever fetched."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import yaml
from pyld import jsonld
from pyld.canon import URDNA2015
from pyld.context_resolver import ContextResolver
from pyld.identifier_issuer import IdentifierIssuer

from databackpack.loaders.jsonld.document import documents
from databackpack.loaders.jsonld.node import RELATIVE, Node
from databackpack.loaders.record import Problem
from databackpack.loaders.table import Refused

__all__ = ["Contexts"]

_REMEMBERED = 5_000
_PATIENCE = 20_000
_WORDS = {
    "context overflow": "its contexts include each other without end",
    "recursive context inclusion": "its contexts include each other without end",
}
"""What pyld calls a fault, where that says little."""


class Contexts:
    """The contexts that this system has, and those in *folders* of the user's.

    A file of a folder answers to an address with the same last segment, or with the same words in
    it: ``school_context.json`` to ``…/context-school.json``.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._files = {
            _words(file.name): file
            for folder in folders
            for file in sorted(folder.glob("*[cC]ontext*"))
            if file.suffix in (".json", ".jsonld")
        }
        self._resolver = ContextResolver({}, self._load)
        self._count = 0

    def expand(self, value: dict[str, Any], path: str = "$") -> Node:
        """Return the document *value* with IRIs in place of its terms.

        Raises Refused: an unknown context, or what JSON-LD does not allow.
        """
        self._count += 1
        if self._count % _REMEMBERED == 0:  # it keeps every context that was ever within a document
            self._resolver = ContextResolver({}, self._load)
        if "@context" in value:
            value = {**value, "@context": _absolute(value["@context"])}
        with _Told(path):
            found = jsonld.expand(value, self._options())
        if len(found) != 1:
            told = "no term of its contexts is in it; is its @context there, and before @graph?"
            raise Refused("JSON-LD", f"{path}: {told}")
        return Node(found[0], path)

    def canonical(self, value: dict[str, Any], path: str = "$") -> str:
        """Return the document *value* as canonical N-Quads (RDFC-1.0).

        Raises Refused as `expand`, and where the document is made to be endless work.
        """
        with _Told(path):
            dataset = jsonld.to_rdf(value, self._options())
            algorithm = URDNA2015()
            algorithm.canonical_issuer = _Impatient("_:c14n")
            text = algorithm.main(dataset, {"format": "application/n-quads"})
        # pyld writes fewer escapes than RDFC-1.0; what is relative is in no RDF.
        quads = (str(quad) for quad in ox.parse(text, format=ox.RdfFormat.N_QUADS))
        return "".join(sorted(f"{quad} .\n" for quad in quads if f"<{RELATIVE}" not in quad))

    def is_exact(self, value: object) -> bool:
        """Tell whether all contexts of *value* are known as they were when it was signed."""
        return not any(name in _bundled()[1] for name in _names(value))

    def _options(self) -> dict[str, Any]:
        return {
            "base": RELATIVE,
            "documentLoader": self._load,
            "contextResolver": self._resolver,
            "processingMode": "json-ld-1.1",
        }

    def _load(self, address: str, _: object = None) -> dict[str, Any]:
        exact, inexact = _bundled()
        found = exact.get(address) or inexact.get(address)
        if found is None:
            file = self._files.get(_words(address.rsplit("/", 1)[-1]))
            if file is None:
                name = address.removeprefix(RELATIVE)
                raise Refused(
                    "unknown context",
                    f"the context {name[:200]} is not here, and nothing is fetched from the "
                    "network; put its file into the folder of contexts",
                )
            found = _read(file)
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": address,
            "document": found,
        }


class _Told:
    """Faults of JSON-LD inside are raised as Refused, with the path of the document."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        cause = error
        while cause is not None:
            if isinstance(cause, Refused):
                raise Refused(cause.rule, f"{self._path}: {cause.message}") from None
            cause = cause.__cause__
        if isinstance(error, RecursionError):
            raise Refused("nesting", f"{self._path}: nested too deep") from None
        if isinstance(error, (jsonld.JsonLdError, ValueError, TypeError, KeyError)):
            what = str(getattr(error, "code", None) or error).split("\n")[0]
            raise Refused("JSON-LD", f"{self._path}: {_WORDS.get(what, what)[:300]}") from None


class _Impatient(IdentifierIssuer):  # type: ignore[misc]
    """Counts the steps of the canonical order, which some documents make endless."""

    steps = 0

    def has_id(self, old: str) -> bool:
        self.steps += 1
        if self.steps > _PATIENCE:
            raise Refused("proof", "its unnamed parts are too alike to be put into an order")
        return bool(super().has_id(old))


def _names(value: object) -> Iterator[str]:
    """Yield the addresses of contexts anywhere in *value*."""
    if isinstance(value, list):
        for one in value:
            yield from _names(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "@context":
                yield from (name for name in _listed(one) if isinstance(name, str))
            else:
                yield from _names(one)


def _absolute(context: Any) -> Any:
    """Return *context* with names of files as addresses: pyld remembers no others."""
    if isinstance(context, list):
        return [_absolute(one) for one in context]
    return RELATIVE + context if isinstance(context, str) and ":" not in context else context


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(name: str) -> frozenset[str]:
    """Return the words in a file's name without its ending, in any order."""
    stem = re.sub(r"\.(jsonld|json)$", "", name.casefold())
    return frozenset(re.split(r"[^a-z0-9.]+", stem))


@cache
def _bundled() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the contexts by address: known as they are, and read by a later version of them."""
    exact: dict[str, Any] = {}
    inexact: dict[str, Any] = {}
    for file in files("databackpack.loaders.jsonld.contexts").iterdir():
        if file.name.endswith(".yaml"):
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
            context = {"@context": _terms(told["terms"], told["prefixes"])}
            exact |= dict.fromkeys(told["addresses"], context)
            inexact |= dict.fromkeys(told.get("also read for", ()), context)
    return exact, inexact


def _terms(told: dict[str, Any] | None, prefixes: dict[str, str]) -> dict[str, Any] | None:
    """Return the term definitions of JSON-LD; ours are ``IRI [@container] [type]``."""
    if told is None:
        return None
    found: dict[str, Any] = {}
    for term, said in told.items():
        if not isinstance(said, (str, dict)):
            found[term] = said
            continue
        iri, *rest = (said if isinstance(said, str) else said["is"]).split()
        definition: dict[str, Any] = {"@id": _iri(iri, prefixes)}
        for word in rest:
            is_container = word in ("@graph", "@list", "@set")
            definition["@container" if is_container else "@type"] = _iri(word, prefixes)
        if isinstance(said, dict):
            definition["@context"] = _terms(said["terms"], prefixes)
        # Only a term without a definition of its own can be a prefix or an alias of a keyword.
        found[term] = definition["@id"] if len(definition) == 1 else definition
    return found


def _iri(text: str, prefixes: dict[str, str]) -> str:
    prefix, colon, name = text.partition(":")
    return prefixes[prefix] + name if colon and prefix in prefixes else text


def _read(file: Path) -> dict[str, Any]:
    for found in documents(file):
        if isinstance(found, Problem):
            raise Refused(found.rule, f"the context file {file.name}: {found.message}")
        if isinstance(context := found.value.get("@context"), dict):
            # JSON-LD allows no term with a slash that means another IRI; CEDS publishes some.
            terms = {term: said for term, said in context.items() if "/" not in term}
            return {**found.value, "@context": terms}
        return found.value
    raise Refused("unknown context", f"the context file {file.name} is empty")
