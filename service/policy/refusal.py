"""What a family's word, an agreement or an emergency is refused for, with the rule that it breaks.

Refused
├── InvalidConsent    something is missing or of no known kind: signer, date, purpose, party, level
├── NoStanding        whoever says it does not hold the right to
├── NotSettable       the law of the place leaves no choice here
└── Replayed          it was said before, or something newer was
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["InvalidConsent", "NoStanding", "NotSettable", "Refused", "Replayed", "nearest"]

_MOST, _LIKE = 10, 0.4


class Refused(ValueError):
    """Nothing was changed; *rule* names what stands against it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{message} ({rule})" if rule else message)
        self.rule = rule


class InvalidConsent(Refused):
    """It is not whole, or says something that the closed profile does not have."""


class NoStanding(Refused):
    """Whoever says it does not hold the right to decide."""


class NotSettable(Refused):
    """The law fixes the level, or prohibits the purpose whoever consents."""


class Replayed(Refused):
    """It was said before, or is older than what is on record."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the names to tell to whoever wrote *word*: those most like it, or the first ones."""
    names = sorted(known)
    found = get_close_matches(word, names, _MOST, _LIKE) or names[:_MOST]
    return ", ".join(found) or "none yet"
