"""The published lists that the standards files are derived from, each read into plain values."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from databackpack.ontology.standards.notation import canonical_code

__all__ = ["Standard", "crosswalk", "literacy_standards", "math_standards", "prerequisites"]

Names: TypeAlias = dict[str, set[str]]  # what a source calls the statement that has this code

# The official list drops the 5; ASN and CASE give the same GUID and UUID under the right code.
MISPRINTED = {"HSN-VM.B.a": "HSN-VM.B.5.a"}

_ASN = "http://purl.org/ASN/schema/core/"


@dataclass(frozen=True, slots=True)
class Standard:
    """The identifiers of one statement; empty where its source has none."""

    code: str
    dot_notation: str = ""
    uri: str = ""
    guid: str = ""
    case_uuid: str = ""
    asn_ids: frozenset[str] = frozenset()
    short_codes: frozenset[str] = frozenset()
    ed_fi_ids: frozenset[str] = frozenset()


def math_standards(data: Path) -> list[Standard]:
    """Read the 755 official statements of mathematics and CASE's 80 copies of the practices."""
    case_uuids = {
        row["canonical_code"]: row["case_uuid"]
        for row in _rows(data / "derived/ccss_math_id_crosswalk.csv")
        if row["case_uuid"]
    }
    asn_ids, short_codes = _asn_math(data)
    standards = _official(data, "CCSS.Math.", asn_ids, short_codes, case_uuids)
    official = {standard.code for standard in standards}
    copies = [Standard(code, case_uuid=case_uuids[code]) for code in case_uuids.keys() - official]
    return standards + copies


def literacy_standards(data: Path) -> list[Standard]:
    """Read the 1,089 official statements of English language arts and literacy."""
    asn_ids, short_codes = _asn_literacy(data)
    return _official(data, "CCSS.ELA-Literacy.", asn_ids, short_codes, {})


def prerequisites(data: Path) -> list[tuple[str, str]]:
    """Read the pairs (code, code of a standard that it is a prerequisite of)."""
    rows = _rows(data / "coherence_map/prerequisite_edges.csv")
    return [(canonical_code(row["from_code"]), canonical_code(row["to_code"])) for row in rows]


def crosswalk(data: Path) -> list[tuple[str, str, str]]:
    """Read the triples (CASE UUID of a TEKS item, its coding scheme, Common Core code)."""
    rows = _rows(data / "learning_commons/texas_ccss_math_crosswalk.csv")
    return [
        (row["teks_case_uuid"].lower(), row["teks_coding_scheme"], canonical_code(row["ccss_code"]))
        for row in rows
    ]


def _official(
    data: Path, prefix: str, asn_ids: Names, short_codes: Names, case_uuids: dict[str, str]
) -> list[Standard]:
    """Join the official list of one subject with what others call the same statements."""
    ed_fi_ids: Names = defaultdict(set)
    for row in _rows(data / "derived/edfi_legacy_ccss_codes.csv"):
        ed_fi_ids[row["canonical_code"]].add(row["edfi_learning_standard_id"])
    standards = []
    for row in _rows(data / "ccss_official_ids/CCSSI-identifiers.csv"):
        if not row["Dot notation"].startswith(prefix):
            continue
        code = canonical_code(row["Dot notation"])
        code = MISPRINTED.get(code, code)
        standards.append(
            Standard(
                code,
                dot_notation=row["Dot notation"],
                uri=row["URI"],
                guid=row["GUID"].upper(),
                case_uuid=case_uuids.get(code, ""),
                asn_ids=frozenset(asn_ids.get(code, ())),
                short_codes=frozenset(short_codes.get(code, ())),
                ed_fi_ids=frozenset(ed_fi_ids.get(code, ())),
            )
        )
    return standards


def _asn_math(data: Path) -> tuple[Names, Names]:
    """Read ASN's identifiers and short codes of mathematics."""
    path = data / "asn_ccss/ASN_D10003FB_ccss_math.rdf.json"
    asn_ids: Names = defaultdict(set)
    short_codes: Names = defaultdict(set)
    for subject, statement in json.loads(path.read_text(encoding="utf-8")).items():
        notation, short, label = (
            statement.get(_ASN + name, [{"value": ""}])[0]["value"]
            for name in ("statementNotation", "altStatementNotation", "statementLabel")
        )
        if not notation:
            continue
        code = canonical_code(notation)
        if label == "Cluster" and code[-1].isdigit():  # ASN gives cluster 5.MD.B the code 5.MD.B.2
            code = code.rpartition(".")[0]
        asn_ids[code].add(subject.rpartition("/")[2])
        if short:
            short_codes[code].add(short)
    return asn_ids, short_codes


def _asn_literacy(data: Path) -> tuple[Names, Names]:
    """Read ASN's identifiers of literacy, and the older codes of the anchor standards.

    Of ASN's short codes only the anchors' are kept: the others repeat the code, or are wrong.
    """
    path = data / "asn_ccss/ASN_D10003FC_ccss_ela.manifest.json"
    asn_ids: Names = defaultdict(set)
    short_codes: Names = defaultdict(set)
    for row in _rows(data / "ccss_official_ids/asn_to_ccss_notation.csv"):
        short_codes[canonical_code(row["ccss_notation"])].add(row["asn_notation"])
    for node in _nodes(json.loads(path.read_text(encoding="utf-8"))):
        if notation := node.get("asn_statementNotation"):
            code = canonical_code(notation)
            asn_ids[code].add(node["id"].rpartition("/")[2])
            if code.startswith("CCRA."):
                short_codes[code].add(node["asn_altStatementNotation"])
    return asn_ids, short_codes


def _nodes(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in tree:
        yield node
        yield from _nodes(node.get("children", []))


def _rows(path: Path) -> list[dict[str, str]]:
    # The official lists end their lines with a bare carriage return: universal newlines read it.
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))
