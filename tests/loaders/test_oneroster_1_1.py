"""OneRoster 1.1 beside 1.2, and students without an identifier from the state."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import URIRef

from databackpack.loaders.oneroster import read
from databackpack.loaders.record import Item, Mint, Problem, Record
from databackpack.ontology.namespaces import BP, BPC
from databackpack.shapes import validate_batch

Change = Callable[[str, str, str], None]

_OBJECTIVES = ("lineItemLearningObjectiveIds", "resultLearningObjectiveIds")


def _as_1_1(folder: Path) -> None:
    """The folder is one of OneRoster 1.1: roles are in users.csv, and no file has objectives."""
    roles: dict[str, list[str]] = defaultdict(list)
    role_of: dict[str, str] = {}
    with (folder / "roles.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            roles[row["userSourcedId"]].append(row["orgSourcedId"])
            role_of[row["userSourcedId"]] = row["role"]
    with (folder / "users.csv").open(encoding="utf-8") as file:
        users = list(csv.DictReader(file))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*users[0], "role", "orgSourcedIds"], lineterminator="\n")
    writer.writeheader()
    for user in users:
        key = user["sourcedId"]
        writer.writerow({**user, "role": role_of[key], "orgSourcedIds": ",".join(roles[key])})
    (folder / "users.csv").write_text(out.getvalue(), encoding="utf-8")
    manifest = (folder / "manifest.csv").read_text(encoding="utf-8")
    for name in ("roles", *_OBJECTIVES):
        (folder / f"{name}.csv").unlink()
        manifest = manifest.replace(f"file.{name},bulk\n", "")
    (folder / "manifest.csv").write_text(
        manifest.replace("oneroster.version,1.2", "oneroster.version,1.1"), encoding="utf-8"
    )


def _graphs(items: list[Item]) -> dict[URIRef, set[object]]:
    return {
        item.iri: {triple for triple in item.graph if triple[1] != BP.isAlignedTo}
        for item in items
        if isinstance(item, Record)
    }


def _problems(items: list[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


def test_version_1_1_says_the_same_as_1_2_but_for_standards(folder: Path, mint: Mint) -> None:
    newer = list(read(folder, mint))
    _as_1_1(folder)
    older = list(read(folder, mint))
    assert not _problems(older)
    assert len(_graphs(older)) == 13
    assert _graphs(older) == _graphs(newer)
    assert not any(
        (None, BP.isAlignedTo, None) in item.graph
        for item in older
        if isinstance(item, Record) and item.category == BPC.gradebook
    )


def test_an_unknown_role_of_1_1_is_named_in_users(folder: Path, change: Change, mint: Mint) -> None:
    _as_1_1(folder)
    change("users.csv", "student,o-elm\n", "pupil,o-elm\n")
    first = _problems(list(read(folder, mint)))[0]
    assert (str(first.source), first.rule) == ("users.csv:3", "unknown code")


def test_a_1_1_users_file_without_roles_is_named(folder: Path, change: Change, mint: Mint) -> None:
    _as_1_1(folder)
    change("users.csv", "orgSourcedIds", "orgs")
    first = _problems(list(read(folder, mint)))[0]
    assert (str(first.source), first.rule) == ("users.csv:1", "missing column")
    assert "orgSourcedIds" in first.message


def _keys(folder: Path, mint: Mint) -> tuple[set[str], list[Problem]]:
    """Return the keys that learners were minted by, and the problems."""
    keys: set[str] = set()

    def noting(kind: str, identifier: str) -> URIRef:
        if kind == "learner":
            keys.add(identifier)
        return mint(kind, identifier)

    items = list(read(folder, noting))
    for report in validate_batch([item for item in items if isinstance(item, Record)]):
        assert report.conforms, str(report)
    return keys, _problems(items)


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        (",Orr,Pocket,", "oneroster:elm:u2"),
        ("{local:9},Orr,Pocket,1001", "oneroster:elm:1001"),
        ("{state:S2},Orr,Pocket,1001", "state:S2"),
    ],
)
def test_a_student_without_a_state_identifier_is_known_by_school_and_local_one(
    cells: str, key: str, folder: Path, change: Change, mint: Mint
) -> None:
    change("users.csv", "{state:S2},Orr,Pocket,", cells)
    assert _keys(folder, mint) == ({"state:S1", key}, [])


def test_two_students_without_a_state_identifier_are_never_one_person(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("users.csv", "{state:S2},Orr,Pocket,,05\n", ",Orr,Pocket,7,05\nu3,,,Ann,Hem,7,05\n")
    change("roles.csv", "r3,,", "r5,,u3,primary,student,o-elm\nr3,,")
    keys, problems = _keys(folder, mint)
    assert keys == {"state:S1", "oneroster:elm:7"}
    (problem,) = problems
    assert (str(problem.source), problem.rule) == ("users.csv:4", "duplicate identifier")
    assert "users.csv:3" in problem.message
    assert "{state:…}" in problem.message


def test_the_same_local_identifier_at_two_schools_is_two_people(
    folder: Path, change: Change, mint: Mint
) -> None:
    change("users.csv", "{state:S2},Orr,Pocket,,05\n", ",Orr,Pocket,7,05\nu3,,,Ann,Hem,7,05\n")
    change("roles.csv", "r3,,", "r5,,u3,primary,student,o-oak\nr3,,")
    assert _keys(folder, mint) == ({"state:S1", "oneroster:elm:7", "oneroster:oak:7"}, [])


def test_a_colon_in_a_code_joins_no_two_keys(folder: Path, change: Change, mint: Mint) -> None:
    change("orgs.csv", "school,elm,", "school,a:b,")
    change("users.csv", "{state:S2},Orr,Pocket,", ",Orr,Pocket,c")
    keys, _ = _keys(folder, mint)
    assert "oneroster:a%3Ab:c" in keys
