"""Which term an element of a dictionary is: by IRI, by name, by words, by its option values."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process

from databackpack.loaders.dictionary.decision import CONFIRMED, Decision, Decisions
from databackpack.loaders.dictionary.element import Element
from databackpack.loaders.dictionary.option import share
from databackpack.loaders.dictionary.target import Target
from databackpack.loaders.dictionary.wording import bare, common, words
from databackpack.ontology import ceds

__all__ = ["LOOK", "MATCH", "NONE", "Index", "Match", "matched", "twice"]

MATCH, LOOK, NONE = "match", "look", "none"
_MATCHES, _LOOKS = 0.85, 0.6
"""From which score on: it matches; somebody should look at it."""
_APART = 0.02
"""How far the best must be before the next to be more than worth a look."""
_SAME_WORDS, _WITH_TABLE, _MISSPELT = 0.95, 0.92, 0.9
_SOME_WORDS = 0.84
"""The most that names get of which one says more than the other: worth a look, no match."""
_MOST_CANDIDATES = 12
_TELLING_OPTIONS = 3
_TYPO = 88.0  # of 100, by rapidfuzz's ratio


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for an element in one vocabulary; *score* is from 0 to 1.

    *method* is a short name, *reason* a sentence for people; *decision* is whose word it is.
    """

    element: Element
    vocabulary: str
    target: Target | None
    score: float
    method: str
    reason: str
    status: str
    decision: Decision | None = None


@dataclass(frozen=True)
class Index:
    """The terms of one vocabulary, to be found by their names and words."""

    vocabulary: str
    targets: tuple[Target, ...]

    @cached_property
    def by_iri(self) -> dict[str, Target]:
        """The terms by IRI."""
        return {str(target.iri): target for target in self.targets}

    @cached_property
    def by_name(self) -> dict[str, list[Target]]:
        """The terms by each name without case and punctuation."""
        found: defaultdict[str, list[Target]] = defaultdict(list)
        for target in self.targets:
            for name in {bare(name) for name in target.names}:
                found[name].append(target)
        return dict(found)

    @cached_property
    def by_word(self) -> dict[str, list[Target]]:
        """The terms by each word of their names."""
        found: defaultdict[str, list[Target]] = defaultdict(list)
        for target in self.targets:
            for word in {word for name in target.names for word in words(name)}:
                found[word].append(target)
        return dict(found)

    def weight(self, word: str) -> float:
        """Return how much *word* tells: rare words tell more."""
        return math.log(1 + len(self.targets) / (1 + len(self.by_word.get(word, ()))))

    def find(self, iri: str) -> Target | None:
        """Return the term with *iri*, of CEDS in either namespace or by its local name alone."""
        local = ceds.local_name_of(iri) or iri
        return self.by_iri.get(iri) or self.by_iri.get(str(ceds.Term(local, "").iri))

    def candidates(self, element: Element) -> list[tuple[float, str, str, Target]]:
        """Return (score, method, reason, term), the best first."""
        if element.iri and (named := self.find(element.iri)):
            return [(1.0, "IRI", "the dictionary names the term", named)]
        found: dict[Target, tuple[float, str, str]] = {}
        for source, name in (("technical name", element.name), ("label", element.label)):
            if not name:
                continue
            for target in self.by_name.get(bare(name), ()):
                found[target] = max(found.get(target, _NOTHING), (1.0, source, "the same name"))
            for target, score, reason in self._by_words(name, words(element.table)):
                found[target] = max(found.get(target, _NOTHING), (score, "words", reason))
        prefixes = {option.code.rpartition("_")[0] for option in element.options}
        if len(prefixes) == 1 and (prefix := prefixes.pop()):
            for target in self.by_name.get(bare(prefix), ()):
                reason = f"the option values are those of {prefix}"
                found[target] = max(found.get(target, _NOTHING), (_SAME_WORDS, "options", reason))
        best = sorted(found.items(), key=lambda one: (-one[1][0], str(one[0].iri)))
        weighed = [_weighed(element, *one) for one in best[:_MOST_CANDIDATES]]
        return sorted(weighed, key=lambda one: (-one[0], str(one[3].iri)))

    def _by_words(self, name: str, table: tuple[str, ...]) -> Iterator[tuple[Target, float, str]]:
        own = tuple(sorted({self._nearest(word) for word in words(name)}))
        near = {target for word in own for target in self.by_word.get(word, ())}
        for target in near:
            for other in map(words, target.names):
                if not (shared := common(own, other)):
                    continue
                said = " ".join(other)
                if own == other:
                    same = own == words(name)
                    score = _SAME_WORDS if same else _MISSPELT
                    yield target, score, f"the same words{'' if same else ', misspelt'}: {said}"
                elif set(own) < set(other) <= {*own, *table}:
                    yield target, _WITH_TABLE, f"the same words with the table's name: {said}"
                else:
                    told = sum(map(self.weight, shared)) * 2
                    all_of = sum(map(self.weight, own)) + sum(map(self.weight, other))
                    spelling = fuzz.ratio(" ".join(own), said) / 100
                    score = min(0.8 * told / all_of + 0.2 * spelling, _SOME_WORDS)
                    yield target, score, f"words in common: {' '.join(sorted(shared))}"

    def _nearest(self, word: str) -> str:
        """Return *word*, or the known word of which it is a misspelling."""
        if word in self.by_word or len(word) < 5:
            return word
        found = process.extractOne(word, self.by_word.keys(), scorer=fuzz.ratio, score_cutoff=_TYPO)
        return str(found[0]) if found else word


_NOTHING = (0.0, "", "")


def matched(
    elements: Iterable[Element], ceds_index: Index, our_index: Index, decisions: Decisions
) -> list[Match]:
    """Return the match of each element in CEDS, then in our vocabulary."""
    found = []
    for element in elements:
        first = _match(element, ceds_index, decisions)
        found += [first, _by_way_of(first, element, our_index, decisions)]
    return found


def _match(element: Element, index: Index, decisions: Decisions) -> Match:
    key = (*element.key, index.vocabulary)
    if decision := decisions.confirmed.get(key):
        target = index.find(decision.target) if decision.target else None
        if target is not None or not decision.target:
            reason = f"confirmed by {decision.by}" if decision.by else "confirmed"
            return Match(
                element, index.vocabulary, target, 1.0, CONFIRMED, reason, CONFIRMED, decision
            )
    rejected = decisions.rejected.get(key, {})
    ranked = [one for one in index.candidates(element) if str(one[3].iri) not in rejected]
    if not ranked or ranked[0][0] < _LOOKS:
        return Match(element, index.vocabulary, None, 0.0, "", "nothing is near", NONE)
    score, method, reason, target = ranked[0]
    rivals = [one for one in ranked[1:] if score - one[0] < _APART]
    if rivals:
        others = ", ".join(one[3].names[0] for one in rivals[:3])
        reason += f"; as near: {others}"
    status = MATCH if score >= _MATCHES and not rivals else LOOK
    return Match(element, index.vocabulary, target, round(score, 3), method, reason, status)


def _by_way_of(first: Match, element: Element, index: Index, decisions: Decisions) -> Match:
    """Return the match in *index*: its own, or the term that is close to what *first* found."""
    own = _match(element, index, decisions)
    if first.target is None or first.status not in (MATCH, CONFIRMED) or own.status == CONFIRMED:
        return own
    same = [target for target in index.targets if target.same_as == first.target.iri]
    rejected = decisions.rejected.get((*element.key, index.vocabulary), {})
    if len(same) != 1 or str(same[0].iri) in rejected or own.score >= first.score:
        return own
    reason = f"close to {first.target.names[0]} of CEDS"
    return Match(element, index.vocabulary, same[0], first.score, "by way of CEDS", reason, MATCH)


def _weighed(
    element: Element, target: Target, found: tuple[float, str, str]
) -> tuple[float, str, str, Target]:
    """Return a candidate with what the option values tell for or against it."""
    score, method, reason = found
    if len(element.options) < _TELLING_OPTIONS or not target.options or score == 1.0:
        return score, method, reason, target
    part = share(element.options, target.options)
    with_options = 0.6 * score + 0.4 * part
    if part >= 0.5 and with_options > score:
        return with_options, "options", f"{reason}; {part:.0%} of the options agree", target
    return score, method, reason, target


def twice(matches: Iterable[Match]) -> list[tuple[str, list[Element]]]:
    """Return the groups of elements that seem to collect the same, each with why.

    Identifiers are left out: they stand in every table to join it to others.
    """
    by_term: defaultdict[str, list[Element]] = defaultdict(list)
    by_words: defaultdict[tuple[str, ...], list[Element]] = defaultdict(list)
    for match in matches:
        if match.vocabulary != "CEDS" or "identifier" in words(match.element.name):
            continue
        by_words[words(match.element.name)].append(match.element)
        if match.target is not None and match.status in (MATCH, CONFIRMED):
            by_term[match.target.names[0]].append(match.element)
    found = [(f"both match {name} of CEDS", group) for name, group in by_term.items()]
    found += [(f"both are called {' '.join(name)}", group) for name, group in by_words.items()]
    seen: Counter[tuple[tuple[str, str], ...]] = Counter()
    groups = []
    for why, group in found:
        keys = tuple(sorted(element.key for element in group))
        if len(group) > 1 and not seen[keys]:
            groups.append((why, group))
        seen[keys] += 1
    return groups
