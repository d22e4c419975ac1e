"""What tests of crosswalks share: a file that is read, and what came of it."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.term import Node

from databackpack.loaders import alignments
from databackpack.loaders.record import Crosswalk, Problem
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, RDF


@dataclass(frozen=True)
class Read:
    """The crosswalks in a file, together, and the problems as ``line: rule``."""

    crosswalks: list[Crosswalk]
    problems: list[Problem]

    @cached_property
    def graph(self) -> Graph:
        return sum((one.graph for one in self.crosswalks), Graph())

    @property
    def told(self) -> list[str]:
        return [f"{problem.source.line}: {problem.rule}" for problem in self.problems]

    @property
    def alignments(self) -> list[Node]:
        return list(self.graph.subjects(RDF.type, BP.Alignment))

    def relations(self) -> Counter[str]:
        return Counter(str(one) for one in self.graph.objects(None, BP.statedRelation))

    def pairs(self) -> set[tuple[str, str, str]]:
        """Return origin, target and strength (without its last word) of each alignment."""
        found = set()
        for one in self.alignments:
            origin, target = (self.graph.value(one, p) for p in (BP.alignsFrom, BP.alignsTo))
            strength = self.graph.value(one, BP.hasStrength)
            name = (
                ""
                if strength is None
                else local_name(URIRef(str(strength))).removesuffix("Strength")
            )
            found.add((str(origin), str(target), name))
        return found


def read(path: Path, *, is_sssom: bool = False) -> Read:
    reader = alignments.read_set if is_sssom else alignments.read
    items = list(reader(path, _nobody))
    crosswalks = [one for one in items if isinstance(one, Crosswalk)]
    problems = [one for one in items if isinstance(one, Problem)]
    assert len(crosswalks) + len(problems) == len(items)
    return Read(crosswalks, problems)


def _nobody(kind: str, identifier: str) -> URIRef:
    raise AssertionError(f"a crosswalk is about nobody, but {kind} {identifier} was asked for")
