"""How much a query text asks of the engine: counted on its tokens, never too low.

Whether a ``<`` begins an IRI or compares, and whether ``( ... )`` is a collection of many triples
or an expression, depends on where it stands. So the reader keeps in mind which brackets are open.
Where it cannot be sure it takes the dearer reading, or says that the text is ambiguous.
"""

import re
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Extent", "measure"]

_ESCAPE = r"""\\[tbnrf"'\\] | \\u[0-9A-Fa-f]{4} | \\U[0-9A-Fa-f]{8}"""
_CHARACTER = r"""[^\s<>"'\#(){}\[\].;,|&=!+\-*/^\\~`:?$@%]"""
_LOCAL = rf"""{_CHARACTER} | [:%] | \\[_~.\-!$&'()*+,;=/?\#@%]"""

# Strings, IRIs, comments and names end exactly where Oxigraph ends them, or a string could hide
# code: ``ex:a\'``, ``ex:a-`` and ``'x'@en-filter`` are whole names, ``\'``, ``-`` and all.
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<string>
        \"\"\"(?:\"{{0,2}}(?:[^"\\]|{_ESCAPE}))*\"\"\" | '''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*'''
      | "(?:[^"\\\n\r]|{_ESCAPE})*" | '(?:[^'\\\n\r]|{_ESCAPE})*' )
  | (?P<iri> <(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*> )
  | (?P<comment> \#[^\n\r]* )
  | (?P<beyond> << | >> | \{{\| | \|\}} | ~ )
  | (?P<open> [({{\[] ) | (?P<close> [)}}\]] )
  | (?P<separator> [.;,] )
  | (?P<operator> \|\| | && | [!<>]=? | [=+\-*/|^] )
  | (?P<name>
        [?$]{_CHARACTER}+ | @[A-Za-z]+(?:-+[A-Za-z0-9]+)*
      | {_CHARACTER}*:(?:(?:{_LOCAL})(?:{_LOCAL}|-|\.+(?={_LOCAL}|-))*)? )
  | (?P<word> {_CHARACTER}+ )
  | (?P<other> . )
    )""",
    re.VERBOSE | re.DOTALL,
)

# As a comparison, a text without any of these between its < and > cannot get past the >.
_MAY_COMPARE = re.compile(r"<(?![A-Za-z]{1,16}://).*[()&'#,].*>", re.DOTALL)


# One of these in what may be an IRI and may compare: then a string, a comment or a group may begin
# there. Nothing compares before ``://``.
_IRI = re.compile(r"<(?![A-Za-z]{1,16}://)([^<>\"{}|^`\x00-\x20]*)>")
_UNSURE = re.compile(r"[()&'#,\\]")


class _Place(Enum):
    """What stands between two brackets."""

    CLAUSES = "around all brackets"
    PATTERNS = "triples and groups"
    LIST = "a collection, a path, or an expression that was not known as one"
    EXPRESSION = "an expression, or several"
    DATA = "rows of VALUES"


_JOINED = (_Place.PATTERNS, _Place.LIST)

_CLAUSES = {
    "ASC",
    "BIND",
    "BY",
    "DESC",
    "DISTINCT",
    "FILTER",
    "HAVING",
    "REDUCED",
    "SELECT",
    "VALUES",
}
"""After these, with only names between, a ``(`` begins no collection."""

_CALLED = ("iri", "name", "word")
"""What the name of a function may be."""

_NOWHERE = "\"'\\`"
"""No parser gets past one of these outside a string, an IRI, a name and a comment."""

_ONE_BRACKET = {"BIND", "FILTER"}
"""After their bracket the next ``(`` may begin a collection."""

_READ_TWICE = ("GROUP_CONCAT", "REGEX", "REPLACE", "SUBSTR")
"""The engine reads their arguments once for each number of them: nested, twice as often a level."""


@dataclass(slots=True)
class Extent:
    """What was counted; *patterns* are the operands that the planner has to join.

    *readings* are those of all tokens when the parser goes back as often as it can. *called* are
    the words and names that a round bracket follows. *is_unsure* when a ``<`` may begin an IRI or
    compare, and strings, comments and calls may then be others than those that were seen.
    """

    depth: int = 0
    operators: int = 0
    separators: int = 0
    patterns: int = 0
    readings: int = 0
    is_ambiguous: bool = False
    is_beyond: bool = False
    is_broken: bool = False
    is_unsure: bool = False
    called: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Reader:
    extent: Extent = field(default_factory=Extent)
    place: _Place = _Place.CLAUSES
    around: list[tuple[_Place, str, int]] = field(default_factory=list)
    clause: str = ""
    doublings: int = 0
    doublings_next: int = 0
    after_operand: bool = False
    before: str = ""

    def take(self, kind: str, text: str) -> int:
        """Count a token and return how many of its characters were read."""
        if text[0] == "<" and self.after_operand and self.place is _Place.EXPRESSION:
            self.extent.is_unsure |= kind == "iri"
            kind, text = "operator", text[: 2 if text[:2] == "<=" else 1]
        self.extent.readings += (1 + len(text) // 64) << self.doublings
        match kind:
            case "open":
                self._open(text)
            case "close":
                self._close()
            case "separator" | "operator":
                self._divide(kind, text)
            case "string" | "iri" | "name" | "word":
                self._name(kind, text)
            case "beyond":
                self.extent.is_beyond = True
            case "other":
                self.extent.is_broken = text in _NOWHERE
        if kind != "comment":
            self.before = text if kind in _CALLED else ""
        return len(text)

    def _open(self, bracket: str) -> None:
        if bracket == "(" and self.before and self.before[0] not in "?$@":
            self.extent.called.add(self.before)
        place = self._place_of(bracket)
        if bracket != "(" or self.place in _JOINED:
            self.extent.patterns += 3 if self.place is _Place.LIST else 1
        goes_on = bracket == "(" and self.clause not in _ONE_BRACKET
        self.around.append((self.place, self.clause if goes_on else "", self.doublings))
        self.extent.depth = max(self.extent.depth, len(self.around))
        self.doublings, self.doublings_next = self.doublings + self.doublings_next, 0
        self.place, self.clause, self.after_operand = place, "", False

    def _place_of(self, bracket: str) -> _Place:
        if bracket == "{":
            return _Place.DATA if self.clause == "VALUES" else _Place.PATTERNS
        if bracket == "[":
            return _Place.PATTERNS
        if self.place is _Place.DATA:
            return _Place.DATA
        if self.place not in _JOINED or self.clause:
            return _Place.EXPRESSION
        return _Place.LIST

    def _close(self) -> None:
        if self.around:
            self.place, self.clause, self.doublings = self.around.pop()
        self.after_operand, self.doublings_next = True, 0

    def _divide(self, kind: str, text: str) -> None:
        if kind == "operator":
            self.extent.operators += 1
        else:
            self.extent.separators += 1
        if self.place in _JOINED and text in (".", ";", ",", "/"):
            self.extent.patterns += 1
        self.clause, self.after_operand = "", False
        self.doublings_next = 1 if text == "!" else 0

    def _name(self, kind: str, text: str) -> None:
        if self.place is _Place.LIST:
            # An element is two triples. The engine has no word boundaries: truetrue is two.
            self.extent.patterns += 2 * (1 + (len(text) // 4 if kind == "word" else 0))
            if kind == "iri" and self.after_operand and _MAY_COMPARE.fullmatch(text):
                self.extent.is_ambiguous = True
        if text[0] == "@" and "--" in text:
            self.extent.is_beyond = True
        word = text.upper() if kind == "word" else ""
        if word in _CLAUSES:
            self.clause = word
        if word.endswith(_READ_TWICE):
            self.doublings_next += 1
        self.after_operand = word != "DISTINCT"


def measure(text: str) -> Extent:
    """Return the extent of *text*, whether or not it is a query."""
    reader, position = _Reader(), 0
    while not reader.extent.is_broken and (token := _TOKEN.match(text, position)) is not None:
        kind = token.lastgroup or "other"
        start = token.start(kind)
        position = start + reader.take(kind, token[kind])
    reader.extent.is_unsure |= any(map(_UNSURE.search, _IRI.findall(text)))
    return reader.extent
