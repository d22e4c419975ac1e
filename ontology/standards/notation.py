"""The one spelling of a Common Core code that this project sorts and joins by."""

import re

from rdflib import URIRef

__all__ = ["canonical_code", "reduced", "standard_iri"]

_HOST = re.compile(r"^(?:https?://)?(?:www\.?)?(?:the)?corestandards\.org/", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:CCSS\.|Math\.|Content\.|Practice\.|(?:ELA-)?Literacy\.)+", re.IGNORECASE)

_SPELLINGS = [
    (re.compile(r"\bKG\b"), "K"),
    (re.compile(r"\b0(\d)"), r"\1"),  # grade 05
    (re.compile(r"^HS([NAFGS])[-./]"), r"HS\1-"),
    (re.compile(r"\bMP\.(\d)"), r"MP\1"),
]
_CONTENT_START = re.compile(r"K|\d|HS[NAFGS]-")
_GLUED_NUMBER = re.compile(r"\.([A-Z])(\d)")  # the official list has 5.NBT.B5
_SUB_PART = re.compile(r"(\d)\.?([a-z])$")
_UPPER_SUB_PART = re.compile(r"(?<=\.)\d+\.?[A-Z]$")

_NUMBER = "[0-9]{1,2}"
_CLUSTERED = rf"(?:\.[A-Z])?(?:\.{_NUMBER})?(?:\.[a-z])?"
_CONTENT = re.compile(
    rf"(?:K|[1-8])(?:\.[A-Z]{{1,3}}{_CLUSTERED})?"  # 5, 5.NBT, 5.NBT.A, 5.NBT.A.1, 5.NBT.A.3.a
    rf"|HS[NAFGMS](?:-[A-Z]{{1,3}}{_CLUSTERED})?"  # HSF, HSF-TF, HSF-TF.A.1
    r"|CC|EE|F|G|MD|NBT|NF|NS|OA|RP|SP"  # a domain over all grades
)
_PRACTICE = re.compile(r"MP[1-8]")
_LITERACY = re.compile(
    rf"(?:L|RF|RH|RI|RL|RST|SL|W|WHST)\.(?:K|{_NUMBER}(?:-{_NUMBER})?)(?:\.{_NUMBER}(?:\.[a-z])?)?"
    rf"|CCRA\.(?:L|R|SL|W)\.{_NUMBER}"
)
_SHORT = re.compile(rf"[NAFGS]\.[A-Z]{{1,3}}\.{_NUMBER}(?:\.[a-z])?")  # A.CED.4
_GRADE_PRACTICE = re.compile(r"(?:K|[1-8]|HS)\.MP[1-8]")  # 3.MP1: CASE has one copy a grade
_WITHOUT_CLUSTER = re.compile(r"(?:[K1-8]\.|HS[NAFGS]-)[A-Z]+\.\d")  # 5.NBT.1, HSS-ID.6


def reduced(text: str) -> str:
    """Return *text* with everything that varies between spellings of one code taken out.

    The result is a code only if the text was one: `canonical_code` checks, this does not.
    """
    code = _HOST.sub("", text.strip()).rstrip("/").removesuffix("/XML").rstrip("/")
    code = code.removeprefix("2010/").replace("/", ".")
    code = _PREFIX.sub("", code)
    code = _cased(code)
    for variation, spelling in _SPELLINGS:
        code = variation.sub(spelling, code)
    if _CONTENT_START.match(code):
        code = _GLUED_NUMBER.sub(r".\1.\2", code)
    return _SUB_PART.sub(r"\1.\2", code)


def _cased(code: str) -> str:
    """Return the code with only the letter of a sub-part in lower case."""
    if code == code.lower():
        return _UPPER_SUB_PART.sub(lambda part: part[0].lower(), code.upper())
    first, *rest = code.split(".")
    if rest and rest[0].isalpha():  # the second segment is a domain, a strand or a grade
        rest[0] = rest[0].upper()
    return ".".join([first.upper(), *rest])


def canonical_code(text: str) -> str:
    """Return the canonical code of a Common Core statement, such as ``5.NBT.A.3.a``.

    Takes dot notations and corestandards.org addresses in every spelling known to the project's
    sources. A short code (``5.NBT.1``, ``A.CED.4``) comes back without its cluster letter, which
    only a table knows: `databackpack.ontology.standards.resolve` has it. Raises ValueError when
    the text is no code.
    """
    code = reduced(text)
    for pattern in (_CONTENT, _PRACTICE, _GRADE_PRACTICE, _LITERACY, _SHORT):
        if pattern.fullmatch(code):
            return code
    raise ValueError(
        f"{text[:100]!r} is no Common Core code: expected a form such as 5.NBT.A.1, HSF-TF.A.1, "
        "MP1, RL.5.1, CCRA.R.1, or its corestandards.org address"
    )


def standard_iri(code: str) -> URIRef:
    """Return the subject IRI of the statement that has this canonical code.

    Raises ValueError for a text that is no code, and for codes that have no official address.
    """
    code = canonical_code(code)
    if _LITERACY.fullmatch(code):
        return URIRef("http://corestandards.org/ELA-Literacy/" + code.replace(".", "/"))
    if _PRACTICE.fullmatch(code):
        return URIRef(f"http://corestandards.org/Math/Practice/{code}")
    if _GRADE_PRACTICE.fullmatch(code):
        raise ValueError(f"{code} has no corestandards.org address, only a CASE UUID: resolve it")
    if _SHORT.fullmatch(code) or _WITHOUT_CLUSTER.match(code):
        raise ValueError(f"{code} is a short code without its cluster letter: resolve it")
    path = re.sub(r"^(HS[A-Z])-", r"\1.", code).replace(".", "/")
    return URIRef(f"http://corestandards.org/Math/Content/{path}")
