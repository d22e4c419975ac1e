"""Queries spoiled: tokens lost, repeated, exchanged or put in, texts cut short, noisy bytes."""

import re
from collections.abc import Sequence
from random import Random

from tests.fuzz.grammar import spell

__all__ = ["spoil", "tokens"]

_TOKEN = re.compile(r"#.*|<[^<>\s]*>|\"[^\"\n]*\"|[?$]?[\w:\-]+|\S")
_MOST = 4
_STRANGE = (
    *("SERVICE", "SERVICE SILENT <http://127.0.0.1:9/> {", "LOAD <file:///etc/passwd>", "DROP ALL"),
    *("INSERT DATA { <urn:a> <urn:b> 1 }", "LATERAL {", "VERSION '1.2'", "FROM <file:///etc/x>"),
    *("<<", ">>", "<<( ?a ?b ?c )>>", "{|", *"(){}[]<>?$@*#", "'", '"', "'''", "\\", "^^"),
    *("\x00", "\ufeff", "\u202e", "\U0010ffff", "\\u0053ERVICE", "\\uD800", "<\u00e9'>", "%ZZ"),
    *("<urn:f>(1)", "bp:f(1)", "NOT", "EXISTS", "UNDEF", "SEPARATOR", "9" * 400),
)


def tokens(text: str) -> list[str]:
    """Return roughly the tokens of a query that somebody wrote, its comments left out."""
    return [token for token in _TOKEN.findall(text) if not token.startswith("#")]


def spoil(query: Sequence[str], other: Sequence[str], random: Random) -> bytes:
    """Return *query*, spoiled once to _MOST times, now and then with tokens of *other*."""
    found = list(query)
    for _ in range(random.randrange(1, _MOST + 1)):
        at = random.randrange(len(found) + 1)
        match random.randrange(7):
            case 0:
                del found[at : at + random.randrange(1, 4)]
            case 1:
                found[at:at] = found[at : at + random.randrange(1, 6)] * random.choice(
                    [1, 1, 2, 200]
                )
            case 2:
                found[at:at] = [random.choice(_STRANGE)]
            case 3:
                found[at : at + 1] = [random.choice(other)]
            case 4:
                del found[at:]
            case 5:
                found[at:at] = found[at : at + 2][::-1]
            case _:
                found[at:at] = other[random.randrange(len(other)) :]
    text = spell(found, random).encode("utf-8", "surrogatepass")
    return _noise(text, random) if random.random() < 0.25 else text


def _noise(text: bytes, random: Random) -> bytes:
    """Return *text* with a few of its bytes changed, lost or cut off."""
    found = bytearray(text)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(found) + 1)
        match random.randrange(3):
            case 0:
                found[at : at + 1] = random.randbytes(1)
            case 1:
                del found[at : at + 1]
            case _:
                found[at:at] = random.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x00", b"\x80"])
    return bytes(found)
