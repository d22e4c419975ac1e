"""What was wrong with a file of statements, and which identifiers it may use."""

import re

from databackpack.loaders.frameworks.statement import Statement
from databackpack.loaders.record import Problem, Source

__all__ = ["IRI", "Problems", "is_foreign"]

IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]{1,2000}")
_OURS = "https://w3id.org/databackpack/"


class Problems:
    """The problems of one file, in the order in which they were met."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def add(self, line: int, rule: str, message: str) -> None:
        """There is a problem on *line*."""
        self.found.append(Problem(Source(self.file, line), rule, message))

    def of(self, statement: Statement, rule: str, message: str) -> None:
        """There is a problem with *statement*."""
        place = f"{statement.at}: " if statement.at else ""
        self.add(statement.line, rule, f"{place}{message}")


def is_foreign(iri: str) -> bool:
    """Tell whether *iri* is one, and none of this system: files name no learner and no term."""
    return bool(IRI.fullmatch(iri)) and not iri.startswith(_OURS)
