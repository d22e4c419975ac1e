import pytest

from databackpack.ontology.codes import UnknownCode, concept
from databackpack.ontology.namespaces import BP, BPG


@pytest.mark.parametrize("text", ["5", "05", "Fifth grade", "Grade 5", " fifth GRADE "])
def test_a_grade_is_found_by_each_of_its_spellings(text: str) -> None:
    assert concept(BPG.Scheme, text) == BPG["5"]


def test_an_unknown_code_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownCode, match=r"'Holiday' is not in .*; use EarlyDeparture, .*Tardy"):
        concept(BP.AttendanceStatusScheme, "Holiday")
