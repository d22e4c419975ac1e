"""Which standards the sample's learners work on, and what the published lists say of them."""

from dataclasses import dataclass
from functools import cache
from itertools import chain

import pyoxigraph as ox

from databackpack.loaders.sample.place import GRADES
from databackpack.ontology.namespaces import BP, SKOS
from databackpack.ontology.standards import files

__all__ = ["MATHEMATICS", "Curriculum", "curriculum", "dot_notation", "literacy"]

# Eight for each grade, prerequisites before what they lead to; most are tied to the grade below.
MATHEMATICS: dict[str, tuple[str, ...]] = {
    grade: tuple(codes.split())
    for grade, codes in {
        "K": "K.CC.A.1 K.CC.C.6 K.CC.C.7 K.OA.A.1 K.OA.A.2 K.OA.A.3 K.OA.A.5 K.NBT.A.1",
        "1": "1.OA.A.1 1.OA.B.3 1.OA.C.6 1.OA.D.7 1.NBT.A.1 1.NBT.B.2 1.NBT.B.3 1.NBT.C.4",
        "2": "2.OA.A.1 2.OA.B.2 2.OA.C.3 2.OA.C.4 2.NBT.A.1 2.NBT.A.4 2.NBT.B.5 2.NBT.B.7",
        "3": "3.OA.A.1 3.OA.A.2 3.OA.A.3 3.OA.B.5 3.OA.C.7 3.OA.D.8 3.NBT.A.1 3.NBT.A.2",
        "4": "4.OA.A.1 4.OA.A.2 4.NBT.A.1 4.NBT.A.3 4.NBT.B.4 4.NBT.B.5 4.NF.A.1 4.NF.A.2",
        "5": "5.NBT.A.1 5.NBT.A.2 5.NBT.A.4 5.NBT.B.5 5.NF.A.1 5.NF.A.2 5.NF.B.3 5.NF.B.5",
        "6": "6.EE.A.1 6.EE.A.2 6.EE.A.3 6.EE.B.5 6.EE.B.7 6.RP.A.1 6.RP.A.2 6.NS.B.3",
        "7": "7.RP.A.1 7.RP.A.2 7.RP.A.3 7.EE.A.1 7.NS.A.3 7.EE.B.3 7.SP.C.6 7.G.A.1",
        "8": "8.EE.A.1 8.EE.A.2 8.EE.A.4 8.EE.B.5 8.EE.B.6 8.F.A.1 8.F.A.2 8.EE.C.8",
        "9": "HSA-SSE.A.1 HSA-SSE.A.2 HSA-REI.D.10 HSA-CED.A.2 HSF-IF.A.1 HSF-IF.A.2 HSF-LE.A.1 "
        "HSN-RN.A.1",
        "10": "HSG-CO.A.1 HSG-CO.A.2 HSG-CO.A.4 HSG-SRT.A.1 HSG-SRT.A.2 HSG-C.A.1 HSG-GPE.A.1 "
        "HSG-GPE.A.2",
        "11": "HSF-TF.A.1 HSF-TF.A.2 HSF-IF.B.4 HSF-TF.B.6 HSF-BF.B.4 HSA-APR.C.4 HSA-APR.D.6 "
        "HSN-RN.A.2",
        "12": "HSF-TF.C.8 HSF-BF.B.5 HSA-APR.B.2 HSA-REI.A.2 HSS-CP.A.1 HSS-CP.A.2 HSS-CP.A.3 "
        "HSS-CP.B.6",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Curriculum:
    """CASE identifiers and prerequisites, by canonical code."""

    case_identifiers: dict[str, str]
    prerequisites: dict[str, tuple[str, ...]]


@cache
def curriculum() -> Curriculum:
    """Return what the standards files say of the sample's codes in mathematics."""
    quads = list(chain.from_iterable(_quads("ccss-math.ttl")))
    codes = _notations(quads, str(BP.canonicalCode))
    cases = _notations(quads, str(BP.caseIdentifier))
    wanted = {code for codes_of_grade in MATHEMATICS.values() for code in codes_of_grade}
    before: dict[str, list[str]] = {code: [] for code in wanted}
    for quad in quads:
        if quad.predicate.value == str(BP.isPrerequisiteOf):
            subject, target = codes.get(_iri(quad.subject)), codes.get(_iri(quad.object))
            if subject in wanted and target in wanted:
                before[str(target)].append(str(subject))
    return Curriculum(
        {codes[iri]: f"urn:uuid:{case}" for iri, case in cases.items() if iri in codes},
        {code: tuple(sorted(found)) for code, found in before.items()},
    )


def dot_notation(code: str) -> str:
    """Return the official spelling of a canonical code."""
    in_literacy = code[0] in "RWL"
    return f"CCSS.{'ELA-Literacy' if in_literacy else 'Math.Content'}.{code}"


def literacy(grade: str) -> tuple[str, ...]:
    """Return the sample's standards in reading and writing for *grade*."""
    place = GRADES.index(grade)
    band = grade if place < 9 else "9-10" if place < 11 else "11-12"
    return f"RL.{band}.1", f"W.{band}.1"


def _quads(name: str) -> list[list[ox.Quad]]:
    return [
        list(ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE))
        for file in files()
        if file.name == name
    ]


def _notations(quads: list[ox.Quad], datatype: str) -> dict[str, str]:
    return {
        _iri(quad.subject): quad.object.value
        for quad in quads
        if quad.predicate.value == str(SKOS.notation)
        and isinstance(quad.object, ox.Literal)
        and quad.object.datatype.value == datatype
    }


def _iri(term: object) -> str:
    return term.value if isinstance(term, ox.NamedNode) else ""
