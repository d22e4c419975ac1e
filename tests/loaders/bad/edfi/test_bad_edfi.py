"""Bad Ed-Fi files: each is told with place and rule, nothing crashes, the rest is loaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from databackpack.loaders.edfi import read
from databackpack.loaders.record import Item, Mint, Problem, Record
from databackpack.ontology.codes import local_name

EVENTS = "studentSchoolAttendanceEvents.json"


def _student(identifier: str) -> dict[str, Any]:
    return {
        "studentUniqueId": identifier,
        "firstName": "Ann",
        "lastSurname": "Hem",
        "birthDate": "2014-11-13",
    }


def _event(identifier: str, day: str) -> dict[str, Any]:
    return {
        "studentReference": {"studentUniqueId": identifier},
        "schoolReference": {"schoolId": 1001},
        "sessionReference": {"schoolId": 1001, "schoolYear": 2022, "sessionName": "Fall"},
        "eventDate": day,
        "attendanceEventCategoryDescriptor": (
            "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy"
        ),
    }


GOOD = [_event("1", "2021-09-01"), _event("2", "2021-09-02")]
TEXT = json.dumps(GOOD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A district with a school and two students, each once tardy."""
    district = {"localEducationAgencyId": 100, "nameOfInstitution": "North"}
    school = {
        "schoolId": 1001,
        "nameOfInstitution": "Elm",
        "localEducationAgencyReference": {"localEducationAgencyId": 100},
    }
    for name, objects in (
        ("localEducationAgencies", [district]),
        ("schools", [school]),
        ("students", [_student("1"), _student("2")]),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(objects), encoding="utf-8")
    (tmp_path / EVENTS).write_text(TEXT, encoding="utf-8")
    return tmp_path


def _read(folder: Path, mint: Mint) -> tuple[list[Problem], dict[str, int]]:
    """Return the problems, and the records by category."""
    items: list[Item] = list(read(folder, mint))
    counts: dict[str, int] = {}
    for item in items:
        if isinstance(item, Record):
            name = local_name(item.category)
            counts[name] = counts.get(name, 0) + 1
    return [item for item in items if isinstance(item, Problem)], counts


def _with(**change: Any) -> bytes:
    """Return the events, the first with something else."""
    return json.dumps([{**GOOD[0], **change}, GOOD[1]]).encode()


# Of the events: bytes, and the place, rule and words of what is told. Both students stay.
WHOLE = {  # nothing of the file is loaded
    "truncated": (TEXT[:-40].encode(), 2, "well-formed JSON", "object 2; nothing of this file"),
    "empty": (b"", 1, "well-formed JSON", "premature EOF"),
    "utf-16": (TEXT.encode("utf-16"), 1, "not UTF-8", "it is UTF-16; save it as UTF-8"),
    "utf-16 without a mark": (TEXT.encode("utf-16-le"), 1, "well-formed JSON", "as UTF-8"),
    "latin-1": (TEXT.replace("Fall", "Été").encode("latin-1"), 1, "well-formed JSON", "UTF8"),
    "no number": (TEXT.replace("2022", "NaN").encode(), 1, "well-formed JSON", "mend it"),
    "something after it": (f"{TEXT}]".encode(), 3, "well-formed JSON", "mend it"),
    "a million brackets": (b"[" * 1_000_000, 1, "well-formed JSON", "mend it"),
    "a zip": (b"PK\x03\x04" + b"\0" * 60, 1, "well-formed JSON", "mend it"),
}
ROWS = {  # the first object is refused, the second is loaded
    "a name twice": (
        TEXT.replace('"eventDate"', '"eventDate": "2021-09-09", "eventDate"', 1).encode(),
        "duplicate key",
        "'eventDate' stands twice",
    ),
    "10 MB of text": (_with(eventDate="x" * 10_000_000), "long text", "10,000,000 characters"),
    "a NUL": (_with(eventDate="2021\0"), "control character", "take it out"),
    "no object": (json.dumps(["x", GOOD[1]]).encode(), "JSON object", "no object"),
    "a text for a reference": (
        _with(schoolReference="1001"),
        "JSON object",
        "what holds schoolReference.schoolId is no object",
    ),
    "a list for a text": (_with(eventDate=["2021-09-01"]), "JSON value", "eventDate is no text"),
    "300,000 values": (_with(notes=[0] * 300_000), "large object", "more than 200,000 values"),
    "a school that is not there": (
        _with(schoolReference={"schoolId": 9999}),
        "unknown organization",
        "'9999'",
    ),
    "a date of another kind": (_with(eventDate="09/01/2021"), "date", "write a day as"),
    "no date": (_with(eventDate=None), "missing element", "AttendanceEvent/EventDate"),
    "a formula for a code": (
        _with(attendanceEventCategoryDescriptor="=1+1"),
        "unknown code",
        "'=1+1'",
    ),
    "a student that is not there": (
        _with(studentReference={"studentUniqueId": "9"}),
        "unknown learner",
        "add it",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_of_a_broken_json_file_nothing_is_loaded_and_of_the_others_all(
    name: str, folder: Path, mint: Mint
) -> None:
    data, place, rule, words = WHOLE[name]
    (folder / EVENTS).write_bytes(data)
    (problem,), counts = _read(folder, mint)
    assert (str(problem.source), problem.rule) == (f"{EVENTS}:{place}", rule)
    assert words in problem.message
    assert counts == {"identity": 2, "demographics": 2}


@pytest.mark.parametrize("name", ROWS)
def test_a_broken_json_object_is_refused_alone(name: str, folder: Path, mint: Mint) -> None:
    data, rule, words = ROWS[name]
    (folder / EVENTS).write_bytes(data)
    (problem,), counts = _read(folder, mint)
    assert (str(problem.source), problem.rule) == (f"{EVENTS}:1", rule)
    assert words in problem.message
    assert counts == {"identity": 2, "demographics": 2, "attendance": 1, "enrollment": 1}


@pytest.mark.parametrize(
    "save",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace(", ", ",\r").encode(),
        lambda text: "\n".join(json.dumps(one) for one in json.loads(text)).encode(),
        lambda text: text.encode("ascii", "backslashreplace"),
    ],
    ids=["a mark", "CR for lines", "an object for each line", "escapes"],
)
def test_json_that_is_only_unusual_is_loaded(
    save: Callable[[str], bytes], folder: Path, mint: Mint
) -> None:
    (folder / EVENTS).write_bytes(save(TEXT))
    problems, counts = _read(folder, mint)
    assert not problems
    assert counts["attendance"] == 2


def test_a_json_file_of_no_resource_is_named(folder: Path, mint: Mint) -> None:
    (folder / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    (problem,), counts = _read(folder, mint)
    assert (str(problem.source), problem.rule) == ("package.json:1", "no place")
    assert "name a file by its resource" in problem.message
    assert counts["attendance"] == 2


def _xml(body: str, head: str = "") -> str:
    return (
        f'{head}<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"><Student>'
        "<StudentUniqueId>3</StudentUniqueId><Name><FirstName>Zoe</FirstName>"
        f"<LastSurname>{body}</LastSurname></Name>"
        "<BirthData><BirthDate>2014-01-01</BirthDate></BirthData></Student></InterchangeStudent>"
    )


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BAD_XML = {
    "laughs": (
        _xml("&l9;", f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>').encode(),
        "no document type",
    ),
    "a file from outside": (
        _xml("&e;", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>').encode(),
        "no document type",
    ),
    "latin-1 that says UTF-8": (_xml("Señal").encode("latin-1"), "well-formed XML"),
    "truncated": (_xml("Hem").encode()[:-30], "well-formed XML"),
    "NUL": (_xml("He\0m").encode(), "well-formed XML"),
    "11 MB of text": (_xml("x" * 11_000_000).encode(), "well-formed XML"),
    "another root": (_xml("Hem").replace("InterchangeStudent", "Roster").encode(), "Ed-Fi"),
    "html": (b"<!DOCTYPE html><html><body><p>Sign in</body></html>", "no document type"),
}


@pytest.mark.parametrize("name", BAD_XML)
def test_of_a_broken_xml_file_nothing_is_loaded_and_of_the_others_all(
    name: str, folder: Path, mint: Mint
) -> None:
    data, rule = BAD_XML[name]
    (folder / "Student.xml").write_bytes(data)
    (problem,), counts = _read(folder, mint)
    assert problem.source.file == "Student.xml"
    assert problem.rule.startswith(rule)
    assert counts == {"identity": 2, "demographics": 2, "attendance": 2, "enrollment": 2}


@pytest.mark.parametrize(
    "data",
    [
        _xml("Señal", '<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
        _xml("Señal", '<?xml version="1.0" encoding="ISO-8859-1"?>').encode("latin-1"),
        b"\xef\xbb\xbf" + _xml("Señal").encode(),
        _xml("Señal").replace("><", ">\r<").encode(),
        _xml("Señal").replace("http://ed-fi.org/5.2.0", "http://ed-fi.org/7.0.0").encode(),
        _xml("=HYPERLINK(1)").encode(),
    ],
    ids=["UTF-16", "Latin-1", "a mark", "CR for lines", "a version to come", "a formula"],
)
def test_xml_that_is_only_unusual_is_loaded(data: bytes, folder: Path, mint: Mint) -> None:
    (folder / "Student.xml").write_bytes(data)
    problems, counts = _read(folder, mint)
    assert not problems
    assert counts["identity"] == 3
