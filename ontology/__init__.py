"""The vocabulary: our terms, the schemes of codes, the jurisdictions."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from rdflib import Graph, URIRef

from databackpack.ontology.namespaces import DPV

__all__ = ["files_of_vocabulary", "graph", "jurisdiction", "jurisdictions", "notice"]


def files_of_vocabulary() -> list[Traversable]:
    """Return the Turtle files of the vocabulary, sorted by name; standards are not among them."""
    return sorted(
        (file for file in files(__name__).iterdir() if file.name.endswith(".ttl")),
        key=lambda file: file.name,
    )


@cache
def graph() -> Graph:
    """Return the vocabulary as one graph, parsed once; callers only read it."""
    merged = Graph()
    for file in files_of_vocabulary():
        merged.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    return merged


def jurisdictions() -> list[str]:
    """Return the names of the jurisdictions that are shipped."""
    folder = files(__name__).joinpath("jurisdictions")
    return sorted(file.name.removesuffix(".ttl") for file in folder.iterdir())


def jurisdiction(name: str) -> Graph:
    """Return the rules of the jurisdiction called *name*; raises KeyError when there is none."""
    if name not in jurisdictions():
        raise KeyError(f"no jurisdiction {name!r}; known: {', '.join(jurisdictions())}")
    text = files(__name__).joinpath("jurisdictions", f"{name}.ttl").read_text(encoding="utf-8")
    return Graph().parse(data=text, format="turtle")


@cache
def notice(iri: URIRef) -> Graph:
    """Return what the jurisdictions say of the notice *iri* and of the things that it names."""
    found = Graph()
    for name in jurisdictions():
        rules = jurisdiction(name)
        found += rules.cbd(iri)
        for predicate, thing in rules.predicate_objects(iri):
            if predicate != DPV.hasJurisdiction:
                found += rules.cbd(thing)
    return found
