"""Data dictionaries of agencies: which elements are which terms of CEDS and of our vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from databackpack.loaders.alignments.sheet import Unreadable
from databackpack.loaders.dictionary import decision, element
from databackpack.loaders.dictionary.decision import CONFIRMED, Decisions
from databackpack.loaders.dictionary.element import Element
from databackpack.loaders.dictionary.matching import LOOK, MATCH, NONE, Index, Match, matched, twice
from databackpack.loaders.dictionary.option import Partner, partners
from databackpack.loaders.dictionary.target import ceds_targets, our_targets, read_ceds
from databackpack.loaders.record import Problem, Source

__all__ = ["CONFIRMED", "LOOK", "MATCH", "NONE", "Aligned", "Match", "align"]


@dataclass(frozen=True, slots=True)
class Aligned:
    """What was found of one dictionary.

    *options* has the partners of an element's option values, by the element's key, where the term
    of CEDS that it matches has an option set; *twice* the groups that seem to collect the same.
    """

    name: str
    elements: Sequence[Element]
    matches: Sequence[Match]
    options: dict[tuple[str, str], list[Partner]]
    twice: Sequence[tuple[str, list[Element]]]
    problems: Sequence[Problem]

    def count(self, vocabulary: str, *statuses: str) -> int:
        """Return how many elements have one of *statuses* in *vocabulary*."""
        return sum(
            1 for one in self.matches if one.vocabulary == vocabulary and one.status in statuses
        )


def align(path: Path, *, ceds: Path | None = None, confirmed: Path | None = None) -> Aligned:
    """Return what the dictionary in *path* has in common with CEDS and with our vocabulary.

    *ceds* is the whole CEDS ontology where the user has it, else the shipped names are compared;
    *confirmed* holds what people decided, which wins.
    """
    problems: list[Problem] = []
    decisions = Decisions()
    if confirmed is not None:
        problems += decision.read(confirmed, decisions)
    terms = None
    if ceds is not None:
        try:
            terms = read_ceds(ceds)
        except Unreadable as fault:
            problems.append(Problem(Source(ceds.name, fault.line), fault.rule, fault.message))
    elements: list[Element] = []
    for one in element.read(path):
        if isinstance(one, Problem):
            problems.append(one)
        else:
            elements.append(one)
    matches = matched(
        elements,
        Index("CEDS", tuple(ceds_targets(terms))),
        Index("Data Backpack", tuple(our_targets())),
        decisions,
    )
    options = {
        one.element.key: partners(one.element.options, one.target.options)
        for one in matches
        if one.target is not None
        and one.target.options
        and one.element.options
        and one.status in (MATCH, CONFIRMED, LOOK)
    }
    return Aligned(path.name, elements, matches, options, twice(matches), problems)
