import csv
from pathlib import Path

import pytest

from databackpack.ontology.standards import canonical_code, standard_iri


def crosswalk_rows(data: Path) -> list[dict[str, str]]:
    rows = []
    for name in ("ccss_math_id_crosswalk.csv", "ccss_ela_id_crosswalk.csv"):
        with (data / "derived" / name).open(encoding="utf-8") as file:
            rows += list(csv.DictReader(file))
    return rows


def hosted(address: str) -> list[str]:
    """Return every way in which files write the same address."""
    path = address.removeprefix("http://corestandards.org/")
    return [
        f"{scheme}://{host}/{path}{end}"
        for scheme in ("http", "https")
        for host in ("corestandards.org", "www.corestandards.org", "www.thecorestandards.org")
        for end in ("", "/", "/XML")
    ]


def dotted(notation: str) -> list[str]:
    """Return the dialects of a dot notation."""
    if not notation:
        return []
    short = notation.removeprefix("CCSS.")
    loud = notation.replace("Math.Content", "MATH.CONTENT").replace("Literacy", "LITERACY")
    older = short.replace("Math.Content.", "Math.").replace("ELA-Literacy.", "")
    return [notation, f" {notation}\n", loud, short, older]


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("CCSS.Math.Content.5.NBT.A.1", "5.NBT.A.1"),
        ("CCSS.MATH.CONTENT.5.NBT.A.1", "5.NBT.A.1"),
        ("ccss.math.content.5.nbt.a.3a", "5.NBT.A.3.a"),
        ("CCSS.Math.Content.5.NBT.B5", "5.NBT.B.5"),
        ("5.NBT.A.3a", "5.NBT.A.3.a"),
        ("05.NBT.A.1", "5.NBT.A.1"),
        ("KG.CC.B.4.a", "K.CC.B.4.a"),
        ("http://www.corestandards.org/Math/Content/K/CC/A/1/", "K.CC.A.1"),
        ("https://thecorestandards.org/Math/Content/K/CC/A/1/XML", "K.CC.A.1"),
        ("http://wwwcorestandards.org/Math/Content/K/CC/A/1", "K.CC.A.1"),
        ("http://corestandards.org/Math/Content/HSF/TF/A/1", "HSF-TF.A.1"),
        ("http://corestandards.org/Math/Content/HSF-TF/A/1", "HSF-TF.A.1"),
        ("HSF.TF.A.1", "HSF-TF.A.1"),
        ("HSN-VM.C9", "HSN-VM.C.9"),
        ("http://corestandards.org/2010/math/content/HSS/ID/6/a", "HSS-ID.6.a"),
        ("Math.HSN-VM.4a", "HSN-VM.4.a"),
        ("CCSS.Math.Practice.MP1", "MP1"),
        ("MP.1", "MP1"),
        ("3.MP1", "3.MP1"),
        ("NBT", "NBT"),
        ("CCSS.ELA-Literacy.RL.5.1", "RL.5.1"),
        ("http://corestandards.org/ELA-Literacy/L/9-10/1a", "L.9-10.1.a"),
        ("http://corestandards.org/2010/literacy/SL/k", "SL.K"),
        ("CCRA.R.10", "CCRA.R.10"),
        ("A.CED.4", "A.CED.4"),
        ("5.NBT.1", "5.NBT.1"),
    ],
)
def test_each_dialect_has_one_canonical_code(spelling: str, code: str) -> None:
    assert canonical_code(spelling) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "banana",
        "9.NBT.A.1",
        "5.NBT.A.1.a.b",
        "5..A.1",
        "MP9",
        "111.26.b.10.B",
        "L.11-12//a",
        "CC.5.NBT.1",
        "https://example.org/Math/Content/5/NBT/A/1",
        "DAAF1FF14A414C0F830C64D5C75B5854",
    ],
)
def test_text_that_is_no_code_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no Common Core code: expected .* 5\.NBT\.A\.1"):
        canonical_code(text)


def test_every_spelling_of_every_statement_but_four_has_its_canonical_code(
    shared_data: Path,
) -> None:
    tried = 0
    failed = set()
    for row in crosswalk_rows(shared_data):
        addresses = {row["official_uri_2012csv"], row["asn_exactmatch_uri"]} - {""}
        spellings = [row["canonical_code"], *dotted(row["official_dot_notation"])]
        spellings += [spelling for address in addresses for spelling in hosted(address)]
        tried += len(spellings)
        for spelling in spellings:
            try:
                assert canonical_code(spelling) == row["canonical_code"], spelling
            except ValueError:
                failed.add((row["canonical_code"], spelling))
    assert tried > 19_161
    # Two pairs share an address, from which the number is missing: in each way of writing it.
    assert failed == {
        (f"L.11-12.{number}.{part}", spelling)
        for number in (1, 2)
        for part in ("a", "b")
        for spelling in hosted(f"http://corestandards.org/ELA-Literacy/L/11-12//{part}")
    }


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("5.NBT.A.1", "Math/Content/5/NBT/A/1"),
        ("K.CC.B.4a", "Math/Content/K/CC/B/4/a"),
        ("HSF-TF.A.1", "Math/Content/HSF/TF/A/1"),
        ("HSF-TF", "Math/Content/HSF/TF"),
        ("MP1", "Math/Practice/MP1"),
        ("RL.5.1", "ELA-Literacy/RL/5/1"),
        ("W.9-10.1.a", "ELA-Literacy/W/9-10/1/a"),
        ("CCRA.SL.4", "ELA-Literacy/CCRA/SL/4"),
    ],
)
def test_a_code_has_one_iri(code: str, path: str) -> None:
    assert str(standard_iri(code)) == f"http://corestandards.org/{path}"


def test_the_iri_of_a_code_is_the_address_that_asn_gives(shared_data: Path) -> None:
    rows = [row for row in crosswalk_rows(shared_data) if row["asn_exactmatch_uri"]]
    assert len(rows) == 662 + 1_018
    for row in rows:
        assert str(standard_iri(row["canonical_code"])) == row["asn_exactmatch_uri"]


@pytest.mark.parametrize("code", ["5.NBT.1", "A.CED.4", "HSS-ID.6.a", "3.MP1"])
def test_a_code_that_names_no_address_by_itself_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="resolve it"):
        standard_iri(code)
