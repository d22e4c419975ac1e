"""Records that are aligned to a standard that its framework has no more: loaded, and told."""

import re
from collections.abc import Iterator

from rdflib import DCTERMS, OWL, SDO

from databackpack.loaders.record import Problem, Record
from databackpack.ontology.codes import local_name
from databackpack.service.records.graphs import FRAMEWORKS
from databackpack.service.records.truth import TruthStore
from databackpack.shapes.files import VOCABULARY

__all__ = ["Deprecated"]

_ALIGNED = re.compile(rb"#(?:isAlignedTo|recommendsStandard)> <([^>]+)> \.$", re.MULTILINE)


class Deprecated:
    """The deprecated standards of the frameworks in *truth* as a load finds it, by their IRI."""

    def __init__(self, truth: TruthStore) -> None:
        self._replacement: dict[bytes, str | None] = {}
        for graph, _ in truth.pairs(FRAMEWORKS, SDO.sha256):
            replaced = dict(truth.pairs(graph, DCTERMS.isReplacedBy))
            for standard, is_so in truth.pairs(graph, OWL.deprecated):
                if is_so == "true":
                    self._replacement[str(standard).encode()] = replaced.get(standard)

    def notes(self, record: Record) -> Iterator[Problem]:
        """Yield a warning for each deprecated standard that *record* is aligned to."""
        if not self._replacement:
            return
        for standard in sorted(set(_ALIGNED.findall(record.lines)) & self._replacement.keys()):
            other = self._replacement[standard]
            advice = "Align it anew" if other is None else f"It was replaced by {other}"
            message = (
                f"{local_name(record.category)} is aligned to {standard.decode()}, which "
                f"its framework has no more. {advice}."
            )
            yield Problem(record.source, "deprecated standard", message, "Warning", VOCABULARY)
