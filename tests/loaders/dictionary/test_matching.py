"""How right the matches are: by an agency's own answers, and by a dictionary of known truth."""

import csv
from pathlib import Path

import pytest

from databackpack.loaders.dictionary import LOOK, MATCH, NONE, Aligned, Match, align
from databackpack.loaders.dictionary.decision import Decisions
from databackpack.loaders.dictionary.matching import Index, matched
from databackpack.loaders.dictionary.target import ceds_targets, our_targets
from databackpack.loaders.dictionary.wording import bare
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, CEDS
from tests.loaders.dictionary import cepi

STATE = Path(__file__).parent / "state.csv"
SHORT = {
    ("k12school", name)
    for name in ("VirtualSchoolStatus", "StrictDisciplineAcademy", "StudentAccessToRecess")
}
"""Columns after the place where the sample's rows lack a cell: their values are of others."""


@pytest.fixture(scope="module")
def state() -> Aligned:
    return align(STATE)


def in_ceds(aligned: Aligned) -> dict[tuple[str, str], Match]:
    return {one.element.key: one for one in aligned.matches if one.vocabulary == "CEDS"}


def test_an_agency_s_columns_are_found_as_it_says_itself(shared_data: Path) -> None:
    folder = shared_data / "ceds/cepi"
    elements = [one for table in cepi.TABLES for one in cepi.columns(folder, table)]
    index = Index("CEDS", tuple(ceds_targets()))
    known = {bare(name) for target in index.targets for name in target.names}
    truth = {
        key: names & known
        for key, names in cepi.right(folder).items()
        if key not in SHORT and names & known
    }
    # The two records give one value under both names.
    same = {"organizationname", "nameofinstitution"}
    truth = {key: names | (same if names & same else set()) for key, names in truth.items()}
    assert len(truth) >= 28
    found = {
        one.element.key: one
        for one in matched(elements, index, Index("ours", tuple(our_targets())), Decisions())
        if one.vocabulary == "CEDS"
    }

    def is_right(key: tuple[str, str]) -> bool:
        target = found[key].target
        return target is not None and bare(target.names[0]) in truth[key]

    matches = [key for key in truth if found[key].status == MATCH]
    precision = sum(map(is_right, matches)) / len(matches)
    recall = sum(map(is_right, matches)) / len(truth)
    proposed = sum(map(is_right, truth)) / len(truth)
    print(f"precision {precision:.3f}, recall {recall:.3f}, with those to look at {proposed:.3f}")
    assert precision >= 0.95
    assert recall >= 0.75
    assert proposed >= 0.9


def test_names_of_ceds_find_themselves(shared_data: Path) -> None:
    """Precision and recall are 1 where a dictionary uses technical names."""
    index = Index("CEDS", tuple(ceds_targets()))
    for target in index.targets[::7]:
        found = index.by_name[bare(target.names[0])]
        assert target in found


def test_an_invented_state_s_elements_are_found_as_they_are_known_to_be(state: Aligned) -> None:
    with STATE.open() as file:
        truth = {(row["table"], row["element"]): row["truth"] for row in csv.DictReader(file)}
    found = in_ceds(state)
    assert found.keys() == truth.keys()
    names = {
        key: local_name(one.target.iri) if one.target and one.status == MATCH else ""
        for key, one in found.items()
    }
    said = [key for key, name in names.items() if name]
    meant = [key for key, name in truth.items() if name]
    right = [key for key in said if names[key] == truth[key]]
    print(f"precision {len(right) / len(said):.3f}, recall {len(right) / len(meant):.3f}")
    assert len(right) / len(said) >= 0.95
    assert len(right) / len(meant) >= 0.85


def test_what_nothing_is_like_has_no_match(state: Aligned) -> None:
    for name in ("SHOE_SIZE", "FAV_COLOR", "MASCOT"):
        assert in_ceds(state)["Student", name].status in (NONE, LOOK), name
    assert in_ceds(state)["Attendance", "BUS_DRIVER_MOOD"].status != MATCH


def test_both_namespaces_of_ceds_and_bare_numbers_name_a_term(state: Aligned) -> None:
    for name, number in (("ENTRY_DT", "P000097"), ("EXIT_DT", "P000107")):
        one = in_ceds(state)["Enrollment", name]
        assert one.method == "IRI"
        assert one.target is not None
        assert one.target.iri == CEDS[number]


def test_our_terms_are_found_by_name_or_by_way_of_ceds(state: Aligned) -> None:
    ours = {one.element.name: one for one in state.matches if one.vocabulary == "Data Backpack"}
    assert ours["STU_ID"].target is not None
    assert ours["STU_ID"].target.iri == BP.learnerIdentifier
    assert ours["STU_ID"].method == "by way of CEDS"
    assert ours["ATTD_STATUS"].target is not None
    assert ours["ATTD_STATUS"].target.iri == BP.hasAttendanceStatus


def test_option_values_say_which_partners_they_have(state: Aligned) -> None:
    kinds = {
        one.option.code: (one.kind, {target.code for _, target in one.targets})
        for one in state.options["Attendance", "ATTD_STATUS"]
    }
    assert kinds["P"] == ("one-to-one", {"Present"})
    assert kinds["E1"] == kinds["E2"] == ("many-to-one", {"ExcusedAbsence"})
    assert kinds["A"][0] == "one-to-many"
    assert kinds["A"][1] >= {"ExcusedAbsence", "UnexcusedAbsence"}
    assert kinds["V"] == ("none", set())


def test_what_two_tables_collect_is_told_and_identifiers_are_not(state: Aligned) -> None:
    groups = [{element.name for element in group} for _, group in state.twice]
    assert {"DOB", "BIRTH_DATE"} in groups
    assert not any("STU_ID" in group for group in groups)
