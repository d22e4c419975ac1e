"""The names of CEDS: derived again they are the same, and they hold no sentences."""

from pathlib import Path

from databackpack.ontology import ceds
from databackpack.ontology.ceds.derivation import derive, main
from databackpack.ontology.namespaces import CEDS

TABLE = Path(ceds.__file__).with_name("ceds.csv")


def test_deriving_again_gives_the_committed_table_byte_for_byte(shared_data: Path) -> None:
    assert derive(shared_data).encode() == TABLE.read_bytes()


def test_no_definition_is_in_it() -> None:
    rows = [row for row in TABLE.read_text("utf-8").splitlines() if not row.startswith("#")]
    assert len(rows) == 1 + 23_122
    names = [row.split(",")[1] for row in rows]
    assert max(name.count(" ") for name in names) <= 3, "codes, of few words"


def test_a_term_has_its_name_and_the_options_of_its_set() -> None:
    grade = ceds.terms()["P000100"]
    assert grade.name == "hasEntryGradeLevel"
    assert grade.iri == CEDS.P000100
    assert ("KG", "") in grade.options.values()


def test_both_namespaces_lead_to_one_local_name() -> None:
    for namespace in ("http://ceds.ed.gov/terms#", "https://w3id.org/CEDStandards/terms/"):
        assert ceds.local_name_of(f"{namespace}P000100") == "P000100"
    assert ceds.local_name_of("https://example.org/P000100") is None


def test_without_the_sources_nothing_is_written(tmp_path: Path) -> None:
    before = TABLE.read_bytes()
    assert main([str(tmp_path)]) == 2
    assert TABLE.read_bytes() == before
