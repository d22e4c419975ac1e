"""The guard: what a query may not be, found on its text before the engine sees it.

Oxigraph fetches ``SERVICE`` over the network, has no time-out, and some short texts kill or hang
its process. So the text is measured, and a text in which a refused keyword may stand is parsed by
a second, grammar-driven parser.
"""

import re
from contextlib import nullcontext
from threading import Lock

from pyparsing import ParseException
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from databackpack.service.gate.extent import measure
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
        _measure(text)
    keywords = [found for found in _KEYWORD.finditer(text) if found["name"] is None]
    if any(keyword["glued"] is not None for keyword in keywords):
        raise QueryRequestRefused("Put a space before SERVICE, LATERAL or VERSION, or rename it.")
    if keywords and len(text) > LONGEST_PARSED:
        raise QueryRequestRefused(
            f"A query of more than {LONGEST_PARSED} characters cannot hold SERVICE, LATERAL or "
            "VERSION, not even in a string or a comment; shorten it."
        )
    if keywords:
        _parse(text)


def _measure(text: str) -> None:
    brackets = sum(map(text.count, "({["))
    if brackets > MOST_BRACKETS:
        raise QueryRequestRefused(f"The query has more than {MOST_BRACKETS} brackets.")
    if len(_SIGN.findall(_PLAIN_IRI.sub("", text))) > MOST_SIGNS:
        raise QueryRequestRefused(f"The query has more than {MOST_SIGNS} operators.")
    extent = measure(text)
    if extent.is_broken:
        raise MalformedQuery("A string does not end, or a \\ stands where none may.")
    if extent.is_beyond:
        raise QueryRequestRefused("Triple terms are not part of SPARQL 1.1.")
    if extent.is_ambiguous:
        raise QueryRequestRefused("Put a space after each < that compares.")
    if extent.depth > DEEPEST:
        raise QueryRequestRefused(f"Groups are nested more than {DEEPEST} deep.")
    for kind, (most, name) in MOST.items():
        if getattr(extent, kind) > most:
            raise QueryRequestRefused(f"The query has more than {most} {name}.")


def _parse(text: str) -> None:
    """Fails closed: what the second parser does not understand is refused."""
    refusal = QueryRequestRefused(
        "SERVICE, LATERAL and VERSION are not offered: no query leaves this service."
    )
    try:
        with _ONE_PARSES:
            parsed = parseQuery(text)
    except (ParseException, RecursionError, ValueError):
        raise refusal from None
    if _has_service(parsed):
        raise refusal


def _has_service(node: object) -> bool:
    if isinstance(node, CompValue):
        return node.name == "ServiceGraphPattern" or any(map(_has_service, node.values()))
    if isinstance(node, str):
        return False
    try:
        children = iter(node)  # type: ignore[call-overload]
    except TypeError:
        return False
    return any(map(_has_service, children))
