"""A first pass over records by a fast engine: whoever passes conforms, all others go to pySHACL.

The engine's verdicts are shown to be pySHACL's by ``tests/shapes/test_first_pass.py``; whatever it
says against a record counts for nothing by itself, nor does a record that it cannot read.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Protocol

import shifty
from rdflib import URIRef

from databackpack.ontology.namespaces import BP, BPC, ID, ORG, RDF, XSD
from databackpack.shapes.files import categories, record_shapes
from databackpack.shapes.ownership import ITEM, ORGANIZATIONS

__all__ = ["Owned", "conforming"]

_MOST_TOGETHER = 200
"""Records; beyond some hundred more make it no faster."""

_ID = str(ID)
_IRI = r'<([^<>"{}|^`\\\x00-\x20]*)>'
_TEXT = r'"[^"\\\x00-\x08\x0a-\x1f\x7f-\x9f]*+(?:\\["\\tnr][^"\\\x00-\x08\x0a-\x1f\x7f-\x9f]*+)*+"'
_TYPED = "|".join(
    rf'"{lexical}"\^\^<{re.escape(str(XSD[datatype]))}>'
    for datatype, lexical in (
        ("date", r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        ("decimal", r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?"),
        ("integer", r"-?[0-9]{1,18}"),
        ("boolean", r"(?:true|false)"),
    )
)
_LINE = re.compile(rf"{_IRI} {_IRI} (?:{_IRI}|{_TEXT}|{_TYPED}) \.\n")
"""A triple of which both engines think alike.

They do not on what is white space among control characters, nor on dates such as 12025-01-01; and
a text with a language is none that a shape asks for.
"""

_Own = tuple[int, bytes, frozenset[str]]
"""A record that is only its own: its place among those asked for, its lines, its subjects."""


class Owned(Protocol):
    """A record; one that is there as N-Triples has them in *lines*, one triple on each line."""

    @property
    def learner(self) -> URIRef: ...
    @property
    def holder(self) -> URIRef: ...
    @property
    def category(self) -> URIRef: ...


def conforming(records: Sequence[Owned]) -> set[int]:
    """Return the places of those among *records* of which it is certain that they conform.

    Only such can pass as have *lines*. They have no result of any severity and no stray. Records
    that share a subject are judged apart.
    """
    waiting: dict[URIRef, list[_Own]] = {}
    for place, record in enumerate(records):
        lines = getattr(record, "lines", None)
        if isinstance(lines, bytes) and (own := _own(record, lines)) is not None:
            waiting.setdefault(record.category, []).append((place, lines, own))
    passed: set[int] = set()
    for category, found in waiting.items():
        for together in _disjoint(found):
            passed.update(_passed(category, together))
    return passed


def _own(record: Owned, lines: bytes) -> frozenset[str] | None:
    """Return the subjects of a record that is only its own; None where that is not certain.

    INVARIANT: never more lenient than ``ownership.strays``.
    """
    kinds: dict[str, str | None] = {}
    typed: list[str] = []
    pointed: set[str] = set()
    learner, holder = str(record.learner), str(record.holder)
    try:
        text = lines.decode()
    except ValueError:
        return None
    end = 0
    for found in _LINE.finditer(text):
        if found.start() != end:
            return None
        end = found.end()
        subject, predicate, value = found.groups()
        kinds.setdefault(subject, None)
        if value is None:
            if predicate == _TYPE:
                return None
        elif predicate == _TYPE:
            typed.append(subject)
            kinds[subject] = value
        elif predicate in _OF_LEARNER:
            if value != learner:
                return None
        elif predicate == _HELD_BY:
            if value != holder:
                return None
        elif value.startswith(_ID) and not value.startswith(_ORGANIZATIONS):
            pointed.add(value)
    if end != len(text) or not text:
        return None
    known = _kinds(record.category)
    if len(typed) != len(kinds) or not pointed <= kinds.keys():
        return None
    for subject, kind in kinds.items():
        is_learner = subject == learner
        if kind not in known or is_learner != (kind == _LEARNER):
            return None
        if not is_learner and not ITEM.fullmatch(subject):
            return None
        if is_learner and record.category != BPC.identity:
            return None
    return frozenset(kinds)


def _disjoint(found: list[_Own]) -> list[list[_Own]]:
    """Return *found* in runs in which no two records have a subject in common."""
    runs: list[list[_Own]] = [[]]
    claimed: set[str] = set()
    for one in found:
        if len(runs[-1]) >= _MOST_TOGETHER or not claimed.isdisjoint(one[2]):
            runs.append([])
            claimed = set()
        runs[-1].append(one)
        claimed |= one[2]
    return runs


def _passed(category: URIRef, together: list[_Own]) -> list[int]:
    """Return the places of those that conform: with all others taken out, nothing is found."""
    while together:
        focuses = _focuses(category, b"".join(lines for _, lines, _ in together))
        if not focuses:
            return [place for place, _, _ in together] if focuses is not None else []
        rest = [one for one in together if one[2].isdisjoint(focuses)]
        if len(rest) == len(together):
            return []
        together = rest
    return []


def _focuses(category: URIRef, lines: bytes) -> set[str] | None:
    """Return the IRIs of what is not as the shapes want it; None where that is not certain."""
    try:
        result = _engine(category).validate_algebra(
            lines, infer=False, minimum_severity="info", on_unsupported="error"
        )
    except (ValueError, RuntimeError):  # text that it cannot read, or a shape
        return None
    found = {violation.focus_node[1:-1] for violation in result.violations}
    return found if bool(found) != bool(result.conforms) else None


@cache
def _engine(category: URIRef) -> shifty.PreparedValidator:
    return shifty.PreparedValidator(record_shapes(category))


@cache
def _kinds(category: URIRef) -> frozenset[str]:
    return frozenset(str(kind) for kind, of in categories().items() if of == category)


_TYPE = str(RDF.type)
_OF_LEARNER = (str(BP.isRecordOf), str(ORG.member))
_HELD_BY = str(BP.isHeldBy)
_LEARNER = str(BP.Learner)
_ORGANIZATIONS = str(ORGANIZATIONS)
