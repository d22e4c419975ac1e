"""Which option values of an element have a partner in an option set, one to one or otherwise."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rdflib import URIRef

from databackpack.loaders.dictionary.element import Option
from databackpack.loaders.dictionary.wording import bare, common, words

__all__ = ["Partner", "partners", "share"]

ONE_TO_ONE, MANY_TO_ONE, ONE_TO_MANY, NONE = "one-to-one", "many-to-one", "one-to-many", "none"
_NEAR = 88  # of 100, by rapidfuzz's ratio
_CODED = 5  # letters and digits of what may be a code only

_Options = Sequence[tuple[URIRef, Option]]


@dataclass(frozen=True, slots=True)
class Partner:
    """An option value with those that it corresponds to, and how: one-to-one … none."""

    option: Option
    targets: tuple[tuple[URIRef, Option], ...]
    kind: str


def partners(options: Sequence[Option], targets: _Options) -> list[Partner]:
    """Return the partners of each of *options* among *targets*, in order."""
    found = [_partners_of(option, tuple(targets)) for option in options]
    counts = Counter(places[0] for places in found if len(places) == 1)
    result = []
    for option, places in zip(options, found, strict=True):
        if not places:
            kind = NONE
        elif len(places) > 1:
            kind = ONE_TO_MANY
        else:
            kind = ONE_TO_ONE if counts[places[0]] == 1 else MANY_TO_ONE
        result.append(Partner(option, tuple(targets[place] for place in places), kind))
    return result


def share(options: Sequence[Option], targets: _Options) -> float:
    """Return which part of *options* has a partner that is the same but for spelling."""
    if not options:
        return 0.0
    names = {name for _, target in targets for name in _spellings(target)}
    return sum(1 for option in options if _spellings(option) & names) / len(options)


def _partners_of(option: Option, targets: tuple[tuple[URIRef, Option], ...]) -> list[int]:
    """Return the places of those of *targets* that *option* corresponds to.

    The same label goes before the same code, since codes such as 01 are in every set; then come
    labels that are nearly the same, and then what holds all words of the other.
    """
    rules = (_same_label, _same_code, _near, _within)
    for rule in rules:
        places = [place for place, (_, target) in enumerate(targets) if rule(option, target)]
        if places:
            return places if rule is _within else places[:1]
    return []


def _same_label(option: Option, target: Option) -> bool:
    return bool(_labels(option) & _labels(target))


def _same_code(option: Option, target: Option) -> bool:
    if option.label and target.label and not _alike(option, target):
        return False
    return _code(option.code) == _code(target.code)


def _near(option: Option, target: Option) -> bool:
    return _alike(option, target)


def _within(option: Option, target: Option) -> bool:
    """Whether one label is a narrower word of the other: Excused, Excused Medical."""
    for one in _phrases(option):
        for other in _phrases(target):
            shared = common(one, other)
            if shared and len(shared) == min(len(one), len(other)) and _tells(shared):
                return True
    return False


def _alike(option: Option, target: Option) -> bool:
    return any(
        fuzz.ratio(" ".join(one), " ".join(other)) >= _NEAR
        for one in _phrases(option)
        for other in _phrases(target)
    )


def _tells(shared: set[str]) -> bool:
    return any(len(word) > 3 and not word.isdecimal() for word in shared)


@lru_cache(maxsize=65536)
def _phrases(option: Option) -> frozenset[tuple[str, ...]]:
    """Return the words of the label, and of a code that is a word itself."""
    texts = [option.label] if option.label else []
    code = option.code.rpartition("_")[2]
    if len(code) > _CODED or not texts:
        texts.append(code)
    return frozenset(words(text) for text in texts if words(text))


@lru_cache(maxsize=65536)
def _labels(option: Option) -> frozenset[tuple[str, ...]]:
    return frozenset(one for one in _phrases(option) if _tells(set(one)))


@lru_cache(maxsize=65536)
def _spellings(option: Option) -> frozenset[str]:
    code = _code(option.code)
    return frozenset(filter(None, (code, bare(option.label))))


def _code(code: str) -> str:
    """Return a code without the name of its set before it and zeros at its front."""
    text = bare(code.rpartition("_")[2])
    return text.lstrip("0") or text
