"""What a validation found."""

import re
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.term import Node

from databackpack.ontology.codes import local_name

__all__ = ["Report", "Result"]

_LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True)
class Result:
    """One thing to correct: where, by which rule, and what to do in plain words.

    *rule* is the last segment of the shape's IRI, or the name of a check that shapes cannot make.
    """

    focus: Node
    path: URIRef | None
    value: Node | None
    rule: str
    message: str
    severity: str = "Violation"

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
    """The results of one record or one policy, sorted; none means that it conforms."""

    results: tuple[Result, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether there is nothing to correct."""
        return not self.results

    def text(self) -> str:
        """Return the report for people; it quotes values, so it is for whoever sent the record."""
        if self.conforms:
            return "Nothing to correct."
        count = len(self.results)
        lines = [f"{count} {'thing' if count == 1 else 'things'} to correct:"]
        lines += [f"{number}. {result.text()}" for number, result in enumerate(self.results, 1)]
        return "\n".join(lines)


def _words(name: str) -> str:
    """Return ``hasGradeLevel`` as *has grade level*."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _quoted(value: Node) -> str:
    text = local_name(value) if isinstance(value, URIRef) else str(value)
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
