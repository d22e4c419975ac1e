"""What sources call a relation between two standards, and what becomes of it."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from rdflib import URIRef

from databackpack.loaders.table import Refused
from databackpack.ontology.namespaces import BP, PREFIXES

__all__ = ["Relation", "bare", "relation", "settings"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as its source writes it, how strong it is, and what it says of the standards.

    *strength* is a concept of bp:StrengthScheme and *predicate* a property from origin to target;
    each is None where the source says none.
    """

    stated: str
    strength: URIRef | None = None
    predicate: URIRef | None = None
    is_symmetric: bool = False


def relation(stated: str) -> Relation:
    """Return the relation that a source calls *stated*; raises Refused where nobody knows it.

    CASE lets publishers add types that begin with ``ext:``; these are kept as they are.
    """
    if stated.startswith("ext:"):
        return Relation(stated)
    row = _table().get(bare(stated))
    if row is None:
        near = get_close_matches(stated, [str(name) for name in settings("relations")], 3)
        hint = f"; nearest are {', '.join(near)}" if near else ""
        raise Refused(
            "unknown relation",
            f"{stated[:100]!r} is no relation or strength between standards that is known{hint}; "
            "the words are in loaders/alignments/relations.yaml",
        )
    if why := row.get("refused"):
        raise Refused("refused relation", f"{stated[:100]!r}: {why}")
    strength, predicate = row.get("strength"), row.get("property")
    return Relation(
        stated,
        BP[strength] if strength else None,
        _iri(predicate) if predicate else None,
        bool(row.get("symmetric")),
    )


def bare(text: str) -> str:
    """Return what spellings of one word have in common, without its namespace."""
    return re.sub(r"\W|_", "", re.split(r"[#/:]", text)[-1]).casefold()


@cache
def settings(name: str) -> Any:
    """Return what the YAML file *name* beside this module says; callers only read it."""
    return yaml.safe_load(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))


@cache
def _table() -> dict[str, dict[str, Any]]:
    return {bare(name): row for name, row in settings("relations").items()}


def _iri(curie: str) -> URIRef:
    prefix, _, name = curie.partition(":")
    return URIRef(f"{PREFIXES[prefix]}{name}")
