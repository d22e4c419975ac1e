"""What a load brought into the truth store, and what it did not."""

from collections import Counter
from dataclasses import dataclass, field

from rdflib import URIRef

from databackpack.loaders.record import Problem

__all__ = ["Report"]


@dataclass(slots=True)
class Report:
    """What was loaded, by category, and what was not, with the reason.

    *held* are the learners whom nobody may see, because a word of the family is among *problems*;
    *still_held* those whom an earlier load held back and this one did not let go.
    """

    records: Counter[str] = field(default_factory=Counter)
    learners: set[URIRef] = field(default_factory=set)
    organizations: int = 0
    guardianships: int = 0
    documents: int = 0
    settings: int = 0
    held: set[URIRef] = field(default_factory=set)
    still_held: set[URIRef] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything was loaded."""
        return not self.problems
