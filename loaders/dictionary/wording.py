"""Names as words: taken apart, written out, and compared."""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["bare", "common", "settings", "words"]

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LONGEST_RUN = 3


@cache
def settings(name: str) -> Any:
    """Return what the YAML file *name* beside this module says; callers only read it."""
    return yaml.safe_load(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))


def bare(name: str) -> str:
    """Return a technical name without case, punctuation and the verb that CEDS begins with."""
    text = re.sub(r"[\W_]", "", name)
    return re.sub(r"^[Hh]as(?=[A-Z])", "", text).casefold()


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """Return the words of *name* that mean something, written out, sorted and each once."""
    parts = [part.casefold() for part in _PARTS.findall(name)]
    whole = " ".join(parts)
    if full := _whole().get(whole) or _whole().get(" ".join(map(_singular, parts))):
        parts = full.split()
    synonyms, found = _synonyms(), []
    at = 0
    while at < len(parts):
        for length in range(min(_LONGEST_RUN, len(parts) - at), 0, -1):
            *first, last = parts[at : at + length]
            full = synonyms.get(" ".join([*first, last])) or synonyms.get(
                " ".join([*first, _singular(last)])
            )
            if full:
                found += full.split()
                break
        else:
            length = 1
            found.append(_singular(parts[at]))
        at += length
    empty = _empty()
    kept = {_number(word) for word in found if word not in empty}
    return tuple(sorted(kept or {_number(word) for word in found}))


def common(one: tuple[str, ...], other: tuple[str, ...]) -> set[str]:
    """Return the words that both have."""
    return set(one) & set(other)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "sui" else word


def _number(word: str) -> str:
    return str(int(word)) if word.isdecimal() and word.isascii() and len(word) < 9 else word


@cache
def _synonyms() -> dict[str, str]:
    return {str(short): str(full) for short, full in settings("words")["synonyms"].items()}


@cache
def _whole() -> dict[str, str]:
    return {str(short): str(full) for short, full in settings("words")["names"].items()}


@cache
def _empty() -> frozenset[str]:
    return frozenset(settings("words")["empty"])
