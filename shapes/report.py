"""What a validation found."""

import re
from dataclasses import dataclass, field

from rdflib import URIRef
from rdflib.term import Node

from databackpack.ontology.codes import local_name

__all__ = ["Report", "Result"]

_LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True)
class Result:
    """One thing to correct: where, by which rule, and what to do in plain words.

    *rule* is the last segment of the shape's IRI, or the name of a check that shapes cannot make.
    *severity* is Violation, which keeps a record out, Warning or Info; *layer* is structure or
    vocabulary; *component* SHACL's constraint component, such as MinCount, empty for other checks.
    Two results that differ in the last two alone say the same and are equal.
    """

    focus: Node
    path: URIRef | None
    value: Node | None
    rule: str
    message: str
    severity: str = "Violation"
    layer: str = field(default="structure", compare=False)
    component: str = field(default="", compare=False)

    def text(self) -> str:
        """Return the result as one line."""
        place = _quoted(self.focus)
        if self.path is not None:
            place += f", {_words(local_name(self.path))}"
        found = "" if self.value is None else f" Found: {_quoted(self.value)}."
        return f"{place}: {self.message}{found}"

    @property
    def order(self) -> tuple[str, ...]:
        """What results of one report are sorted by."""
        return tuple(
            str(part or "")
            for part in (self.focus, self.path, self.rule, self.value, self.message, self.severity)
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one record or one policy, sorted; without a Violation it conforms."""

    results: tuple[Result, ...] = ()

    @property
    def violations(self) -> tuple[Result, ...]:
        """What is to be corrected before it may be stored."""
        return tuple(result for result in self.results if result.severity == "Violation")

    @property
    def notes(self) -> tuple[Result, ...]:
        """What may be stored as it is, but should be looked at: warnings and notes."""
        return tuple(result for result in self.results if result.severity != "Violation")

    @property
    def conforms(self) -> bool:
        """Whether nothing has to be corrected; there may be notes."""
        return not self.violations

    def text(self) -> str:
        """Return what is to be corrected, for people; it quotes values, so for the sender only."""
        if self.conforms:
            return "Nothing to correct."
        count = len(self.violations)
        lines = [f"{count} {'thing' if count == 1 else 'things'} to correct:"]
        lines += [f"{number}. {result.text()}" for number, result in enumerate(self.violations, 1)]
        return "\n".join(lines)


def _words(name: str) -> str:
    """Return ``hasGradeLevel`` as *has grade level*."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _quoted(value: Node) -> str:
    text = local_name(value) if isinstance(value, URIRef) else str(value)
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
