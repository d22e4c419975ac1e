"""The guard: what a query may not be, found on its text before the engine sees it.

Oxigraph fetches ``SERVICE`` over the network, has no time-out, and some short texts kill or hang
its process, and it has functions that are no part of SPARQL 1.1. So the text is measured, and one
in which a refused keyword may stand, or a function of no known name be called, is parsed by a
second, grammar-driven parser.
"""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from threading import Lock

from pyparsing import ParseException
from rdflib.plugins.sparql.parser import Query

from databackpack.service.gate import calls
from databackpack.service.gate.extent import Extent, measure
from databackpack.service.gate.faults import MalformedQuery, QueryRequestRefused, TooLarge

__all__ = ["check"]

LONGEST = 32 * 1024
LONGEST_PARSED = 4 * 1024
"""What the second parser reads at most: it takes a tenth of a millisecond for a byte."""

DEEPEST = 64
MOST = {
    "operators": (256, "operators"),
    "separators": (512, "separators"),
    "patterns": (128, "triple patterns and groups to join; ask in parts"),
    "readings": (64 * 1024, "readings: nest fewer negations, REGEX, REPLACE, SUBSTR, GROUP_CONCAT"),
}

# The engine's recursion ends the process at some 600 brackets or 5,000 operators within each
# other. These limits hold over the bare characters, so no reading of the text can get round them.
MOST_BRACKETS = 256
MOST_SIGNS = 2048
_SIGN = re.compile(r"\|\||&&|[!<>]=?|[=+\-*/|^]")
_PLAIN_IRI = re.compile(r"<[A-Za-z]{1,16}://[^<>\"'{}|^`\\\x00-\x20]*>")

SHORT = 2 * 1024
_ONE_MEASURES, _ONE_PARSES = Lock(), Lock()
"""A flood of long texts is measured one by one, or its threads would leave the others no time.

And pyparsing learns how to call each of its actions by trying: two threads teach it wrong.
"""

# Oxigraph's grammar has no word boundaries, so a keyword counts wherever its letters stand, in
# strings too: where a string ends depends on whether a ``<`` begins an IRI, which tokens alone
# cannot tell. Behind ``?``, ``$`` or the colon of a prefixed name the letters are a name. Glued to
# a word or a dot (``true.SERVICE``) two parsers may read them differently, so that is refused.
_KEYWORD = re.compile(
    r"(?P<name>[?$]\w*?|:[\w\-]*?)?(?P<glued>(?<=[\w.]))?(?:SERVICE|LATERAL|VERSION)",
    re.IGNORECASE,
)


def check(text: str) -> None:
    """Let a query text pass; raises TooLarge, QueryRequestRefused or MalformedQuery."""
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        raise TooLarge(f"A query has at most {LONGEST} bytes.")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise MalformedQuery("The query holds a character that is none.")
    with _ONE_MEASURES if len(text) > SHORT else nullcontext():
        extent = _measure(text)
    if doubts := list(_doubts(text, extent)):
        if len(text) > LONGEST_PARSED:
            raise QueryRequestRefused(
                f"In a query of more than {LONGEST_PARSED} characters {doubts[0]}; or shorten it."
            )
        _parse(text)


def _measure(text: str) -> Extent:
    brackets = sum(map(text.count, "({["))
    if brackets > MOST_BRACKETS:
        raise QueryRequestRefused(f"The query has more than {MOST_BRACKETS} brackets.")
    if len(_SIGN.findall(_PLAIN_IRI.sub("", text))) > MOST_SIGNS:
        raise QueryRequestRefused(f"The query has more than {MOST_SIGNS} operators.")
    extent = measure(text)
    if extent.is_broken:
        raise MalformedQuery("A string does not end, or a \\ stands where none may.")
    if extent.is_beyond:
        raise QueryRequestRefused("Triple terms and directions of text are not part of SPARQL 1.1.")
    if extent.is_ambiguous:
        raise QueryRequestRefused("Put a space after each < that compares.")
    if extent.depth > DEEPEST:
        raise QueryRequestRefused(f"Groups are nested more than {DEEPEST} deep.")
    for kind, (most, name) in MOST.items():
        if getattr(extent, kind) > most:
            raise QueryRequestRefused(f"The query has more than {most} {name}.")
    return extent


def _doubts(text: str, extent: Extent) -> Iterator[str]:
    """Yield what a long text must do for each doubt that tokens leave; raises on certainty."""
    upper = text.upper()
    if any(word in upper for word in ("SERVICE", "LATERAL", "VERSION")):
        yield from _keywords(text)
    if extent.is_unsure:
        yield "put a space after each < that compares, and write IRIs in full"
        return
    for called in extent.called:
        if called[0] == "<" or ":" in called:
            if not calls.is_cast(called, text):
                yield f"put no bracket after {called[:80]}, declare xsd: for a cast"
        elif not calls.is_word(called):
            raise QueryRequestRefused(f"{called[:80]} is not a function of SPARQL 1.1.")


def _keywords(text: str) -> Iterator[str]:
    keywords = [found for found in _KEYWORD.finditer(text) if found["name"] is None]
    if any(keyword["glued"] is not None for keyword in keywords):
        raise QueryRequestRefused("Put a space before SERVICE, LATERAL or VERSION, or rename it.")
    if keywords:
        yield "do not write SERVICE, LATERAL or VERSION, not even in a string or a comment"


def _parse(text: str) -> None:
    """Fails closed: what the second parser does not understand is refused.

    It is given the text as it stands, with the engine's ends of lines: rdflib's own function reads
    ``\\u0022`` as a quote wherever it stands, and a comment as going on behind a carriage return.
    """
    try:
        with _ONE_PARSES:
            parsed = Query.parse_string(text.replace("\r", "\n"), parse_all=True)
            refused = calls.refused(parsed)
    except (ParseException, RecursionError, ValueError):
        raise QueryRequestRefused(
            "It holds what may be SERVICE or no function of SPARQL 1.1, or it is malformed: put "
            "spaces between words and after each < that compares, and write no \\u."
        ) from None
    if refused is not None:
        raise QueryRequestRefused(
            f"Not offered: {refused}. No query leaves this service, and functions are those of "
            "SPARQL 1.1 with its casts to xsd:boolean, dateTime, decimal, double, float, integer "
            "and string."
        )
